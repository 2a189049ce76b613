/** The HTTP server: probes, metrics, API, status page. */
import swagger from '@fastify/swagger'
import { type FastifyError, type FastifyInstance, type FastifyReply, fastify } from 'fastify'
import { expositionFor } from '../metrics/exposition.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { RecordAccess } from './access.ts'
import { type Admin, adminRoutes } from './admin.ts'
import { apiRoutes, type Views } from './api.ts'
import { ApiError } from './api-error.ts'
import { healthRoutes, type Probes } from './health.ts'
import { referenceRoute } from './reference.ts'
import { runbookRoute } from './runbook.ts'
import { pageRoutes } from './status-page.ts'
import { type StoreQueries, storeRoutes } from './stores-api.ts'

export interface HttpParts {
  readonly version: string
  readonly metrics: Metrics
  readonly probes: Probes
  readonly views: Views
  readonly queries: StoreQueries
  /** What admin requests have to carry; null: there are none. */
  readonly token: string | null
  /** What requests for records have to carry; `off`: there are none; null: nothing. */
  readonly readToken: string | null
  readonly admin: Admin
  /** After each answer. @param route as it is declared; empty where none fits */
  onAnswer(route: string, method: string, code: number, ms: number): void
}

/** All routes; it listens nowhere yet. `/openapi.json` describes them. */
export async function createApp(parts: HttpParts): Promise<FastifyInstance> {
  const { metrics, token } = parts
  const app = fastify({
    // Keys are parts of paths.
    routerOptions: { maxParamLength: 4096 },
    frameworkErrors: (error, _request, reply) => sendError(error, reply),
    schemaErrorFormatter: ([{ instancePath, message, params }], where) => {
      const allowed = params.allowedValues as readonly string[] | undefined
      const known = allowed === undefined ? '' : `: ${allowed.join(', ')}`
      return new Error(`${where}${instancePath} ${message}${known}`)
    },
  })
  // Whatever clients call it, and also where there is none: curl sends a form by default, others an empty JSON.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, body === '' ? undefined : JSON.parse(String(body)))
    } catch {
      done(new ApiError(400, 'The body is not JSON'))
    }
  })
  app.addHook('onResponse', async (request, reply) => {
    const { url = '' } = request.routeOptions
    parts.onAnswer(url, request.method, reply.statusCode, reply.elapsedTime)
  })
  app.setErrorHandler((error: FastifyError | ApiError, _request, reply) => sendError(error, reply))
  app.setNotFoundHandler(({ method, url }, reply) => {
    const without =
      token === null && url.startsWith('/admin/') ? ' while http.token is not set' : ''
    return reply
      .code(404)
      .send({ error: `There is no ${method} ${url}${without}; see /openapi.json` })
  })
  await app.register(swagger, { openapi: documentOf(parts.version) })
  const access = new RecordAccess(parts.readToken, token)
  healthRoutes(app, parts.probes)
  apiRoutes(app, parts.views, access, token !== null)
  storeRoutes(app, parts.queries, access)
  if (token !== null) adminRoutes(app, token, parts.admin)
  pageRoutes(app)
  runbookRoute(app)
  referenceRoute(app)
  const described = {
    operationId: 'getMetrics',
    summary: 'Metrics: Prometheus’s text, or OpenMetrics where Accept names it',
    tags: ['health'],
  }
  app.get('/metrics', { schema: described }, async ({ headers }, reply) => {
    const { contentType, form } = expositionFor(headers.accept)
    reply.header('content-type', contentType)
    return form(await metrics.text())
  })
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
  return app
}

function sendError(error: FastifyError | ApiError, reply: FastifyReply): FastifyReply {
  const status = error.statusCode ?? 500
  if (status === 401) reply.header('www-authenticate', 'Bearer')
  if (error instanceof ApiError && error.retrySeconds !== null) {
    reply.header('retry-after', error.retrySeconds)
  }
  return reply.code(status).send({ error: error.message })
}

const documentOf = (version: string) => ({
  openapi: '3.1.0',
  info: {
    title: 'stream-enricher',
    version,
    description: 'Probes, metrics, state and stores of one instance.',
  },
  components: { securitySchemes: { token: { type: 'http' as const, scheme: 'bearer' } } },
})
