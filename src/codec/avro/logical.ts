/**
 * Logical types: what a schema says about the meaning of a number or of bytes.
 * https://avro.apache.org/docs/1.12.0/specification/#logical-types
 */

import { UNDECLARED_TEXTS } from '../json/undeclared.ts'

/** A logical type that its underlying type can have. */
export interface Logical {
  /** As the schema has it. */
  readonly name: string
  /** Times of one family differ in their unit only. */
  readonly family: 'timestamp' | 'local-timestamp' | 'time' | null
  /** Units in a second; 0 where it is no time. */
  readonly perSecond: number
  /** Of a decimal; 0 else. */
  readonly precision: number
  readonly scale: number
  /** A decimal of Kafka Connect's, which its JSON has in base64. */
  readonly isConnect?: true
}

interface Attributes {
  readonly logicalType?: unknown
  readonly precision?: unknown
  readonly scale?: unknown
  readonly 'connect.name'?: unknown
}

type Definition = readonly [base: string, family: Logical['family'], perSecond: number]

const TIMES: Readonly<Record<string, Definition>> = {
  'timestamp-millis': ['long', 'timestamp', 1e3],
  'timestamp-micros': ['long', 'timestamp', 1e6],
  'timestamp-nanos': ['long', 'timestamp', 1e9],
  'local-timestamp-millis': ['long', 'local-timestamp', 1e3],
  'local-timestamp-micros': ['long', 'local-timestamp', 1e6],
  'local-timestamp-nanos': ['long', 'local-timestamp', 1e9],
  'time-millis': ['int', 'time', 1e3],
  'time-micros': ['long', 'time', 1e6],
  date: ['int', null, 0],
}

/** Kafka Connect's and Debezium's own names for the same, where a schema has no logical type. */
const CONNECT_NAMES: Readonly<Record<string, Definition>> = {
  'org.apache.kafka.connect.data.Timestamp': TIMES['timestamp-millis'],
  'org.apache.kafka.connect.data.Time': TIMES['time-millis'],
  'org.apache.kafka.connect.data.Date': TIMES.date,
  'io.debezium.time.Timestamp': TIMES['timestamp-millis'],
  'io.debezium.time.MicroTimestamp': TIMES['timestamp-micros'],
  'io.debezium.time.NanoTimestamp': TIMES['timestamp-nanos'],
  'io.debezium.time.Time': TIMES['time-millis'],
  'io.debezium.time.MicroTime': TIMES['time-micros'],
  'io.debezium.time.NanoTime': ['long', 'time', 1e9],
  'io.debezium.time.Date': TIMES.date,
}

export const CONNECT_DECIMAL = 'org.apache.kafka.connect.data.Decimal'

/** Logical types without a unit or scale, and what they can be of. */
const OTHERS: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(Object.keys(UNDECLARED_TEXTS).map((name) => [name, ['string']])),
  uuid: ['string', 'fixed'],
  duration: ['fixed'],
  'big-decimal': ['bytes'],
}

/** A point in time of so many units a second. */
export const timestampOf = (perSecond: number): Logical =>
  timeOf(`timestamp, ${perSecond} a second`, ['long', 'timestamp', perSecond])

/**
 * The logical type of a type object of a schema; null where it has none, or one that is unknown or
 * does not fit its underlying type, which the specification says to pass over.
 * @param size of a fixed, in bytes
 */
export function logicalOf(base: string, attributes: Attributes, size = 0): Logical | null {
  const { logicalType: name, 'connect.name': connectName } = attributes
  if (name === 'decimal') return decimalOf(base, attributes, size)
  if (typeof name === 'string') {
    if (name in TIMES && TIMES[name][0] === base) return timeOf(name, TIMES[name])
    if (OTHERS[name]?.includes(base)) {
      return { name, family: null, perSecond: 0, precision: 0, scale: 0 }
    }
  }
  if (typeof connectName !== 'string') return null
  const known = CONNECT_NAMES[connectName]
  return known?.[0] === base ? timeOf(connectName, known) : null
}

function timeOf(name: string, [, family, perSecond]: Definition): Logical {
  // A date of Connect's and of Avro's are the same.
  return { name: family === null ? 'date' : name, family, perSecond, precision: 0, scale: 0 }
}

function decimalOf(base: string, attributes: Attributes, size: number): Logical | null {
  const { precision, scale = 0, 'connect.name': connectName } = attributes
  if (base !== 'bytes' && base !== 'fixed') return null
  if (!isCount(precision) || !isCount(scale) || precision === 0 || scale > precision) return null
  if (base === 'fixed' && precision > Math.floor(Math.log10(2) * (8 * size - 1))) return null
  const decimal: Logical = { name: 'decimal', family: null, perSecond: 0, precision, scale }
  return connectName === CONNECT_DECIMAL ? { ...decimal, isConnect: true } : decimal
}

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0

/**
 * What makes of values of one logical type those of another: nothing (`same`), arithmetic
 * (`converts`), or they are not of one kind (`differs`). A type without a logical type says nothing
 * of its meaning: it is taken as it is, as the specification has it.
 */
export function relationOf(
  writer: Logical | null,
  reader: Logical | null,
): 'same' | 'converts' | 'differs' {
  if (writer === null || reader === null) return 'same'
  if (writer.family !== null && writer.family === reader.family) {
    return writer.perSecond === reader.perSecond ? 'same' : 'converts'
  }
  if (writer.name !== reader.name) return 'differs'
  if (writer.name !== 'decimal') return 'same'
  return writer.scale === reader.scale && writer.precision <= reader.precision ? 'same' : 'converts'
}

/** `decimal(10,2)`, `timestamp-millis`. */
export const logicalText = ({ name, precision, scale }: Logical): string =>
  name === 'decimal' ? `decimal(${precision},${scale})` : name
