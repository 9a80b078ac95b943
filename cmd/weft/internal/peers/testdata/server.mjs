// Node's http2 server:
//
//	node server.mjs PORT DIR [CERT KEY]
//
// It serves the files of DIR, answers a POST or PUT with the body's SHA-256, and
// has a path for each way a server can fall short of what it announced.
import http2 from "node:http2"
import { createHash } from "node:crypto"
import { createReadStream, readFileSync, statSync } from "node:fs"
import { join } from "node:path"

const [port, dir, cert, key] = process.argv.slice(2)
const { NGHTTP2_INTERNAL_ERROR, NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_NO_ERROR } = http2.constants

const mebibyte = 1 << 20
const half = Buffer.alloc(mebibyte / 2)

const announce = (stream, length = mebibyte) =>
  stream.respond({ ":status": 200, "content-type": "application/octet-stream", "content-length": length })

const paths = {
  // The stream is reset in the middle. (stream.close() would end it before.)
  "/reset"(stream) {
    announce(stream)
    stream.write(half, () => stream.destroy(new Error("on purpose")))
  },
  // Without content-length, only the reset tells.
  "/reset-unannounced"(stream) {
    stream.respond({ ":status": 200 })
    stream.write(half, () => stream.destroy(new Error("on purpose")))
  },
  // The stream ends properly, and early.
  "/short"(stream) {
    announce(stream)
    stream.end(half)
  },
  // The stream has more than was announced.
  "/long"(stream) {
    announce(stream, 1000)
    stream.end(half)
  },
  // The connection is cut.
  "/cut"(stream) {
    stream.respond({ ":status": 200 })
    stream.write(half, () => { for (const socket of sockets) socket.destroy() })
  },
  // The session is ended with an error in GOAWAY.
  "/goaway"(stream) {
    stream.respond({ ":status": 200 })
    stream.write(half, () => stream.session.destroy(NGHTTP2_ENHANCE_YOUR_CALM))
  },
  // A GOAWAY that asks to leave, and lets the response come to its end.
  "/leaving"(stream) {
    announce(stream)
    stream.write(half)
    stream.session.goaway(NGHTTP2_NO_ERROR, stream.id)
    setImmediate(() => stream.end(half))
  },
  // Headers never come.
  "/silent-reset"(stream) {
    stream.close(NGHTTP2_INTERNAL_ERROR)
  },
  // Interim responses, and trailers.
  "/chatty"(stream) {
    stream.additionalHeaders({ ":status": 103, link: "</style.css>; rel=preload" })
    stream.respond({ ":status": 200, "content-type": "text/plain" }, { waitForTrailers: true })
    stream.on("wantTrailers", () => stream.sendTrailers({ "x-checked": "yes" }))
    stream.end("chatty\n")
  },
  "/missing"(stream) {
    stream.respond({ ":status": 404 })
    stream.end("no such page\n")
  },
}

function serve(stream, headers) {
  stream.on("error", () => {})
  const path = headers[":path"]
  if (headers[":method"] === "POST" || headers[":method"] === "PUT") {
    const hash = createHash("sha256")
    stream.on("data", chunk => hash.update(chunk))
    stream.on("end", () => {
      if (stream.aborted || stream.destroyed) return
      stream.respond({ ":status": 200, "content-type": "text/plain" })
      stream.end(hash.digest("hex"))
    })
    return
  }
  if (paths[path]) return paths[path](stream)
  // (Not by respondWithFile: Node 20 crashes when a client leaves meanwhile.)
  const file = join(dir, path === "/" ? "index.html" : path)
  const info = statSync(file, { throwIfNoEntry: false })
  if (!info) {
    stream.respond({ ":status": 404 }, { endStream: true })
    return
  }
  stream.respond({ ":status": 200, "content-length": info.size })
  // (After the last byte of a small file Node 20 now and then sends RST_STREAM
  // with NO_ERROR in place of END_STREAM.)
  const source = createReadStream(file)
  source.pipe(stream)
  stream.on("close", () => source.destroy())
}

const server = cert
  ? http2.createSecureServer({ cert: readFileSync(cert), key: readFileSync(key) })
  : http2.createServer()
const sockets = new Set()
server.on("connection", socket => {
  sockets.add(socket)
  socket.on("close", () => sockets.delete(socket))
})
server.on("stream", serve)
server.on("session", session => session.on("error", () => {}))
server.listen(Number(port), "127.0.0.1", () => console.log("listening"))
