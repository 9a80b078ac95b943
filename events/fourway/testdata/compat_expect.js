// The Compatibility API: 100, 103, expectations, CONNECT, pushes.
"use strict"
const { pattern } = require("./kit.js")

// expecting posts a body once the server has said to continue.
function expecting(w, path, expect = "100-continue") {
  const stream = w.request({ ":method": "POST", ":path": path, expect })
  stream.on("continue", () => stream.end("the body"))
  return stream
}

const thanks = (req, res) => req.on("end", () => res.end("thanks"))

module.exports = {
  "compat-early-hints": {
    server(w) {
      w.onRequest("/one", (req, res) => {
        res.writeEarlyHints({ link: "</a.css>; rel=preload; as=style" })
        res.end("page")
      })
      w.onRequest("/several", (req, res) => {
        res.writeEarlyHints({ link: ["</a.css>; rel=preload; as=style", "</b.js>; rel=preload; as=script"] })
        res.writeEarlyHints({ link: "</c.js>; rel=preload", "X-Trace": "7" })
        res.end("page")
      })
      w.onRequest("/none", (req, res) => {
        w.attempt("seen", "no link", () => res.writeEarlyHints({ link: [] }))
        for (const link of ["a.css", "<a.css", "</a.css> rel=preload", ""]) {
          w.attempt("seen", `link ${link}`, () => res.writeEarlyHints({ link }))
        }
        res.end("page")
      })
    },
    async client(w) {
      for (const path of ["/one", "/several", "/none"]) await w.closed(w.request({ ":path": path }))
    },
  },
  "compat-continue-automatic": {
    server(w) { w.onRequest("/", thanks) },
    client(w) { expecting(w, "/") },
  },
  "compat-continue-by-hand": {
    server(w) {
      w.onRequest("/", (req, res) => {
        w.attempt("seen", "first", () => { res.writeContinue() })
        w.attempt("seen", "second", () => { res.writeContinue() })
        thanks(req, res)
      })
    },
    client(w) { w.request({ ":method": "POST", ":path": "/" }).end("unasked") },
  },
  "compat-check-continue": {
    server(w) {
      w.onRequest("/plain", thanks)
      w.onRequest("/accepted", (req, res) => {
        res.writeContinue()
        thanks(req, res)
      }, { event: "checkContinue" })
      w.onRequest("/refused", (req, res) => {
        res.writeHead(413, { "x-why": "too large" })
        res.end("no, thanks")
      }, { event: "checkContinue" })
    },
    async client(w) {
      const plain = w.request({ ":method": "POST", ":path": "/plain" })
      plain.end("unasked")
      await w.closed(plain)
      await w.closed(expecting(w, "/accepted"))
      const refused = expecting(w, "/refused")
      refused.on("response", () => refused.end())
      await w.closed(refused)
    },
  },
  "compat-expectation-failed": {
    server(w) { w.onRequest("/", thanks) },
    async client(w) {
      const stream = expecting(w, "/", "a-miracle")
      stream.on("response", () => stream.end())
      await w.closed(stream)
    },
  },
  "compat-check-expectation": {
    server(w) {
      w.onRequest("/", thanks)
      w.onRequest("/", (req, res) => {
        res.statusCode = 200
        res.setHeader("x-expected", req.headers.expect)
        res.end("a miracle")
      }, { event: "checkExpectation" })
    },
    client(w) { w.request({ ":path": "/", expect: "a-miracle" }) },
  },
  "compat-connect-refused": {
    server(w) { w.onRequest("/", (req, res) => res.end("alive")) },
    async client(w) {
      const stream = w.request({ ":method": "CONNECT", ":authority": "example.org:443" })
      stream.on("response", () => stream.end())
      await w.closed(stream)
      await w.closed(w.request({ ":path": "/" }))
    },
  },
  "compat-connect": {
    server(w) {
      w.onRequest("/", () => {})
      w.onRequest("CONNECT", (req, res) => {
        w.show("to", req.authority, req.method, req.url ?? "", req.scheme ?? "")
        res.writeHead(200)
        req.pipe(res)
      }, { event: "connect" })
    },
    client(w) {
      const stream = w.request({ ":method": "CONNECT", ":authority": "example.org:443" })
      stream.on("response", () => stream.end(pattern(1000)))
    },
  },
  "compat-push": {
    server(w) {
      w.onRequest("/", (req, res) => {
        res.createPushResponse({ ":path": "/style.css", "x-of": "page" }, (err, push) => {
          w.show("push", err === null, push.headersSent, push.statusCode)
          push.on("finish", () => w.say("pushed", "finish"))
          push.setHeader("content-type", "text/css")
          push.end("h1 {}")
        })
        res.end("page")
      })
    },
    client(w) {
      w.takePushes()
      w.request({ ":path": "/" })
    },
  },
  "compat-push-with-status": {
    server(w) {
      w.onRequest("/", (req, res) => {
        for (const status of [404, 204]) {
          res.createPushResponse({ ":path": "/" + status }, (err, push) => {
            push.writeHead(status, { "x-a": "1" })
            push.end()
          })
        }
        res.end("page")
      })
    },
    client(w) {
      w.takePushes()
      w.request({ ":path": "/" })
    },
  },
  "compat-push-large": {
    server(w) {
      w.onRequest("/", (req, res) => {
        res.createPushResponse({ ":path": "/large" }, (err, push) => {
          push.write(pattern(300000))
          push.end(pattern(100))
        })
        res.end("page")
      })
    },
    client(w) {
      w.takePushes()
      w.request({ ":path": "/" })
    },
  },
  "compat-push-off": {
    clientOptions: { settings: { enablePush: false } },
    server(w) {
      w.onRequest("/", (req, res) => {
        w.show("allowed", res.stream.pushAllowed)
        try {
          res.createPushResponse({ ":path": "/pushed" }, err => w.say("seen", `pushed: ${err.code}`))
        } catch (err) {
          w.say("seen", `pushed: ${err.code}`)
        }
        res.end("page")
      })
    },
    client(w) { w.request({ ":path": "/" }) },
  },
  "compat-push-without-callback": {
    server(w) {
      w.onRequest("/", (req, res) => {
        w.attempt("seen", "push", () => res.createPushResponse({ ":path": "/pushed" }))
        res.end("page")
      })
    },
    client(w) { w.request({ ":path": "/" }) },
  },
}
