// What the scenarios are written with: the two ends and their transcripts.
"use strict"
const http2 = require("node:http2")
const { createHash } = require("node:crypto")

// patience bounds every wait, in milliseconds. Nothing takes a tenth of it; it
// is how long a hang takes to become a line of the transcript.
const patience = 20000

const later = ms => new Promise(resolve => setTimeout(resolve, ms).unref())

// pattern is a body of n bytes that both languages know.
const pattern = n => Buffer.alloc(n, "0123456789abcdefghijklmnopqrstuvwxyz\n")

const digest = data => createHash("sha256").update(data).digest("hex").slice(0, 8)

// errorText is an error in a transcript: Node's code, and what the message says
// beyond that.
function errorText(err) {
  const said = ["ERR_HTTP2_STREAM_ERROR", "ERR_HTTP2_SESSION_ERROR", undefined].includes(err.code)
  return said ? `${err.code ?? err.name} ${err.message}` : err.code
}

// fieldsText is a header block in a transcript: pseudo-fields in the order of
// their names, and without what differs from run to run.
function fieldsText(headers) {
  const pseudo = [], parts = []
  for (const [name, value] of Object.entries(headers)) {
    if (name === "date") continue
    const field = `${name}=${Array.isArray(value) ? JSON.stringify(value) : text(value)}`
    if (name.startsWith(":")) pseudo.push(field.replace(/^(:authority=127.0.0.1):\d+$/, "$1"))
    else parts.push(field)
  }
  return [...pseudo.sort(), ...parts].join(" ")
}

// text shortens long values.
function text(value) {
  value = String(value)
  return value.length > 80 ? `${value.length} bytes ${digest(value)}` : value
}

// An End is one end of a scenario, and its transcript: lists of lines by the
// object that they are about.
class End {
  constructor() {
    this.objects = {}
    this.open = new Map() // what has not closed: name to promise
    this.closing = new WeakMap()
  }

  say(object, line) { (this.objects[object] ??= []).push(line.trimEnd()) }

  // attempt says with what error f fails, or that it does not.
  attempt(object, what, f) {
    try {
      const result = f()
      this.say(object, `${what}: ok`)
      return result
    } catch (err) {
      this.say(object, `${what}: ${errorText(err)}`)
    }
  }

  // show writes down values as JSON.
  show(what, ...values) { this.say("seen", `${what}: ${JSON.stringify(values)}`) }

  // named makes a name that is not taken.
  named(name) {
    let unique = name
    for (let i = 2; unique in this.objects; i++) unique = `${name}#${i}`
    this.objects[unique] = []
    return unique
  }

  opened(name, thing) {
    const closed = new Promise(resolve => thing.once("close", () => {
      this.open.delete(name)
      resolve()
    }))
    this.open.set(name, closed)
    this.closing.set(thing, closed)
  }

  // closed waits until a stream or session has closed.
  async closed(thing) { if (thing) await this.within(this.closing.get(thing), "close") }

  async within(promise, what) {
    const done = await Promise.race([promise.then(() => true), later(patience)])
    if (!done) this.say("late", what)
  }

  // quiet waits until everything that was watched, or only the streams, has closed.
  async quiet(filter = () => true) {
    for (;;) {
      const list = [...this.open].filter(([name]) => filter(name))
      if (list.length === 0) return
      const done = await Promise.race([Promise.all(list.map(([, p]) => p)).then(() => true), later(patience)])
      if (!done) {
        for (const [name] of list) if (this.open.has(name)) this.say(name, "never closed")
        return
      }
    }
  }

