/** Interactive queries: `/v1/stores/…`. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { RecordAccess } from './access.ts'
import { guarded, refusedBy } from './api.ts'
import { ApiError, PROBLEM } from './api-error.ts'

export interface DimensionRow {
  readonly dimension: string
  readonly key: string
  /** As of the time that was asked for, of a dimension with versions; null: the key has none then. */
  readonly row: Record<string, unknown> | null
  /** Of a dimension with versions: those of the key, in the order of their times. */
  readonly versions?: readonly RowVersion[]
  /** The key has more versions, before those that are shown. */
  readonly more?: boolean
  /** Records of the topic before these offsets, by partition, have been taken. */
  readonly offsets: readonly number[]
  /** How long ago, in ms, the table is known to have had all that was in the topic. */
  readonly stalenessMs: number
}

export interface RowVersion {
  /** In ms since 1970: it is valid from then until the next one is. */
  readonly from: number
  /** null: the key was deleted. */
  readonly row: Record<string, unknown> | null
}

export interface WindowRecords {
  /** One of `StoreQueries.sides`. */
  readonly side: string
  readonly key: string
  readonly partition: number
  /** Event time, in ms; null before the first record. */
  readonly streamTime: number | null
  /** The next offset of the side's topic to be taken. */
  readonly offset: number
  /** Records of the side's topic that have not been taken yet. */
  readonly lag: number
  /** How long ago, in ms, the last epoch was committed; null before the first. */
  readonly stalenessMs: number | null
  readonly records: readonly { readonly time: number; readonly record: Record<string, unknown> }[]
  /** The key has more records than are shown. */
  readonly more: boolean
}

/** The answer is elsewhere, where `owner` has its HTTP server (host:port). */
export interface Elsewhere {
  readonly partition: number
  readonly owner: string
}

/** They throw ApiError. */
export interface StoreQueries {
  /** What the window’s sources are called, facts first: left and right; of several joins facts, and their names. */
  readonly sides: readonly string[]
  /** @param at in ms since 1970; undefined: now */
  row(dimension: string, key: string, at?: number): DimensionRow
  /** @param partition undefined: the one that the default partitioner gives the key */
  window(side: string, key: string, partition?: number): Promise<WindowRecords | Elsewhere>
}

export function storeRoutes(
  app: FastifyInstance,
  queries: StoreQueries,
  access: RecordAccess,
): void {
  const onRequest = async (request: FastifyRequest): Promise<void> => access.demand(request)
  const of = (schema: { readonly response: object }): object => ({
    onRequest,
    schema: {
      ...schema,
      ...guarded(access),
      response: { ...schema.response, ...refusedBy(access) },
    },
  })
  app.get('/v1/stores/dimensions/:name/rows/:key', of(ROW), async (request, reply) => {
    const { name, key } = request.params as { name: string; key: string }
    const { at } = request.query as { at?: number }
    reply.header('cache-control', 'no-store')
    return queries.row(name, key, at)
  })
  app.get(
    '/v1/stores/window/:side/:key',
    of(windowSchema(queries.sides)),
    async (request, reply) => {
      const { side, key } = request.params as { side: string; key: string }
      const { local, partition } = request.query as { local?: boolean; partition?: number }
      reply.header('cache-control', 'no-store')
      const found = await queries.window(side, key, partition)
      if (!('owner' in found)) return found
      if (local) throw new ApiError(421, `Partition ${found.partition} is at ${found.owner}`)
      // Where it has moved on meanwhile, the owner says so: no redirect follows on another.
      const query = partition === undefined ? '' : `&partition=${partition}`
      const path = `/v1/stores/window/${side}/${encodeURIComponent(key)}?local=true${query}`
      return reply.redirect(`http://${found.owner}${path}`, 307)
    },
  )
}

const text = { type: 'string' }
const integer = { type: 'integer' }
const wholeNumbers = { type: 'array', items: integer }
const anyRecord = { type: 'object', additionalProperties: true }
const problem = (description: string): object => ({ ...PROBLEM, description })
const object = (properties: Record<string, object>): object => ({ type: 'object', properties })
const params = (properties: Record<string, object>): object => ({
  ...object(properties),
  required: Object.keys(properties),
})

const ROW = {
  operationId: 'getRow',
  summary: 'A row of a dimension',
  description:
    'Every instance has every row. The columns are those that the pipeline selects. A dimension with asOf has the row of a time, null where the key has none then, and its other versions.',
  tags: ['stores'],
  params: params({ name: text, key: { ...text, description: 'The record’s key as text.' } }),
  querystring: object({
    at: {
      type: 'integer',
      description: 'Of a dimension with asOf: the time of the row, in ms since 1970. Default: now.',
    },
  }),
  response: {
    200: {
      description: 'The row',
      ...object({
        dimension: text,
        key: text,
        row: { ...anyRecord, type: ['object', 'null'] },
        versions: {
          type: 'array',
          description:
            'Of a dimension with asOf: the key’s rows, the last 500, each valid from its time.',
          items: object({ from: integer, row: { ...anyRecord, type: ['object', 'null'] } }),
        },
        more: { type: 'boolean' },
        offsets: wholeNumbers,
        stalenessMs: integer,
      }),
    },
    400: problem('A time is asked for of a dimension without asOf'),
    404: problem('No such dimension or row'),
    503: problem('The dimension is being read; Retry-After says when to ask again'),
  },
}

const windowSchema = (sides: readonly string[]) => ({
  operationId: 'getWindowRecords',
  summary: 'The records of a key that wait in the window',
  description:
    'Left: facts with their columns; right: what is selected of the second stream. Of several joins the sides are facts, and the joins’ names. Committed records only, newest segment first. Without a join there is no window: 404.',
  tags: ['stores'],
  params: params({ side: { type: 'string', enum: sides }, key: text }),
  querystring: object({
    local: {
      type: 'boolean',
      description: 'Answer 421 rather than 307 where the task is elsewhere.',
    },
    partition: {
      type: 'integer',
      minimum: 0,
      description:
        'The partition, where the topic is not written with Kafka’s default partitioner.',
    },
  }),
  response: {
    200: {
      description: 'The records',
      ...object({
        side: text,
        key: text,
        partition: integer,
        streamTime: { type: ['integer', 'null'] },
        offset: integer,
        lag: integer,
        stalenessMs: { type: ['integer', 'null'] },
        records: { type: 'array', items: object({ time: integer, record: anyRecord }) },
        more: { type: 'boolean' },
      }),
    },
    307: {
      description:
        'Location has the instance that runs the task. Where records want a token, it does, too: curl sends it on with --location-trusted.',
      type: 'null',
    },
    400: problem('The partition cannot be told from the key'),
    404: problem('No record of this key is in the window, or the pipeline has no join'),
    421: problem('With local=true: the task is at another instance'),
    503: problem('The task is being moved or restored; Retry-After says when to ask again'),
  },
})
