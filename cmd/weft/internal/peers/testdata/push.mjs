// Node's http2 client and the pushes of a server:
//
//	node push.mjs URL CA
//
// It gets the page / in several ways, and prints one line of JSON: what was
// pushed, by paths, and what became of the page.
import http2 from "node:http2"
import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { once } from "node:events"
import { readFileSync } from "node:fs"

const [url, ca] = process.argv.slice(2)
const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM } = http2.constants

async function connect(options = {}) {
  const session = http2.connect(url, { ca: readFileSync(ca), ...options })
  await once(session, "connect")
  return session
}

async function body(stream) {
  const hash = createHash("sha256")
  let bytes = 0
  for await (const chunk of stream) {
    hash.update(chunk)
    bytes += chunk.length
  }
  if (!stream.closed) await once(stream, "close")
  assert.equal(stream.rstCode, NGHTTP2_NO_ERROR)
  return { bytes, hash: hash.digest("hex") }
}

// visit gets a page and all that is pushed with it; what refuse returns a code
// for is closed with that.
async function visit(session, headers = {}, refuse = () => undefined) {
  const found = { order: [], pushes: {} }
  const all = []
  const listener = (stream, request) => {
    const path = request[":path"]
    found.order.push(path)
    const code = refuse(path)
    if (code !== undefined) {
      found.pushes[path] = { refused: code }
      stream.on("error", () => {})
      all.push(new Promise(resolve => stream.on("close", resolve)))
      stream.close(code)
      return
    }
    all.push((async () => {
      const [response] = await once(stream, "push")
      found.pushes[path] = { status: response[":status"], type: response["content-type"], ...(await body(stream)) }
    })())
  }
  session.on("stream", listener)
  const stream = session.request({ ":path": "/", ...headers })
  const [response] = await once(stream, "response")
  found.order.push("page")
  found.status = response[":status"]
  found.page = await body(stream)
  await Promise.all(all)
  session.off("stream", listener)
  return found
}

const found = {}
let session = await connect()
found.first = await visit(session)
const cookie = { cookie: "visited=yes" }
found.again = await visit(session, cookie)
for (let i = 0; i < 2; i++) await body(session.request({ ":path": "/learned.css", referer: url + "/" }))
found.learned = await visit(session, cookie)
found.none = await visit(session, { "accept-push-policy": "none" })
// Only what is larger than a window has surely not been sent before the refusal.
const refuse = code => path => (path === "/1m.bin" ? code : undefined)
found.refused = await visit(session, {}, refuse(NGHTTP2_REFUSED_STREAM))
found.cancelled = await visit(session, {}, refuse(NGHTTP2_CANCEL))
session.close()
await once(session, "close")
session = await connect({ settings: { enablePush: false } })
found.disabled = await visit(session)
session.close()
await once(session, "close")
console.log(JSON.stringify(found))
