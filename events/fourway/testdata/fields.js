// What is refused of header fields, what announces too much, and what is
// remembered.
"use strict"

module.exports = {
  "bad-response-fields": {
    server(w) {
      w.on("/", stream => {
        w.attempt("respond", "connection", () => stream.respond({ connection: "close" }))
        w.attempt("respond", "transfer-encoding", () => stream.respond({ "transfer-encoding": "chunked" }))
        w.attempt("respond", "pseudo", () => stream.respond({ ":path": "/" }))
        w.attempt("respond", "good", () => stream.respond({ ":status": 200 }))
        stream.end()
      })
    },
    client(w) { w.request({ ":path": "/" }) },
  },
  "bad-request-fields": {
    server(w) { w.on("/", stream => stream.respond({ ":status": 200 }, { endStream: true })) },
    client(w) {
      const { session } = w
      w.attempt("request", "connection", () => session.request({ connection: "close" }))
      w.attempt("request", "upgrade", () => session.request({ upgrade: "h2c" }))
      w.attempt("request", "te", () => session.request({ te: "gzip" }))
      w.attempt("request", "pseudo", () => session.request({ ":strange": "x" }))
      w.attempt("request", "name", () => session.request({ "bad name": "x" }))
      w.request({ ":path": "/" })
    },
  },
  "bad-path": {
    server(w) { w.on("/", stream => stream.respond({ ":status": 200 }, { endStream: true })) },
    async client(w) {
      await w.closed(w.request({ ":path": "/a b" }))
      w.request({ ":path": "/" })
    },
  },
  "what-was-sent": {
    server(w) {
      w.on("/", (stream, headers) => {
        const tell = when => w.say("sent", `${when}: headersSent=${stream.headersSent} pushAllowed=${stream.pushAllowed} ` +
          `endAfterHeaders=${stream.endAfterHeaders} id=${stream.id} pending=${stream.pending} aborted=${stream.aborted}`)
        tell("before")
        stream.additionalHeaders({ ":status": 103, link: "<a>" })
        stream.respond({ ":status": 202, "x-a": "b" }, { waitForTrailers: true, sendDate: false })
        tell("after")
        stream.on("wantTrailers", () => {
          stream.sendTrailers({ "x-end": "yes" })
          w.say("sent", `info ${stream.sentInfoHeaders.map(h => h[":status"] + " " + h.link)}`)
          w.say("sent", `headers ${stream.sentHeaders[":status"]} ${stream.sentHeaders["x-a"]} ${stream.sentHeaders.date}`)
          w.say("sent", `trailers ${stream.sentTrailers["x-end"]}`)
        })
        stream.end()
      })
    },
    client(w) {
      const stream = w.request({ ":path": "/", "x-q": "1" })
      stream.on("close", () => w.say("sent", `${stream.sentHeaders[":method"]} ${stream.sentHeaders[":path"]} ${stream.sentHeaders["x-q"]} ` +
        `${stream.sentHeaders[":scheme"].slice(0, 4)} id=${stream.id} pending=${stream.pending} destroyed=${stream.destroyed} closed=${stream.closed}`))
    },
  },
  "response-shorter-than-announced": {
    server(w) {
      w.on("/", stream => {
        stream.respond({ ":status": 200, "content-length": 10 })
        stream.end("short")
      })
    },
    client(w) { w.request({ ":path": "/" }) },
  },
  "response-longer-than-announced": {
    server(w) {
      w.on("/", stream => {
        stream.respond({ ":status": 200, "content-length": 3 })
        stream.end("longer")
      })
    },
    client(w) { w.request({ ":path": "/" }) },
  },
  "request-shorter-than-announced": {
    server(w) { w.on("/", () => {}) },
    client(w) { w.request({ ":method": "POST", ":path": "/", "content-length": 10 }).end("short") },
  },
}
