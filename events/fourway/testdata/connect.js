// CONNECT, plain and extended.
"use strict"
const { once } = require("./kit.js")

module.exports = {
  "connect-tunnel": {
    server(w) {
      w.on("CONNECT", stream => {
        stream.respond({ ":status": 200 })
        stream.pipe(stream)
      })
    },
    client(w) {
      const stream = w.request({ ":method": "CONNECT", ":authority": "example.org:443" })
      stream.on("response", () => {
        stream.write("through the tunnel")
        stream.once("data", () => stream.end(", and back"))
      })
    },
  },
  "connect-refused": {
    server(w) {
      w.on("CONNECT", stream => {
        stream.respond({ ":status": 403 })
        stream.end("not there")
      })
    },
    client(w) {
      const stream = w.request({ ":method": "CONNECT", ":authority": "example.org:443" })
      stream.on("end", () => stream.end())
    },
  },
  "connect-reset": {
    server(w) {
      w.on("CONNECT", stream => {
        stream.respond({ ":status": 200 })
        stream.once("data", () => stream.close(10))
      })
    },
    client(w) {
      const stream = w.request({ ":method": "CONNECT", ":authority": "example.org:443" })
      stream.on("response", () => stream.write("hello?"))
    },
  },
  "connect-half-closed": {
    server(w) {
      w.on("CONNECT", stream => {
        stream.respond({ ":status": 200 })
        stream.on("end", () => {
          stream.write("still ")
          setImmediate(() => stream.end("here"))
        })
      })
    },
    client(w) {
      const stream = w.request({ ":method": "CONNECT", ":authority": "example.org:443" })
      stream.on("response", () => stream.end("that is all"))
    },
  },
  "connect-malformed": {
    server(w) { w.on("/", stream => stream.end("ok")) },
    client(w) {
      const bad = (what, headers) => w.attempt("request", what, () => w.session.request({ ":method": "CONNECT", ...headers }))
      bad("scheme", { ":authority": "example.org:443", ":scheme": "https" })
      bad("path", { ":authority": "example.org:443", ":path": "/" })
      bad("authority", {})
      w.request({ ":path": "/" })
    },
  },
  "connect-extended": {
    serverOptions: { settings: { enableConnectProtocol: true } },
    server(w) {
      w.on("/chat", stream => {
        stream.respond({ ":status": 200 })
        stream.pipe(stream)
      })
    },
    async client(w) {
      const [settings] = await once(w.session, "remoteSettings")
      w.say("settings", `enableConnectProtocol=${settings.enableConnectProtocol}`)
      const stream = w.request({ ":method": "CONNECT", ":protocol": "websocket", ":path": "/chat", "sec-websocket-version": "13" })
      stream.on("response", () => {
        stream.write("frames")
        stream.once("data", () => stream.end())
      })
    },
  },
  "connect-extended-unwanted": {
    server(w) {},
    async client(w) {
      await once(w.session, "remoteSettings")
      w.request({ ":method": "CONNECT", ":protocol": "websocket", ":path": "/chat" })
    },
  },
}
