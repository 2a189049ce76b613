/**
 * A schema registry that speaks Confluent's API (Confluent, Apicurio's ccompat v7, Karapace, Redpanda).
 * https://docs.confluent.io/platform/current/schema-registry/develop/api.html
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { RegistryConfig } from '../config/pipeline.ts'
import { EnricherError, messageOf } from '../errors.ts'
import type { Log } from '../events.ts'
import { parseSchemaText } from './schema-json.ts'
import { inlineReferences } from './schema-references.ts'

export interface RegisteredSchema {
  readonly id: number
  /** Parsed, with its references inlined. */
  readonly schema: unknown
}

/** What registering a schema would do. `new`: the subject has none yet. */
export type Comparison =
  | { readonly state: 'registered' | 'new' | 'compatible' }
  | { readonly state: 'incompatible'; readonly reasons: readonly string[] }

interface Answer {
  readonly id?: number
  readonly is_compatible?: boolean
  readonly messages?: readonly string[]
  readonly schema: string
  readonly schemaType?: string
  readonly references?: readonly { subject: string; version: number }[]
}

const CONTENT_TYPE = 'application/vnd.schemaregistry.v1+json'
const REQUEST_MS = 5000
const LONGEST_WAIT_MS = 5000
const NOT_FOUND = 404

/** The registry has answered, and the answer is no. */
class Refused extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export class Registry {
  readonly #config: RegistryConfig
  readonly #log: Log
  readonly #closed = new AbortController()
  #patienceMs = Number.POSITIVE_INFINITY
  #down = false
  /** Refused: the registry's answer is no, a schema that is not there for instance. Failed: no answer, or not now. */
  readonly requests = { ok: 0, refused: 0, failed: 0 }

  constructor(config: RegistryConfig, log: Log) {
    this.#config = config
    this.#log = log
  }

  get url(): string {
    return this.#config.url
  }

  /** It has not answered when it was asked last. */
  get isAway(): boolean {
    return this.#down
  }

  /** During `work` an outage is waited out for this long only, then it throws REGISTRY_UNAVAILABLE. */
  async withPatience<T>(milliseconds: number, work: () => Promise<T>): Promise<T> {
    this.#patienceMs = milliseconds
    try {
      return await work()
    } finally {
      this.#patienceMs = Number.POSITIVE_INFINITY
    }
  }

