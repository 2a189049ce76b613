/**
 * A schema registry that speaks Confluent's API (Confluent, Apicurio's ccompat v7, Karapace, Redpanda).
 * https://docs.confluent.io/platform/current/schema-registry/develop/api.html
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { RegistryConfig } from '../config/pipeline.ts'
import { EnricherError, messageOf } from '../errors.ts'
import type { Log } from '../events.ts'
import { httpRequest } from '../http/request.ts'
import { alertOf, tlsFault } from '../http/tls-fault.ts'
import type { AvroRecordSchema } from './avro-reader.ts'
import { differences } from './schema-differences.ts'
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
  readonly error_code?: number
  readonly message?: string
  readonly schema: string
  readonly schemaType?: string
  readonly references?: readonly { subject: string; version: number }[]
}

const CONTENT_TYPE = 'application/vnd.schemaregistry.v1+json'
const REQUEST_MS = 5000
const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 5000
const LONGEST_ASK_MS = 1000
const UNAUTHORIZED = 401
const FORBIDDEN = 403
const NOT_FOUND = 404
/** The API's own error code: the subject, or the whole registry, is in the mode READONLY. */
const READ_ONLY = 42205

/** The registry has answered, and the answer is no. */
class Refused extends Error {
  readonly status: number
  /** The API's own. */
  readonly code: number

  constructor(status: number, { error_code = status, message = '' }: Answer) {
    super(`${status} ${message}`)
    this.status = status
    this.code = error_code
  }
}

/** Not followed: what goes with a request, such as a password, is for the address that the file has. */
class Redirected extends Error {
  constructor(status: number, location: string) {
    super(`${status}, to ${location}`)
  }
}

/** Something has answered, and it is no schema registry; or not now, as behind a proxy. */
class NoRegistry extends Error {
  readonly status: number

  constructor(status: number, contentType: string) {
    const what = contentType.replace(/;.*/, '') || 'no type'
    super(`${status} with ${what}, which is no answer of a schema registry`)
    this.status = status
  }
}

export class Registry {
  readonly #config: RegistryConfig
  readonly #log: Log
  readonly #closed = new AbortController()
  #patienceMs = Number.POSITIVE_INFINITY
  /** What was asked for and answered. */
  #lastRead: string | undefined
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
      const message = `The schema of ${subject} in the registry ${this.url} is of the type ${schemaType}, which is not supported; have the producer or the connector write Avro`
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

  /**
   * A schema by its id; undefined where there is none. A schema of another type is null.
   * @param patienceMs so long one that is not there is asked for again: a node may be behind the others
   */
  async byId(id: number, patienceMs = 0): Promise<unknown> {
    const until = performance.now() + patienceMs
    for (let wait = FIRST_WAIT_MS; ; wait *= 2) {
      const answer = await this.#schema(`/schemas/ids/${id}`)
      if (answer !== undefined) {
        return (answer.schemaType ?? 'AVRO') === 'AVRO' ? this.#parse(answer) : null
      }
      if (performance.now() > until) return undefined
      await this.#pause(Math.min(wait, LONGEST_ASK_MS))
    }
  }

  /** undefined: there is none. Throws `Refused` where this one may not be read, though others may. */
  async #schema(path: string): Promise<Answer | undefined> {
    const before = this.#lastRead
    if (before === undefined) return this.#get(path)
    try {
      const answer = await this.#request(path, undefined, isFinal)
      this.#lastRead = path
      return answer
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      if (error.status === NOT_FOUND) return undefined
      const isOfUs = await this.#ask(before, undefined).then(
        () => false,
        () => true,
      )
      if (isOfUs) return this.#get(path)
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

  /** undefined: it is not there, or we may not ask. */
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

