/** Change events of test cases: written as the row that has come, or as the envelope, of which all but rows may be left out. */
import { isObject } from '../../codec/avro/default.ts'
import { topOf } from '../../codec/avro/field-path.ts'
import { parseRecord } from '../../codec/avro/parse.ts'
import type { AvroType, RecordType } from '../../codec/avro/schema.ts'
import { ENVELOPES, type Envelope, envelopePaths, recordAt } from '../../codec/envelope/schema.ts'
import { ITEMS } from '../../codec/envelope/stream-records.ts'
import { TAKEN } from '../../codec/port.ts'
import type { EnvelopeKind, TimeUnit } from '../../config/pipeline.ts'
import { attributesOf } from '../item-text.ts'

type Row = Readonly<Record<string, unknown>>

/** By the ends of their names: how many of a millisecond. */
const TIMES = [
  ['_ms', 1],
  ['_us', 1e3],
  ['_ns', 1e6],
] as const

/**
 * The whole event, as JSON of its schema.
 * @param given a row, or an envelope: what has the envelope's field for rows is one
 * @param timestamp when the change was made, in ms since 1970; undefined: the file does not say it
 * @param unit in which an envelope has it whose fields do not say that
 */
export function eventOf(
  given: unknown,
  { kind, schema }: Envelope,
  timestamp: number | undefined,
  unit: TimeUnit,
): unknown {
  if (!isObject(given)) return given
  const { after, before, op, ops } = ENVELOPES[kind]
  const value = parseRecord(schema)
  const { prefix } = envelopePaths(value, kind)
  const [put = ''] = Object.keys(ops).filter((name) => ops[name] === TAKEN)
  const isEnvelope = [after, before, op].some((path) => Object.hasOwn(given, topOf(path)))
  const whole = isEnvelope
    ? withTexts(given, kind)
    : { ...nested(after, rowOf(given, kind, value)), ...(op === '' ? {} : { [op]: put }) }
  const event = kind === 'dynamodb' ? timed(whole, timestamp, unit) : whole
  const record = prefix === '' ? value : recordAt(value, prefix.slice(0, -1))!
  const filled = withBlanks(record, event, timestamp, [topOf(after), topOf(before)])
  return prefix === '' ? filled : withBlanks(value, { payload: filled }, timestamp, ['payload'])
}

/** The row as its values have it. */
function rowOf(row: Row, kind: EnvelopeKind, value: RecordType): unknown {
  if (!ITEMS.has(kind)) return row
  const item = attributesOf(row, recordAt(value, ENVELOPES[kind].after))
  return kind === 'dynamodb' ? item : JSON.stringify(item)
}

const nested = (path: string, row: unknown): Row =>
  path.split('.').reduceRight<unknown>((inside, name) => ({ [name]: inside }), row) as Row

/** A stream record with the time of its change. */
function timed(event: Row, timestamp: number | undefined, unit: TimeUnit): Row {
  const { dynamodb } = event
  if (timestamp === undefined || !isObject(dynamodb)) return event
  const ApproximateCreationDateTime = Math.floor(timestamp * PER_MS[unit])
  return { ...event, dynamodb: { ApproximateCreationDateTime, ...dynamodb } }
}

const PER_MS: Readonly<Record<TimeUnit, number>> = { s: 1e-3, ms: 1, us: 1e3, ns: 1e6 }

/** Documents that are given as objects are texts. */
function withTexts(event: Row, kind: EnvelopeKind): Row {
  if (kind !== 'dynamodb-cdc') return event
  const images = ['before', 'after'].flatMap((name): [string, unknown][] => {
    const image = event[name]
    if (!isObject(image) || !isObject(image.document)) return []
    return [[name, { ...image, document: JSON.stringify(image.document) }]]
  })
  return { ...event, ...Object.fromEntries(images) }
}

/** Fields that are not given and have no default get nothing, zero, or the time. @param whole fields that stay as they are */
function withBlanks(
  { fields }: RecordType,
  given: Readonly<Record<string, unknown>>,
  timestamp: number | undefined,
  whole: readonly string[] = [],
): Record<string, unknown> {
  const filled: Record<string, unknown> = { ...given }
  for (const { name, type, default: fallback } of fields) {
    const own = given[name]
    if (isObject(own) && type.kind === 'record' && !whole.includes(name)) {
      filled[name] = withBlanks(type, own, timestamp)
    } else if (own === undefined) {
      const [, perMs = 0] = TIMES.find(([end]) => name.endsWith(end)) ?? []
      if (perMs > 0 && timestamp !== undefined) filled[name] = timestamp * perMs
      else if (fallback === undefined) filled[name] = blank(type, timestamp)
    }
  }
  return filled
}

function blank(type: AvroType, timestamp: number | undefined): unknown {
  switch (type.kind) {
    case 'union':
      return type.branches.some(({ kind }) => kind === 'null')
        ? null
        : blank(type.branches[0], timestamp)
    case 'record':
      return withBlanks(type, {}, timestamp)
    case 'array':
      return []
    case 'map':
      return {}
    case 'enum':
      return type.symbols[0]
    case 'fixed':
      return '\0'.repeat(type.size)
    case 'boolean':
      return false
    case 'string':
    case 'bytes':
      return ''
    case 'null':
      return null
    default:
      return 0
  }
}
