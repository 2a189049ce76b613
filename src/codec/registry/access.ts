/** What a registry of a cloud is signed in to with: who asks for it, and for how long it holds. */
import { readFileSync } from 'node:fs'
import { messageOf } from '../../errors.ts'
import { type HttpAnswer, httpRequest } from '../../http/request.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** What opens a registry, and ends. */
export interface Lent {
  /** A moment by performance.now(); Infinity: it does not end. */
  readonly ends: number
  /** For messages: whose it is. */
  readonly from: string
}

/** Others are asked for so long before they end, or where they do not live long, this part of their life. */
const EARLY_MS = 300_000
const EARLY_PART = 0.2
/** Where nothing but a machine's own metadata is left to ask: outside of the cloud nobody answers. */
export const METADATA_MS = 1000
const REQUEST_MS = 5000
/** So much of an answer is shown. */
const MOST = 300

/** There is nothing to sign in with. */
export class NoAccess extends Error {
  /** Whether somebody has to change something, so that waiting does not help. */
  readonly isSettled: boolean

  constructor(message: string, isSettled: boolean) {
    super(message)
    this.isSettled = isSettled
  }
}

/** Asks for credentials once for all requests, and for others before they end. */
export class Renewed<T extends Lent> {
  readonly #ask: () => Promise<T>
  #held: T | undefined
  #renewAt = 0
  #asking: Promise<T> | undefined

  /** @param ask throws `NoAccess` */
  constructor(ask: () => Promise<T>) {
    this.#ask = ask
  }

  /** Those that are held go on while there are no others, until they end. */
  async value(): Promise<T> {
    const held = this.#held
    if (held !== undefined && performance.now() < this.#renewAt) return held
    this.#asking ??= this.#renew().finally(() => {
      this.#asking = undefined
    })
    try {
      return await this.#asking
    } catch (error) {
      if (held !== undefined && performance.now() < held.ends) return held
      throw error
    }
  }

  /** They are refused: others are asked for at the next request. */
  forget(): void {
    this.#held = undefined
  }

  async #renew(): Promise<T> {
    const begun = performance.now()
    const found = await this.#ask()
    this.#renewAt = found.ends - Math.min(EARLY_MS, (found.ends - begun) * EARLY_PART)
    this.#held = found
    return found
  }
}

/** What is asked for credentials, and how. */
export interface AccessRequest {
  /** For messages: what it is to give. */
  readonly what: string
  readonly url: string
  readonly method?: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly milliseconds?: number
}

/** The answer, of whatever status. Throws `NoAccess` where there is none. */
export async function askForAccess(asked: AccessRequest): Promise<HttpAnswer> {
  const { what, url, method = 'GET', headers, body, milliseconds = REQUEST_MS } = asked
  try {
    const signal = AbortSignal.timeout(milliseconds)
    return await httpRequest(url, { method, headers, signal }, body, null)
  } catch (error) {
    throw new NoAccess(`${url} does not give ${what} (${messageOf(error)})`, false)
  }
}

/** @param why what the answer says */
export const accessRefused = ({ what, url }: AccessRequest, status: number, why: string) =>
  new NoAccess(
    `${url} does not give ${what} (${`${status} ${why}`.trim().slice(0, MOST)})`,
    status < 500 && status !== 429,
  )

/** A token of a file: whoever gives it replaces it before it ends, so it is read each time. Throws `NoAccess`. */
export function tokenOfFile(file: string, variable: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw new NoAccess(`the file of ${variable} cannot be read (${messageOf(error)})`, true)
  }
}

/** An answer's members; none where it is no JSON. */
export function membersOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text))
  } catch {
    return {}
  }
}
