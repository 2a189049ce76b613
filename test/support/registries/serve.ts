import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { createServer as createSecure } from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface Reply {
  readonly status: number
  readonly body?: object | string
  readonly headers?: Readonly<Record<string, string>>
}

export interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export interface Served {
  readonly url: string
  stop(): Promise<void>
}

export interface Certificate {
  readonly key: string
  readonly cert: string
}

/** A server on this machine. @param tls its certificate; plain HTTP without */
export async function serve(answer: (asked: Asked) => Reply, tls?: Certificate): Promise<Served> {
  const listener: RequestListener = async (request, response) => {
    const { method = '', url: path = '', headers } = request
    const {
      status,
      body = '',
      headers: more,
    } = answer({
      method,
      path,
      headers,
      body: await text(request),
    })
    const isText = typeof body === 'string'
    const type = isText ? 'text/plain' : 'application/json'
    response.writeHead(status, { 'content-type': type, ...more })
    response.end(status === 204 ? undefined : isText ? body : JSON.stringify(body))
  }
  const server = tls === undefined ? createServer(listener) : createSecure(tls, listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http${tls === undefined ? '' : 's'}://127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
