/** One request to a registry, and what counts as its answer. */
import type { RequestOptions } from 'node:https'
import type { RegistryConfig } from '../../config/pipeline.ts'
import { type HttpAnswer, httpRequest } from '../../http/request.ts'
import type { SchemaId } from '../frame/schema-id.ts'

export interface Answer {
  /** Where frames have something else, the number of the subject's version. */
  readonly id?: number
  /** What frames have in place of the id; undefined: they have that. */
  readonly named?: SchemaId
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

/** What is asked for. */
export interface Call {
  /** Of AWS Glue the action. */
  readonly path: string
  readonly body?: string
  /** Default: GET, with a body POST. */
  readonly method?: 'PUT'
}

/** Sends a call. Throws `Refused`, `Redirected` and `NoRegistry`, and where there is no answer. @param closed ends the request */
export type Ask = (config: RegistryConfig, call: Call, closed: AbortSignal) => Promise<Answer>

const REQUEST_MS = 5000
export const UNAUTHORIZED = 401
export const FORBIDDEN = 403
export const NOT_FOUND = 404
export const CONFLICT = 409

/** The registry has answered, and the answer is no. */
export class Refused extends Error {
  readonly status: number
  /** The API's own error code. */
  readonly code: number

  constructor(
    status: number,
    { error_code = status, message = '' }: Pick<Answer, 'error_code' | 'message'>,
  ) {
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

/** Sends one request, and reads the whole answer. Throws `Redirected`, and where there is none. @param closed ends the request */
export async function sent(
  { tls }: RegistryConfig,
  url: string,
  options: Pick<RequestOptions, 'method' | 'headers'>,
  body: string | undefined,
  closed: AbortSignal,
): Promise<HttpAnswer> {
  const answer = await inTime(closed, (signal) =>
    httpRequest(url, { ...options, signal }, body, tls),
  )
  const { status, location } = answer
  if (status >= 300 && status < 400 && location !== '') throw new Redirected(status, location)
  return answer
}

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

/** The answer's text as JSON; undefined: it is none. */
export function parsed(text: string): Answer | undefined {
  try {
    return Object(JSON.parse(text))
  } catch {
    return undefined
  }
}
