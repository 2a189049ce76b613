/** Who may do and see what: by a bearer token, or everybody. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { ApiError } from './api-error.ts'

type Request = Pick<FastifyRequest, 'headers'>

/** Whether the request carries this token. */
export function carries({ headers }: Request, token: string): boolean {
  const [, given] = /^Bearer +(.+)$/i.exec(headers.authorization ?? '') ?? []
  // Digests have one length, so that comparing tells nothing about the token's.
  return given !== undefined && timingSafeEqual(digest(given), digest(token))
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Who may see keys of records, and what is in them: all, who has a token, or nobody. */
export class RecordAccess {
  readonly kind: 'all' | 'token' | 'nobody'
  readonly #tokens: readonly string[]

  /**
   * @param readToken of `http.readToken`: `off` is nobody, null all
   * @param token of `http.token`: who may do more may also read
   */
  constructor(readToken: string | null, token: string | null) {
    this.kind = readToken === null ? 'all' : readToken === 'off' ? 'nobody' : 'token'
    this.#tokens = [readToken, token].filter((one) => one !== null)
  }

  allows(request: Request): boolean {
    if (this.kind !== 'token') return this.kind === 'all'
    return this.#tokens.some((token) => carries(request, token))
  }

  /** Throws ApiError. */
  demand(request: Request): void {
    if (this.allows(request)) return
    if (this.kind === 'nobody')
      throw new ApiError(403, 'Records are not shown: http.readToken is off')
    throw new ApiError(
      401,
      'Send the header Authorization: Bearer, with the token of http.readToken',
    )
  }
}
