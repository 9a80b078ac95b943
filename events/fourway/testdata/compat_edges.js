// The Compatibility API: what is rare.
"use strict"
const { pattern, once } = require("./kit.js")

const post = (w, fields) => w.request({ ":method": "POST", ":path": "/", ...fields })

module.exports = {
  "compat-trailers-without-a-body": {
    server(w) {
      w.onRequest("/", (req, res) => {
        res.setTrailer("x-sum", "1")
        res.end("not sent")
      })
      w.onRequest("/204", (req, res) => {
        res.statusCode = 204
        res.setTrailer("x-sum", "1")
        res.end()
      })
    },
    async client(w) {
      await w.closed(w.request({ ":method": "HEAD", ":path": "/" }))
      await w.closed(w.request({ ":path": "/204" }))
    },
  },
  "compat-late-trailers": {
    server(w) {
      w.onRequest("/", (req, res) => {
        res.end("whole")
        w.attempt("seen", "setTrailer", () => res.setTrailer("x-sum", "1"))
        w.attempt("seen", "addTrailers", () => res.addTrailers({ "x-sum": "1" }))
      })
    },
    client(w) { w.request({ ":path": "/" }) },
  },
  "compat-late-push": {
    server(w) {
      w.onRequest("/", (req, res) => {
        req.on("close", () => setImmediate(() => {
          w.attempt("seen", "call", () => { res.createPushResponse({ ":path": "/p" }, err => w.say("pushed", err.code)) })
        }))
        res.end("page")
      })
    },
    client(w) { w.request({ ":path": "/" }) },
  },
  "compat-returned": {
    server(w) {
      w.onRequest("/", (req, res) => {
        w.show("continue", res.writeContinue())
        w.show("hints", res.writeEarlyHints({ link: "</a>; rel=preload" }), res.writeEarlyHints({ link: [] }))
        w.show("write", res.write("part"))
        w.show("late", res.writeContinue(), res.writeEarlyHints({ link: "</a>; rel=preload" }))
        res.end()
      })
    },
    client(w) { w.request({ ":path": "/" }) },
  },
  "compat-empty-writes": {
    server(w) {
      w.onRequest("/", (req, res) => {
        res.write("body")
        w.attempt("seen", "write", () => { res.write("") })
        w.attempt("seen", "end", () => { res.end("") })
      })
    },
    client(w) { w.request({ ":path": "/" }) },
  },
  "compat-expectation-of-a-get": {
    server(w) { w.onRequest("/", (req, res) => res.end("answer")) },
    client(w) { w.request({ ":path": "/", expect: "100-continue" }) },
  },
  "compat-expectation-in-any-case": {
    server(w) { w.onRequest("/", (req, res) => res.end("answer")) },
    client(w) { w.request({ ":path": "/", expect: "100-Continue" }) },
  },
  "compat-unasked-body": {
    server(w) {
      w.onRequest("/", () => {})
      w.onRequest("/", (req, res) => {
        res.writeHead(401)
        res.end("who are you?")
      }, { event: "checkContinue" })
    },
    client(w) { post(w, { expect: "100-continue" }).end("sent all the same") },
  },
  "compat-extended-connect": {
    serverOptions: { settings: { enableConnectProtocol: true } },
    server(w) {
      w.onRequest("/", () => {})
      w.onRequest("/chat", (req, res) => {
        w.show("protocol", req.headers[":protocol"], req.method, req.url)
        res.writeHead(200, { "sec-websocket-protocol": "chat" })
        req.pipe(res)
      }, { event: "connect" })
    },
    async client(w) {
      await once(w.session, "remoteSettings")
      const stream = w.request({ ":method": "CONNECT", ":protocol": "websocket", ":path": "/chat" })
      stream.on("response", () => stream.end("hello"))
    },
  },
  "compat-pipe-cut-short": {
    server(w) { w.onRequest("/", (req, res) => { req.pipe(res) }) },
    client(w) {
      const stream = post(w)
      stream.write("part")
      stream.once("data", () => stream.destroy())
    },
  },
  "compat-session-closed-meanwhile": {
    server(w) {
      w.onRequest("/", (req, res) => {
        res.write("part, ")
        req.stream.session.close()
        req.on("end", () => res.end("and the rest"))
      })
    },
    client(w) {
      const stream = post(w)
      stream.once("data", () => stream.end(pattern(100000)))
    },
  },
  "compat-writes-to-what-is-gone": {
    server(w) {
      w.onRequest("/", (req, res) => {
        res.writeHead(200)
        req.on("close", () => setImmediate(() => {
          w.show("write", res.write("x", err => w.say("written", err.code)))
          w.show("again", res.writableEnded)
        }))
      })
    },
    client(w) {
      const stream = w.request({ ":path": "/" })
      stream.on("response", () => stream.close(8))
    },
  },
  "compat-kept-request": {
    server(w) {
      w.onRequest("/", (req, res) => {
        req.on("close", () => setImmediate(() => {
          w.show("request", req.method, req.url, req.headers["x-a"], req.complete, req.aborted)
          w.show("response", res.statusCode, res.headersSent, res.getHeader("x-b"), res.hasHeader("x-c"))
        }))
        res.statusCode = 203
        res.setHeader("x-b", "2")
        res.end("done")
      })
    },
    client(w) { w.request({ ":path": "/", "x-a": "1" }) },
  },
}
