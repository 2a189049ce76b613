import type { Schema } from 'avsc'
import { type Bytes, bytesOf } from '../bytes.ts'
import { EnricherError } from '../errors.ts'
import { type AvroSource, readInt } from './avro-walk.ts'

/** How a field is read where its text or its time is needed. */
export interface FieldKind {
  readonly type: 'string' | 'integer' | 'enum'
  readonly symbols: readonly Bytes[]
  readonly logicalType: string | undefined
  /** The union's branch that holds the value; -1: no union. Any other branch is null. */
  readonly branch: number
}

const logicalOf = (schema: Schema): string | undefined =>
  typeof schema === 'object' && !Array.isArray(schema)
    ? (schema as { logicalType?: string }).logicalType
    : undefined

const typeOf = (schema: Schema): Schema =>
  typeof schema === 'object' && !Array.isArray(schema) ? (schema as { type: Schema }).type : schema

/** Throws SCHEMA_INVALID for a type that has no text form. */
export function fieldKind(field: string, schema: Schema): FieldKind {
  if (Array.isArray(schema)) {
    const branches = schema.filter((branch) => typeOf(branch) !== 'null')
    if (branches.length === 1 && branches.length < schema.length) {
      return { ...fieldKind(field, branches[0]), branch: schema.indexOf(branches[0]) }
    }
  }
  const type = typeOf(schema)
  const base = { symbols: [] as Bytes[], logicalType: logicalOf(schema), branch: -1 }
  if (type === 'string') return { type: 'string', ...base }
  if (type === 'int' || type === 'long') return { type: 'integer', ...base }
  if (type === 'enum') {
    const { symbols } = schema as { symbols: string[] }
    return { type: 'enum', ...base, symbols: symbols.map((symbol) => bytesOf(Buffer.from(symbol))) }
  }
  const message = `The field ${field} is ${JSON.stringify(schema)}; a key or time field has to be a string, int, long or enum, or one of them and null`
  throw new EnricherError('SCHEMA_INVALID', message, { fields: { field } })
}

/** Text of one field, of the value read last. */
export class FieldText {
  readonly #kind: FieldKind
  readonly #digits = bytesOf(Buffer.alloc(20))
  buffer: Bytes = this.#digits
  start = 0
  /** -1: null. */
  end = 0

  constructor(kind: FieldKind) {
    this.#kind = kind
  }

  /** `source.at` is where the field begins; it has been walked before, so its bytes are sound. */
  read(source: AvroSource): void {
    const kind = this.#kind
    if (kind.branch >= 0 && readInt(source) !== kind.branch) {
      this.end = -1
      return
    }
    if (kind.type === 'integer') {
      this.#writeDigits(source)
      return
    }
    const number = readInt(source)
    if (kind.type === 'string') {
      this.buffer = source.buffer
      this.start = source.at
      this.end = source.at + number
      return
    }
    this.buffer = kind.symbols[number]
    this.start = 0
    this.end = this.buffer.length
  }

  #writeDigits(source: AvroSource): void {
    const from = source.at
    const value = readInt(source)
    const digits = this.#digits
    this.buffer = digits
    this.start = 0
    if (value >= 0 && value < 2 ** 31) {
      this.#writeSmall(value)
      return
    }
    const text = Math.abs(value) < Number.MAX_SAFE_INTEGER ? String(value) : bigText(source, from)
    this.end = digits.write(text, 0, 'latin1')
  }

  #writeSmall(value: number): void {
    const digits = this.#digits
    let at = digits.length
    let rest = value
    do {
      digits[--at] = 48 + (rest % 10)
      rest = Math.floor(rest / 10)
    } while (rest > 0)
    this.start = at
    this.end = digits.length
  }
}

/** Beyond 53 bits. */
function bigText(source: AvroSource, from: number): string {
  let value = 0n
  let shift = 0n
  for (let at = from; at < source.at; at++, shift += 7n) {
    value |= BigInt(source.buffer[at] & 127) << shift
  }
  return ((value >> 1n) ^ -(value & 1n)).toString()
}

/** Logical types of a time field → units in a millisecond. */
const TIME_UNITS: Readonly<Record<string, number>> = {
  none: 1,
  'timestamp-millis': 1,
  'local-timestamp-millis': 1,
  'timestamp-micros': 1000,
  'local-timestamp-micros': 1000,
}

/** Throws SCHEMA_INVALID for a type that is no point in time. */
export function timeKind(field: string, schema: Schema): FieldKind {
  const kind = fieldKind(field, schema)
  if (kind.type === 'integer' && (kind.logicalType ?? 'none') in TIME_UNITS) return kind
  const message = `The time field ${field} is ${JSON.stringify(schema)}; it has to be a long (milliseconds), or one with the logical type timestamp-millis or timestamp-micros`
  throw new EnricherError('SCHEMA_INVALID', message, { fields: { field } })
}

/** Milliseconds; NaN for null. */
export function readTime(kind: FieldKind, source: AvroSource): number {
  if (kind.branch >= 0 && readInt(source) !== kind.branch) return Number.NaN
  return Math.floor(readInt(source) / TIME_UNITS[kind.logicalType ?? 'none'])
}
