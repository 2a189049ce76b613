/** The definition of fixture files: cases for `stream-enricher test`. */
import { DURATION, message, object } from '../../config/schema.ts'

const list = (description: string, items: object): object => ({
  type: 'array',
  description,
  items,
  default: [],
})
const time = (description: string): object => ({
  type: ['string', 'integer'],
  description: `${description} ISO 8601, or milliseconds since 1970.`,
})
const key = (description: string): object => ({
  type: ['string', 'integer', 'null'],
  description,
})
const headers = {
  type: 'object',
  additionalProperties: { type: 'string' },
  description: 'Headers by name.',
}
const anyValue = (description: string): object => ({ description })

const record = {
  key: key('The record’s key, as text or number. Default: the join field; without a join, none.'),
  timestamp: time('When it was written. Default: its event time, else the clock.'),
  headers,
  value: anyValue(
    'The value as JSON, by the topic’s schema; null: no value. Of a topic with an envelope: the row that has come, or the envelope ({ op: d, before: … }).',
  ),
  base64: {
    type: 'string',
    pattern: '^[A-Za-z0-9+/]*=*$',
    ...message('is not base64'),
    description: 'In place of value: its bytes, whatever they are, frame included.',
  },
}
const row = {
  ...record,
  key: {
    type: ['string', 'integer', 'null', 'object'],
    additionalProperties: { type: ['string', 'integer'] },
    description: 'The row’s key; where it is of several fields, these by their names.',
  },
  timestamp: time('When it was written. Default: the clock.'),
}

const output = object('A record of an output topic.', {
  to: { type: 'string', description: 'The output’s name, where there are several.' },
  key: key('The join key; without a join, the fact’s key.'),
  timestamp: time('The later of the two event times; without a join, the fact’s.'),
  headers,
  value: { type: 'object', description: 'The whole value.' },
  contains: { type: 'object', description: 'In place of value: some of its fields.' },
})
/** What a record was in the file: `fact`, `right` or a join’s name, or a dimension’s. */
const from = {
  type: 'string',
  description:
    'fact, right (where there are several joins, the name of one), or the name of a dimension.',
}

const testCase = object(
  'Records that come, and what has to come out.',
  {
    name: { type: 'string', minLength: 1, description: 'A sentence.' },
    given: {
      ...list('What happens, one after the other.', {
        ...object('One of these.', {
          fact: object('A record of the fact topic.', record),
          right: object('A record of the join’s topic.', {
            join: { type: 'string', description: 'The join’s name, where there are several.' },
            ...record,
          }),
          row: object(
            'A record of a dimension’s topic.',
            { dimension: { type: 'string', description: 'Its name.' }, ...row },
            ['dimension', 'key'],
          ),
          wait: {
            type: 'string',
            pattern: DURATION,
            ...message('is not a duration; write 250ms, 10s, 5m, 1h or 7d'),
            description: 'Nothing comes for so long. A duration: 250ms, 10s, 5m, 1h, 7d.',
          },
        }),
        minProperties: 1,
        maxProperties: 1,
      }),
      minItems: 1,
    },
    expect: object('What comes out, in any order; what is not listed must not come.', {
      outputs: list('Matches; without a join, facts.', output),
      unmatched: list(
        'Records that come out without a match, of a left, right or outer join. With several outputs they are among outputs.',
        output,
      ),
      rejects: list(
        'Records that go to the rejects topic.',
        object('A reject.', { from, key: key('Its key.'), reason: { type: 'string' } }, [
          'from',
          'reason',
        ]),
      ),
      drops: list(
        'Records that are dropped and counted.',
        object(
          'A drop.',
          {
            from,
            key: key('Its key.'),
            reason: {
              type: 'string',
              enum: ['late', 'missing', 'future_time', 'filtered', 'no_row'],
            },
          },
          ['from', 'reason'],
        ),
      ),
    }),
  },
  ['name', 'given', 'expect'],
)

export const fixtureSchema = {
  $id: 'urn:stream-enricher:fixture:1',
  title: 'stream-enricher test cases',
  ...object(
    'Test cases of a pipeline.',
    {
      pipeline: { type: 'string', minLength: 1, description: 'The file, relative to this one.' },
      env: {
        type: 'object',
        additionalProperties: { type: ['string', 'number', 'boolean'] },
        description: 'Environment variables for the pipeline file, over those of the shell.',
      },
      clock: time('The time at which each case begins. Default: 2025-01-01T00:00:00Z.'),
      dimensions: {
        type: 'object',
        additionalProperties: list('Rows.', object('A row.', row, ['key'])),
        description: 'Rows that are there when a case begins, by dimension.',
      },
      cases: { ...list('The cases.', testCase), minItems: 1 },
    },
    ['pipeline', 'cases'],
  ),
}

// What the definition accepts.

export type Time = string | number
export type Key = string | number | null
/** Of a row; one of several fields has these by their names. */
export type RowKey = Key | Record<string, string | number>
/** A place in the file: keys and indices, from its root. */
export type Path = readonly string[]

export interface RawRecord {
  key?: RowKey
  timestamp?: Time
  headers?: Record<string, string>
  value?: unknown
  base64?: string
}

/** A record of a join’s topic. */
export interface RawRight extends RawRecord {
  join?: string
}

export interface RawOutput {
  to?: string
  key?: Key
  timestamp?: Time
  headers?: Record<string, string>
  value?: Record<string, unknown>
  contains?: Record<string, unknown>
}

export interface RawFault {
  from: string
  key?: Key
  reason: string
}

export interface RawStep {
  fact?: RawRecord
  right?: RawRight
  row?: RawRecord & { dimension: string }
  wait?: string
}

export interface RawFixture {
  pipeline: string
  env?: Record<string, string | number | boolean>
  clock?: Time
  dimensions?: Record<string, RawRecord[]>
  cases: {
    name: string
    given: RawStep[]
    expect: {
      outputs?: RawOutput[]
      unmatched?: RawOutput[]
      rejects?: RawFault[]
      drops?: RawFault[]
    }
  }[]
}
