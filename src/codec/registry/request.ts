/** One request to the registry, and what counts as its answer. */
import type { RegistryConfig } from '../../config/pipeline.ts'
import { httpRequest } from '../../http/request.ts'
import { addressOf, isNative } from './address.ts'

export interface Answer {
  readonly id?: number
  readonly is_compatible?: boolean
  readonly messages?: readonly string[]
  /** Of a subject's configuration. */
  readonly compatibilityLevel?: string
  readonly error_code?: number
  /** Apicurio's own API: what its error is. */
  readonly name?: string
  readonly message?: string
  readonly schema: string
  readonly schemaType?: string
  readonly references?: readonly { name: string; subject: string; version: number }[]
}

const CONTENT_TYPE = 'application/vnd.schemaregistry.v1+json'
const REQUEST_MS = 5000
const UNAUTHORIZED = 401
export const FORBIDDEN = 403
export const NOT_FOUND = 404

/** The registry has answered, and the answer is no. */
export class Refused extends Error {
  readonly status: number
  /** The API's own error code. */
  readonly code: number

  constructor(status: number, { error_code = status, message = '' }: Answer) {
    super(`${status} ${message}`)
    this.status = status
    this.code = error_code
  }
}

/** A redirection is not followed: what goes with a request, such as a password, is for the address that the file has. */
export class Redirected extends Error {
  constructor(status: number, location: string) {
    super(`${status}, to ${location}`)
  }
}

/** Something has answered, and it is no schema registry; or not now, as behind a proxy. */
export class NoRegistry extends Error {
  readonly status: number

  constructor(status: number, contentType: string) {
    const what = contentType.replace(/;.*/, '') || 'no type'
    super(`${status} with ${what}, which is no answer of a schema registry`)
    this.status = status
  }
}

/** Sends one request. Throws `Refused`, `Redirected` and `NoRegistry`, and where there is no answer. @param closed ends the request */
export async function askRegistry(
  config: RegistryConfig,
  path: string,
  body: string | undefined,
  closed: AbortSignal,
): Promise<Answer> {
  const { tls } = config
  const accept = isNative(path) ? '*/*' : CONTENT_TYPE
  const headers = { accept, 'content-type': CONTENT_TYPE, ...authorization(config) }
  const method = body === undefined ? 'GET' : 'POST'
  const address = addressOf(config, path)
  const response = await inTime(closed, (signal) =>
    httpRequest(address, { method, headers, signal }, body, tls),
  )
  const { status, contentType, location } = response
  if (status >= 300 && status < 400 && location !== '') throw new Redirected(status, location)
  if (isNative(path) && status >= 200 && status < 300) return schemaOf(response.body)
  const answer = parsed(response.body)
  if (answer === undefined || isOfServer(status, answer) || isNothing(answer)) {
    throw new NoRegistry(status, contentType)
  }
  if (status >= 200 && status < 300) return answer
  throw new Refused(status, answer)
}

function authorization({ username, password, token }: RegistryConfig): Record<string, string> {
  if (token !== null) return { authorization: `Bearer ${token}` }
  if (username === null) return {}
  const basic = Buffer.from(`${username}:${password}`).toString('base64')
  return { authorization: `Basic ${basic}` }
}

/** The answer of Apicurio's own API. What is no JSON is Protobuf's, or of another kind. */
const schemaOf = (schema: string): Answer =>
  parsed(schema) === undefined ? { schema, schemaType: 'OTHER' } : { schema }

/** Ends the work when it takes too long, or the registry is closed. AbortSignal.any does not do: Node 20 may collect the timeout that it waits for. */
async function inTime<T>(
  closed: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const request = new AbortController()
  const end = (): void => request.abort(closed.reason)
  const timer = setTimeout(() => {
    request.abort(new Error(`no answer within ${REQUEST_MS / 1000} s`))
  }, REQUEST_MS)
  closed.addEventListener('abort', end)
  if (closed.aborted) end()
  try {
    return await work(request.signal)
  } finally {
    clearTimeout(timer)
    closed.removeEventListener('abort', end)
  }
}

/** Whether there is no such thing. */
export const isNotThere = (error: unknown): boolean =>
  error instanceof Refused && error.status === NOT_FOUND

/** Whether the registry refuses our user. */
export const isOfUser = (error: unknown): boolean =>
  error instanceof Refused && [UNAUTHORIZED, FORBIDDEN].includes(error.status)

/** Whether a refusal is a verdict. Wrong credentials, a timeout, too many requests and a fault of the registry's own say nothing about the schema. */
export const saysNo = (status: number): boolean =>
  status >= 400 && status < 500 && ![UNAUTHORIZED, FORBIDDEN, 407, 408, 425, 429].includes(status)

/** The same for a request that has to be allowed: asking again does not help. */
export const isFinal = (status: number): boolean => status === FORBIDDEN || saysNo(status)

/** An answer of who serves the address, and not of the API: the path is wrong, or an ingress has no backend now. */
const isOfServer = (status: number, { error_code, name, message = '' }: Answer): boolean =>
  status === NOT_FOUND &&
  (name === undefined
    ? error_code === undefined || /^HTTP 404\b/.test(message)
    : !/^\w+NotFoundException$/.test(name))

/** An empty answer, as a proxy may give in place of the registry. */
const isNothing = (answer: Answer): boolean =>
  !Array.isArray(answer) && Object.keys(answer).length === 0

/** The answer's text as JSON; undefined: it is none. */
function parsed(text: string): Answer | undefined {
  try {
    return Object(JSON.parse(text))
  } catch {
    return undefined
  }
}
