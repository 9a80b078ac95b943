// Pings, GOAWAY, and the ends of sessions.
"use strict"
const { goaways, errorText } = require("./kit.js")

const ok = stream => {
  stream.respond({ ":status": 200 })
  stream.end("ok")
}

module.exports = {
  "ping-by-client": {
    server(w) { w.onSession(session => session.on("ping", payload => w.say("ping", `got ${payload}`))) },
    async client(w) {
      await new Promise(resolve => w.session.once("connect", resolve))
      await new Promise(resolve => {
        const sent = w.session.ping(Buffer.from("weftpeer"), (err, ms, payload) => {
          w.say("ping", `back ${err} ${ms >= 0} ${payload}`)
          resolve()
        })
        w.say("ping", `sent ${sent}`)
      })
    },
  },
  "ping-by-server": {
    server(w) {
      w.on("/", stream => {
        stream.session.ping(Buffer.from("12345678"), (err, ms, payload) => {
          w.say("ping", `back ${err} ${ms >= 0} ${payload}`)
          ok(stream)
        })
      })
    },
    client(w) {
      w.session.on("ping", payload => w.say("ping", `got ${payload}`))
      w.request({ ":path": "/" })
    },
  },
  "ping-canceled": {
    server(w) { w.mute() },
    async client(w) {
      await new Promise(resolve => w.session.once("connect", resolve))
      w.session.ping((err, ms) => w.say("ping", `back ${errorText(err)}`))
      w.session.destroy()
    },
  },
  "goaway-by-server": {
    server(w) {
      w.on("/", stream => {
        const { session } = stream
        session.goaway(0)
        ok(stream)
        stream.on("close", () => session.close()) // Node's would not notice that the client has left
      })
    },
    async client(w) {
      goaways(w, w.session)
      w.request({ ":path": "/" })
      await w.closed(w.session)
      w.say("session", `closed=${w.session.closed} destroyed=${w.session.destroyed}`)
    },
  },
  "goaway-by-server-with-code": {
    server(w) {
      w.on("/", stream => {
        stream.respond({ ":status": 200 })
        stream.write("part", () => stream.session.goaway(11, 0, Buffer.from("calm")))
      })
    },
    async client(w) {
      await w.settled()
      goaways(w, w.session)
      w.request({ ":path": "/" })
      await w.closed(w.session)
    },
  },
  "goaway-by-client": {
    server(w) {
      w.onSession(session => goaways(w, session))
      w.on("/", ok)
    },
    async client(w) {
      const stream = w.request({ ":path": "/" })
      stream.on("response", () => w.session.goaway(0, 0, Buffer.from("bye")))
      await w.closed(stream)
    },
  },
  "goaway-by-client-with-code": {
    server(w) {
      w.onSession(session => goaways(w, session))
      w.on("/", stream => stream.respond({ ":status": 200 }))
    },
    async client(w) {
      await w.settled()
      const stream = w.request({ ":path": "/" })
      stream.on("response", () => w.session.goaway(2, 0, Buffer.from("broken")))
      await w.closed(w.session)
    },
  },
  "close-by-server": {
    server(w) {
      w.on("/", stream => {
        stream.session.close()
        w.say("session", `closed=${stream.session.closed} destroyed=${stream.session.destroyed}`)
        setImmediate(ok, stream)
      })
    },
    async client(w) {
      goaways(w, w.session)
      w.request({ ":path": "/" })
      await w.closed(w.session)
    },
  },
  "close-by-client": {
    server(w) {
      w.on("/a", stream => setImmediate(ok, stream))
      w.on("/b", stream => setImmediate(ok, stream))
    },
    async client(w) {
      const a = w.request({ ":path": "/a" })
      w.request({ ":path": "/b" })
      a.on("response", () => {
        w.session.close()
        w.attempt("session", "request", () => w.session.request({ ":path": "/c" }))
        w.say("session", `closed=${w.session.closed} destroyed=${w.session.destroyed}`)
      })
      await w.closed(w.session)
      w.attempt("session", "request", () => w.session.request({ ":path": "/c" }))
      w.say("session", `closed=${w.session.closed} destroyed=${w.session.destroyed}`)
    },
  },
  "request-after-goaway": {
    server(w) {
      w.on("/", stream => {
        const { session } = stream
        session.goaway(0)
        stream.on("close", () => session.close())
        stream.respond({ ":status": 200 })
        stream.on("end", () => stream.end("bye"))
      })
    },
    async client(w) {
      const stream = w.request({ ":method": "POST", ":path": "/" })
      await new Promise(resolve => w.session.on("goaway", () => setImmediate(resolve)))
      w.attempt("session", "request", () => w.session.request({ ":path": "/more" }))
      stream.end("that was it")
      await w.closed(w.session)
    },
  },
  "destroy-session-by-server": {
    server(w) {
      w.on("/", stream => {
        stream.respond({ ":status": 200 })
        stream.write("part", () => stream.session.destroy())
      })
    },
    async client(w) {
      await w.settled()
      w.request({ ":path": "/" })
      await w.closed(w.session)
    },
  },
  "destroy-session-by-server-with-code": {
    server(w) {
      w.on("/", stream => {
        stream.respond({ ":status": 200 })
        stream.write("part", () => stream.session.destroy(11))
      })
    },
    async client(w) {
      await w.settled()
      goaways(w, w.session)
      w.request({ ":path": "/" })
      await w.closed(w.session)
    },
  },
  "destroy-session-by-server-with-error": {
    server(w) {
      w.on("/", stream => {
        stream.respond({ ":status": 200 })
        stream.write("part", () => stream.session.destroy(new Error("on purpose")))
      })
    },
    async client(w) {
      await w.settled()
      goaways(w, w.session)
      w.request({ ":path": "/" })
      await w.closed(w.session)
    },
  },
  "destroy-session-by-client": {
    server(w) { w.on("/", stream => stream.respond({ ":status": 200 })) },
    async client(w) {
      await w.settled()
      w.request({ ":path": "/" }).on("response", () => w.session.destroy())
      await w.closed(w.session)
    },
  },
  "destroy-session-by-client-with-code": {
    server(w) {
      w.mute() // over TLS Node's client may be gone before its GOAWAY is
      w.on("/", stream => stream.respond({ ":status": 200 }))
    },
    async client(w) {
      await w.settled()
      w.request({ ":path": "/" }).on("response", () => w.session.destroy(11))
      await w.closed(w.session)
    },
  },
  "destroy-session-before-connect": {
    server(w) { w.mute() },
    async client(w) {
      w.request({ ":path": "/" })
      w.session.destroy()
      await w.closed(w.session)
    },
  },
  "connection-cut-by-server": {
    server(w) {
      w.server.on("connection", socket => { w.socket = socket })
      w.on("/", stream => {
        stream.respond({ ":status": 200 })
        stream.write("part")
      })
      w.on("/cut", () => w.socket.destroy())
    },
    async client(w) {
      await w.settled()
      w.request({ ":path": "/" }).once("data", () => w.request({ ":path": "/cut" }))
      await w.closed(w.session)
    },
  },
  "close-of-the-server": {
    server(w) {
      w.on("/a", stream => {
        w.opened("server", w.server)
        w.server.close(() => w.say("server", "closed"))
        ok(stream)
      })
      w.on("/b", ok)
    },
    async client(w) {
      await w.closed(w.request({ ":path": "/a" }))
      try {
        w.session.request({ ":path": "/b" }).resume().on("error", () => {}).on("response", () => w.say("/b", "served"))
      } catch {
        w.say("/b", "refused")
      }
    },
  },
}
