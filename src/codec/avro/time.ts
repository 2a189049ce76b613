/** Event times in Avro values: what a number counts, by its schema or the pipeline file, and reading it. */
import type { Schema } from 'avsc'
import { isoTime } from '../../config/iso-time.ts'
import type { TimeUnit } from '../../config/pipeline.ts'
import { EnricherError } from '../../errors.ts'
import { scalarTime } from '../json/scalar-text.ts'
import { SCALAR } from '../json/undeclared.ts'
import type { TimeReading } from '../port.ts'
import { fieldKind } from './field.ts'
import { readBigInt, readDivided } from './long.ts'
import { type AvroSource, readInt } from './walk.ts'

const LOGICAL: Readonly<Record<string, TimeUnit>> = {
  'timestamp-millis': 'ms',
  'timestamp-micros': 'us',
  'timestamp-nanos': 'ns',
  'local-timestamp-millis': 'ms',
  'local-timestamp-micros': 'us',
  'local-timestamp-nanos': 'ns',
}

/**
 * Connect's name of the type. Confluent's AvroData (schema-registry 00c6c54) and Apicurio's copy put it on the
 * type itself, in a union on the branch that is not null; a logical type beside it has only Connect's own Timestamp.
 */
const CONNECT: Readonly<Record<string, TimeUnit>> = {
  'org.apache.kafka.connect.data.Timestamp': 'ms',
  'io.debezium.time.Timestamp': 'ms',
  'io.debezium.time.MicroTimestamp': 'us',
  'io.debezium.time.NanoTimestamp': 'ns',
}

/** The names of its texts, both by Java's ISO_OFFSET_DATE_TIME: with the offset of the database, and of UTC. */
const CONNECT_TEXTS = new Set(['io.debezium.time.ZonedTimestamp', 'io.debezium.time.IsoTimestamp'])

/** Days, times of a day and durations are named alike, and are no points in time. */
const OTHER_CONNECT = /^(io\.debezium\.time|org\.apache\.kafka\.connect\.data)\./
const OTHER_LOGICAL = new Set(['date', 'time-millis', 'time-micros', 'duration', 'decimal', 'uuid'])

export const UNIT_NAMES: Readonly<Record<TimeUnit, string>> = {
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
}

/** Of seconds the milliseconds in one, of the others how many make one. */
const SCALES: Readonly<Record<TimeUnit, readonly [factor: number, divisor: number]>> = {
  s: [1000, 1],
  ms: [1, 1],
  us: [1, 1000],
  ns: [1, 1_000_000],
}

/** How a time field is read. */
export interface TimeKind extends TimeReading {
  /** The union's branch that holds the value; -1: no union. Any other branch is null. */
  readonly branch: number
  readonly isText: boolean
  /** JSON of which nothing is declared: it is text or a number, as the value has it. */
  readonly isUndeclared: boolean
  readonly factor: number
  readonly divisor: number
}

interface Attributes {
  readonly logicalType?: string
  readonly 'connect.name'?: string
}

function attributesOf(schema: Schema): Attributes {
  if (typeof schema !== 'object') return {}
  if (!Array.isArray(schema)) return schema as Attributes
  const branches = schema.filter((branch) => branch !== 'null')
  return branches.length === 1 ? attributesOf(branches[0]) : {}
}

/** What the schema itself says that the number counts; null: nothing. */
export function unitOf(schema: Schema): TimeUnit | null {
  const { logicalType = '', 'connect.name': name = '' } = attributesOf(schema)
  return LOGICAL[logicalType] ?? CONNECT[name] ?? null
}

const POSSIBLE =
  'An event time is a long of seconds, milliseconds, microseconds or nanoseconds since 1970, or text in ISO 8601 with a zone: name such a field, or leave time out to take the record’s timestamp'

/** Whether it is text that its schema says to be a point in time. */
export const isTimeText = (schema: Schema): boolean =>
  CONNECT_TEXTS.has(attributesOf(schema)['connect.name'] ?? '')

/** @param unit of the file: it says what a logical type counts that nobody knows */
function isInstant(schema: Schema, unit: TimeUnit | null): boolean {
  const { logicalType, 'connect.name': name = '' } = attributesOf(schema)
  if (unitOf(schema) !== null || isTimeText(schema) || logicalType === SCALAR) return true
  if (OTHER_CONNECT.test(name)) return false
  if (logicalType === undefined) return true
  return unit !== null && !OTHER_LOGICAL.has(logicalType)
}

