/**
 * A schema registry that speaks Confluent's API (Confluent, Apicurio's ccompat v7, Karapace, Redpanda).
 * https://docs.confluent.io/platform/current/schema-registry/develop/api.html
 */
import type { RegistryConfig } from '../config/pipeline.ts'
import { EnricherError } from '../errors.ts'
import type { Log } from '../events.ts'
import { doubling, type RetryPolicy, retry } from '../retry/retry.ts'
import type { AvroRecordSchema } from './avro-reader.ts'
import { isOfAccess, unavailable } from './registry-outage.ts'
import {
  type Answer,
  askRegistry,
  FORBIDDEN,
  isFinal,
  isNotThere,
  NOT_FOUND,
  Refused,
  saysNo,
} from './registry-request.ts'
import { differences } from './schema-differences.ts'
import { parseSchemaText } from './schema-json.ts'
import { inlineReferences } from './schema-references.ts'
import { notAvro, type SchemaText, withImports } from './schema-text.ts'

export interface RegisteredSchema {
  readonly id: number
  /** The schema, parsed, with its references inlined. */
  readonly schema: unknown
}

/** What registering a schema would do. `new`: the subject has none yet. */
export type Comparison =
  | { readonly state: 'registered' | 'new' | 'compatible' }
  | { readonly state: 'incompatible'; readonly reasons: readonly string[] }

const FIRST_WAIT_MS = 100
/** The longest wait for a registry that does not answer. */
const LONGEST_WAIT_MS = 5000
/** The longest wait for a node that is behind the others. */
const LONGEST_ASK_MS = 1000
/** The API's own error code: the subject, or the whole registry, is in the mode READONLY. */
const READ_ONLY = 42205

export class Registry {
  readonly #config: RegistryConfig
  readonly #log: Log
  readonly #closed = new AbortController()
  #patienceMs = Number.POSITIVE_INFINITY
  /** The path that was asked for, and answered, last. */
  #lastRead: string | undefined
  #down = false
  /** How requests have ended. Refused: the registry's answer is no, a schema that is not there for instance. Failed: no answer, or not now. */
  readonly requests = { ok: 0, refused: 0, failed: 0 }

  constructor(config: RegistryConfig, log: Log) {
    this.#config = config
    this.#log = log
  }

  get url(): string {
    return this.#config.url
  }

  /** Whether the registry has not answered when it was asked last. */
  get isAway(): boolean {
    return this.#down
  }

  /**
   * During `work` an outage is waited out for this long only, and a refusal of our user or of a certificate
   * not at all: then it throws REGISTRY_UNAVAILABLE.
   */
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
      throw notAvro(this.url, subject, schemaType)
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
    return { id: answer.id!, schema: isAvro(answer) ? await this.#parse(answer) : null }
  }

  /** The latest version of a subject, of whatever type; undefined where there is none. */
  async latestText(subject: string): Promise<SchemaText | undefined> {
    const answer = await this.#get(`/subjects/${encodeURIComponent(subject)}/versions/latest`)
    return answer && this.#text(answer)
  }

  /** A schema by its id, of whatever type; undefined where there is none. @param patienceMs as with `byId` */
  async textById(id: number, patienceMs = 0): Promise<SchemaText | undefined> {
    const answer = await this.#answerById(id, patienceMs)
    return answer && this.#text({ ...answer, id })
  }

  #text(answer: Answer): Promise<SchemaText> {
    return withImports(answer, (path) => this.#request(path))
  }

  /**
   * A schema by its id; undefined where there is none. A schema of another type is null.
   * @param patienceMs so long one that is not there is asked for again: a node may be behind the others
   */
  async byId(id: number, patienceMs = 0): Promise<unknown> {
    const answer = await this.#answerById(id, patienceMs)
    if (answer === undefined) return undefined
    return isAvro(answer) ? this.#parse(answer) : null
  }

  async #answerById(id: number, patienceMs: number): Promise<Answer | undefined> {
    const policy = {
      wait: doubling(FIRST_WAIT_MS, LONGEST_ASK_MS),
      isCurable: isNotThere,
      deadline: performance.now() + patienceMs,
    }
    const { signal } = this.#closed
    const ask = () => this.#schema(`/schemas/ids/${id}`)
    return retry(ask, policy, signal).catch((error) => {
      if (!isNotThere(error)) throw error
      // The schema might have been there at the next attempt.
      if (signal.aborted) throw unavailable(this.#config, error)
      return undefined
    })
  }

