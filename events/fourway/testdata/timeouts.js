// Timeouts, which are real time here: they are short, begin when all else is
// said, and nothing happens meanwhile.
"use strict"

const short = 30

module.exports = {
  "timeout-of-a-client-stream": {
    server(w) { w.on("/", () => {}) },
    client(w) {
      const stream = w.request({ ":path": "/" })
      stream.on("ready", () => stream.setTimeout(short, () => stream.close(8)))
    },
  },
  "timeout-of-a-server-stream": {
    server(w) {
      w.on("/", stream => stream.setTimeout(short, () => {
        stream.respond({ ":status": 503 })
        stream.end("too late")
      }))
    },
    client(w) { w.request({ ":path": "/" }) },
  },
  "timeout-of-a-client-session": {
    server(w) { w.on("/", () => {}) },
    client(w) {
      const stream = w.request({ ":path": "/" })
      stream.on("ready", () => w.session.setTimeout(short, () => {
        w.say("session", "timeout")
        stream.close(8)
      }))
    },
  },
  "timeout-of-a-server-session": {
    server(w) {
      w.on("/", stream => {
        const { session } = stream
        session.setTimeout(short, () => {
          w.say("session", "timeout")
          session.destroy()
        })
      })
    },
    async client(w) {
      await w.settled()
      w.request({ ":path": "/" })
      await w.closed(w.session)
    },
  },
}
