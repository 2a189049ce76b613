/** What Avro's single values are in Protobuf, by the table in docs/formats.md; and how they are written. */
import { copyBytes } from '../../bytes.ts'
import type { Logical } from '../avro/logical.ts'
import { type Halves, type LongDays, readDays, readHalves } from '../avro/long.ts'
import type { EnumType, FixedType, Primitive, PrimitiveType } from '../avro/schema.ts'
import { type AvroSource, readInt } from '../avro/walk.ts'
import { type CalendarDay, readCalendar } from '../calendar.ts'
import type { EnumType as Enum, FieldType, Message, MessageField } from './message.ts'
import { FIXED32, FIXED64, isUtf8, LEN, VARINT } from './wire.ts'
import type { WireWriter } from './wire-writer.ts'

/** Writes a value that has been walked before, without its tag; false: Protobuf cannot say it. */
export type Write = (source: AvroSource, out: WireWriter) => boolean

/** What a field, or an element of one, is of. */
export interface ValueForm {
  readonly type: FieldType
  readonly wire: number
  readonly write: Write
  /** Of a decimal, whose field says it. */
  readonly decimal?: MessageField['decimal']
}

/** A message of somebody else's, of which only the name counts here. */
const known = (space: string, name: string): Message => {
  return {
    kind: 'message',
    name: `${space}.${name}`,
    space,
    fields: [],
    reserved: [],
    reservedNames: [],
  }
}
const TIMESTAMP = known('google.protobuf', 'Timestamp')
const DATE = known('google.type', 'Date')
const TIME = known('google.type', 'TimeOfDay')
const DECIMAL = known('confluent.type', 'Decimal')
const INT_LIMIT = 2 ** 31
const NANOS = 1e9
const DAY_SECONDS = 86_400
/** 0001-01-01 to 9999-12-31, in days since 1970. */
const FIRST_DAY = -719_162
const LAST_DAY = 2_932_896

/** There is one of each that is used again and again. */
const halves: Halves = { high: 0, low: 0 }
const split: LongDays = { days: 0, rest: 0 }
const calendar: CalendarDay = { year: 0, month: 0, day: 0 }

type SomePrimitive = Exclude<Primitive, 'null'>

export const isMessage = ({ type }: ValueForm): boolean =>
  typeof type !== 'string' && type.kind === 'message'

/** Of any but null. */
export function primitiveForm({ kind, logical }: PrimitiveType): ValueForm {
  const of = logical === null ? undefined : logicalForm(logical, writeBytes)
  return of ?? PRIMITIVES[kind as SomePrimitive]
}

export function fixedForm({ size, logical }: FixedType): ValueForm {
  const write: Write = (source, out) => {
    const from = source.at
    source.at = from + size
    return out.varint(size) && out.copy(source.buffer, from, source.at)
  }
  const of = logical === null ? undefined : logicalForm(logical, write)
  return of ?? { type: 'bytes', wire: LEN, write }
}

/** @param numbers by symbol */
export function enumForm(
  type: Enum,
  { symbols }: EnumType,
  numbers: ReadonlyMap<string, number>,
): ValueForm {
  const byIndex = Int32Array.from(symbols, (symbol) => numbers.get(symbol)!)
  return { type, wire: VARINT, write: (source, out) => out.varint(byIndex[readInt(source)]) }
}

/** undefined: it is written as the type without it. @param unscaled writes a decimal's bytes, with their length */
function logicalForm(logical: Logical, unscaled: Write): ValueForm | undefined {
  const { name, family, perSecond } = logical
  if (name === 'date') return { type: DATE, wire: LEN, write: writeDate }
  if (name === 'decimal') return decimalForm(logical, unscaled)
  if (family === 'time') return { type: TIME, wire: LEN, write: timeOf(perSecond) }
  if (family === 'timestamp') return { type: TIMESTAMP, wire: LEN, write: timestampOf(perSecond) }
  return undefined
}

function decimalForm({ precision, scale }: Logical, unscaled: Write): ValueForm {
  const write: Write = (source, out) => {
    const opened = out.open()
    return (
      opened >= 0 &&
      out.varint(VALUE) &&
      unscaled(source, out) &&
      // Without bytes it is 0, which readers want a byte of.
      (out.at > opened + 3 || takesZero(out)) &&
      number(out, 2, precision) &&
      number(out, 3, scale) &&
      out.close(opened)
    )
  }
  return { type: DECIMAL, wire: LEN, write, decimal: { precision, scale } }
}

/** The tag of a first field of bytes. */
const VALUE = 8 + LEN

