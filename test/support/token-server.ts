/** A token endpoint (RFC 6749): JSON Web Tokens without a signature, as Kafka's validator for tests takes them. */
import { createServer as createPlain, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecure } from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface TokenServer {
  readonly url: string
  /** What was asked for, in its order. */
  readonly asked: URLSearchParams[]
  /** In seconds. */
  life: number
  /** Answered in place of a token. */
  failing: { status: number; body: string } | undefined
  stop(): Promise<void>
}

/** Of a client, as HTTP's basic authentication has them. */
export const CLIENT = { id: 'stream enricher', secret: 'client/secret+=' }

/** @param tls key and certificate; plain HTTP without */
export async function startTokenServer(tls?: { key: string; cert: string }): Promise<TokenServer> {
  const asked: URLSearchParams[] = []
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const form = new URLSearchParams(await text(request))
    asked.push(form)
    const { status, body } =
      state.failing ?? (isClient(request) ? granted(form, state.life) : REFUSED)
    response.writeHead(status, { 'content-type': 'application/json' }).end(body)
  }
  const server = tls === undefined ? createPlain(answer) : createSecure(tls, answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const state: TokenServer = {
    url: `http${tls === undefined ? '' : 's'}://127.0.0.1:${port}/token`,
    asked,
    life: 3600,
    failing: undefined,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return state
}

const REFUSED = {
  status: 401,
  body: '{"error":"invalid_client","error_description":"No such client"}',
}

function isClient({ headers, method }: IncomingMessage): boolean {
  const [, credentials = ''] = /^Basic (.*)$/.exec(headers.authorization ?? '') ?? []
  const [id, secret] = Buffer.from(credentials, 'base64')
    .toString()
    .split(':')
    .map(decodeURIComponent)
  return method === 'POST' && id === CLIENT.id && secret === CLIENT.secret
}

function granted(form: URLSearchParams, life: number): { status: number; body: string } {
  if (form.get('grant_type') !== 'client_credentials') {
    return { status: 400, body: '{"error":"unsupported_grant_type"}' }
  }
  const now = Math.floor(Date.now() / 1000)
  const scope = form.get('scope')?.split(' ') ?? []
  const claims = { sub: CLIENT.id, iat: now, exp: now + life, scope }
  const part = (of: object): string => Buffer.from(JSON.stringify(of)).toString('base64url')
  const token = `${part({ alg: 'none' })}.${part(claims)}.`
  const body = { access_token: token, token_type: 'Bearer', expires_in: life }
  return { status: 200, body: JSON.stringify(body) }
}
