// Informational responses.
"use strict"

module.exports = {
  "continue": {
    server(w) {
      w.on("/", stream => {
        stream.additionalHeaders({ ":status": 100 })
        stream.on("end", () => {
          stream.respond({ ":status": 200 })
          stream.end("got it")
        })
      })
    },
    client(w) {
      const stream = w.request({ ":method": "POST", ":path": "/", expect: "100-continue" })
      stream.once("continue", () => stream.end("the body"))
    },
  },
  "early-hints": {
    server(w) {
      w.on("/", stream => {
        stream.additionalHeaders({ ":status": 103, link: ["</a.css>; rel=preload", "</b.js>; rel=preload"] })
        stream.respond({ ":status": 200, "content-type": "text/html" })
        stream.end("<html>")
      })
    },
    client(w) { w.request({ ":path": "/" }) },
  },
  "several-informational": {
    server(w) {
      w.on("/", stream => {
        stream.additionalHeaders({ ":status": 102 })
        stream.additionalHeaders({ ":status": 103, link: "<a>" })
        stream.additionalHeaders({ ":status": 199, "x-odd": "1" })
        stream.respond({ ":status": 204 })
      })
    },
    client(w) { w.request({ ":path": "/" }) },
  },
  "bad-informational": {
    server(w) {
      w.on("/", stream => {
        w.attempt("info", "101", () => stream.additionalHeaders({ ":status": 101 }))
        w.attempt("info", "200", () => stream.additionalHeaders({ ":status": 200 }))
        w.attempt("info", "99", () => stream.additionalHeaders({ ":status": 99 }))
        w.attempt("info", "connection", () => stream.additionalHeaders({ ":status": 103, connection: "close" }))
        stream.respond({ ":status": 200 })
        w.attempt("info", "late", () => stream.additionalHeaders({ ":status": 103 }))
        stream.end()
      })
    },
    client(w) { w.request({ ":path": "/" }) },
  },
}