/** Throws SCHEMA_INVALID for a type that is no point in time. */
export function checkInstant(field: string, schema: Schema, unit: TimeUnit | null): void {
  if (isInstant(schema, unit) && typeOf(field, schema) !== undefined) return
  const message = `The time field ${field} is ${JSON.stringify(schema)}, which is no point in time that can be read. ${POSSIBLE}`
  throw new EnricherError('SCHEMA_INVALID', message, { fields: { field } })
}

/** What a field of this type is read as where it carries the time: text, or a number of the file's unit or the schema's, else ms. */
export const timeReading = (field: string, schema: Schema): TimeUnit | 'text' =>
  typeOf(field, schema) === 'string' ? 'text' : (unitOf(schema) ?? 'ms')

/** undefined: it is neither a number nor text. */
function typeOf(field: string, schema: Schema): 'integer' | 'string' | 'undeclared' | undefined {
  try {
    const { type } = fieldKind(field, schema)
    return type === 'enum' ? undefined : type
  } catch {
    return undefined
  }
}

/** Throws SCHEMA_INVALID where the file says another unit than the schema, or one of text. */
export function checkUnit(field: string, schema: Schema, unit: TimeUnit): void {
  if (typeOf(field, schema) === 'string') {
    const message = `unit: ${unit} is for numbers, and ${field} is text; leave unit out`
    throw new EnricherError('SCHEMA_INVALID', message, { fields: { field, unit } })
  }
  const own = unitOf(schema)
  if (own === null || own === unit) return
  const { logicalType, 'connect.name': name } = attributesOf(schema)
  const said = LOGICAL[logicalType ?? ''] === undefined ? name : logicalType
  const message = `unit: ${unit} contradicts the schema, by which ${field} is in ${UNIT_NAMES[own]} (${said}); leave unit out`
  throw new EnricherError('SCHEMA_INVALID', message, { fields: { field, unit } })
}

/** Throws SCHEMA_INVALID. @param unit of the file; null: what the schema says, else milliseconds */
export function timeKind(field: string, schema: Schema, unit: TimeUnit | null): TimeKind {
  checkInstant(field, schema, unit)
  if (unit !== null) checkUnit(field, schema, unit)
  const { branch, type } = fieldKind(field, schema)
  const own = unitOf(schema)
  const counted = unit ?? own ?? 'ms'
  const [factor, divisor] = SCALES[counted]
  const isUndeclared = type === 'undeclared'
  return type === 'string'
    ? {
        branch,
        isText: true,
        isUndeclared,
        unit: null,
        fromSchema: isTimeText(schema),
        factor,
        divisor,
      }
    : {
        branch,
        isText: false,
        isUndeclared,
        unit: counted,
        fromSchema: own !== null,
        factor,
        divisor,
      }
}

/** What the field is read as in a value: JSON of which nothing is declared is text in quotes. */
export function readingIn(kind: TimeKind, text: string): TimeReading {
  return kind.isUndeclared && text[0] === '"' ? { unit: null, fromSchema: false } : kind
}

/** Whole milliseconds since 1970, rounded down; NaN for null, and for text that is no time. */
export function readTime(kind: TimeKind, source: AvroSource): number {
  if (kind.branch >= 0 && readInt(source) !== kind.branch) return Number.NaN
  if (kind.isText) {
    const length = readInt(source)
    return isoTime(source.buffer, source.at, source.at + length)
  }
  if (kind.isUndeclared) {
    const length = readInt(source)
    return scalarTime(source.buffer, source.at, source.at + length, kind)
  }
  return readDivided(source, kind.divisor) * kind.factor
}

/** A text of more characters is none that is shown whole. */
const MOST_SHOWN = 60

/** The number's digits, or the text in quotes; '' for null. Not for the hot path. */
export function timeText(kind: TimeKind, source: AvroSource): string {
  if (kind.branch >= 0 && readInt(source) !== kind.branch) return ''
  if (kind.isText) {
    const length = readInt(source)
    const text = source.buffer.toString('utf8', source.at, source.at + length)
    return JSON.stringify(text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text)
  }
  if (kind.isUndeclared) {
    const length = readInt(source)
    const text = source.buffer.toString('utf8', source.at, source.at + length)
    if (text === 'null') return ''
    return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text
  }
  return String(readBigInt(source))
}
