// The Compatibility API: bodies and trailers, both ways.
"use strict"
const { pattern, digest } = require("./kit.js")

const size = 2 << 20
const piece = 64 << 10

const post = (w, path, body) => w.request({ ":method": "POST", ":path": path }).end(body)

module.exports = {
  "compat-head": {
    server(w) {
      w.onRequest("/end", (req, res) => {
        res.setHeader("content-length", 5)
        res.end("hello")
      })
      w.onRequest("/write", (req, res) => {
        w.attempt("seen", "write", () => res.write("hello"))
        w.attempt("seen", "write again", () => res.write("hello"))
        res.end()
      })
      w.onRequest("/head", (req, res) => {
        res.writeHead(404, { "x-a": "1" })
        res.end()
      })
    },
    async client(w) {
      for (const path of ["/end", "/write", "/head"]) await w.closed(w.request({ ":method": "HEAD", ":path": path }))
    },
  },
  "compat-no-body": {
    server(w) {
      for (const code of [204, 205, 304]) {
        w.onRequest("/" + code, (req, res) => {
          res.statusCode = code
          res.setHeader("x-code", String(code))
          res.end("not to be seen")
        })
      }
      w.onRequest("/written", (req, res) => {
        res.writeHead(204)
        w.attempt("seen", "write", () => res.write("not to be seen"))
        w.attempt("seen", "end", () => res.end("nor this"))
      })
    },
    async client(w) {
      for (const path of ["/204", "/205", "/304", "/written"]) await w.closed(w.request({ ":path": path }))
    },
  },
  "compat-echo": {
    server(w) {
      w.onRequest("/", (req, res) => {
        res.writeHead(200, { "content-type": req.headers["content-type"] })
        req.pipe(res)
      })
    },
    client(w) { w.request({ ":method": "POST", ":path": "/", "content-type": "text/plain" }).end(pattern(1000)) },
  },
  "compat-large-download": {
    server(w) {
      w.onRequest("/", (req, res) => {
        let left = size / piece, waits = false
        const more = () => {
          while (left-- > 0) {
            if (!res.write(pattern(piece))) {
              waits = true
              return
            }
          }
          w.show("waited", waits)
          res.end()
        }
        res.on("drain", more)
        more()
      })
    },
    client(w) { w.request({ ":path": "/" }) },
  },
  "compat-large-download-at-once": {
    server(w) { w.onRequest("/", (req, res) => res.end(pattern(size))) },
    client(w) { w.request({ ":path": "/" }) },
  },
  "compat-large-upload": {
    server(w) {
      w.onRequest("/", (req, res) => {
        let all = 0
        req.on("data", chunk => { all += chunk.length })
        req.on("end", () => res.end(`${all} bytes`))
      })
    },
    client(w) { post(w, "/", pattern(size)) },
  },
  "compat-large-both-ways": {
    server(w) { w.onRequest("/", (req, res) => { req.pipe(res) }) },
    client(w) { post(w, "/", pattern(size)) },
  },
  "compat-small-windows": {
    serverOptions: { settings: { initialWindowSize: 300 } },
    clientOptions: { settings: { initialWindowSize: 300 } },
    server(w) { w.onRequest("/", (req, res) => { req.pipe(res) }) },
    client(w) { post(w, "/", pattern(20000)) },
  },
  "compat-pause": {
    server(w) {
      w.onRequest("/", (req, res) => {
        let pauses = 0
        req.on("data", () => {
          if (pauses++ > 3) return
          req.pause()
          setImmediate(() => req.resume())
        })
        req.on("end", () => {
          w.show("pauses", pauses > 3, req.isPaused())
          res.end()
        })
      })
    },
    client(w) { post(w, "/", pattern(300000)) },
  },
  "compat-unread-upload": {
    server(w) {
      w.onRequest("/", (req, res) => res.end("not read"), { read: false })
    },
    async client(w) {
      const stream = w.request({ ":method": "POST", ":path": "/" })
      stream.end(pattern(1000))
      await w.closed(stream)
    },
  },
  "compat-write-callbacks": {
    server(w) {
      w.onRequest("/", (req, res) => {
        for (const piece of ["one", "two"]) res.write(piece, err => w.say("written", `${piece} ${err ?? null}`))
        res.end("three", () => w.say("ended", "finish"))
      })
    },
    client(w) { w.request({ ":path": "/" }) },
  },
  "compat-cork": {
    server(w) {
      w.onRequest("/", (req, res) => {
        res.writeHead(200)
        res.cork()
        res.cork()
        w.show("corked", res.writableCorked)
        for (const piece of ["one ", "two ", "three"]) res.write(piece)
        res.uncork()
        w.show("corked", res.writableCorked, res.writableLength)
        res.uncork()
        w.show("corked", res.writableCorked)
        res.end(" four")
      })
    },
    client(w) { w.request({ ":path": "/" }) },
  },
  "compat-text": {
    server(w) {
      w.onRequest("/", (req, res) => {
        let all = ""
        req.setEncoding("utf8")
        req.on("data", text => { all += text })
        req.on("end", () => res.end("got " + all))
      }, { read: false })
    },
    client(w) {
      const stream = w.request({ ":method": "POST", ":path": "/" })
      for (const byte of Buffer.from("\u00e4\u20ac\u{1f600}!")) stream.write(Buffer.from([byte]))
      stream.end()
    },
  },
  "compat-many-at-once": {
    server(w) {
      for (let i = 0; i < 20; i++) {
        w.onRequest("/" + i, (req, res) => {
          res.setHeader("x-number", i)
          res.end(pattern(1000 * i + 1))
        })
      }
    },
    client(w) { for (let i = 0; i < 20; i++) w.request({ ":path": "/" + i }) },
  },
  "compat-trailers": {
    server(w) {
      w.onRequest("/add", (req, res) => {
        res.setHeader("trailer", "x-sum")
        res.write("seven")
        res.addTrailers({ "X-Sum": "7", "x-list": ["a", "b"] })
        res.setTrailer("x-sum", "8")
        res.end()
      })
      w.onRequest("/alone", (req, res) => {
        res.addTrailers({ "grpc-status": "12" })
        res.end()
      })
      w.onRequest("/early", (req, res) => {
        res.setTrailer("x-early", "1")
        res.end("with a body")
      })
    },
    async client(w) {
      for (const path of ["/add", "/alone", "/early"]) await w.closed(w.request({ ":path": path }))
    },
  },
  "compat-received-trailers": {
    server(w) {
      w.onRequest("/", (req, res) => {
        w.show("before", Object.keys(req.trailers).length, req.rawTrailers.length)
        req.on("end", () => {
          w.show("after", req.trailers["x-sum"], req.trailers["x-list"])
          w.show("raw", ...req.rawTrailers)
          res.end(digest(req.trailers["x-sum"]))
        })
      })
    },
    client(w) {
      const stream = w.request({ ":method": "POST", ":path": "/" }, { waitForTrailers: true })
      stream.on("wantTrailers", () => stream.sendTrailers({ "X-Sum": "7", "x-list": ["a", "b"] }))
      stream.end("seven")
    },
  },
  "compat-trailers-through": {
    server(w) {
      w.onRequest("/", (req, res) => {
        req.on("data", chunk => res.write(chunk))
        req.on("end", () => {
          res.addTrailers({ "x-back": req.trailers["x-sum"] })
          res.end()
        })
      })
    },
    client(w) {
      const stream = w.request({ ":method": "POST", ":path": "/" }, { waitForTrailers: true })
      stream.on("wantTrailers", () => stream.sendTrailers({ "x-sum": "9" }))
      stream.end(pattern(100000))
    },
  },
}
