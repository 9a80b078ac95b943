// SETTINGS.
"use strict"
const { once, pattern } = require("./kit.js")

const ok = stream => stream.end("ok")

// settingsText is settings in a transcript.
function settingsText(s) {
  const parts = []
  for (const name of ["headerTableSize", "enablePush", "initialWindowSize", "maxFrameSize", "maxConcurrentStreams", "maxHeaderListSize",
    "enableConnectProtocol"]) parts.push(`${name}=${s[name]}`)
  for (const [id, value] of Object.entries(s.customSettings ?? {})) parts.push(`${id}=${value}`)
  return parts.join(" ")
}

// change announces settings and waits until they are acknowledged.
const change = (w, session, settings) => new Promise(resolve =>
  session.settings(settings, (err, now, ms) => {
    w.say("settings", `acknowledged ${err} ${ms >= 0} ${settingsText(now)}`)
    resolve()
  }))

// tellRemote says what a peer announces.
const tellRemote = (w, session) => session.on("remoteSettings", s => w.say("remote settings", settingsText(s)))

// some are settings other than the defaults.
const some = { headerTableSize: 1000, initialWindowSize: 70000, maxFrameSize: 20000, maxConcurrentStreams: 7, maxHeaderListSize: 10000 }

module.exports = {
  "settings-by-default": {
    server(w) {
      w.onSession(session => {
        tellRemote(w, session)
        session.on("localSettings", s => w.say("local settings", settingsText(s)))
      })
      w.on("/", ok)
    },
    async client(w) {
      tellRemote(w, w.session)
      w.session.on("localSettings", s => w.say("local settings", settingsText(s)))
      w.request({ ":path": "/" })
      await once(w.session, "localSettings")
    },
  },
  "settings-of-the-start": {
    serverOptions: { settings: some },
    clientOptions: { settings: { ...some, enablePush: false } },
    server(w) {
      w.onSession(session => tellRemote(w, session))
      w.on("/", ok)
    },
    async client(w) {
      tellRemote(w, w.session)
      await once(w.session, "localSettings")
      w.say("local settings", settingsText(w.session.localSettings))
      w.say("local settings", `pending=${w.session.pendingSettingsAck}`)
      w.request({ ":path": "/" })
    },
  },
  "settings-by-client": {
    server(w) {
      w.onSession(session => tellRemote(w, session))
      w.on("/", stream => {
        stream.respond({ ":status": 200 })
        stream.end(pattern(20000))
      })
    },
    async client(w) {
      await once(w.session, "localSettings")
      await change(w, w.session, { initialWindowSize: 1000, maxFrameSize: 16385 })
      w.request({ ":path": "/" })
    },
  },
  "settings-by-server": {
    server(w) {
      w.on("/", async stream => {
        await change(w, stream.session, { maxConcurrentStreams: 3, headerTableSize: 0 })
        ok(stream)
      })
    },
    async client(w) {
      tellRemote(w, w.session)
      await w.closed(w.request({ ":path": "/" }))
    },
  },
  "settings-several-at-once": {
    server(w) { w.on("/", ok) },
    async client(w) {
      await once(w.session, "localSettings")
      await Promise.all([1000, 2000, 3000].map(n => change(w, w.session, { initialWindowSize: n })))
      w.request({ ":path": "/" })
    },
  },
  "settings-out-of-range": {
    server(w) { w.on("/", ok) },
    async client(w) {
      await once(w.session, "connect")
      for (const s of [{ initialWindowSize: 2 ** 31 }, { maxFrameSize: 16383 }, { maxFrameSize: 2 ** 24 }]) {
        w.attempt("settings", JSON.stringify(s), () => w.session.settings(s))
      }
      w.request({ ":path": "/" })
    },
  },
  "settings-window-of-zero": {
    clientOptions: { settings: { initialWindowSize: 0 } },
    server(w) {
      w.on("/", stream => {
        stream.respond({ ":status": 200 })
        stream.end(pattern(100000))
      })
    },
    client(w) {
      w.request({ ":path": "/" }).on("response", () => w.session.settings({ initialWindowSize: 50000 }))
    },
  },
  "settings-no-table": {
    serverOptions: { settings: { headerTableSize: 0 } },
    clientOptions: { settings: { headerTableSize: 0 } },
    server(w) {
      w.on("/", stream => {
        stream.respond({ ":status": 200, "x-again": "and again" })
        stream.end()
      })
    },
    async client(w) {
      for (let i = 0; i < 5; i++) await w.closed(w.request({ ":path": "/", "x-again": "and again" }))
    },
  },
  "settings-large-frames": {
    serverOptions: { settings: { maxFrameSize: 2 ** 24 - 1, initialWindowSize: 2 ** 20 } },
    clientOptions: { settings: { maxFrameSize: 2 ** 20, initialWindowSize: 2 ** 20 } },
    server(w) {
      w.on("/", stream => {
        stream.respond({ ":status": 200 })
        stream.pipe(stream)
      })
    },
    client(w) { w.request({ ":method": "POST", ":path": "/" }).end(pattern(600000)) },
  },
  "settings-no-more-pushes": {
    server(w) {
      w.on("/before", stream => {
        w.say("push", `allowed=${stream.pushAllowed}`)
        ok(stream)
      })
      w.on("/after", stream => {
        w.say("push", `allowed=${stream.pushAllowed}`)
        ok(stream)
      })
    },
    async client(w) {
      await w.closed(w.request({ ":path": "/before" }))
      await change(w, w.session, { enablePush: false })
      w.request({ ":path": "/after" })
    },
  },
  "settings-connection-window": {
    server(w) {
      w.onSession(session => session.setLocalWindowSize(2 ** 20))
      w.on("/", stream => stream.on("end", () => ok(stream)))
    },
    client(w) {
      w.session.once("connect", () => w.session.setLocalWindowSize(2 ** 20))
      w.request({ ":method": "POST", ":path": "/" }).end(pattern(500000))
    },
  },
  "settings-without-a-name": {
    serverOptions: { settings: { customSettings: { 9999: 301 } }, remoteCustomSettings: [8888] },
    clientOptions: { settings: { customSettings: { 8888: 17, 7777: 1 } }, remoteCustomSettings: [9999] },
    server(w) {
      w.onSession(session => tellRemote(w, session))
      w.on("/", ok)
    },
    client(w) {
      tellRemote(w, w.session)
      w.request({ ":path": "/" })
    },
  },
  "settings-of-a-server-updated": {
    server(w) {
      w.before = server => w.attempt("server", "updateSettings", () => server.updateSettings({ maxConcurrentStreams: 9, initialWindowSize: 100000 }))
      w.on("/", ok)
    },
    async client(w) {
      tellRemote(w, w.session)
      await once(w.session, "remoteSettings")
      w.request({ ":path": "/" })
    },
  },
}