  // watch writes down what a stream emits. With read false nobody listens to
  // its data; with apart it is chance what aborted falls between.
  watch(stream, name, { read = true, apart = false } = {}) {
    let bytes = 0
    let hash = createHash("sha256")
    const say = line => {
      if (bytes > 0) {
        this.say(name, `data ${bytes} ${hash.digest("hex").slice(0, 8)}`)
        bytes = 0
        hash = createHash("sha256")
      }
      this.say(name, line)
    }
    if (read === true) {
      stream.on("data", chunk => {
        bytes += chunk.length
        hash.update(chunk)
      })
    }
    const block = what => (headers, flags) => say(`${what} flags=${flags} ${fieldsText(headers)}`)
    // Data that came with the response is sometimes emitted before it.
    const first = what => (headers, flags) => this.say(name, `${what} flags=${flags} ${fieldsText(headers)}`)
    stream.on("response", first("response"))
    stream.on("push", first("push"))
    stream.on("headers", block("headers"))
    stream.on("trailers", block("trailers"))
    stream.on("continue", () => say("continue"))
    stream.on("end", () => say("end"))
    stream.on("aborted", () => apart ? this.say(name + " apart", "aborted") : say("aborted"))
    stream.on("error", err => say(`error ${errorText(err)}`))
    stream.once("timeout", () => say("timeout"))
    stream.on("frameError", (type, code, id) => say(`frameError ${type} ${code}`))
    stream.on("close", () => say(`close ${stream.rstCode}`))
    this.opened(name, stream)
    return stream
  }

  // watchExchange writes down what a request and its response emit. With read
  // false nobody listens to the request's data. What is said of the response has
  // an object of its own, for it is chance what its finish falls between.
  watchExchange(req, res, name, { read = true } = {}) {
    let bytes = 0
    let hash = createHash("sha256")
    const say = line => {
      if (bytes > 0) {
        this.say(name, `data ${bytes} ${hash.digest("hex").slice(0, 8)}`)
        bytes = 0
        hash = createHash("sha256")
      }
      this.say(name, line)
    }
    if (read) {
      req.on("data", chunk => {
        bytes += chunk.length
        hash.update(chunk)
      })
    }
    const sayOfResponse = line => this.say(name + " response", line)
    for (const event of ["end", "aborted", "close"]) req.on(event, () => say(event))
    req.once("timeout", () => say("timeout"))
    res.on("finish", () => sayOfResponse("finish"))
    res.once("timeout", () => sayOfResponse("timeout"))
    const { stream } = req
    stream.on("close", () => {
      say(`closed ${stream.rstCode} complete=${req.complete} aborted=${req.aborted} destroyed=${stream.destroyed}`)
      sayOfResponse(`ended=${res.writableEnded} headersSent=${res.headersSent}`)
    })
    this.opened(name, stream)
  }

  watchSession(session, name) {
    session.on("error", err => this.say(name, `error ${errorText(err)}`))
    session.on("frameError", (type, code, id) => this.say(name, `frameError ${type} ${code} ${id}`))
    session.once("close", () => this.say(name, "close")) // Node says it twice now and then
    this.opened(name, session)
  }
}

// goaways writes down the first GOAWAY of a session: one of Node's that is
// destroyed says it once more if there is time.
function goaways(end, session, name = "session") {
  session.once("goaway", (code, last, opaque) =>
    end.say(name, `goaway ${code} ${last}${opaque?.length ? " " + opaque : ""}`))
}

class ServerEnd extends End {
  constructor() {
    super()
    this.handlers = {}
    this.exchanges = {}
    this.sessionHandlers = []
    this.accepted = new Promise(resolve => { this.accept = resolve })
  }

  // on serves a path. With read false nobody listens to the request's data.
  on(path, handler, options) { this.handlers[path] = { handler, options } }

  // onRequest serves a path by an event of the Compatibility API. The server has
  // no listener for streams then.
  onRequest(path, handler, { event = "request", ...options } = {}) {
    (this.exchanges[event] ??= {})[path] = { handler, options }
  }

  // mute is for scenarios in which it is chance what the server hears.
  mute() {
    this.muted = true
    this.accept()
  }

  // onSession is called with each session in the beginning.
  onSession(f) { this.sessionHandlers.push(f) }
}

