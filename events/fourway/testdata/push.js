// Pushes.
"use strict"

module.exports = {
  "push": {
    server(w) {
      w.on("/", stream => {
        stream.pushStream({ ":path": "/pushed", "x-why": "you will want it" }, (err, push, headers) => {
          w.say("pushing", `${err} ${headers[":method"]} ${headers[":path"]} allowed=${push.pushAllowed} id=${push.id}`)
          w.watch(push, "push /pushed")
          push.respond({ ":status": 200, "content-type": "text/css" })
          push.end("pushed body")
        })
        stream.respond({ ":status": 200 })
        stream.end("body")
      })
    },
    client(w) {
      w.takePushes()
      w.request({ ":path": "/" })
    },
  },
  "push-several": {
    server(w) {
      w.on("/", stream => {
        for (const path of ["/a", "/b", "/c"]) {
          stream.pushStream({ ":path": path }, (err, push) => {
            w.watch(push, "push " + path)
            push.respond({ ":status": 200 })
            push.end("body of " + path)
          })
        }
        stream.respond({ ":status": 200 })
        stream.end("body")
      })
    },
    client(w) {
      w.takePushes()
      w.request({ ":path": "/" })
    },
  },
  "push-head": {
    server(w) {
      w.on("/", stream => {
        stream.pushStream({ ":path": "/pushed", ":method": "HEAD" }, (err, push) => {
          w.watch(push, "push /pushed")
          push.respond({ ":status": 200, "content-length": 99 })
        })
        stream.respond({ ":status": 200 }, { endStream: true })
      })
    },
    client(w) {
      w.takePushes()
      w.request({ ":path": "/" })
    },
  },
  "push-trailers": {
    server(w) {
      w.on("/", stream => {
        stream.pushStream({ ":path": "/pushed" }, (err, push) => {
          w.watch(push, "push /pushed")
          push.respond({ ":status": 200 }, { waitForTrailers: true })
          push.on("wantTrailers", () => push.sendTrailers({ "x-end": "of push" }))
          push.end("body")
        })
        stream.respond({ ":status": 200 })
        stream.end()
      })
    },
    client(w) {
      w.takePushes()
      w.request({ ":path": "/" })
    },
  },
  "push-canceled": {
    server(w) {
      w.on("/", stream => {
        stream.pushStream({ ":path": "/pushed" }, (err, push) => {
          w.watch(push, "push /pushed")
          push.on("close", () => {
            stream.respond({ ":status": 200 })
            stream.end("body")
          })
        })
      })
    },
    client(w) {
      w.takePushes(stream => stream.close(8))
      w.request({ ":path": "/" })
    },
  },
  "push-unheard": {
    server(w) {
      w.on("/", stream => {
        stream.pushStream({ ":path": "/pushed" }, (err, push) => {
          w.watch(push, "push /pushed")
          push.respond({ ":status": 200 }, { endStream: true })
        })
        stream.respond({ ":status": 200 })
        stream.end("body")
      })
    },
    client(w) { w.request({ ":path": "/" }) },
  },
  "push-reset-by-server": {
    server(w) {
      w.on("/", stream => {
        stream.pushStream({ ":path": "/pushed" }, (err, push) => {
          w.watch(push, "push /pushed")
          push.close(2)
        })
        stream.respond({ ":status": 200 })
        stream.end("body")
      })
    },
    client(w) {
      w.takePushes()
      w.request({ ":path": "/" })
    },
  },
  "push-disabled": {
    clientOptions: { settings: { enablePush: false } },
    server(w) {
      w.on("/", stream => {
        w.say("push", `allowed=${stream.pushAllowed}`)
        w.attempt("push", "push", () => stream.pushStream({ ":path": "/pushed" }, () => w.say("push", "called")))
        stream.respond({ ":status": 200 })
        stream.end("body")
      })
    },
    client(w) {
      w.takePushes()
      w.request({ ":path": "/" })
    },
  },
  "push-nested": {
    server(w) {
      w.on("/", stream => {
        stream.pushStream({ ":path": "/pushed" }, (err, push) => {
          w.watch(push, "push /pushed")
          w.attempt("push", "nested", () => push.pushStream({ ":path": "/more" }, () => {}))
          push.respond({ ":status": 200 })
          push.end("pushed body")
        })
        stream.respond({ ":status": 200 })
        stream.end("body")
      })
    },
    client(w) {
      w.takePushes()
      w.request({ ":path": "/" })
    },
  },
}