function takesZero(out: WireWriter): boolean {
  out.at--
  return out.varint(1) && out.varint(0)
}

/** A field of a number from 0 on, which is not there where it is 0. */
function number(out: WireWriter, field: number, value: number): boolean {
  return value === 0 || (out.varint(field * 8 + VARINT) && out.varint(value))
}

/** google.type.Date, of days since 1970. */
function writeDate(source: AvroSource, out: WireWriter): boolean {
  const days = readInt(source)
  if (!(days >= FIRST_DAY && days <= LAST_DAY))
    return out.refuse('is no date of the years 1 to 9999')
  readCalendar(days, calendar)
  const { year, month, day } = calendar
  const opened = out.open()
  return (
    opened >= 0 &&
    number(out, 1, year) &&
    number(out, 2, month) &&
    number(out, 3, day) &&
    out.close(opened)
  )
}

/** google.type.TimeOfDay, which goes up to 24:00. */
function timeOf(perSecond: number): Write {
  const nanosPerUnit = NANOS / perSecond
  return (source, out) => {
    readDays(source, perSecond, split)
    const { days, rest } = split
    if (days !== 0 && !(days === 1 && rest === 0)) return out.refuse('is no time of a day')
    const seconds = Math.floor(rest / perSecond)
    const minutes = Math.floor(seconds / 60)
    const opened = out.open()
    return (
      opened >= 0 &&
      number(out, 1, 24 * days + Math.floor(minutes / 60)) &&
      number(out, 2, minutes % 60) &&
      number(out, 3, seconds % 60) &&
      number(out, 4, (rest - seconds * perSecond) * nanosPerUnit) &&
      out.close(opened)
    )
  }
}

/** google.protobuf.Timestamp, of units since 1970. */
function timestampOf(perSecond: number): Write {
  const nanosPerUnit = NANOS / perSecond
  return (source, out) => {
    readDays(source, perSecond, split)
    const { days, rest } = split
    if (days < FIRST_DAY || days > LAST_DAY) return out.refuse('is no time of the years 1 to 9999')
    const ofDay = Math.floor(rest / perSecond)
    const seconds = days * DAY_SECONDS + ofDay
    const opened = out.open()
    return (
      opened >= 0 &&
      (seconds === 0 || (out.varint(8 + VARINT) && signed(out, seconds))) &&
      number(out, 2, (rest - ofDay * perSecond) * nanosPerUnit) &&
      out.close(opened)
    )
  }
}

/** In two's complement, as int32 and int64 have it. @param value of 53 bits at most */
function signed(out: WireWriter, value: number): boolean {
  if (value >= 0) return out.varint(value)
  return out.halves(Math.floor(value / 2 ** 32), value | 0)
}

/** int32 and int64 are the same. */
function writeLong(source: AvroSource, out: WireWriter): boolean {
  const from = source.at
  const value = readInt(source)
  if (value > -INT_LIMIT && value < INT_LIMIT)
    return value < 0 ? out.halves(-1, value) : out.varint(value)
  source.at = from
  readHalves(source, halves)
  return out.halves(halves.high, halves.low)
}

function writeBytes(source: AvroSource, out: WireWriter): boolean {
  const length = readInt(source)
  const from = source.at
  source.at = from + length
  return out.varint(length) && out.copy(source.buffer, from, source.at)
}

export function writeText(source: AvroSource, out: WireWriter): boolean {
  const length = readInt(source)
  const from = source.at
  const end = from + length
  const { buffer } = source
  let at = from
  while (at < end && buffer[at] < 128) at++
  if (at < end && !isUtf8(buffer, at, end)) return out.refuse('is text that is not UTF-8')
  source.at = end
  return out.varint(length) && out.copy(buffer, from, end)
}

const writeFixed =
  (bytes: number): Write =>
  (source, out) => {
    if (!out.reserve(bytes)) return false
    const from = source.at
    source.at = from + bytes
    out.at = copyBytes(source.buffer, from, source.at, out.buffer, out.at)
    return true
  }

const PRIMITIVES: Readonly<Record<SomePrimitive, ValueForm>> = {
  boolean: {
    type: 'bool',
    wire: VARINT,
    write: (source, out) => out.varint(source.buffer[source.at++]),
  },
  int: { type: 'int32', wire: VARINT, write: writeLong },
  long: { type: 'int64', wire: VARINT, write: writeLong },
  float: { type: 'float', wire: FIXED32, write: writeFixed(4) },
  double: { type: 'double', wire: FIXED64, write: writeFixed(8) },
  bytes: { type: 'bytes', wire: LEN, write: writeBytes },
  string: { type: 'string', wire: LEN, write: writeText },
}
