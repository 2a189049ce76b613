import type { Schema } from 'avsc'
import { type Bytes, NO_BYTES } from '../bytes.ts'
import { type AvroSource, compileSkip, type Skip } from './avro-walk.ts'

/** How most fields are walked: without a call, and by position alone. */
const VARINT = 0
const BYTES = 1
const FIXED = 2
/** By a compiled function, which can walk any type and any encoding that Avro allows. */
const OTHER = 3

const KINDS: Readonly<Record<string, readonly [kind: number, size: number]>> = {
  int: [VARINT, 0],
  long: [VARINT, 0],
  float: [FIXED, 4],
  double: [FIXED, 8],
  bytes: [BYTES, 0],
  string: [BYTES, 0],
}

/** Finds where each field of a record begins, and whether the bytes are a record of the schema at all. */
export class AvroFields {
  readonly #kinds: Uint8Array
  readonly #sizes: Int32Array
  /** The byte of the null branch of a union of null and one type, in zigzag; -1: no such union. */
  readonly #nulls: Int8Array
  readonly #skips: readonly Skip[]
  readonly #source: AvroSource = { buffer: NO_BYTES, at: 0, end: 0 }

  constructor(types: readonly Schema[], namespace: string) {
    const named = { skips: new Map<string, Skip>(), namespace }
    const plans = types.map(planOf)
    this.#kinds = Uint8Array.from(plans, ({ kind }) => kind)
    this.#sizes = Int32Array.from(plans, ({ size }) => size)
    this.#nulls = Int8Array.from(plans, ({ nullByte }) => nullByte)
    this.#skips = types.map((type) => compileSkip(type, named))
  }

  /**
   * Writes the place of each field to `starts` from `base` on, and behind them the place where the value
   * ends. @returns the field whose bytes are not of its type, or the number of fields
   */
  walk(buffer: Bytes, start: number, end: number, starts: Int32Array, base: number): number {
    const count = this.#kinds.length
    let at = start
    for (let field = 0; field < count; field++) {
      starts[base + field] = at
      at = this.#skip(field, buffer, at, end)
      if (at < 0) return field
    }
    starts[base + count] = at
    return count
  }

  /** The place behind the field; -1: its bytes are not of its type. */
  #skip(field: number, buffer: Bytes, start: number, end: number): number {
    let at = start
    const nullByte = this.#nulls[field]
    if (nullByte >= 0) {
      if (at >= end) return -1
      const branch = buffer[at++]
      if (branch === nullByte) return at
      if (branch !== 2 - nullByte) return this.#skipOther(field, buffer, start, end)
    }
    const kind = this.#kinds[field]
    if (kind === VARINT) return skipVarint(buffer, at, end)
    if (kind === OTHER) return this.#skipOther(field, buffer, start, end)
    if (kind === FIXED) at += this.#sizes[field]
    else {
      // Of up to 63 bytes, or 8191; an odd number is a negative one.
      if (at + 2 > end) return this.#skipOther(field, buffer, start, end)
      const low = buffer[at++]
      const high = low < 128 ? 0 : buffer[at++]
      const length = (low & 127) | (high << 7)
      if (high >= 128 || (length & 1) === 1) return this.#skipOther(field, buffer, start, end)
      at += length >>> 1
    }
    return at <= end ? at : -1
  }

  #skipOther(field: number, buffer: Bytes, at: number, end: number): number {
    const source = this.#source
    source.buffer = buffer
    source.at = at
    source.end = end
    return this.#skips[field](source) ? source.at : -1
  }
}

function skipVarint(buffer: Bytes, start: number, end: number): number {
  const limit = Math.min(end, start + 10)
  let at = start
  while (at < limit) if (buffer[at++] < 128) return at
  return -1
}

interface FieldPlan {
  readonly kind: number
  readonly size: number
  readonly nullByte: number
}

function planOf(type: Schema): FieldPlan {
  if (Array.isArray(type)) {
    const at = type.indexOf('null')
    if (type.length !== 2 || at < 0) return { kind: OTHER, size: 0, nullByte: -1 }
    const { kind, size } = planOf(type[1 - at])
    return { kind, size, nullByte: kind === OTHER ? -1 : 2 * at }
  }
  const name = typeof type === 'object' ? (type as { type: Schema }).type : type
  const [kind, size] = typeof name === 'string' ? (KINDS[name] ?? [OTHER, 0]) : [OTHER, 0]
  return { kind, size, nullByte: -1 }
}
