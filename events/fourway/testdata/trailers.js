// Trailers, both ways.
"use strict"
const { pattern } = require("./kit.js")

module.exports = {
  "response-trailers": {
    server(w) {
      w.on("/", stream => {
        stream.respond({ ":status": 200, trailer: "x-sum" }, { waitForTrailers: true })
        stream.on("wantTrailers", () => {
          w.say("trailers", "wanted")
          stream.sendTrailers({ "x-sum": "7", "x-list": ["a", "b"] })
        })
        stream.end("seven")
      })
    },
    client(w) { w.request({ ":path": "/" }) },
  },
  "response-trailers-alone": {
    server(w) {
      w.on("/", stream => {
        stream.respond({ ":status": 200 }, { waitForTrailers: true })
        stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "12" }))
        stream.end()
      })
    },
    client(w) { w.request({ ":path": "/" }) },
  },
  "request-trailers": {
    server(w) {
      w.on("/", stream => {
        stream.respond({ ":status": 200 })
        stream.pipe(stream)
      })
    },
    client(w) {
      const stream = w.request({ ":method": "POST", ":path": "/" }, { waitForTrailers: true })
      stream.on("wantTrailers", () => {
        w.say("trailers", "wanted")
        stream.sendTrailers({ "x-sum": "7" })
      })
      stream.end("seven")
    },
  },
  "trailers-both-ways": {
    server(w) {
      w.on("/", stream => {
        stream.respond({ ":status": 200 }, { waitForTrailers: true })
        let sum
        stream.on("trailers", headers => { sum = headers["x-sum"] })
        stream.on("wantTrailers", () => stream.sendTrailers({ "x-back": sum }))
        stream.pipe(stream)
      })
    },
    client(w) {
      const stream = w.request({ ":method": "POST", ":path": "/" }, { waitForTrailers: true })
      stream.on("wantTrailers", () => stream.sendTrailers({ "x-sum": "9" }))
      stream.end(pattern(100000))
    },
  },
  "trailers-later": {
    server(w) {
      w.on("/", stream => {
        stream.respond({ ":status": 200 }, { waitForTrailers: true })
        stream.on("wantTrailers", () => setImmediate(() => stream.sendTrailers({ "x-late": "yes" })))
        stream.end("body")
      })
    },
    client(w) { w.request({ ":path": "/" }) },
  },
  "trailers-empty": {
    server(w) {
      w.on("/", stream => {
        stream.respond({ ":status": 200 }, { waitForTrailers: true })
        stream.on("wantTrailers", () => stream.sendTrailers({}))
        stream.end("body")
      })
    },
    client(w) { w.request({ ":path": "/" }) },
  },
  "trailers-unheard": {
    server(w) {
      w.on("/", stream => {
        stream.respond({ ":status": 200 }, { waitForTrailers: true })
        stream.end("body")
      })
    },
    client(w) { w.request({ ":path": "/" }) },
  },
  "trailers-out-of-turn": {
    server(w) {
      w.on("/", stream => {
        stream.respond({ ":status": 200 }, { waitForTrailers: true })
        w.attempt("trailers", "early", () => stream.sendTrailers({ a: "1" }))
        stream.on("wantTrailers", () => {
          w.attempt("trailers", "pseudo", () => stream.sendTrailers({ ":status": "200" }))
          w.attempt("trailers", "connection", () => stream.sendTrailers({ connection: "close" }))
          w.attempt("trailers", "first", () => stream.sendTrailers({ a: "2" }))
          w.attempt("trailers", "second", () => stream.sendTrailers({ a: "3" }))
        })
        stream.end("body")
      })
    },
    client(w) { w.request({ ":path": "/" }) },
  },
  "trailers-of-head": {
    server(w) {
      w.on("/", stream => {
        stream.respond({ ":status": 200 }, { waitForTrailers: true })
        stream.on("wantTrailers", () => w.say("trailers", "wanted"))
        stream.end()
      })
    },
    client(w) { w.request({ ":method": "HEAD", ":path": "/" }) },
  },
}