async function serve(scenario, pki) {
  const end = new ServerEnd()
  const options = scenario.serverOptions ?? {}
  const server = pki ? http2.createSecureServer({ ...options, cert: pki.cert, key: pki.key }) : http2.createServer(options)
  end.server = server
  scenario.server(end)
  server.on("session", session => {
    if (end.muted) return session.on("error", () => {})
    end.watchSession(session, end.named("session"))
    end.accept()
    for (const f of end.sessionHandlers) f(session)
  })
  if (!end.muted) server.on("sessionError", err => end.say("server", `sessionError ${errorText(err)}`))
  const exchanges = Object.entries(end.exchanges)
  for (const [event, handlers] of exchanges) server.on(event, (req, res) => serveExchange(end, event, handlers, req, res))
  if (exchanges.length === 0) server.on("stream", (stream, headers, flags) => {
    const path = headers[":path"] ?? headers[":method"]
    const served = end.handlers[path]
    if (end.muted) {
      stream.on("error", () => {})
    } else {
      const name = end.named(path)
      end.say(name, `request flags=${flags} ${fieldsText(headers)}`)
      end.watch(stream, name, served?.options)
    }
    try {
      served?.handler(stream, headers)
    } catch (err) {
      end.say(path, `threw ${errorText(err)}`)
      stream.close(2)
    }
  })
  end.before?.(server)
  await new Promise(resolve => server.listen(0, "127.0.0.1", resolve))
  return {
    port: server.address().port,
    async stop() {
      await end.within(end.accepted, "session")
      await end.quiet()
      server.close()
      return end.objects
    },
  }
}

// serveExchange gives a request and its response to whom they are for.
function serveExchange(end, event, handlers, req, res) {
  const path = req.url ?? req.method
  const served = handlers[path]
  const name = end.named(path)
  end.say(name, `${event} ${fieldsText(req.headers)}`)
  end.watchExchange(req, res, name, served?.options)
  try {
    served?.handler(req, res)
  } catch (err) {
    end.say(name, `threw ${errorText(err)}`)
    req.stream.close(2)
  }
}

class ClientEnd extends End {
  // settled waits until both ends have each other's settings: nothing is on its
  // way then that would reset the connection of an end that leaves.
  async settled() {
    await Promise.all([once(this.session, "remoteSettings"), once(this.session, "localSettings")])
  }

  // request makes a request and watches its stream under the name of its path.
  request(headers, options, watching) {
    const name = this.named(headers[":path"] ?? headers[":method"] ?? "/")
    try {
      return this.watch(this.session.request(headers, options), name, watching)
    } catch (err) {
      this.say(name, `failed: ${errorText(err)}`)
    }
  }

  // takePushes watches what the server pushes, by the name "push " and its path.
  takePushes(f = () => {}) {
    this.session.on("stream", (stream, headers, flags) => {
      const name = this.named("push " + headers[":path"])
      this.say(name, `stream flags=${flags} ${fieldsText(headers)}`)
      this.watch(stream, name)
      f(stream, headers)
    })
  }
}

async function run(scenario, pki, port) {
  const end = new ClientEnd()
  const options = { ...scenario.clientOptions }
  if (pki) options.ca = pki.cert
  end.url = `${pki ? "https" : "http"}://127.0.0.1:${port}`
  const session = http2.connect(end.url, options)
  end.session = session
  end.watchSession(session, end.named("session"))
  const half = async () => scenario.client(end)
  await end.within(half().catch(err => end.say("client", `threw ${err.stack}`)), "client half")
  await end.quiet(name => name !== "session")
  session.close()
  await end.quiet()
  return end.objects
}

// once waits for an event of an emitter.
const once = (emitter, event) => new Promise(resolve => emitter.once(event, (...args) => resolve(args)))

module.exports = { http2, serve, run, once, later, goaways, pattern, digest, errorText, fieldsText }
