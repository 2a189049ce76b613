/** Listening for HTTP from the first moment; what answers is loaded by the first request. */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http'
import { EnricherError } from '../../errors.ts'
import type { HttpParts } from './http.ts'

export interface HttpAddress {
  readonly host: string
  readonly port: number
}

/**
 * A start has better things to do than to load an HTTP framework and compile its routes: an instance
 * that restarts has its first output before the first probe comes. Throws HTTP_PORT_TAKEN.
 */
export async function startHttp(
  { host, port }: HttpAddress,
  parts: HttpParts,
): Promise<{ port: number; close(): Promise<void> }> {
  let routes: Promise<RequestListener> | undefined
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    routes ??= routesOf(parts)
    const route = await routes
    route(request, response)
  }
  const server = createServer((request, response) => {
    answer(request, response).catch((error) => {
      response.writeHead(500, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ error: String(error) }))
    })
  })
  // Longer than load balancers keep theirs: the client's side is to close first.
  server.keepAliveTimeout = 72_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, resolve)
  }).catch((cause) => {
    const message = `Cannot listen on ${host}:${port}; set http.port to a free port (0 takes any)`
    throw new EnricherError('HTTP_PORT_TAKEN', message, { cause })
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function routesOf(parts: HttpParts): Promise<RequestListener> {
  const { createApp } = await import('./http.ts')
  const app = await createApp(parts)
  await app.ready()
  return (request, response) => app.routing(request, response)
}
