// What Chromium does in a page of the site; the value is a promise of what it
// found.
(async () => {
  const hex = buffer => Array.from(new Uint8Array(buffer), b => b.toString(16).padStart(2, "0")).join("")
  const sha256 = async data => hex(await crypto.subtle.digest("SHA-256", data))
  const get = async url => sha256(await (await fetch(url, { cache: "no-store" })).arrayBuffer())

  const found = { navigation: performance.getEntriesByType("navigation")[0].nextHopProtocol }
  found.hashes = await Promise.all(Array.from({ length: 20 }, (_, i) => get(`/1m.bin?${i}`)))
  found.protocols = performance.getEntriesByType("resource").map(entry => entry.nextHopProtocol)

  // A download that the page gives up in the middle; the reset goes out on the
  // one connection that Chromium has to a server, and all else stays on it.
  const controller = new AbortController()
  const response = await fetch("/heavy.bin", { signal: controller.signal, cache: "no-store" })
  const reader = response.body.getReader()
  await reader.read()
  controller.abort()
  found.aborted = await reader.read().then(() => "no", err => err.name)
  found.afterAbort = await get("/1m.bin?again")

  const noise = await (await fetch("/1m.bin")).arrayBuffer()
  found.upload = (await fetch("/upload", { method: "POST", body: noise })).status
  found.afterUpload = await get("/1m.bin?after-upload")

  // The cache asks, and is told that it still has it.
  found.revalidated = (await fetch("/index.html", { cache: "no-cache" })).status
  return found
})()
