import { bytesOf } from '../../bytes.ts'
import type { AvroType, BranchType, FixedType, RecordType, UnionType } from './schema.ts'
import { integerOf } from './schema-json.ts'
import { AvroSink, SINGLE_BYTES } from './sink.ts'
import { DEEPEST } from './walk.ts'

/**
 * A default's bytes, as Avro's binary encoding has them; undefined where it is not of the type. A union's
 * is of the first branch that takes it. https://avro.apache.org/docs/1.12.0/specification/#schema-record
 */
export function encodeDefault(type: AvroType, value: unknown): Buffer | undefined {
  const sink = new AvroSink(SINGLE_BYTES)
  return encode(type, value, sink, 0)
    ? Buffer.from(sink.buffer.subarray(sink.start, sink.at))
    : undefined
}

function encode(type: AvroType, value: unknown, sink: AvroSink, depth: number): boolean {
  if (depth > DEEPEST) return false
  switch (type.kind) {
    case 'union':
      return encodeUnion(type, value, sink, depth)
    case 'record':
      return encodeRecord(type, value, sink, depth)
    case 'array':
      if (!Array.isArray(value)) return false
      if (value.length > 0) sink.int(value.length)
      return value.every((item) => encode(type.items, item, sink, depth + 1)) && sink.int(0)
    case 'map': {
      if (!isObject(value)) return false
      const entries = Object.entries(value)
      if (entries.length > 0) sink.int(entries.length)
      const of = ([key, item]: [string, unknown]): boolean =>
        sink.bytes(bytesOf(Buffer.from(key))) && encode(type.values, item, sink, depth + 1)
      return entries.every(of) && sink.int(0)
    }
    case 'enum': {
      const symbol = type.symbols.indexOf(value as string)
      return symbol >= 0 && sink.int(symbol)
    }
    case 'fixed':
      return encodeFixed(type, value, sink)
    default:
      return ENCODE[type.kind](value, sink)
  }
}

function encodeUnion(type: UnionType, value: unknown, sink: AvroSink, depth: number): boolean {
  const fits = (branch: BranchType): boolean => {
    const { written } = sink
    sink.int(type.branches.indexOf(branch))
    if (encode(branch, value, sink, depth + 1)) return true
    sink.rewind(written)
    return false
  }
  // "NaN" is text where there is a branch for it.
  const [numbers, others] = [true, false].map((is) =>
    type.branches.filter(({ kind }) => (kind === 'float' || kind === 'double') === is),
  )
  return typeof value === 'string' ? [...others, ...numbers].some(fits) : type.branches.some(fits)
}

function encodeRecord(type: RecordType, value: unknown, sink: AvroSink, depth: number): boolean {
  if (!isObject(value)) return false
  return type.fields.every((field) => {
    const own = Object.hasOwn(value, field.name) ? value[field.name] : field.default
    return own !== undefined && encode(field.type, own, sink, depth + 1)
  })
}

function encodeFixed({ size }: FixedType, value: unknown, sink: AvroSink): boolean {
  const bytes = latin1(value)
  return bytes?.length === size && sink.copy(bytesOf(bytes), 0, size)
}

function encodeInteger(value: unknown, bits: number, sink: AvroSink): boolean {
  const integer = integerOf(value)
  return integer !== undefined && BigInt.asIntN(bits, integer) === integer && sink.long(integer)
}

/** JSON has no such numbers; Java 1.12 takes these texts for them. */
const TEXTS: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value === 'string') return Object.hasOwn(TEXTS, value) ? TEXTS[value] : undefined
  const integer = integerOf(value)
  return integer === undefined ? undefined : Number(integer)
}

type Encode = (value: unknown, sink: AvroSink) => boolean

const ENCODE: Readonly<Record<string, Encode>> = {
  null: (value) => value === null,
  boolean: (value, sink) => typeof value === 'boolean' && sink.int(value ? -1 : 0),
  int: (value, sink) => encodeInteger(value, 32, sink),
  long: (value, sink) => encodeInteger(value, 64, sink),
  float: (value, sink) => {
    const number = numberOf(value)
    return number !== undefined && sink.float(number)
  },
  double: (value, sink) => {
    const number = numberOf(value)
    return number !== undefined && sink.double(number)
  },
  string: (value, sink) => typeof value === 'string' && sink.bytes(bytesOf(Buffer.from(value))),
  bytes: (value, sink) => {
    const bytes = latin1(value)
    return bytes !== undefined && sink.bytes(bytesOf(bytes))
  },
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Bytes are text with a character for each. */
export const latin1 = (value: unknown): Buffer | undefined =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: every byte is a character
  typeof value === 'string' && /^[\u0000-\u00ff]*$/.test(value)
    ? Buffer.from(value, 'latin1')
    : undefined
