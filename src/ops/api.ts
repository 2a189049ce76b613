/** What can be asked: `/v1/…`, read only. Paths, parameters and answers are also the OpenAPI document's. */
import type { FastifyInstance } from 'fastify'

/** What the API shows of the instance. `members` may throw ApiError. */
export interface Views {
  status(): Promise<object>
  topology(): object
  tasks(): readonly object[]
  lag(): object
  dimensions(): readonly object[]
  config(): object
  members(): Promise<readonly object[]>
  rejects(): readonly object[]
}

export function apiRoutes(app: FastifyInstance, views: Views): void {
  const list = (path: string, summary: string, description: string, view: () => unknown): void => {
    const schema = { summary, description, tags: ['state'], response: { 200: ANYTHING } }
    app.get(path, { schema }, async (_request, reply) => {
      reply.header('cache-control', 'no-store')
      return view()
    })
  }
  list('/v1/status', 'All that the status page shows', STATUS, () => views.status())
  list('/v1/topology', 'The pipeline: what flows where', TOPOLOGY, () => views.topology())
  list('/v1/tasks', 'The tasks of this instance', TASKS, () => views.tasks())
  list('/v1/lag', 'Records that wait', LAG, () => views.lag())
  list('/v1/dimensions', 'The dimensions', DIMENSIONS, () => views.dimensions())
  list('/v1/config', 'The pipeline file with its defaults', CONFIG, () => views.config())
  list('/v1/members', 'All instances of the group', MEMBERS, () => views.members())
  list('/v1/rejects', 'The last rejects', REJECTS, () => views.rejects())
}

const STATUS = 'Counts are since the start of the instance: rates come from two answers.'
const TOPOLOGY = 'Topics, dimensions, the join and its window, the output.'
const TASKS = 'State, lag, stream time, window and restore progress of each.'
const LAG =
  'By topic and partition of this instance, from what is committed to the last stable offset.'
const DIMENSIONS = 'Rows, bytes, freshness, hit ratio; progress while they are read.'
const CONFIG = 'Passwords, private keys and tokens are <redacted>.'
const MEMBERS = 'From the group’s metadata: addresses and partitions.'
const REJECTS = 'Of this instance, newest first, 50 at most; the rejects topic has all.'

const anyRecord = { type: 'object', additionalProperties: true }
const ANYTHING = {
  description: 'JSON',
  type: ['object', 'array'],
  additionalProperties: true,
  items: anyRecord,
}
