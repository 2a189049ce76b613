/** What can be told to do, by who has the token: `/admin/…`. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ApiError, PROBLEM } from './api-error.ts'
import { LEVELS, type Level } from './log.ts'

/** They throw ApiError. */
export interface Admin {
  pause(): void
  resume(): void
  /** Begins; the checks of /readyz tell how far it is. */
  drain(): void
  /** @param store a dimension's name, or `window-3` for the store of task 3 */
  rebuild(store: string): Promise<void>
  level(): string
  setLevel(level: Level): void
}

export function adminRoutes(app: FastifyInstance, token: string, admin: Admin): void {
  const wanted = digest(token)
  const authorize = async (request: FastifyRequest): Promise<void> => {
    const [, given] = /^Bearer +(.+)$/i.exec(request.headers.authorization ?? '') ?? []
    // Digests have one length, so that comparing tells nothing about the token's.
    if (given === undefined || !timingSafeEqual(digest(given), wanted)) {
      throw new ApiError(401, 'Send the header Authorization: Bearer, with the token of http.token')
    }
  }
  const act = (
    path: string,
    summary: string,
    status: number,
    work: (name: string) => void | Promise<void>,
  ): void => {
    const named = path.includes(':name') ? { params: NAMED } : {}
    const response = { [status]: DONE, ...REFUSED }
    const schema = { summary, tags: ['admin'], security: [{ token: [] }], ...named, response }
    app.post(path, { schema, onRequest: authorize }, async (request, reply) => {
      await work((request.params as { name?: string }).name ?? '')
      return (reply as FastifyReply).code(status).send({ status: 'ok' })
    })
  }
  act('/admin/pause', 'Take and fetch nothing more, until resume', 200, () => admin.pause())
  act('/admin/resume', 'Go on after a pause', 200, () => admin.resume())
  act('/admin/drain', 'Commit and leave the group for good; HTTP stays', 202, () => admin.drain())
  act('/admin/stores/:name/rebuild', REBUILD, 202, (store) => admin.rebuild(store))
  app.get('/admin/loggers', { schema: LOGGERS, onRequest: authorize }, async () => ({
    root: { level: admin.level() },
  }))
  app.put('/admin/loggers/:name', { schema: LOGGER, onRequest: authorize }, async (request) => {
    const { name } = request.params as { name: string }
    if (name !== 'root') throw new ApiError(404, `There is one logger, root; not ${name}`)
    admin.setLevel((request.body as { level: Level }).level)
    return { level: admin.level() }
  })
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

const REBUILD = 'Put a store aside and fill it anew: a dimension’s name, or window-N for task N'
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
  summary: 'Levels of the loggers',
  ...admin,
  response: {
    200: { description: 'By name', type: 'object', additionalProperties: LEVEL },
    401: REFUSED[401],
  },
}
const LOGGER = {
  summary: 'Set a logger’s level',
  ...admin,
  params: NAMED,
  body: LEVEL,
  response: { 200: { description: 'As it is now', ...LEVEL }, ...REFUSED },
}
