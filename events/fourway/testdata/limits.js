// Limits.
"use strict"
const { once, errorText, goaways } = require("./kit.js")

// manyFields adds 30 fields.
function manyFields(headers) {
  for (let i = 0; i < 30; i++) headers["x-" + i] = "y"
  return headers
}

// rejected makes a request and says that the server's limit stopped it. Node
// resets such a stream twice, and it is chance which of the codes is heard.
const rejected = (w, headers) => new Promise(resolve => {
  const stream = w.session.request(headers)
  stream.on("error", () => {})
  stream.on("close", () => {
    w.say("rejected", `${[2, 11].includes(stream.rstCode)}`)
    resolve()
  })
})

module.exports = {
  "limit-of-streams": {
    serverOptions: { settings: { maxConcurrentStreams: 2 } },
    server(w) {
      // Pairs are answered together: less than two at once would end nowhere.
      const waiting = []
      for (let i = 0; i < 8; i++) {
        w.on("/" + i, stream => {
          if (waiting.push(stream) > 2) w.say("streams", "more than two at once")
          if (waiting.length === 2) for (const each of waiting.splice(0)) each.end("ok")
        })
      }
    },
    async client(w) {
      await once(w.session, "remoteSettings")
      for (let i = 0; i < 8; i++) w.request({ ":path": "/" + i })
    },
  },
  "limit-of-streams-unknown": {
    serverOptions: { settings: { maxConcurrentStreams: 1 } },
    server(w) {
      // Answered when all the client has said so far has been heard.
      for (let i = 0; i < 3; i++) w.on("/" + i, stream => stream.session.ping(() => stream.end("ok")))
    },
    client(w) { for (let i = 0; i < 3; i++) w.request({ ":path": "/" + i }) },
  },
  "limit-assumed-of-the-peer": {
    clientOptions: { peerMaxConcurrentStreams: 1 },
    server(w) {
      w.on("/0", stream => stream.end("ok"))
      w.on("/1", stream => stream.end("ok"))
    },
    client(w) {
      w.request({ ":path": "/0" })
      w.request({ ":path": "/1" })
    },
  },
  "limit-of-fields": {
    serverOptions: { maxHeaderListPairs: 20 },
    server(w) { w.on("/", stream => stream.end("ok")) },
    async client(w) {
      await rejected(w, manyFields({ ":path": "/" }))
      w.request({ ":path": "/" })
    },
  },
  "limit-of-field-bytes": {
    serverOptions: { settings: { maxHeaderListSize: 1000 } },
    server(w) { w.on("/", stream => stream.end("ok")) },
    async client(w) {
      await once(w.session, "remoteSettings")
      await rejected(w, manyFields({ ":path": "/" }))
      w.request({ ":path": "/" })
    },
  },
  "limit-of-field-bytes-in-one-field": {
    serverOptions: { settings: { maxHeaderListSize: 1000 } },
    server(w) { w.on("/", stream => stream.end("ok")) },
    async client(w) {
      await once(w.session, "remoteSettings")
      await rejected(w, { ":path": "/", "x-long": "y".repeat(2000) })
    },
  },
  "limit-of-sent-fields": {
    clientOptions: { maxSendHeaderBlockLength: 1000 },
    server(w) { w.on("/", stream => stream.end("ok")) },
    client(w) { w.request({ ":path": "/", "x-long": "y".repeat(5000) }) },
  },
  "limit-of-pings": {
    clientOptions: { maxOutstandingPings: 2 },
    server() {},
    async client(w) {
      await once(w.session, "connect")
      await Promise.all([1, 2, 3].map(i => new Promise(resolve => {
        const sent = w.session.ping(err => {
          w.say("ping " + i, err ? errorText(err) : "back")
          resolve()
        })
        w.say("sent", `${i} ${sent}`)
      })))
    },
  },
  "limit-of-pushes": {
    clientOptions: { maxReservedRemoteStreams: 1 },
    server(w) {
      w.on("/", stream => {
        // First all promises, then all responses.
        const pushes = []
        for (const path of ["/a", "/b", "/c"]) stream.pushStream({ ":path": path }, (err, push) => pushes.push(push))
        stream.session.ping(() => {
          for (const push of pushes) {
            push.on("error", () => {})
            if (!push.destroyed) push.end("pushed")
          }
          stream.end("ok")
        })
      })
    },
    client(w) {
      w.takePushes()
      w.request({ ":path": "/" })
    },
  },
  "limit-of-settings": {
    clientOptions: { maxOutstandingSettings: 2 },
    server(w) { w.mute() },
    async client(w) {
      await once(w.session, "connect")
      w.session.settings({ initialWindowSize: 1000 })
      w.session.settings({ initialWindowSize: 2000 })
      await w.closed(w.session)
    },
  },
  "limit-of-settings-entries": {
    serverOptions: { maxSettings: 1 },
    clientOptions: { settings: { headerTableSize: 1000, initialWindowSize: 70000, maxFrameSize: 20000 } },
    server(w) { w.mute() },
    async client(w) {
      goaways(w, w.session)
      await w.closed(w.session)
    },
  },
  "limit-of-resets": {
    serverOptions: { streamResetBurst: 3, streamResetRate: 1 },
    server(w) {
      w.mute()
      w.on("/", () => {})
    },
    async client(w) {
      await once(w.session, "connect")
      for (let i = 0; i < 20; i++) {
        const stream = w.session.request({ ":path": "/" })
        stream.on("error", () => {})
        stream.close(8)
      }
      await w.closed(w.session)
    },
  },
}
