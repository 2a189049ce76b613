/**
 * What every client writes. A records file has a line for each record, of fields between tabs: `record`, the timestamp
 * (ms), key, value, and name and value of each header; bytes are base64, and `-` is null. A line `end` says
 * how what came before it ends: `commit`, which without a transaction is a flush, or `abort`.
 */
import { PARTITIONERS, type Partitioner } from '../../src/broker/partitioner.ts'
import type { ReadRecord } from '../support/topics.ts'
import type { Client } from './clients.ts'

export interface Written {
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly (readonly [name: string, value: Buffer | null])[]
}

/** A batch, or a transaction. */
export interface Group {
  readonly end: 'commit' | 'abort'
  readonly records: readonly Written[]
}

const AT = 1_735_689_600_000
const DAY_MS = 86_400_000
const text = (words: string): Buffer => Buffer.from(words)

/** Compresses neither well nor not at all, and is the same each time. */
const patterned = (length: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, i) => (i * i + (i >> 7)) & 0x7f))

const record = (i: number, more: Partial<Written> = {}): Written => ({
  timestamp: AT + i,
  key: text(`key ${i}`),
  value: text(`{"id":${i},"name":"Zoë ${i % 7}"}`),
  headers: [],
  ...more,
})

const ODD: readonly Written[] = [
  record(0, { key: null }),
  record(1, { value: null }),
  record(2, { value: text('') }),
  record(3, { key: Buffer.from([0, 255, 128, 10]), value: Buffer.from([0]) }),
  record(4, { headers: [['trace', text('00-ab')]] }),
  record(5, { headers: [['empty', text('')]] }),
  record(6, { headers: [['none', null]] }),
  record(7, { headers: ['a', 'a', 'b'].map((name, i) => [name, text(`${i}`)]) }),
  record(8, { headers: [['naïve', Buffer.from([0xff, 0])]] }),
  record(9, { value: patterned(200_000) }),
]

/** Each is a day, or a millisecond, before the one before it. */
const DECREASING = Array.from({ length: 20 }, (_, i) =>
  record(i, { timestamp: AT - (i < 10 ? i : i * DAY_MS) }),
)
const MANY = Array.from({ length: 500 }, (_, i) => record(i, { timestamp: AT + (i % 50) }))

export const GROUPS: readonly Group[] = [
  { end: 'commit', records: ODD },
  { end: 'abort', records: MANY.slice(0, 30) },
  { end: 'commit', records: DECREASING },
  { end: 'abort', records: [record(0)] },
  { end: 'abort', records: ODD.slice(0, 3) },
  { end: 'commit', records: MANY },
]

/** What a client can write of it: without a header of no value, which has no bytes then, or of one name only the last. */
export const writableBy = (
  { nullHeaders, repeatedHeaders }: Pick<Client, 'nullHeaders' | 'repeatedHeaders'>,
  groups: readonly Group[],
): Group[] =>
  groups.map(({ end, records }) => ({
    end,
    records: records.map((one) => {
      const headers = one.headers.map(([name, bytes]) => {
        return [name, bytes ?? (nullHeaders ? null : text(''))] as const
      })
      return { ...one, headers: repeatedHeaders ? headers : [...new Map(headers)] }
    }),
  }))

/** Of any length, and of bytes that are no text. */
export const KEYS: readonly Buffer[] = Array.from({ length: 120 }, (_, i) =>
  i % 3 === 0
    ? text(`customer-${i * 7919}`)
    : Buffer.from(Array.from({ length: 1 + (i % 11) }, (_, at) => (i * 31 + at * 97) & 0xff)),
)

export const KEYED: readonly Group[] = [
  { end: 'commit', records: KEYS.map((key, i) => record(i, { key })) },
]

const field = (bytes: Buffer | null): string => (bytes === null ? '-' : bytes.toString('base64'))

export function recordsFile(groups: readonly Group[]): string {
  const lines = groups.flatMap(({ end, records }) => [
    ...records.map((one) => ['record', ...fieldsOf(one)].join('\t')),
    `end\t${end}`,
  ])
  return `${lines.join('\n')}\n`
}

const fieldsOf = ({ timestamp, key, value, headers }: Written): string[] => [
  String(timestamp),
  field(key),
  field(value),
  ...headers.flatMap(([name, bytes]) => [name, field(bytes)]),
]

/** A record as `Read.java` prints it. */
export const lineOf = (one: ReadRecord): string =>
  [one.partition, one.offset, ...fieldsOf(one)].join('\t')

/** What a reader has of each record, without its place. */
export const contentOf = (line: string): string => line.split('\t').slice(2).join('\t')
export const contentsOf = (records: readonly Written[]): string[] =>
  records.map((one) => fieldsOf(one).join('\t'))

/** The partitioners that would have put every key where it lies. */
export function partitionersOf(lines: readonly string[], partitions: number): Partitioner[] {
  const places = lines.map((line) => {
    const [partition, , , key] = line.split('\t')
    return { partition: Number(partition), key: Buffer.from(key, 'base64') }
  })
  return PARTITIONERS.filter((partitioner) =>
    places.every(({ partition, key }) => partitioner.partition(key, partitions) === partition),
  )
}
