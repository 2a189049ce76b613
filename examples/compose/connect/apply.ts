/**
 * Gives Kafka Connect its connectors, for docker-compose.yml: `node apply.ts FILE…`, where a connector
 * is called as its file is. Ends when all of them run, with what failed where one does not.
 */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const CONNECT = process.env.CONNECT_URL ?? 'http://localhost:8083'
const ASK_EVERY_MS = 500
const WAIT_MS = 120_000
/** For so long a failure may still be that of the configuration before. */
const SETTLE_MS = 5000

interface State {
  readonly state: string
  /** A stack trace, of what has failed. */
  readonly trace?: string
}

interface Status {
  readonly connector: State
  readonly tasks: readonly State[]
}

/** Tries again while the workers sort out who leads (409). */
async function put(name: string, config: string): Promise<void> {
  for (const deadline = Date.now() + WAIT_MS; ; await sleep(ASK_EVERY_MS)) {
    const response = await fetch(`${CONNECT}/connectors/${name}/config`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: config,
    })
    if (response.ok) return
    if (response.status !== 409 || Date.now() > deadline)
      throw new Error(`${name}: Connect refuses it: ${await response.text()}`)
  }
}

async function runs(name: string): Promise<void> {
  let last = 'has no state'
  const settled = Date.now() + SETTLE_MS
  for (const deadline = Date.now() + WAIT_MS; Date.now() < deadline; await sleep(ASK_EVERY_MS)) {
    const response = await fetch(`${CONNECT}/connectors/${name}/status`)
    if (!response.ok) continue
    const { connector, tasks } = (await response.json()) as Status
    const all = [connector, ...tasks]
    const failed = all.find(({ state }) => state === 'FAILED')
    if (failed && Date.now() > settled) throw new Error(`${name} has failed:\n${failed.trace}`)
    if (tasks.length > 0 && all.every(({ state }) => state === 'RUNNING')) return
    last = all.map(({ state }) => state).join(', ')
  }
  throw new Error(`${name} does not run after ${WAIT_MS / 1000} s: ${last}`)
}

try {
  for (const file of process.argv.slice(2)) {
    const name = basename(file, '.json')
    await put(name, readFileSync(file, 'utf8'))
    await runs(name)
    console.log(`${name} runs`)
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
