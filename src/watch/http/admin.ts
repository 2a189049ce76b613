/** What can be told to do, by who has the token: `/admin/…`. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { LEVELS, type Level } from '../log/log.ts'
import { carries } from './access.ts'
import { ApiError, PROBLEM } from './api-error.ts'

/** They throw ApiError. */
export interface Admin {
  pause(): void
  resume(): void
  /** Begins; the checks of /readyz tell how far it is. */
  drain(): void
  /** @param store a dimension's name, or, where there is a join, `window-3` for the store of task 3 */
  rebuild(store: string): Promise<void>
  level(): string
  setLevel(level: Level): void
}

export function adminRoutes(app: FastifyInstance, token: string, operator: Admin): void {
  const authorize = async (request: FastifyRequest): Promise<void> => {
    if (carries(request, token)) return
    throw new ApiError(401, 'Send the header Authorization: Bearer, with the token of http.token')
  }
  const act = (
    path: string,
    operationId: string,
    summary: string,
    status: number,
    work: (name: string) => void | Promise<void>,
  ): void => {
    const named = path.includes(':name') ? { params: NAMED } : {}
    const response = { [status]: DONE, ...REFUSED }
    const schema = { operationId, summary, ...admin, ...named, response }
    app.post(path, { schema, onRequest: authorize }, async (request, reply) => {
      await work((request.params as { name?: string }).name ?? '')
      return (reply as FastifyReply).code(status).send({ status: 'ok' })
    })
  }
  act('/admin/pause', 'pause', PAUSE, 200, () => operator.pause())
  act('/admin/resume', 'resume', 'Go on after a pause', 200, () => operator.resume())
  act('/admin/drain', 'drain', DRAIN, 202, () => operator.drain())
  act('/admin/stores/:name/rebuild', 'rebuildStore', REBUILD, 202, (store) =>
    operator.rebuild(store),
  )
  app.get('/admin/loggers', { schema: LOGGERS, onRequest: authorize }, async () => ({
    root: { level: operator.level() },
  }))
  app.put('/admin/loggers/:name', { schema: LOGGER, onRequest: authorize }, async (request) => {
    const { name } = request.params as { name: string }
    if (name !== 'root') throw new ApiError(404, `There is one logger, root; not ${name}`)
    operator.setLevel((request.body as { level: Level }).level)
    return { level: operator.level() }
  })
}

const PAUSE = 'Take and fetch nothing more, until resume'
const DRAIN = 'Commit and leave the group for good; HTTP stays'
const REBUILD =
  'Put a store aside and fill it anew: a dimension’s name, or, with a join, window-N for task N'
const NAMED = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] }
const DONE = {
  description: 'It is done, or with 202 begun',
  type: 'object',
  properties: { status: { type: 'string' } },
}
const REFUSED = {
  401: { ...PROBLEM, description: 'No token, or a wrong one' },
  404: { ...PROBLEM, description: 'There is no such thing here' },
  409: { ...PROBLEM, description: 'Not in this state' },
  503: { ...PROBLEM, description: 'No broker answers; nothing was changed' },
}
const LEVEL = {
  type: 'object',
  properties: { level: { type: 'string', enum: [...LEVELS] } },
  required: ['level'],
}
const admin = { tags: ['admin'], security: [{ token: [] }] }
const LOGGERS = {
  operationId: 'getLoggers',
  summary: 'Levels of the loggers',
  ...admin,
  response: {
    200: { description: 'By name', type: 'object', additionalProperties: LEVEL },
    401: REFUSED[401],
  },
}
const LOGGER = {
  operationId: 'setLogger',
  summary: 'Set a logger’s level',
  ...admin,
  params: NAMED,
  body: LEVEL,
  response: { 200: { description: 'As it is now', ...LEVEL }, ...REFUSED },
}