  /** Reads a schema. Throws `Refused` where there is none, and where this one may not be read, though others may. */
  async #schema(path: string): Promise<Answer> {
    const before = this.#lastRead
    if (before === undefined) return this.#read(path)
    try {
      return await this.#read(path, isFinal)
    } catch (error) {
      if (!(error instanceof Refused) || isNotThere(error)) throw error
      const isOfUs = await askRegistry(this.#config, before, undefined, this.#closed.signal).then(
        () => false,
        () => true,
      )
      if (isOfUs) return this.#read(path)
      throw error
    }
  }

  /**
   * Registers a schema and answers its id; one that is there already keeps its id, and is found by who may
   * only read. Throws SCHEMA_INVALID, or REGISTRY_READ_ONLY.
   */
  async register(subject: string, schema: string): Promise<number> {
    const path = `/subjects/${encodeURIComponent(subject)}`
    const body = JSON.stringify({ schema })
    try {
      const found = await this.#registered(path, body)
      if (found !== undefined) return found.id!
      const { id } = await this.#request(`${path}/versions`, body, isFinal)
      return id!
    } catch (cause) {
      if (!(cause instanceof Refused)) throw cause
      if (cause.status === FORBIDDEN || cause.code === READ_ONLY) {
        const message = `The registry ${this.url} lets us register nothing under ${subject} (${cause.message}), and the output's schema is not there yet; have somebody who may register what \`stream-enricher output-schema\` prints`
        throw new EnricherError('REGISTRY_READ_ONLY', message, { cause, fields: { subject } })
      }
      const message = `The registry refuses the output's schema for ${subject} (${cause.message}). Where it is not compatible with an earlier one, use another output topic or change the subject's compatibility`
      throw new EnricherError('SCHEMA_INVALID', message, { cause, fields: { subject } })
    }
  }

  /** The schema as it is registered; undefined: it is not there, or we may not ask. */
  async #registered(path: string, body: string): Promise<Answer | undefined> {
    try {
      return await this.#request(path, body, isFinal)
    } catch (error) {
      if (error instanceof Refused && [NOT_FOUND, FORBIDDEN].includes(error.status))
        return undefined
      throw error
    }
  }

  /** Compares a schema with those of a subject, by the subject's own compatibility. Registers nothing. */
  async compare(subject: string, schema: string): Promise<Comparison> {
    const name = encodeURIComponent(subject)
    const body = JSON.stringify({ schema })
    if ((await this.#get(`/subjects/${name}`, body)) !== undefined) return { state: 'registered' }
    // Apicurio finds any schema compatible with a subject that is not there.
    if ((await this.#get(`/subjects/${name}/versions/latest`)) === undefined)
      return { state: 'new' }
    const path = `/compatibility/subjects/${name}/versions/latest?verbose=true`
    const answer = await this.#get(path, body)
    if (answer === undefined) return { state: 'new' }
    if (answer.is_compatible) return { state: 'compatible' }
    const { messages = [] } = answer
    const reasons = messages.length > 0 ? messages : await this.#differences(subject, schema)
    return { state: 'incompatible', reasons }
  }

  /** How a schema differs from the latest. Apicurio 3.0.9 names no reasons. */
  async #differences(subject: string, schema: string): Promise<readonly string[]> {
    const latest = (await this.latest(subject))?.schema as AvroRecordSchema | undefined
    const fields = latest?.fields === undefined ? [] : differences(latest, JSON.parse(schema))
    return fields.length === 0 ? [] : [fields.join('; ')]
  }

  /** Whatever still waits ends with REGISTRY_UNAVAILABLE. */
  close(): void {
    this.#closed.abort()
  }

  /** The answer; undefined: not found. */
  async #get(path: string, body?: string): Promise<Answer | undefined> {
    try {
      return await (body === undefined ? this.#read(path) : this.#request(path, body))
    } catch (error) {
      if (isNotThere(error)) return undefined
      throw error
    }
  }

  async #read(path: string, isVerdict = saysNo): Promise<Answer> {
    const answer = await this.#request(path, undefined, isVerdict)
    this.#lastRead = path
    return answer
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

  /** Asks, and waits out an outage. Throws `Refused` where the registry answers with a refusal that is a verdict. */
  async #request(path: string, body?: string, isVerdict = saysNo): Promise<Answer> {
    const patienceMs = this.#patienceMs
    const isNo = (error: unknown): boolean => error instanceof Refused && isVerdict(error.status)
    const policy: RetryPolicy = {
      wait: doubling(FIRST_WAIT_MS, LONGEST_WAIT_MS),
      isCurable: (error) =>
        !isNo(error) && (patienceMs === Number.POSITIVE_INFINITY || !isOfAccess(error)),
      deadline: performance.now() + patienceMs,
      outage: {
        failed: (error) => this.#isDown(error, path),
        over: () => this.#isUp(),
      },
    }
    const ask = async (): Promise<Answer> => {
      try {
        const answer = await askRegistry(this.#config, path, body, this.#closed.signal)
        this.requests.ok++
        return answer
      } catch (error) {
        this.requests[isNo(error) ? 'refused' : 'failed']++
        throw error
      }
    }
    return retry(ask, policy, this.#closed.signal).catch((error) => {
      throw isNo(error) ? error : unavailable(this.#config, error)
    })
  }

  #isDown(err: unknown, path: string): void {
    if (!this.#down) this.#log.event('registry_failing', { err, url: this.url, path })
    this.#down = true
  }

  #isUp(): void {
    if (this.#down) this.#log.event('registry_works', { url: this.url })
    this.#down = false
  }
}

const isAvro = ({ schemaType = 'AVRO' }: Answer): boolean => schemaType === 'AVRO'
