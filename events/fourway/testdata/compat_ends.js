// The Compatibility API: how exchanges end, well or not, what calls say then,
// timeouts and sockets.
"use strict"
const { pattern } = require("./kit.js")

// ends writes down the events of an exchange in their order, with how its flags
// stand.
function ends(w, req, res, object = "ends") {
  const say = what => w.say(object, `${what} ${req.complete} ${req.aborted} ${res.writableEnded} ${res.headersSent}`)
  for (const event of ["end", "aborted", "close"]) req.on(event, () => say("request " + event))
  for (const event of ["finish", "close"]) res.on(event, () => say("response " + event))
}

// part begins a response.
const part = (req, res) => {
  res.writeHead(200)
  res.write("part")
}

const open = (w, path = "/") => w.request({ ":method": "POST", ":path": path })

module.exports = {
  "compat-ends-of-a-get": {
    server(w) {
      w.onRequest("/", (req, res) => {
        ends(w, req, res)
        req.on("end", () => res.end("whole"))
      })
    },
    client(w) { w.request({ ":path": "/" }) },
  },
  "compat-ends-of-a-post": {
    server(w) {
      w.onRequest("/", (req, res) => {
        ends(w, req, res)
        req.on("end", () => res.end("whole"))
      })
    },
    client(w) { open(w).end("body") },
  },
  "compat-aborted-upload": {
    server(w) {
      for (const code of [0, 2, 8]) {
        w.onRequest("/" + code, (req, res) => {
          ends(w, req, res, "ends" + code)
          req.once("data", () => part(req, res))
        })
      }
    },
    async client(w) {
      for (const code of [2, 8]) {
        const stream = open(w, "/" + code)
        stream.write("part")
        stream.once("data", () => stream.destroy(code === 8 ? undefined : new Error("on purpose")))
        await w.closed(stream)
      }
    },
  },
  "compat-aborted-download": {
    server(w) {
      for (const code of [2, 8]) {
        w.onRequest("/" + code, (req, res) => {
          ends(w, req, res, "ends" + code)
          part(req, res)
        })
      }
    },
    async client(w) {
      for (const code of [2, 8]) {
        const stream = w.request({ ":path": "/" + code })
        stream.once("data", () => stream.close(code))
        await w.closed(stream)
      }
    },
  },
  "compat-aborted-before-the-answer": {
    server(w) {
      w.onRequest("/", (req, res) => {
        ends(w, req, res)
        req.on("close", () => setImmediate(() => {
          for (const [what, f] of Object.entries({
            writeHead: () => { res.writeHead(200) },
            flushHeaders: () => { res.flushHeaders() },
            setHeader: () => { res.setHeader("a", "b") },
            setTimeout: () => { res.setTimeout(100) },
            requestSetTimeout: () => { req.setTimeout(100) },
            end: () => { res.end("late") },
          })) w.attempt("seen", what, f)
          w.show("flags", res.headersSent, res.writableEnded, res.socket === undefined)
        }))
      })
    },
    client(w) {
      const stream = w.request({ ":path": "/" })
      stream.on("ready", () => stream.close(8))
    },
  },
  "compat-destroyed-request": {
    server(w) {
      w.onRequest("/silent", (req, res) => req.stream.destroy())
      w.onRequest("/error", (req, res) => req.stream.destroy(new Error("on purpose")))
      w.onRequest("/part", (req, res) => {
        part(req, res)
        setImmediate(() => req.stream.destroy(new Error("on purpose")))
      })
    },
    async client(w) {
      for (const path of ["/silent", "/error", "/part"]) await w.closed(w.request({ ":path": path }))
    },
  },
  "compat-destroyed-response": {
    server(w) {
      w.onRequest("/silent", (req, res) => res.destroy())
      w.onRequest("/error", (req, res) => res.destroy(new Error("on purpose")))
      w.onRequest("/late", (req, res) => {
        res.destroy()
        w.attempt("seen", "writeHead", () => { res.writeHead(200) })
        w.attempt("seen", "again", () => { res.destroy() })
      })
    },
    async client(w) {
      for (const path of ["/silent", "/error", "/late"]) await w.closed(w.request({ ":path": path }))
    },
  },
  "compat-after-the-end": {
    server(w) {
      w.onRequest("/", (req, res) => {
        res.write("one ")
        w.show("before", res.writableEnded, res.finished)
        res.end("two")
        w.show("after", res.writableEnded, res.finished)
        res.write("three", err => w.say("write", err.code))
        w.attempt("seen", "end", () => { res.end() })
        w.attempt("seen", "setHeader", () => res.setHeader("a", "b"))
        w.attempt("seen", "writeContinue", () => { res.writeContinue() })
        w.attempt("seen", "flushHeaders", () => { res.flushHeaders() })
      })
    },
    client(w) { w.request({ ":path": "/" }) },
  },
  "compat-end-callbacks": {
    server(w) {
      w.onRequest("/", (req, res) => {
        res.end("once", () => w.say("called", "first"))
        res.end(() => w.say("called", "second"))
        res.on("finish", () => w.say("called", "finish"))
      })
    },
    client(w) { w.request({ ":path": "/" }) },
  },
  "compat-flags": {
    server(w) {
      w.onRequest("/", (req, res) => {
        const flags = what => w.show(what, res.headersSent, res.writableEnded, res.writableFinished, res.writableLength > 0)
        flags("begin")
        res.write("part")
        res.on("finish", () => flags("finish"))
        req.on("end", () => {
          w.show("request", req.complete, req.aborted)
          res.end()
        })
        w.show("request", req.complete, req.aborted)
      })
    },
    client(w) {
      const stream = open(w)
      stream.on("response", () => stream.end("body"))
    },
  },
  "compat-request-timeout": {
    server(w) {
      w.onRequest("/", (req, res) => {
        req.setTimeout(50, () => {
          w.say("seen", "timeout")
          res.end("too late")
        })
      })
    },
    client(w) { w.request({ ":path": "/" }) },
  },
  "compat-response-timeout": {
    server(w) {
      w.onRequest("/", (req, res) => {
        part(req, res)
        res.setTimeout(50, () => {
          w.say("seen", "timeout")
          res.end(", and the rest")
        })
      })
    },
    client(w) { w.request({ ":path": "/" }) },
  },
  "compat-timeout-off": {
    server(w) {
      w.onRequest("/", (req, res) => {
        req.setTimeout(50, () => w.say("seen", "timeout"))
        res.setTimeout(0)
        setTimeout(() => res.end("quiet"), 150)
      })
    },
    client(w) { w.request({ ":path": "/" }) },
  },
  "compat-socket": {
    server(w) {
      w.onRequest("/", (req, res) => {
        const { socket } = req
        w.show("same", socket === res.socket, socket === req.connection, socket === res.connection, socket === req.socket)
        w.show("session", req.stream.session.encrypted, req.stream.session.alpnProtocol)
        w.show("peer", socket.remoteAddress, socket.remotePort > 0, socket.localAddress)
        w.show("state", socket.destroyed, socket.writable, socket.readable)
        w.attempt("seen", "write", () => socket.write("x"))
        w.attempt("seen", "read", () => socket.read())
        w.attempt("seen", "pause", () => socket.pause())
        w.attempt("seen", "resume", () => socket.resume())
        res.on("finish", () => w.say("finish", `${res.socket === undefined} ${res.connection === undefined} ${res.stream === req.stream}`))
        res.end("done")
      })
    },
    client(w) { w.request({ ":path": "/" }) },
  },
  "compat-socket-destroyed": {
    server(w) {
      w.onRequest("/gone", (req, res) => req.socket.destroy())
      w.onRequest("/", (req, res) => res.end("the connection is not"))
    },
    async client(w) {
      await w.closed(w.request({ ":path": "/gone" }))
      await w.closed(w.request({ ":path": "/" }))
    },
  },
  "compat-by-the-stream": {
    server(w) {
      w.onRequest("/", (req, res) => {
        res.stream.additionalHeaders({ ":status": 102 })
        res.stream.respond({ ":status": 203, "x-by": "stream" })
        w.show("sent", res.headersSent)
        w.attempt("seen", "writeHead", () => res.writeHead(200))
        res.write("by response, ")
        res.stream.end("by stream")
      })
    },
    client(w) { w.request({ ":path": "/" }) },
  },
  "compat-session-destroyed": {
    server(w) {
      w.onRequest("/", (req, res) => {
        ends(w, req, res)
        part(req, res)
      })
    },
    client(w) {
      const stream = w.request({ ":path": "/" })
      stream.once("data", () => w.session.destroy())
    },
  },
}