  /** From the latest. Apicurio 3.0.9 names no reasons. */
  async #differences(subject: string, schema: string): Promise<readonly string[]> {
    const latest = (await this.latest(subject))?.schema as AvroRecordSchema | undefined
    const fields = latest?.fields === undefined ? [] : differences(latest, JSON.parse(schema))
    return fields.length === 0 ? [] : [fields.join('; ')]
  }

  /** Whatever still waits ends with REGISTRY_UNAVAILABLE. */
  close(): void {
    this.#closed.abort()
  }

  /** undefined: not found. */
  async #get(path: string, body?: string): Promise<Answer | undefined> {
    try {
      const answer = await this.#request(path, body)
      if (body === undefined) this.#lastRead = path
      return answer
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

  /** Waits out an outage. Throws `Refused` where the registry answers with a refusal that is a verdict. */
  async #request(path: string, body?: string, isVerdict = saysNo): Promise<Answer> {
    const begun = performance.now()
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
      try {
        const answer = await this.#ask(path, body)
        this.requests.ok++
        if (this.#down) this.#log.event('registry_works', { url: this.url })
        this.#down = false
        return answer
      } catch (error) {
        const refused = error instanceof Refused && isVerdict(error.status)
        this.requests[refused ? 'refused' : 'failed']++
        if (refused) throw error
        const waited = isOfAccess(error) ? Number.MAX_VALUE : performance.now() - begun
        if (this.#closed.signal.aborted || waited > this.#patienceMs) throw this.#gone(error)
        if (!this.#down) this.#log.event('registry_failing', { err: error, url: this.url, path })
        this.#down = true
        await this.#pause(wait)
      }
    }
  }

  /** Until then, or until it is closed. */
  async #pause(milliseconds: number): Promise<void> {
    await sleep(milliseconds, undefined, { signal: this.#closed.signal }).catch(() => {})
  }

  async #ask(path: string, body: string | undefined): Promise<Answer> {
    const { url, username, password, tls } = this.#config
    const headers: Record<string, string> = { accept: CONTENT_TYPE, 'content-type': CONTENT_TYPE }
    if (username !== null) {
      headers.authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
    }
    const method = body === undefined ? 'GET' : 'POST'
    const address = url.replace(/\/+$/, '') + path
    const response = await this.#inTime((signal) =>
      httpRequest(address, { method, headers, signal }, body, tls),
    )
    const { status, contentType, location } = response
    if (status >= 300 && status < 400 && location !== '') throw new Redirected(status, location)
    const answer = parsed(response.body)
    if (answer === undefined || isOfServer(status, answer) || isNothing(answer)) {
      throw new NoRegistry(status, contentType)
    }
    if (status >= 200 && status < 300) return answer
    throw new Refused(status, answer)
  }

  /** Ended when it takes too long, or the registry is closed. Not by AbortSignal.any: Node 20 may collect the timeout that it waits for. */
  async #inTime<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const request = new AbortController()
    const end = (): void => request.abort(this.#closed.signal.reason)
    const timer = setTimeout(() => {
      request.abort(new Error(`no answer within ${REQUEST_MS / 1000} s`))
    }, REQUEST_MS)
    this.#closed.signal.addEventListener('abort', end)
    if (this.#closed.signal.aborted) end()
    try {
      return await work(request.signal)
    } finally {
      clearTimeout(timer)
      this.#closed.signal.removeEventListener('abort', end)
    }
  }

  #gone(cause: unknown): EnricherError {
    const message = `The schema registry ${this.url} ${this.#outage(cause)}`
    return new EnricherError('REGISTRY_UNAVAILABLE', message, { cause })
  }

  #outage(cause: unknown): string {
    const { url, username, tls } = this.#config
    const why = messageOf(cause)
    if (cause instanceof Redirected) {
      return `sends us elsewhere (${why}); set registry.url to where it leads`
    }
    if (isOfUser(cause)) {
      const who = username === null ? 'us, who name no user' : `the user ${username}`
      return `refuses ${who} (${why}); check registry.username, registry.password and what that user may read`
    }
    if (cause instanceof NoRegistry && cause.status < 500) {
      return `does answer, but not as a schema registry (${why}); set registry.url to where its API is: Confluent's at the root, Apicurio's at /apis/ccompat/v7`
    }
    const { code = '' } = cause as { code?: string }
    switch (tlsFault(String(code), why)) {
      case 'untrusted':
        return `has a certificate that is not trusted (${why}); set registry.tls.ca to the certificate of the authority that has signed it`
      case 'unfit':
        return `has a certificate that does not fit (${why}); name the host in registry.url as its certificate does, or have the certificate made anew`
      case 'refused':
        return `${tls?.cert === undefined ? 'asks for' : 'refuses'} our certificate (${alertOf(String(code))}); set registry.tls.cert and registry.tls.key to one that an authority it trusts has signed`
      case 'unusable':
        return `cannot be asked with the certificates of registry.tls (${why}); ca, cert and key have to be PEM text, the key that of the certificate, and passphrase its own`
      default:
        return `does not answer (${why}); check registry.url${url.startsWith('https:') ? ', and registry.tls.cert where it asks for a certificate' : ', which is https where it speaks TLS'}`
    }
  }
}

const isOfUser = (error: unknown): boolean =>
  error instanceof Refused && [UNAUTHORIZED, FORBIDDEN].includes(error.status)

/** Somebody has to change an address, a user, a right or a certificate: that is waited for only where there is no end to it. */
const isOfAccess = (error: unknown): boolean => {
  const { code = '' } = error as { code?: string | number }
  const isSettled = isOfUser(error) || error instanceof Redirected
  return isSettled || tlsFault(String(code), messageOf(error)) !== undefined
}

/** Not wrong credentials, a timeout or too many requests, nor a fault of its own: these say nothing about the schema. */
const saysNo = (status: number): boolean =>
  status >= 400 && status < 500 && ![UNAUTHORIZED, FORBIDDEN, 407, 408, 425, 429].includes(status)

/** For a request that has to be allowed: asking again does not help. */
const isFinal = (status: number): boolean => status === FORBIDDEN || saysNo(status)

/** Of who serves the address, and not of the API: the path is wrong, or an ingress has no backend now. */
const isOfServer = (status: number, { error_code, message = '' }: Answer): boolean =>
  status === NOT_FOUND && (error_code === undefined || /^HTTP 404\b/.test(message))

/** As a proxy may answer in place of the registry. */
const isNothing = (answer: Answer): boolean =>
  !Array.isArray(answer) && Object.keys(answer).length === 0

/** undefined: it is no JSON. */
function parsed(text: string): Answer | undefined {
  try {
    return Object(JSON.parse(text))
  } catch {
    return undefined
  }
}
