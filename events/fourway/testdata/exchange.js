// Requests and responses.
"use strict"
const { http2, once, pattern } = require("./kit.js")

module.exports = {
  "get": {
    server(w) {
      w.on("/", stream => {
        stream.respond({ ":status": 200, "content-type": "text/plain", "x-two": "2" })
        stream.end("hello")
      })
    },
    client(w) { w.request({ ":path": "/", accept: "*/*" }) },
  },
  "post-echo": {
    server(w) {
      w.on("/echo", stream => {
        stream.respond({ ":status": 200 })
        stream.pipe(stream)
      })
    },
    client(w) { w.request({ ":method": "POST", ":path": "/echo" }).end(pattern(100)) },
  },
  "post-empty": {
    server(w) {
      w.on("/", stream => {
        stream.respond({ ":status": 200 })
        stream.end()
      })
    },
    async client(w) {
      await once(w.session, "connect")
      w.request({ ":method": "POST", ":path": "/" }).end()
    },
  },
  "post-endstream": {
    server(w) {
      w.on("/", stream => {
        stream.respond({ ":status": 200 })
        stream.end("no body")
      })
    },
    client(w) { w.request({ ":method": "POST", ":path": "/" }, { endStream: true }) },
  },
  "get-with-body": {
    server(w) {
      w.on("/", stream => {
        stream.respond({ ":status": 200 })
        stream.pipe(stream)
      })
    },
    client(w) { w.request({ ":path": "/" }, { endStream: false }).end("a body") },
  },
  "response-without-body": {
    server(w) { w.on("/", stream => stream.respond({ ":status": 200, "x-a": "b" }, { endStream: true })) },
    client(w) { w.request({ ":path": "/" }) },
  },
  "head": {
    server(w) { w.on("/", stream => stream.respond({ ":status": 200, "content-length": 5 })) },
    client(w) { w.request({ ":method": "HEAD", ":path": "/" }) },
  },
  "status-without-body": {
    server(w) {
      w.on("/204", stream => stream.respond({ ":status": 204 }))
      w.on("/205", stream => stream.respond({ ":status": 205 }))
      w.on("/304", stream => stream.respond({ ":status": 304, etag: '"x"' }))
    },
    async client(w) {
      for (const path of ["/204", "/205", "/304"]) await w.closed(w.request({ ":path": path }))
    },
  },
  "status-codes": {
    server(w) {
      for (const status of [201, 302, 404, 418, 500, 599]) {
        w.on("/" + status, stream => {
          stream.respond({ ":status": status, location: "/" })
          stream.end("" + status)
        })
      }
    },
    async client(w) {
      for (const status of [201, 302, 404, 418, 500, 599]) await w.closed(w.request({ ":path": "/" + status }))
    },
  },
  "many-at-once": {
    server(w) {
      for (let i = 0; i < 20; i++) {
        w.on("/" + i, stream => {
          stream.respond({ ":status": 200, "x-number": i })
          stream.end(pattern(1000 * i))
        })
      }
    },
    client(w) { for (let i = 0; i < 20; i++) w.request({ ":path": "/" + i }) },
  },
  "implicit-response": {
    server(w) {
      w.on("/end", stream => stream.end("ended"))
      w.on("/write", stream => {
        stream.write("one ")
        stream.end("two")
      })
    },
    async client(w) {
      await w.closed(w.request({ ":path": "/end" }))
      await w.closed(w.request({ ":path": "/write" }))
    },
  },
  "repeated-fields": {
    server(w) {
      w.on("/", stream => {
        stream.respond({ ":status": 200, "set-cookie": ["a=1", "b=2"], "x-list": ["1", "2"], vary: ["accept", "te"] })
        stream.end()
      })
    },
    client(w) { w.request({ ":path": "/", cookie: ["a=1", "b=2"], "x-list": ["1", "2"], accept: ["text/html", "*/*"] }) },
  },
  "sensitive-fields": {
    server(w) {
      w.on("/", (stream, headers) => {
        w.say("sensitive", headers[http2.sensitiveHeaders].join())
        stream.respond({ ":status": 200, "x-secret": "s", "x-open": "o", [http2.sensitiveHeaders]: ["x-secret"] }, { endStream: true })
      })
    },
    client(w) {
      w.request({ ":path": "/", "x-mine": "m", [http2.sensitiveHeaders]: ["x-mine"] })
        .on("response", headers => w.say("sensitive", headers[http2.sensitiveHeaders].join()))
    },
  },
  "authority-and-query": {
    server(w) { w.on("/a/b?c=d&e", stream => stream.respond({ ":status": 200 }, { endStream: true })) },
    client(w) { w.request({ ":authority": "example.org:8443", ":path": "/a/b?c=d&e" }) },
  },
  "other-methods": {
    server(w) {
      for (const method of ["PUT", "DELETE", "OPTIONS", "PROPFIND"]) {
        w.on("/" + method, stream => {
          stream.respond({ ":status": 200 })
          stream.end(method)
        })
      }
    },
    async client(w) {
      for (const method of ["PUT", "OPTIONS", "PROPFIND"]) {
        const stream = w.request({ ":method": method, ":path": "/" + method })
        stream.end("body of " + method)
        await w.closed(stream)
      }
      await w.closed(w.request({ ":method": "DELETE", ":path": "/DELETE" }))
    },
  },
  "long-fields": {
    server(w) {
      w.on("/", stream => {
        stream.respond({ ":status": 200, "x-long": "s".repeat(20000), "x-longer": "t".repeat(30000) })
        stream.end()
      })
    },
    client(w) { w.request({ ":path": "/", "x-long": "c".repeat(20000), "x-longer": "d".repeat(30000) }) },
  },
  "names-in-any-case": {
    server(w) {
      w.on("/", stream => {
        stream.respond({ ":status": 200, "X-Mixed": "Case" })
        stream.end()
      })
    },
    client(w) { w.request({ ":path": "/", "X-Mixed": "Case", TE: "trailers", "Content-Type": "A/B" }) },
  },
  "respond-twice": {
    server(w) {
      w.on("/", stream => {
        w.attempt("respond", "first", () => stream.respond({ ":status": 200 }))
        w.attempt("respond", "second", () => stream.respond({ ":status": 500 }))
        w.attempt("respond", "informational", () => stream.additionalHeaders({ ":status": 103 }))
        stream.end("once")
      })
    },
    client(w) { w.request({ ":path": "/" }) },
  },
  "finish-of-an-upload": {
    server(w) {
      w.on("/", stream => {
        stream.on("end", () => {
          stream.respond({ ":status": 200 })
          stream.end("thanks")
        })
      })
    },
    client(w) {
      w.request({ ":method": "POST", ":path": "/" })
        .on("finish", () => w.say("upload", "finish"))
        .on("response", () => w.say("upload", "response"))
        .end("all of it")
    },
  },
}
