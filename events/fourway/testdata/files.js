// Files as responses.
"use strict"
const { closeSync, openSync } = require("node:fs")
const { join } = require("node:path")
const { errorText } = require("./kit.js")

const story = join(__dirname, "story.txt")
const type = { "content-type": "text/plain" }

module.exports = {
  "file": {
    server(w) { w.on("/", stream => stream.respondWithFile(story, { ":status": 200, ...type })) },
    client(w) { w.request({ ":path": "/" }) },
  },
  "file-part": {
    server(w) {
      w.on("/middle", stream => stream.respondWithFile(story, type, { offset: 5, length: 20 }))
      w.on("/rest", stream => stream.respondWithFile(story, type, { offset: 100 }))
    },
    async client(w) {
      await w.closed(w.request({ ":path": "/middle" }))
      w.request({ ":path": "/rest" })
    },
  },
  "file-missing": {
    server(w) {
      w.on("/", stream => stream.respondWithFile(story + ".not", type, {
        onError(err) {
          w.say("file", errorText(err))
          stream.respond({ ":status": 404 })
          stream.end("no such file")
        },
      }))
    },
    client(w) { w.request({ ":path": "/" }) },
  },
  "file-is-a-directory": {
    server(w) {
      w.on("/", stream => stream.respondWithFile(__dirname, type, {
        onError(err) {
          w.say("file", errorText(err))
          stream.respond({ ":status": 404 }, { endStream: true })
        },
      }))
    },
    client(w) { w.request({ ":path": "/" }) },
  },
  "file-checked": {
    server(w) {
      w.on("/changed", stream => stream.respondWithFile(story, type, {
        statCheck(stat, headers) {
          w.say("file", `${stat.size}`)
          headers["x-size"] = String(stat.size)
        },
      }))
      w.on("/refused", stream => stream.respondWithFile(story, type, {
        statCheck() {
          stream.respond({ ":status": 304 }, { endStream: true })
          return false
        },
      }))
    },
    async client(w) {
      await w.closed(w.request({ ":path": "/changed" }))
      w.request({ ":path": "/refused" })
    },
  },
  "file-with-trailers": {
    server(w) {
      w.on("/", stream => {
        stream.respondWithFile(story, type, { waitForTrailers: true })
        stream.on("wantTrailers", () => stream.sendTrailers({ "x-end": "of file" }))
      })
    },
    client(w) { w.request({ ":path": "/" }) },
  },
  "file-by-descriptor": {
    server(w) {
      w.on("/", stream => {
        const fd = openSync(story)
        stream.respondWithFD(fd, type, { offset: 10, length: 30 })
        stream.on("close", () => closeSync(fd))
      })
    },
    client(w) { w.request({ ":path": "/" }) },
  },
  "file-twice": {
    server(w) {
      w.on("/", stream => {
        stream.respond({ ":status": 200 })
        w.attempt("file", "late", () => stream.respondWithFile(story))
        stream.end("no file")
      })
    },
    client(w) { w.request({ ":path": "/" }) },
  },
}
