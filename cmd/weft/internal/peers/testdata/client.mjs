// Node's http2 client in one scenario:
//
//	node client.mjs SCENARIO URL CA [FILE]
//
// What a scenario finds is printed as one line of JSON. An exception, or an
// error nobody expected, is exit code 1.
import http2 from "node:http2"
import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { createInterface } from "node:readline"

const [scenario, url, ca, file] = process.argv.slice(2)
const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR } = http2.constants

async function connect(options = {}) {
  const session = http2.connect(url, { ca: readFileSync(ca), ...options })
  await once(session, "connect")
  return session
}

// exchange sends a request and resolves with its status, length and hash, once
// the stream was closed without an error.
async function exchange(session, headers, body) {
  const stream = session.request(headers, { endStream: body === undefined })
  if (body !== undefined) stream.end(body)
  const [response] = await once(stream, "response")
  const hash = createHash("sha256")
  let bytes = 0
  const chunks = []
  for await (const chunk of stream) {
    hash.update(chunk)
    bytes += chunk.length
    if (bytes < 1000) chunks.push(chunk)
  }
  if (!stream.closed) await once(stream, "close")
  assert.equal(stream.rstCode, NGHTTP2_NO_ERROR)
  return { status: response[":status"], bytes, hash: hash.digest("hex"), text: Buffer.concat(chunks).toString() }
}

const get = (session, path) => exchange(session, { ":path": path })

// begin starts a download and resolves when some of it has come.
async function begin(session) {
  const stream = session.request({ ":path": "/heavy.bin" })
  stream.once("response", headers => assert.equal(headers[":status"], 200))
  await once(stream, "readable")
  assert.ok(stream.read(1))
  return stream
}

const scenarios = {
  async get() {
    const session = await connect()
    const found = await get(session, "/")
    session.close()
    await once(session, "close")
    return found
  },

  async download() {
    const session = await connect()
    const found = await get(session, "/1m.bin")
    session.close()
    return found
  },

  async upload() {
    const session = await connect()
    const found = await exchange(session, { ":method": "POST", ":path": "/upload" }, readFileSync(file))
    session.close()
    return found
  },

  // As many at once as the server announces.
  async many() {
    const session = await connect()
    if (!session.remoteSettings.maxConcurrentStreams) await once(session, "remoteSettings")
    const found = await Promise.all(Array.from({ length: 100 }, () => get(session, "/1m.bin")))
    session.close()
    const hashes = new Set(found.map(f => f.hash))
    assert.equal(hashes.size, 1)
    return { maxConcurrentStreams: session.remoteSettings.maxConcurrentStreams, hash: [...hashes][0] }
  },

  // Resets of our own: in the middle of a download, of an upload, at once.
  async abort() {
    const session = await connect()
    const download = await begin(session)
    download.close(NGHTTP2_CANCEL)
    await once(download, "close")
    assert.equal(download.rstCode, NGHTTP2_CANCEL)

    const upload = session.request({ ":method": "POST", ":path": "/upload" })
    upload.on("error", () => {}) // the server may have refused it first
    upload.write(Buffer.alloc(10000))
    upload.close(NGHTTP2_CANCEL)
    await once(upload, "close")

    const early = session.request({ ":path": "/heavy.bin" })
    early.close(NGHTTP2_CANCEL)
    await once(early, "close")

    const found = await get(session, "/1m.bin") // the same connection
    await begin(session)
    session.on("error", () => {})
    session.destroy()
    return found
  },

  // A reader that stalls holds up nobody else.
  async stall() {
    const session = await connect()
    const stalled = []
    for (let i = 0; i < 10; i++) stalled.push(await begin(session))
    const found = await get(session, "/1m.bin")
    for (const stream of stalled) stream.close(NGHTTP2_CANCEL)
    session.close()
    await once(session, "close")
    return found
  },

  async ping() {
    const session = await connect()
    const payload = Buffer.from("weftpeer")
    const back = await new Promise((resolve, reject) =>
      session.ping(payload, (err, ms, data) => (err ? reject(err) : resolve(data))))
    session.close()
    return { text: back.toString() }
  },

  async settings() {
    const session = await connect()
    await once(session, "localSettings") // acknowledges those of the start
    const wanted = { initialWindowSize: 1000, headerTableSize: 0, maxFrameSize: 20000 }
    await new Promise((resolve, reject) => session.settings(wanted, err => (err ? reject(err) : resolve())))
    for (const [name, value] of Object.entries(wanted)) assert.equal(session.localSettings[name], value)
    const found = await get(session, "/1m.bin") // in pieces of 1000 bytes
    session.close()
    return found
  },

  // The server is told to stop while a download runs: it says GOAWAY, and the
  // download comes to its end. Then the session does.
  async drain() {
    const session = await connect()
    const goaways = []
    session.on("goaway", code => goaways.push(code))
    const closed = once(session, "close")
    const stream = await begin(session)
    const hash = createHash("sha256").update(Buffer.alloc(1))
    let bytes = 1
    const goaway = once(session, "goaway")
    console.log("under way")
    await Promise.race([goaway, closed.then(() => assert.fail("the session ended without a GOAWAY"))])
    for await (const chunk of stream) {
      hash.update(chunk)
      bytes += chunk.length
    }
    await closed
    return { bytes, hash: hash.digest("hex"), goaways }
  },

  // One that is cut off knows that it was.
  async cut() {
    const session = await connect()
    session.on("error", () => {})
    const stream = await begin(session)
    let failure = null
    stream.on("error", err => { failure = err.code })
    stream.on("aborted", () => { failure ??= "aborted" })
    console.log("under way")
    await once(createInterface({ input: process.stdin }), "close") // then read on
    let bytes = 1
    let ended = false
    stream.on("data", chunk => { bytes += chunk.length })
    stream.on("end", () => { ended = true })
    if (!stream.closed) await once(stream, "close")
    return { bytes, failure }
  },
}

console.log(JSON.stringify(await scenarios[scenario]()))
process.exit(0)
