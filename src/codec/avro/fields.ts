import type { Bytes } from '../../bytes.ts'
import type { AvroType, RecordType } from './schema.ts'
import { AvroSource, behindInt, behindLong, compileSkip, DEEPEST, type Skip } from './walk.ts'

/** How most fields are walked: without a call, and by position alone. */
const INT = 0
const LONG = 1
const BYTES = 2
const FIXED = 3
/** By a compiled function, which can walk any type and any encoding that Avro allows. */
const OTHER = 4

const KINDS: Readonly<Record<string, readonly [kind: number, size: number]>> = {
  int: [INT, 0],
  long: [LONG, 0],
  float: [FIXED, 4],
  double: [FIXED, 8],
  bytes: [BYTES, 0],
  string: [BYTES, 0],
}

/** Finds where each field of a record begins, and whether the bytes are a record of the schema at all. */
export class AvroFields {
  /** Of the value walked last: where each field begins, and behind them where the value ends. */
  readonly starts: Int32Array
  readonly #kinds: Uint8Array
  readonly #sizes: Int32Array
  /** The byte of the null branch of a union of null and one type, in zigzag; -1: no such union. */
  readonly #nulls: Int8Array
  readonly #skips: readonly Skip[]
  readonly #source = new AvroSource()

  constructor(types: readonly AvroType[]) {
    const records = new Map<RecordType, Skip>()
    const plans = types.map(planOf)
    this.starts = new Int32Array(types.length + 1)
    this.#kinds = Uint8Array.from(plans, ({ kind }) => kind)
    this.#sizes = Int32Array.from(plans, ({ size }) => size)
    this.#nulls = Int8Array.from(plans, ({ nullByte }) => nullByte)
    this.#skips = types.map((type) => compileSkip(type, records))
  }

  /** Whether what `walk` has just stopped at is nested too deep. */
  get isTooDeep(): boolean {
    return this.#source.depth > DEEPEST
  }

  /** Fills `starts`. @returns the field whose bytes are not of its type, or the number of fields */
  walk(buffer: Bytes, start: number, end: number): number {
    const count = this.#kinds.length
    const starts = this.starts
    this.#source.depth = 0
    let at = start
    for (let field = 0; field < count; field++) {
      starts[field] = at
      at = this.#skip(field, buffer, at, end)
      if (at < 0) return field
    }
    starts[count] = at
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
    if (kind === LONG) return behindLong(buffer, at, end)
    if (kind === INT) return behindInt(buffer, at, end)
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
    source.open(buffer, at, end)
    return this.#skips[field](source) ? source.at : -1
  }
}

interface FieldPlan {
  readonly kind: number
  readonly size: number
  readonly nullByte: number
}

function planOf(type: AvroType): FieldPlan {
  if (type.kind === 'union') {
    const { branches } = type
    const at = branches.findIndex(({ kind }) => kind === 'null')
    if (branches.length !== 2 || at < 0) return { kind: OTHER, size: 0, nullByte: -1 }
    const { kind, size } = planOf(branches[1 - at])
    return { kind, size, nullByte: kind === OTHER ? -1 : 2 * at }
  }
  const [kind, size] = KINDS[type.kind] ?? [OTHER, 0]
  return { kind, size, nullByte: -1 }
}
