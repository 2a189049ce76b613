/** `healthcheck [FILE]`: asks a running service how it is; for containers, which have no curl. */
import { existsSync, readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { messageOf } from '../errors.ts'

/** Where the image has its pipeline file. */
const DEFAULT_FILE = '/etc/stream-enricher/pipeline.yaml'
/** Whether a restart would help. Not `/readyz`: what restarts an unhealthy container would not let a restore end. */
const PROBE = '/livez'
const PATIENCE_MS = 4000

interface Health {
  readonly status: string
  readonly checks: readonly { readonly name: string; readonly status: string; detail: string }[]
}

/**
 * Prints the service's status. Throws, with the checks that fail, where it is not well or does not answer.
 * @param file the pipeline file that it runs; default: the image's where there is one, else port 8080
 */
export async function healthcheck(
  file: string | undefined,
  { url: given }: { url?: string },
): Promise<void> {
  const url = given ?? (await urlOf(file ?? (existsSync(DEFAULT_FILE) ? DEFAULT_FILE : undefined)))
  const { status, body } = await ask(url)
  if (status !== 200) throw new Error(`${url}: ${faults(status, body)}`)
  process.stdout.write(`${url}: ok\n`)
}

async function urlOf(file: string | undefined): Promise<string> {
  const { port = 8080, host = '0.0.0.0' } = file === undefined ? {} : await sectionOf(file)
  if (port === 0) {
    throw new Error(`${file} leaves the port to the system (http.port: 0); name it with --url`)
  }
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : String(host)
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}${PROBE}`
}

async function sectionOf(file: string) {
  const { httpSection } = await import('../config/http-address.ts')
  try {
    return httpSection(readFileSync(file, 'utf8'), process.env)
  } catch (cause) {
    const message = `${file} does not say where the service listens (${messageOf(cause)}); name its address with --url`
    throw new Error(message, { cause })
  }
}

/** Not by `fetch`, which takes three times as much CPU to load: an image's check runs every 10 s. */
async function ask(url: string): Promise<{ status: number; body: string }> {
  const { get } = await import(url.startsWith('https:') ? 'node:https' : 'node:http')
  try {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      get(url, { signal: AbortSignal.timeout(PATIENCE_MS) }, resolve).once('error', reject)
    })
    return { status: answer.statusCode ?? 0, body: await text(answer) }
  } catch (error) {
    const { cause, message } = error as Error
    const why = cause instanceof Error ? cause.message : message
    throw new Error(`${url} does not answer (${why}); --url names another address`)
  }
}

function faults(status: number, body: string): string {
  const bad = checksOf(body).filter((check) => check.status !== 'ok')
  if (bad.length === 0) return `HTTP status ${status}`
  return bad.map(({ name, detail }) => `${name}: ${detail}`).join('; ')
}

function checksOf(body: string): Health['checks'] {
  try {
    return (JSON.parse(body) as Health).checks ?? []
  } catch {
    return []
  }
}
