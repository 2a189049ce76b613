/**
 * How values that come from Protobuf are written in the types that they have there, of the Avro that they are planned and
 * computed in: the way back of `view.ts`.
 */
import { type Bytes, bytesOf } from '../../bytes.ts'
import { type Halves, readHalves } from '../avro/long.ts'
import { parseSchema } from '../avro/parse.ts'
import type { Primitive, PrimitiveType } from '../avro/schema.ts'
import { type AvroSource, readCount, readInt } from '../avro/walk.ts'
import { always, unlessDefault } from './field-writers.ts'
import type { EnumType, Message, MessageField, Scalar } from './message.ts'
import { wireType } from './scalars.ts'
import { primitiveForm, type ValueForm, type Write, writeText } from './value-forms.ts'
import type { WellKnown } from './well-known.ts'
import { LEN, VARINT } from './wire.ts'
import type { WireWriter } from './wire-writer.ts'

/** There is one that is used again and again. */
const halves: Halves = { high: 0, low: 0 }

const primitive = (kind: Primitive): ValueForm => primitiveForm({ kind, logical: null })

export const scalarForm = (type: Scalar): ValueForm => ({
  type,
  wire: wireType(type),
  write: SCALARS[type],
})

/** Avro's zigzag varint is Protobuf's own. */
function copyZigzag(source: AvroSource, out: WireWriter): boolean {
  const from = source.at
  readInt(source)
  return out.copy(source.buffer, from, source.at)
}

function writeFixed32(source: AvroSource, out: WireWriter): boolean {
  return out.fixed32(readInt(source))
}

function writeFixed64(source: AvroSource, out: WireWriter): boolean {
  readHalves(source, halves)
  return out.fixed64(halves.high, halves.low)
}

/** A decimal's bytes without a fraction, as halves: never below zero. */
function readUnsigned(source: AvroSource): void {
  const end = readInt(source) + source.at
  let high = 0
  let low = 0
  while (source.at < end) {
    high = (high << 8) | (low >>> 24)
    low = (low << 8) | source.buffer[source.at++]
  }
  halves.high = high
  halves.low = low
}

const SCALARS: Readonly<Record<Scalar, Write>> = {
  double: primitive('double').write,
  float: primitive('float').write,
  int32: primitive('int').write,
  int64: primitive('long').write,
  uint32: primitive('long').write,
  sint32: copyZigzag,
  sint64: copyZigzag,
  fixed32: writeFixed32,
  sfixed32: writeFixed32,
  sfixed64: writeFixed64,
  uint64: (source, out) => {
    readUnsigned(source)
    return out.halves(halves.high, halves.low)
  },
  fixed64: (source, out) => {
    readUnsigned(source)
    return out.fixed64(halves.high, halves.low)
  },
  bool: primitive('boolean').write,
  string: primitive('string').write,
  bytes: primitive('bytes').write,
}

/** Of a symbol's text, or the digits of a number that has none. @param type of the output; @param symbols as they are read */
export const ownEnumForm = (type: EnumType, { symbols }: EnumType): ValueForm => {
  const names = [...symbols].map(([number, name]) => ({ number, name: bytesOf(Buffer.from(name)) }))
  const write: Write = (source, out) => {
    const length = readInt(source)
    const from = source.at
    source.at = from + length
    for (let i = 0; i < names.length; i++) {
      const { name, number } = names[i]
      if (name.length === length && isSame(name, source.buffer, from)) return signed(out, number)
    }
    const number = digitsOf(source.buffer, from, source.at)
    return Number.isNaN(number)
      ? out.refuse('is a symbol that the schema which the pipeline began with has not; restart it')
      : signed(out, number)
  }
  return { type, wire: VARINT, write }
}

function isSame(name: Bytes, buffer: Bytes, from: number): boolean {
  for (let i = 0; i < name.length; i++) if (name[i] !== buffer[from + i]) return false
  return true
}

const MINUS = 0x2d
const ZERO = 0x30

/** NaN: they are none. */
function digitsOf(buffer: Bytes, start: number, end: number): number {
  const isNegative = buffer[start] === MINUS
  let number = 0
  for (let at = isNegative ? start + 1 : start; at < end; at++) {
    const digit = buffer[at] - ZERO
    if (!(digit >= 0 && digit <= 9)) return Number.NaN
    number = 10 * number + digit
  }
  return isNegative ? -number : number
}

/** A number of 32 bits, in two's complement of 64. */
const signed = (out: WireWriter, number: number): boolean =>
  number < 0 ? out.halves(-1, number) : out.varint(number)

const logical = (schema: unknown): ValueForm => primitiveForm(parseSchema(schema) as PrimitiveType)

const KNOWN = {
  timestamp: logical({ type: 'long', logicalType: 'timestamp-micros' }),
  date: logical({ type: 'int', logicalType: 'date' }),
  time: logical({ type: 'long', logicalType: 'time-micros' }),
} as const

/** Of a message that stands for a value of another kind. */
export function knownForm(
  kind: Exclude<WellKnown, 'wrapper'>,
  { decimal }: Pick<MessageField, 'decimal'>,
): ValueForm {
  if (kind !== 'decimal') return KNOWN[kind]
  return logical({ type: 'bytes', logicalType: 'decimal', ...decimal })
}

/** @param value the wrapper's only field */
export function wrapperForm(type: Message, value: MessageField): ValueForm {
  const field = unlessDefault(value.number, scalarForm(value.type as Scalar))
  const write: Write = (source, out) => {
    const opened = out.open()
    return opened >= 0 && field(source, out) && out.close(opened)
  }
  return { type, wire: LEN, write }
}

const KEY = 1
const VALUE = 2

/** A map whose keys are of a type of Protobuf's; Avro's are their text. */
export function compileOwnMap(number: number, key: Scalar, value: ValueForm): Write {
  const ofKey = always(KEY, { type: key, wire: wireType(key), write: keyWrite(key) })
  const ofValue = always(VALUE, value)
  const tag = number * 8 + LEN
  return (source, out) => {
    for (let left = readCount(source); left > 0; left = readCount(source)) {
      for (; left > 0; left--) {
        const opened = out.varint(tag) ? out.open() : -1
        if (opened < 0 || !ofKey(source, out) || !ofValue(source, out)) return false
        if (!out.close(opened)) return false
      }
    }
    return true
  }
}

function keyWrite(type: Scalar): Write {
  if (type === 'string') return writeText
  return (source, out) => {
    const length = readInt(source)
    const from = source.at
    source.at = from + length
    const text = source.buffer.toString('latin1', from, source.at)
    return type === 'bool' ? out.varint(text === 'true' ? 1 : 0) : writeInteger(type, text, out)
  }
}

function writeInteger(type: Scalar, digits: string, out: WireWriter): boolean {
  const number = BigInt(digits)
  const bits = type.startsWith('sint') ? (number << 1n) ^ (number >> 63n) : number
  const [high, low] = [Number((bits >> 32n) & 0xffffffffn), Number(bits & 0xffffffffn)]
  if (!type.includes('fixed')) return out.halves(high, low)
  return type.endsWith('32') ? out.fixed32(low) : out.fixed64(high, low)
}
