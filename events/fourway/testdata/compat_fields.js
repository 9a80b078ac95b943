// The Compatibility API: header fields and statuses.
"use strict"

// each asks for paths, one after the other.
const each = (...paths) => async w => { for (const path of paths) await w.closed(w.request({ ":path": path })) }

module.exports = {
  "compat-hello": {
    server(w) {
      w.onRequest("/", (req, res) => {
        res.setHeader("Content-Type", "text/plain")
        res.end("hello")
      })
    },
    client: each("/"),
  },
  "compat-implicit-head": {
    server(w) {
      w.onRequest("/end", (req, res) => {
        res.statusCode = 404
        res.end("none")
      })
      w.onRequest("/write", (req, res) => {
        res.statusCode = 201
        w.show("before", res.headersSent)
        res.write("one ")
        w.show("after", res.headersSent, res.statusCode)
        res.end("two")
      })
      w.onRequest("/flush", (req, res) => {
        res.setHeader("x-a", "1")
        res.flushHeaders()
        w.show("flushed", res.headersSent)
        w.attempt("seen", "again", () => res.flushHeaders())
        res.end("body")
      })
      w.onRequest("/empty", (req, res) => res.end())
    },
    client: each("/end", "/write", "/flush", "/empty"),
  },
  "compat-write-head": {
    server(w) {
      w.onRequest("/over", (req, res) => {
        res.setHeader("x-a", "1")
        res.setHeader("x-b", "1")
        res.statusCode = 500
        res.writeHead(202, { "X-A": "2", "x-c": "2" })
        w.show("sent", res.statusCode, res.headersSent)
        res.end("ok")
      })
      w.onRequest("/lists", (req, res) => {
        res.setHeader("x-list", ["1", "2"])
        res.setHeader("x-kept", ["1", "2"])
        res.writeHead(200, { "x-list": ["3", "4"], "set-cookie": ["a=1", "b=2"] })
        res.end()
      })
      w.onRequest("/bare", (req, res) => {
        res.setHeader("x-a", "1")
        res.writeHead(418)
        res.end("teapot")
      })
    },
    client: each("/over", "/lists", "/bare"),
  },
  "compat-write-head-twice": {
    server(w) {
      w.onRequest("/", (req, res) => {
        w.attempt("seen", "first", () => res.writeHead(200, { "x-a": "1" }))
        w.attempt("seen", "second", () => res.writeHead(500))
        res.end("once")
        w.attempt("seen", "after the end", () => res.writeHead(500))
      })
    },
    client: each("/"),
  },
  "compat-append-header": {
    server(w) {
      w.onRequest("/", (req, res) => {
        res.appendHeader("x-list", "1")
        res.appendHeader("X-List", "2")
        res.appendHeader("x-list", ["3", "4"])
        res.setHeader("set-cookie", "a=1")
        res.appendHeader("set-cookie", "b=2")
        w.show("queued", res.getHeader("x-list"), res.getHeader("Set-Cookie"))
        res.end()
      })
    },
    client: each("/"),
  },
  "compat-header-queries": {
    server(w) {
      w.onRequest("/", (req, res) => {
        res.setHeader("X-One", "1")
        res.setHeader("x-two", "2")
        res.setHeader(" x-three ", "3")
        w.show("get", res.getHeader("x-one"), res.getHeader("X-TWO"), res.getHeader("x-none") ?? "")
        w.show("names", ...res.getHeaderNames())
        w.show("has", res.hasHeader("x-ONE"), res.hasHeader("x-none"))
        res.removeHeader("X-Two")
        res.removeHeader("x-none")
        res.setHeader("x-one", "changed")
        w.show("all", Object.entries(res.getHeaders()).flat())
        res.end()
      })
    },
    client: each("/"),
  },
  "compat-date": {
    server(w) {
      w.onRequest("/default", (req, res) => {
        w.show("default", res.sendDate)
        res.end()
      })
      w.onRequest("/off", (req, res) => {
        res.sendDate = false
        w.show("off", res.sendDate)
        res.end()
      })
      w.onRequest("/own", (req, res) => {
        res.setHeader("date", "Thu, 01 Jan 1970 00:00:00 GMT")
        res.end()
      })
    },
    async client(w) {
      for (const path of ["/default", "/off", "/own"]) {
        const stream = w.request({ ":path": path })
        stream.on("response", headers => w.say("date", `${"date" in headers} ${headers.date?.includes("1970") ?? false}`))
        await w.closed(stream)
      }
    },
  },
  "compat-bad-fields": {
    server(w) {
      w.onRequest("/", (req, res) => {
        const bad = (what, f) => w.attempt("seen", what, f)
        bad("pseudo", () => res.setHeader(":status", "200"))
        bad("pseudo appended", () => res.appendHeader(":path", "/"))
        bad("pseudo trailer", () => res.setTrailer(":status", "200"))
        bad("space", () => res.setHeader("a b", "1"))
        bad("no name", () => res.setHeader("", "1"))
        bad("no value", () => res.setHeader("x-a", undefined))
        bad("no trailer value", () => res.setTrailer("x-a", undefined))
        bad("pseudo in the head", () => res.writeHead(200, { ":status": "200", ":path": "/" }))
        bad("space in the head", () => res.writeHead(200, { "a b": "1" }))
        res.end("alive")
      })
    },
    client: each("/"),
  },
  "compat-bad-status": {
    server(w) {
      w.onRequest("/", (req, res) => {
        for (const code of [99, 101, 199, 600, 0]) {
          w.attempt("seen", `statusCode ${code}`, () => { res.statusCode = code })
        }
        for (const code of [99, 101, 600]) w.attempt("seen", `writeHead ${code}`, () => res.writeHead(code))
        res.statusCode = 299
        res.end("alive")
      })
    },
    client: each("/"),
  },
  "compat-connection-fields": {
    server(w) {
      w.onRequest("/connection", (req, res) => {
        w.attempt("seen", "connection", () => res.setHeader("connection", "close"))
        w.show("has", res.hasHeader("connection"))
        res.writeHead(200, { connection: "keep-alive" })
        res.end("alive")
      })
      w.onRequest("/others", (req, res) => {
        for (const name of ["Keep-Alive", "transfer-encoding", "upgrade", "proxy-connection", "http2-settings", "te"]) {
          w.attempt("seen", name, () => res.setHeader(name, "x"))
        }
        w.show("queued", ...res.getHeaderNames())
        res.end("alive")
      })
    },
    client: each("/connection", "/others"),
  },
  "compat-late-fields": {
    server(w) {
      w.onRequest("/", (req, res) => {
        res.setHeader("x-a", "1")
        res.writeHead(200)
        const late = (what, f) => w.attempt("seen", what, f)
        late("setHeader", () => res.setHeader("x-b", "1"))
        late("appendHeader", () => res.appendHeader("x-b", "1"))
        late("removeHeader", () => res.removeHeader("x-a"))
        late("flushHeaders", () => res.flushHeaders())
        late("writeContinue", () => res.writeContinue())
        late("writeEarlyHints", () => res.writeEarlyHints({ link: "</a>; rel=preload" }))
        w.show("still", res.getHeader("x-a"), res.hasHeader("x-b"))
        res.end("fine")
      })
    },
    client: each("/"),
  },
  "compat-request-fields": {
    server(w) {
      w.onRequest("/a?b=c", (req, res) => {
        w.show("line", req.method, req.url, req.httpVersion, req.httpVersionMajor, req.httpVersionMinor)
        w.show("raw", ...req.rawHeaders.slice(req.rawHeaders.indexOf("x-first")))
        w.show("get", req.headers.cookie, req.headers["x-list"], req.headers["x-first"])
        w.show("ends", req.complete, req.aborted, res.req === req)
        res.end()
      })
    },
    client(w) {
      w.request({
        ":method": "OPTIONS", ":path": "/a?b=c", "X-First": "1", cookie: ["a=1", "b=2"], "x-list": ["1", "2"], accept: "*/*",
      }).end()
    },
  },
  "compat-host": {
    server(w) {
      for (const path of ["/authority", "/host", "/both"]) {
        w.onRequest(path, (req, res) => {
          w.show(path, req.authority, req.headers.host ?? "")
          res.end()
        })
      }
    },
    async client(w) {
      await w.closed(w.request({ ":path": "/authority", ":authority": "one.example" }))
      await w.closed(w.request({ ":path": "/host", host: "two.example" }))
      await w.closed(w.request({ ":path": "/both", ":authority": "three.example", host: "three.example" }))
    },
  },
  "compat-changed-request": {
    server(w) {
      w.onRequest("/", (req, res) => {
        req.method = "PUT"
        req.url = "/other"
        w.attempt("seen", "blank", () => { req.method = " " })
        w.show("changed", req.method, req.url, req.headers[":method"], req.headers[":path"])
        res.end()
      })
    },
    client: each("/"),
  },
  "compat-cookies": {
    server(w) {
      w.onRequest("/", (req, res) => {
        w.show("cookie", req.headers.cookie)
        res.setHeader("set-cookie", ["a=1; Path=/", "b=2"])
        w.show("set", res.getHeader("set-cookie"))
        res.end()
      })
    },
    client(w) { w.request({ ":path": "/", cookie: ["a=1; b=2", "c=3"] }) },
  },
  "compat-status-message": {
    server(w) {
      w.onRequest("/", (req, res) => {
        res.statusMessage = "Better than OK"
        w.show("message", res.statusMessage)
        res.end()
      })
    },
    client: each("/"),
  },
}
