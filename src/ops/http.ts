import { fastify } from 'fastify'
import { EnricherError } from '../errors.ts'
import type { Metrics } from './metrics.ts'

export interface Check {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
}

export interface HttpOptions {
  readonly host: string
  readonly port: number
  readonly metrics: Metrics
  /** What a restart would cure. */
  live(): readonly Check[]
  /** What has to be so before work is done. */
  ready(): readonly Check[]
}

/** `/livez`, `/healthz`, `/readyz`, `/metrics`. Throws HTTP_PORT_TAKEN. */
export async function startHttp(
  options: HttpOptions,
): Promise<{ port: number; close(): Promise<void> }> {
  const { host, port, metrics } = options
  const app = fastify({ forceCloseConnections: true })
  const health =
    (checks: () => readonly Check[]) =>
    async (_request: unknown, reply: { code(status: number): unknown }) => {
      const list = checks()
      const ok = list.every((check) => check.ok)
      reply.code(ok ? 200 : 503)
      const named = list.map(({ name, ok: good, detail }) => ({
        name,
        status: good ? 'ok' : 'fail',
        detail,
      }))
      return { status: ok ? 'ok' : 'fail', checks: named }
    }
  app.get('/livez', health(options.live))
  app.get('/healthz', health(options.live))
  app.get('/readyz', health(options.ready))
  app.get('/metrics', async (_request, reply) => {
    reply.header('content-type', metrics.contentType)
    return metrics.text()
  })
  try {
    await app.listen({ host, port })
  } catch (cause) {
    const message = `Cannot listen on ${host}:${port}; set http.port to a free port (0 takes any)`
    throw new EnricherError('HTTP_PORT_TAKEN', message, { cause })
  }
  const address = app.server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () => app.close(),
  }
}
