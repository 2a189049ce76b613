/** What can be asked: `/v1/…`, read only. Paths, parameters and answers are also the OpenAPI document's. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { RecordAccess } from './access.ts'
import { PROBLEM } from './api-error.ts'

/** What the API shows of the instance. `members` may throw ApiError. */
export interface Views {
  /** @param records whether keys and contents of records may be in it */
  status(records: boolean): Promise<object>
  summary(): object
  group(): Promise<object>
  history(): object
  topology(): object
  tasks(): readonly object[]
  lag(): object
  dimensions(records: boolean): readonly object[]
  config(): object
  members(): Promise<readonly object[]>
  rejects(): readonly object[]
}

type View = (request: FastifyRequest) => unknown

/** @param acts whether there are admin requests */
export function apiRoutes(
  app: FastifyInstance,
  views: Views,
  access: RecordAccess,
  acts: boolean,
): void {
  const list = (path: string, summary: string, description: string, view: View): void => {
    const operationId = `get${path[4].toUpperCase()}${path.slice(5)}`
    const tags = ['state']
    const schema = { operationId, summary, description, tags, response: { 200: ANYTHING } }
    app.get(path, { schema }, async (request, reply) => {
      reply.header('cache-control', 'no-store')
      return view(request)
    })
  }
  list('/v1/status', 'All that the status page shows', STATUS, async (request) => {
    const shown = access.allows(request)
    return { ...(await views.status(shown)), access: { records: access.kind, shown, acts } }
  })
  list('/v1/summary', 'The instance in a few figures', SUMMARY, () => views.summary())
  list('/v1/group', 'All instances in a few figures each', GROUP, () => views.group())
  list('/v1/history', 'The last hour of the instance', HISTORY, () => views.history())
  list('/v1/topology', 'The pipeline: what flows where', TOPOLOGY, () => views.topology())
  list('/v1/tasks', 'The tasks of this instance', TASKS, () => views.tasks())
  list('/v1/lag', 'Records that wait', LAG, () => views.lag())
  list('/v1/dimensions', 'The dimensions', DIMENSIONS, (request) =>
    views.dimensions(access.allows(request)),
  )
  list('/v1/config', 'The pipeline file with its defaults', CONFIG, () => views.config())
  list('/v1/members', 'All instances of the group', MEMBERS, () => views.members())
  rejectsRoute(app, views, access)
}

function rejectsRoute(app: FastifyInstance, views: Views, access: RecordAccess): void {
  const schema = {
    operationId: 'getRejects',
    summary: 'The last rejects',
    description: REJECTS,
    tags: ['state'],
    ...guarded(access),
    response: { 200: ANYTHING, ...refusedBy(access) },
  }
  const onRequest = async (request: FastifyRequest): Promise<void> => access.demand(request)
  app.get('/v1/rejects', { schema, onRequest }, async (_request, reply) => {
    reply.header('cache-control', 'no-store')
    return views.rejects()
  })
}

/** What OpenAPI says of a route that shows records: whether a request needs a token. */
export const guarded = ({ kind }: RecordAccess): object =>
  kind === 'token' ? { security: [{ token: [] }] } : {}

/** What a route that shows records answers to who may not see them. */
export function refusedBy({ kind }: RecordAccess): object {
  if (kind === 'token') return { 401: { ...PROBLEM, description: 'No token, or a wrong one' } }
  if (kind === 'nobody') return { 403: { ...PROBLEM, description: 'Records are shown to nobody' } }
  return {}
}

const STATUS =
  'Counts are since the start of the instance: rates come from two answers. What is of the join is null, empty or 0 without one. Keys and contents of records are in it for who may see them (`access.shown`). `pace` is of the last seconds; a latency of 2147483648 ms is that or more: old data is read.'
const SUMMARY = 'State, verdict, rates, latency and lag: what the other instances ask for.'
const GROUP =
  'From the group’s metadata, and from /v1/summary of each, which has a second to answer; their totals, who has left in the last hour, and partitions that nobody has.'
const HISTORY =
  'Of each figure a list, a value for every 10 seconds, oldest first: records a second, latency and lag. A latency of 2147483648 ms is that or more: old data is read. Without a join right, late, unmatched and enriched are 0.'
const TOPOLOGY =
  'Topics, dimensions, the join and its window, `stages` with what each reads and where its records go, the outputs, of which `output` is the first. Without a join right, join and changelog are null.'
const TASKS =
  'Stage, state, lag, stream time, window and restore progress of each, of all stages; the last one has what comes out. What a stage does not read, or keep, is null. `waits`, null for most, tells of a fact that is looked up as of its time, and of the dimension that was not read past that yet; `waiting` is of facts that wait for a row. Without a join streamTime, window, lag.right and offsets.right are null, and nothing is restored.'
const LAG =
  'By topic and partition of this instance, from what is committed to the last stable offset.'
const DIMENSIONS =
  'Rows, bytes, freshness, hit ratio; progress while they are read. `asOf`, null for most, has the versions of rows, those that came late, and facts that are older than what is kept.'
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
