/** A real schema registry on this machine: Apicurio, in memory, by its API that is compatible with Confluent's. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from './kafka.ts'

/** The last version that Java 17 runs. */
const ARTIFACT = 'io.apicurio:apicurio-registry-app:3.0.9:tar.gz:all'
const GOAL = 'org.apache.maven.plugins:maven-dependency-plugin:2.8:copy'
const FOLDER = fileURLToPath(new URL('../../.kafka/registry', import.meta.url))

export interface RunningRegistry {
  readonly url: string
  /** Registers a schema and answers its id. */
  register(subject: string, schema: object): Promise<number>
  /** SIGKILL; what was registered is lost with it. */
  stop(): Promise<void>
}

function fetchRegistry(): void {
  const done = join(FOLDER, '.complete')
  if (existsSync(done)) return
  mkdirSync(FOLDER, { recursive: true })
  const goal = ['-q', GOAL, `-Dartifact=${ARTIFACT}`, `-DoutputDirectory=${FOLDER}`]
  execFileSync('mvn', goal, { stdio: ['ignore', 'inherit', 'inherit'] })
  const archive = readdirSync(FOLDER).find((file) => file.endsWith('.tar.gz'))!
  execFileSync('tar', ['-xzf', join(FOLDER, archive), '-C', FOLDER])
  writeFileSync(done, '')
}

export async function startRegistry(on?: number): Promise<RunningRegistry> {
  fetchRegistry()
  const port = on ?? (await freePort())
  const jar = readdirSync(FOLDER).find((file) => file.endsWith('-runner.jar'))!
  const child = spawn('java', ['-Xmx400m', '-jar', jar], {
    cwd: FOLDER,
    env: { ...process.env, QUARKUS_HTTP_PORT: String(port), QUARKUS_HTTP_HOST: '127.0.0.1' },
    stdio: 'ignore',
  })
  const kill = (): void => {
    child.kill('SIGKILL')
  }
  process.once('exit', kill)
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`
  await answers(url, child)
  return {
    url,
    async register(subject, schema) {
      const response = await fetch(`${url}/subjects/${subject}/versions`, {
        method: 'POST',
        headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
        body: JSON.stringify({ schema: JSON.stringify(schema) }),
      })
      if (!response.ok) throw new Error(await response.text())
      return ((await response.json()) as { id: number }).id
    },
    async stop() {
      process.removeListener('exit', kill)
      const ended = new Promise((resolve) => child.once('exit', resolve))
      kill()
      await ended
    },
  }
}

/** As long as it runs: on a busy machine that may take minutes. */
async function answers(url: string, child: ChildProcess): Promise<void> {
  while (child.exitCode === null) {
    const answer = await fetch(`${url}/subjects`).catch(() => undefined)
    if (answer?.ok) return
    await sleep(250)
  }
  throw new Error(`The registry has ended with ${child.exitCode} before it answered at ${url}`)
}

/** @returns its id */
export async function registerProtobuf(
  url: string,
  subject: string,
  schema: string,
  references: readonly object[] = [],
): Promise<number> {
  const response = await fetch(`${url}/subjects/${subject}/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ schemaType: 'PROTOBUF', schema, references }),
  })
  if (!response.ok) throw new Error(await response.text())
  return ((await response.json()) as { id: number }).id
}
