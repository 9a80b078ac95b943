// Streams that end before their time.
"use strict"
const { pattern } = require("./kit.js")

const codes = [0, 1, 2, 7, 8, 11]

// part begins a response and leaves it open.
const part = stream => {
  stream.respond({ ":status": 200 })
  stream.write("part")
}

module.exports = {
  "reset-by-server": {
    server(w) { for (const code of codes) w.on("/" + code, stream => stream.close(code)) },
    async client(w) { for (const code of codes) await w.closed(w.request({ ":path": "/" + code })) },
  },
  "reset-by-server-of-an-upload": {
    server(w) { for (const code of codes) w.on("/" + code, stream => stream.close(code)) },
    async client(w) {
      for (const code of codes) await w.closed(w.request({ ":method": "POST", ":path": "/" + code }))
    },
  },
  "reset-by-server-in-the-response": {
    server(w) {
      for (const code of codes) {
        w.on("/" + code, stream => {
          stream.respond({ ":status": 200 })
          stream.write("part", () => stream.close(code))
        })
      }
    },
    async client(w) { for (const code of codes) await w.closed(w.request({ ":path": "/" + code })) },
  },
  "reset-by-client": {
    server(w) { for (const code of codes) w.on("/" + code, part) },
    async client(w) {
      for (const code of codes) {
        const stream = w.request({ ":path": "/" + code })
        stream.once("data", () => stream.close(code))
        await w.closed(stream)
      }
    },
  },
  "reset-by-client-at-once": {
    server(w) {
      w.on("/canceled", () => {})
      w.on("/", stream => stream.end("alive"))
    },
    async client(w) {
      await w.closed(w.request({ ":path": "/" }))
      const stream = w.request({ ":path": "/canceled" })
      stream.close(8)
      await w.closed(stream)
      w.request({ ":path": "/" })
    },
  },
  "reset-by-client-of-an-upload": {
    server(w) {
      for (const code of codes) {
        w.on("/" + code, stream => stream.once("data", () => stream.respond({ ":status": 200 })))
      }
    },
    async client(w) {
      for (const code of codes) {
        const stream = w.request({ ":method": "POST", ":path": "/" + code })
        stream.write("part")
        stream.once("response", () => stream.close(code))
        await w.closed(stream)
      }
    },
  },
  "destroy-by-server": {
    server(w) {
      w.on("/", stream => {
        part(stream)
        setImmediate(() => stream.destroy(new Error("on purpose")))
      })
    },
    client(w) { w.request({ ":path": "/" }) },
  },
  "destroy-by-server-without-error": {
    server(w) {
      w.on("/", stream => {
        part(stream)
        setImmediate(() => stream.destroy())
      })
    },
    client(w) { w.request({ ":path": "/" }) },
  },
  "destroy-by-client": {
    server(w) { w.on("/", part) },
    client(w) {
      const stream = w.request({ ":path": "/" })
      stream.once("data", () => stream.destroy(new Error("on purpose")))
    },
  },
  "destroy-by-client-without-error": {
    server(w) { w.on("/", part) },
    client(w) {
      const stream = w.request({ ":path": "/" })
      stream.once("data", () => stream.destroy())
    },
  },
  "abort-by-signal": {
    server(w) { w.on("/", part) },
    client(w) {
      const controller = new AbortController()
      const stream = w.request({ ":path": "/" }, { signal: controller.signal })
      stream.once("data", () => controller.abort())
    },
  },
  "abort-by-signal-before": {
    server(w) { w.on("/", stream => stream.end("alive")) },
    async client(w) {
      await w.closed(w.request({ ":path": "/never" }, { signal: AbortSignal.abort() }))
      w.request({ ":path": "/" })
    },
  },
  "early-response": {
    server(w) {
      w.on("/", stream => {
        stream.respond({ ":status": 413 })
        stream.end("too much")
      }, { read: false })
    },
    client(w) { w.request({ ":method": "POST", ":path": "/" }, {}, { apart: true }).write("the beginning") },
  },
  "response-ahead-of-the-upload": {
    server(w) {
      w.on("/", stream => {
        stream.respond({ ":status": 200 })
        stream.end("go on")
      })
    },
    client(w) {
      const stream = w.request({ ":method": "POST", ":path": "/" })
      stream.write("the beginning")
      stream.on("end", () => stream.end(" and the rest"))
    },
  },
  "close-after-end": {
    server(w) {
      w.on("/", stream => {
        stream.respond({ ":status": 200 })
        stream.end(pattern(50000))
        stream.close(0)
      })
    },
    client(w) { w.request({ ":path": "/" }) },
  },
  "respond-after-close": {
    server(w) {
      w.on("/", stream => {
        stream.close(8)
        w.attempt("late", "respond", () => stream.respond({ ":status": 200 }))
        w.attempt("late", "informational", () => stream.additionalHeaders({ ":status": 103 }))
        w.attempt("late", "push", () => stream.pushStream({ ":path": "/p" }, () => {}))
      })
    },
    client(w) { w.request({ ":path": "/" }) },
  },
  "respond-after-reset": {
    server(w) {
      w.on("/", stream => {
        part(stream)
        stream.on("close", () => {
          w.attempt("late", "respond", () => stream.respond({ ":status": 200 }))
          w.attempt("late", "informational", () => stream.additionalHeaders({ ":status": 103 }))
          w.attempt("late", "trailers", () => stream.sendTrailers({ a: "b" }))
        })
      })
    },
    client(w) {
      const stream = w.request({ ":path": "/" })
      stream.once("data", () => stream.close(8))
    },
  },
  "resets-among-others": {
    server(w) {
      for (let i = 0; i < 10; i++) {
        w.on("/" + i, stream => {
          if (i % 2) return stream.close(2)
          stream.respond({ ":status": 200 })
          stream.end(pattern(10000))
        })
      }
    },
    client(w) { for (let i = 0; i < 10; i++) w.request({ ":path": "/" + i }) },
  },
}
