/** Tokens to sign in with, by a client's credentials (RFC 6749, section 4.4): one for all connections, renewed in time. */
import type { OauthSasl } from '../config/pipeline.ts'
import { httpRequest } from '../http/request.ts'
import { tlsFault } from '../http/tls-fault.ts'

/** A connection asks for another token so long before its own is over. */
export const REAUTHENTICATE_MS = 10_000
/** It is not to get the same one again. */
const SPARE_MS = REAUTHENTICATE_MS + 5000
/** An outage of the endpoint that is shorter than the rest of a token's life is not noticed. */
const RENEWED_AFTER = 0.8
const RETRY_MS = 10_000
const DAY_MS = 86_400_000
const REQUEST_MS = 5000

const isTemporary = (status: number): boolean => status >= 500 || status === 408 || status === 429
const REFUSED = [400, 401, 403]

interface Token {
  readonly value: string
  /** Milliseconds; 0: not said, it is for one use. */
  readonly life: number
  readonly ends: number
}

/** There is no token: the endpoint does not answer (retriable), or refuses. */
export class TokenError extends Error {
  readonly retriable: boolean

  constructor(message: string, retriable: boolean) {
    super(message)
    // What time cures is to kafkajs, and to who asks it again, as a broken connection is.
    this.name = retriable ? 'KafkaJSConnectionError' : 'KafkaJSSASLAuthenticationError'
    this.retriable = retriable
  }
}

export class OauthTokens {
  readonly #config: OauthSasl
  #token: Token | undefined
  #asking: Promise<Token> | undefined
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(config: OauthSasl) {
    this.#config = config
  }

  /** Throws TokenError. */
  async value(): Promise<string> {
    const token = this.#token
    if (token !== undefined && performance.now() < token.ends - SPARE_MS) return token.value
    return (await this.#renew()).value
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
  }

  #renew(): Promise<Token> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  async #ask(): Promise<Token> {
    const token = await askFor(this.#config)
    this.#token = token
    if (token.life > SPARE_MS) this.#renewIn(token.life * RENEWED_AFTER)
    return token
  }

  #renewIn(milliseconds: number): void {
    clearTimeout(this.#timer)
    if (this.#closed) return
    const again = (): void => {
      this.#renew().catch(() => this.#renewIn(RETRY_MS))
    }
    this.#timer = setTimeout(again, Math.min(milliseconds, DAY_MS)).unref()
  }
}

async function askFor(config: OauthSasl): Promise<Token> {
  const { tokenEndpoint: url, clientId } = config
  const begun = performance.now()
  const { status, body } = await post(config)
  const { access_token: value, expires_in, error, error_description } = parsed(body)
  if (status === 200 && typeof value === 'string') {
    const life = 1000 * (Number(expires_in) || 0)
    return { value, life, ends: begun + life }
  }
  const said = [status, error, error_description].filter(Boolean).join(' ')
  if (isTemporary(status)) {
    throw new TokenError(`The token endpoint ${url} gives no token now (${said})`, true)
  }
  if (REFUSED.includes(status)) {
    const message = `The token endpoint ${url} refuses the client ${clientId} (${said}); check kafka.sasl.clientId, kafka.sasl.clientSecret and kafka.sasl.scope`
    throw new TokenError(message, false)
  }
  const message = `The token endpoint ${url} answers with something else than a token (${said}); check kafka.sasl.tokenEndpoint`
  throw new TokenError(message, false)
}

async function post(config: OauthSasl): Promise<{ status: number; body: string }> {
  const { tokenEndpoint: url, tokenEndpointCa: ca, clientId, clientSecret, scope } = config
  const credentials = [clientId, clientSecret].map(encodeURIComponent).join(':')
  const options = {
    method: 'POST',
    headers: {
      accept: 'application/json',
      authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    signal: AbortSignal.timeout(REQUEST_MS),
  }
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    ...(scope === null ? {} : { scope }),
  })
  try {
    return await httpRequest(url, options, form.toString(), ca === null ? null : { ca })
  } catch (error) {
    const { code, message } = error as Error & { code: string }
    const remedy =
      tlsFault(code, message) === 'untrusted'
        ? 'set kafka.sasl.tokenEndpointCa to the certificate of the authority that has signed its own'
        : 'check kafka.sasl.tokenEndpoint'
    throw new TokenError(`The token endpoint ${url} does not answer (${message}); ${remedy}`, true)
  }
}

function parsed(body: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(body))
  } catch {
    return {}
  }
}