  /** The latest version of a subject; undefined where there is none. Throws SCHEMA_INVALID where it is not Avro's. */
  async latest(subject: string): Promise<RegisteredSchema | undefined> {
    const path = `/subjects/${encodeURIComponent(subject)}/versions/latest`
    const answer = await this.#get(path)
    if (answer === undefined) return undefined
    const { id, schemaType = 'AVRO' } = answer
    if (schemaType !== 'AVRO') {
      const message = `The schema of ${subject} in the registry ${this.url} is of the type ${schemaType}, which is not read yet; the topic's values have to be Avro`
      throw new EnricherError('SCHEMA_INVALID', message, { fields: { subject, schemaType } })
    }
    return { id: id!, schema: await this.#parse(answer) }
  }

  /** All subjects; none where they may not be listed. */
  async subjects(): Promise<readonly string[]> {
    try {
      return (await this.#request('/subjects')) as unknown as string[]
    } catch (error) {
      if (error instanceof Refused) return []
      throw error
    }
  }

  /** The latest version of a subject; undefined where there is none. A schema of another type is null. */
  async latestIfAny(subject: string): Promise<RegisteredSchema | undefined> {
    const answer = await this.#get(`/subjects/${encodeURIComponent(subject)}/versions/latest`)
    if (answer === undefined) return undefined
    const isAvro = (answer.schemaType ?? 'AVRO') === 'AVRO'
    return { id: answer.id!, schema: isAvro ? await this.#parse(answer) : null }
  }

  /** A schema by its id; undefined where there is none. A schema of another type is null. */
  async byId(id: number): Promise<unknown> {
    const answer = await this.#get(`/schemas/ids/${id}`)
    if (answer === undefined) return undefined
    return (answer.schemaType ?? 'AVRO') === 'AVRO' ? this.#parse(answer) : null
  }

  /** Registers a schema and answers its id; one that is there already keeps its id. Throws SCHEMA_INVALID. */
  async register(subject: string, schema: string): Promise<number> {
    const path = `/subjects/${encodeURIComponent(subject)}/versions`
    try {
      const { id } = await this.#request(path, JSON.stringify({ schema }))
      return id!
    } catch (cause) {
      if (!(cause instanceof Refused)) throw cause
      const message = `The registry refuses the output's schema for ${subject} (${cause.message}). Where it is not compatible with an earlier one, use another output topic or change the subject's compatibility`
      throw new EnricherError('SCHEMA_INVALID', message, { cause, fields: { subject } })
    }
  }

  /** Compares a schema with those of a subject, by the subject's own compatibility. Registers nothing. */
  async compare(subject: string, schema: string): Promise<Comparison> {
    const name = encodeURIComponent(subject)
    const body = JSON.stringify({ schema })
    if ((await this.#get(`/subjects/${name}`, body)) !== undefined) return { state: 'registered' }
    const path = `/compatibility/subjects/${name}/versions/latest?verbose=true`
    const answer = await this.#get(path, body)
    if (answer === undefined) return { state: 'new' }
    if (answer.is_compatible) return { state: 'compatible' }
    return { state: 'incompatible', reasons: answer.messages ?? [] }
  }

  /** Whatever still waits ends with REGISTRY_UNAVAILABLE. */
  close(): void {
    this.#closed.abort()
  }

  /** undefined: not found. */
  async #get(path: string, body?: string): Promise<Answer | undefined> {
    try {
      return await this.#request(path, body)
    } catch (error) {
      if (error instanceof Refused && error.status === NOT_FOUND) return undefined
      throw error
    }
  }

  async #parse({ schema, references = [] }: Answer): Promise<unknown> {
    const named = await Promise.all(
      references.map(async ({ subject, version }) => {
        const path = `/subjects/${encodeURIComponent(subject)}/versions/${version}`
        return this.#parse(await this.#request(path))
      }),
    )
    return inlineReferences(parseSchemaText(schema), named)
  }

  /** Waits out an outage. Throws `Refused` where the registry answers with a refusal. */
  async #request(path: string, body?: string): Promise<Answer> {
    const begun = Date.now()
    for (let wait = 100; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
      try {
        const answer = await this.#fetch(path, body)
        this.requests.ok++
        if (this.#down) this.#log.event('registry_works', { url: this.url })
        this.#down = false
        return answer
      } catch (error) {
        this.requests[error instanceof Refused ? 'refused' : 'failed']++
        if (error instanceof Refused) throw error
        const waited = Date.now() - begun
        if (this.#closed.signal.aborted || waited > this.#patienceMs) throw this.#gone(error)
        if (!this.#down) this.#log.event('registry_failing', { err: error, url: this.url, path })
        this.#down = true
        await sleep(wait, undefined, { signal: this.#closed.signal }).catch(() => {})
      }
    }
  }

  async #fetch(path: string, body?: string): Promise<Answer> {
    const { url, username, password } = this.#config
    const headers: Record<string, string> = { accept: CONTENT_TYPE, 'content-type': CONTENT_TYPE }
    if (username !== null) {
      headers.authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
    }
    const signal = AbortSignal.any([this.#closed.signal, AbortSignal.timeout(REQUEST_MS)])
    const init = { headers, signal, ...(body === undefined ? {} : { method: 'POST', body }) }
    let response: Response
    try {
      response = await fetch(url.replace(/\/+$/, '') + path, init)
    } catch (error) {
      // fetch says only that it failed; why is in its cause.
      throw new Error(messageOf((error as { cause?: unknown }).cause ?? error), { cause: error })
    }
    const text = await response.text()
    if (response.ok) return JSON.parse(text)
    if (response.status >= 400 && response.status < 500 && isVerdict(response.status)) {
      throw new Refused(response.status, `${response.status} ${detail(text)}`)
    }
    throw new Error(`${response.status} ${detail(text)}`)
  }

  #gone(cause: unknown): EnricherError {
    const message = `The schema registry ${this.url} does not answer (${messageOf(cause)}); check registry.url and its credentials`
    return new EnricherError('REGISTRY_UNAVAILABLE', message, { cause })
  }
}

/** Not wrong credentials, a timeout or too many requests: these say nothing about the schema. */
const isVerdict = (status: number): boolean => ![401, 403, 407, 408, 425, 429].includes(status)

function detail(text: string): string {
  try {
    return String(JSON.parse(text).message ?? text)
  } catch {
    return text.slice(0, 200)
  }
}
