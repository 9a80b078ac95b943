// Bodies: large ones, slow ones, padded ones.
"use strict"
const { http2, pattern } = require("./kit.js")

const size = 4 << 20

const echo = stream => {
  stream.respond({ ":status": 200 })
  stream.pipe(stream)
}

const download = n => stream => {
  stream.respond({ ":status": 200, "content-length": n })
  stream.end(pattern(n))
}

const upload = stream => stream.on("end", () => {
  stream.respond({ ":status": 200 })
  stream.end("thanks")
})

module.exports = {
  "large-download": {
    server(w) { w.on("/", download(size)) },
    client(w) { w.request({ ":path": "/" }) },
  },
  "large-upload": {
    server(w) { w.on("/", upload) },
    client(w) { w.request({ ":method": "POST", ":path": "/" }).end(pattern(size)) },
  },
  "large-both-ways": {
    server(w) { w.on("/", echo) },
    client(w) { w.request({ ":method": "POST", ":path": "/" }).end(pattern(2 << 20)) },
  },
  "large-bodies-at-once": {
    server(w) {
      for (const i of [1, 2, 3]) {
        w.on("/down" + i, download(300000 * i))
        w.on("/up" + i, upload)
      }
    },
    client(w) {
      for (const i of [1, 2, 3]) {
        w.request({ ":path": "/down" + i })
        w.request({ ":method": "POST", ":path": "/up" + i }).end(pattern(300000 * i))
      }
    },
  },
  "small-pieces": {
    server(w) { w.on("/", echo) },
    client(w) {
      const stream = w.request({ ":method": "POST", ":path": "/" })
      for (let i = 0; i < 500; i++) stream.write("piece " + i + "\n")
      stream.end()
    },
  },
  "small-windows": {
    serverOptions: { settings: { initialWindowSize: 300 } },
    clientOptions: { settings: { initialWindowSize: 300 } },
    server(w) { w.on("/", echo) },
    client(w) { w.request({ ":method": "POST", ":path": "/" }).end(pattern(20000)) },
  },
  "pause-and-resume": {
    server(w) { w.on("/", download(300000)) },
    client(w) {
      const stream = w.request({ ":path": "/" })
      let pauses = 0
      stream.on("data", () => {
        if (pauses++ > 3) return
        stream.pause()
        setImmediate(() => stream.resume())
      })
      stream.on("end", () => w.say("pauses", `${pauses > 3} ${stream.isPaused()}`))
    },
  },
  "drain": {
    server(w) { w.on("/", upload) },
    client(w) {
      const stream = w.request({ ":method": "POST", ":path": "/" })
      let drains = 0
      const more = () => {
        if (drains === 5) return stream.end()
        if (stream.write(pattern(200000))) w.say("drain", "never asked to wait")
      }
      stream.on("drain", () => {
        drains++
        more()
      })
      stream.on("finish", () => w.say("drain", `${drains}`))
      more()
    },
  },
  "padding-max": {
    serverOptions: { paddingStrategy: http2.constants.PADDING_STRATEGY_MAX },
    clientOptions: { paddingStrategy: http2.constants.PADDING_STRATEGY_MAX },
    server(w) { w.on("/", echo) },
    async client(w) {
      for (const n of [1, 5000, 100000]) {
        const stream = w.request({ ":method": "POST", ":path": "/" })
        stream.end(pattern(n))
        await w.closed(stream)
      }
    },
  },
  "padding-aligned": {
    serverOptions: { paddingStrategy: http2.constants.PADDING_STRATEGY_ALIGNED },
    clientOptions: { paddingStrategy: http2.constants.PADDING_STRATEGY_ALIGNED },
    server(w) { w.on("/", echo) },
    async client(w) {
      for (const n of [1, 5000, 100000]) {
        const stream = w.request({ ":method": "POST", ":path": "/" })
        stream.end(pattern(n))
        await w.closed(stream)
      }
    },
  },
  "text": {
    server(w) {
      w.on("/", stream => {
        const text = Buffer.from("\u00e4\u20ac\u{1f600}!")
        for (const byte of text) stream.write(Buffer.from([byte]))
        stream.end()
      })
    },
    client(w) {
      const stream = w.request({ ":path": "/" }, {}, { read: false })
      let all = ""
      stream.setEncoding("utf8")
      stream.on("data", text => { all += text })
      stream.on("end", () => w.say("text", all))
    },
  },
  "write-callbacks": {
    server(w) { w.on("/", upload) },
    client(w) {
      const stream = w.request({ ":method": "POST", ":path": "/" })
      for (const piece of ["one", "two", "three"]) stream.write(piece, err => w.say("written", `${piece} ${err ?? null}`))
      stream.end()
      stream.on("finish", () => w.say("written", "finish"))
    },
  },
}
