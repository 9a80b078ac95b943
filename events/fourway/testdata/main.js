// Node's half of the four-way runs: one process, told what to do by lines of
// JSON on stdin, answering with lines of JSON on stdout.
//
//	{"do":"hello","cert":PEM,"key":PEM}                   -> {"scenarios":[...]}
//	{"do":"serve","scenario":S,"tls":B}                   -> {"port":N,"server":ID}
//	{"do":"run","scenario":S,"tls":B,"port":N}            -> {"transcript":{...}}
//	{"do":"stop","server":ID}                             -> {"transcript":{...}}
//
// Each line has an "id" that its answer repeats.
"use strict"
const { createInterface } = require("node:readline")
const { readdirSync } = require("node:fs")
const { serve, run } = require("./kit.js")

const scenarios = {}
for (const file of readdirSync(__dirname)) {
  if (file.endsWith(".js") && file !== "main.js" && file !== "kit.js") {
    Object.assign(scenarios, require("./" + file))
  }
}

let pki
const servers = new Map()

const commands = {
  async hello({ cert, key }) {
    pki = { cert, key }
    return { scenarios: Object.keys(scenarios), version: process.version }
  },
  async serve({ scenario, tls }, id) {
    const server = await serve(scenarios[scenario], tls && pki)
    servers.set(id, server)
    return { port: server.port, server: id }
  },
  async run({ scenario, tls, port }) {
    return { transcript: await run(scenarios[scenario], tls && pki, port) }
  },
  async stop({ server }) {
    const end = servers.get(server)
    servers.delete(server)
    return { transcript: await end.stop() }
  },
}

createInterface({ input: process.stdin }).on("line", async line => {
  const { id, ...command } = JSON.parse(line)
  let answer
  try {
    answer = await commands[command.do](command, id)
  } catch (err) {
    answer = { failure: err.stack }
  }
  process.stdout.write(JSON.stringify({ id, ...answer }) + "\n")
}).on("close", () => process.exit(0))
