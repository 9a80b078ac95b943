// ALTSVC, ORIGIN, priorities, and what sessions and streams tell of themselves.
"use strict"
const { once } = require("./kit.js")

const ok = stream => stream.end("ok")

// tell says what a client hears of alternative services and origins.
function tell(w) {
  w.session.on("altsvc", (alt, origin, stream) => w.say("altsvc", `${alt} ${origin} ${stream}`))
  w.session.on("origin", origins => {
    for (const origin of origins) w.say("origin", origin)
  })
}

// properties says what a session tells of itself.
const properties = (w, session) => w.say("properties", `alpnProtocol=${session.alpnProtocol} encrypted=${session.encrypted} ` +
  `type=${session.type} connecting=${session.connecting} closed=${session.closed} destroyed=${session.destroyed}`)

module.exports = {
  "altsvc": {
    server(w) {
      w.on("/", stream => {
        stream.session.altsvc('h2=":8000"', "https://example.org:8111/a/path?and=more")
        stream.session.altsvc('h2=":8000"; ma=60', stream.id)
        stream.session.altsvc("clear", "https://example.org")
        ok(stream)
      })
    },
    client(w) {
      tell(w)
      w.request({ ":path": "/" })
    },
  },
  "altsvc-wrong": {
    server(w) {
      w.on("/", stream => {
        const { session } = stream
        w.attempt("altsvc", "not ASCII", () => session.altsvc("h2=\u4e00", "https://example.org"))
        w.attempt("altsvc", "no URL", () => session.altsvc("h2", "example"))
        w.attempt("altsvc", "no origin", () => session.altsvc("h2", "foo:"))
        w.attempt("altsvc", "too long", () => session.altsvc("a".repeat(17000), "https://example.org"))
        ok(stream)
      })
    },
    client(w) {
      tell(w)
      w.request({ ":path": "/" })
    },
  },
  "origin": {
    server(w) {
      w.on("/", stream => {
        stream.session.origin("https://a.example", "https://b.example:8443/path", "http://c.example:80")
        ok(stream)
      })
    },
    async client(w) {
      tell(w)
      await w.closed(w.request({ ":path": "/" }))
      const set = w.session.originSet
      w.say("origin set", set ? set.slice(1).join(" ") : "none")
    },
  },
  "origin-by-option": {
    serverOptions: { origins: ["https://a.example", "https://b.example"] },
    server(w) { w.on("/", ok) },
    client(w) {
      tell(w)
      w.request({ ":path": "/" })
    },
  },
  "origin-wrong": {
    server(w) {
      w.on("/", stream => {
        const { session } = stream
        w.attempt("origin", "no URL", () => session.origin("example"))
        w.attempt("origin", "no origin", () => session.origin("foo:"))
        w.attempt("origin", "too long", () => session.origin(...Array.from({ length: 1000 }, (_, i) => `https://${i}.example.example`)))
        ok(stream)
      })
    },
    client(w) {
      tell(w)
      w.request({ ":path": "/" })
    },
  },
  "priority": {
    server(w) {
      for (const path of ["/a", "/b", "/c"]) {
        w.on(path, stream => {
          w.say("weight of " + path, `${stream.state.weight}`)
          ok(stream)
        })
      }
    },
    async client(w) {
      await w.closed(w.request({ ":path": "/a" }))
      await w.closed(w.request({ ":path": "/b" }, { weight: 200 }))
      const stream = w.request({ ":method": "POST", ":path": "/c" })
      stream.priority({ weight: 3 })
      stream.end()
    },
  },
  "properties": {
    server(w) { w.on("/", stream => {
      properties(w, stream.session)
      ok(stream)
    }) },
    async client(w) {
      w.say("properties", `connecting=${w.session.connecting}`)
      await once(w.session, "connect")
      properties(w, w.session)
      await w.closed(w.request({ ":path": "/" }))
      w.say("properties", `socket address=${w.session.socket.remoteAddress}`)
    },
  },
  "socket-is-guarded": {
    server(w) {
      w.on("/", stream => {
        const { socket } = stream.session
        w.attempt("socket", "write", () => socket.write("x"))
        w.attempt("socket", "pause", () => socket.pause())
        w.attempt("socket", "resume", () => socket.resume())
        w.attempt("socket", "end", () => socket.end())
        ok(stream)
      })
    },
    client(w) { w.request({ ":path": "/" }) },
  },
  "state-of-a-session": {
    server(w) {
      w.on("/3", stream => {
        const { state } = stream.session
        w.say("state", `next=${state.nextStreamID} processed=${state.lastProcStreamID}`)
        ok(stream)
      })
      w.on("/1", ok)
    },
    async client(w) {
      await w.closed(w.request({ ":path": "/1" }))
      await w.closed(w.request({ ":path": "/3" }))
      const { state } = w.session
      w.say("state", `next=${state.nextStreamID} queue=${state.outboundQueueSize} effective=${state.effectiveLocalWindowSize}`)
    },
  },
  "state-of-a-stream": {
    server(w) {
      w.on("/", stream => {
        const tell = when => {
          const { state } = stream
          w.say("state", `${when} state=${state.state} local=${Boolean(state.localClose)} remote=${Boolean(state.remoteClose)}`)
        }
        tell("at first")
        stream.on("end", () => {
          setImmediate(() => {
            tell("at the request's end")
            ok(stream)
          })
        })
      })
    },
    async client(w) { w.request({ ":method": "POST", ":path": "/" }).end("body") },
  },
  "ids-chosen": {
    server(w) {
      for (const path of ["/a", "/b"]) {
        w.on(path, stream => {
          w.say("ids", `${stream.id}`)
          ok(stream)
        })
      }
    },
    async client(w) {
      await once(w.session, "connect")
      w.session.setNextStreamID(101)
      const a = w.request({ ":path": "/a" })
      const b = w.request({ ":path": "/b" })
      w.say("ids", `${a.id} ${b.id}`)
    },
  },
}
