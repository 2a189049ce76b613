import { type Bytes, NO_BYTES } from '../../bytes.ts'
import type { AvroType, Primitive, RecordType } from './schema.ts'

/** How deep records, arrays and maps may lie in one another: far from where the stack ends. */
export const DEEPEST = 1000

/** Items that take no bytes (nulls), in one value: a few bytes of count could keep a walk for hours. */
const MOST_EMPTY = 1_000_000

/**
 * Walks Avro binary without decoding it: where each field of a record begins, and whether the bytes
 * are a record of the schema at all. https://avro.apache.org/docs/1.12.0/specification/#binary-encoding
 */
export class AvroSource {
  buffer: Bytes = NO_BYTES
  at = 0
  end = 0
  /** How many records, arrays and maps the place is in. Above DEEPEST: why the walk has ended. */
  depth = 0
  #empty = 0

  open(buffer: Bytes, at: number, end: number): void {
    this.buffer = buffer
    this.at = at
    this.end = end
    this.again()
  }

  /** Goes on from where it is as with a value that has not been walked. */
  again(): void {
    this.depth = 0
    this.#empty = 0
  }

  /** Whether an item that began at `before` may be followed by others. */
  mayGoOn(before: number): boolean {
    return this.at > before || ++this.#empty < MOST_EMPTY
  }
}

/** Moves `source.at` behind one value; false where the bytes are no such value. */
export type Skip = (source: AvroSource) => boolean

/** Compiles the walk over values of one type. @param records those that are compiled already */
export function compileSkip(type: AvroType, records = new Map<RecordType, Skip>()): Skip {
  switch (type.kind) {
    case 'record':
      return records.get(type) ?? skipRecord(type, records)
    case 'union':
      return skipUnion(type.branches.map((branch) => compileSkip(branch, records)))
    case 'array':
      return skipBlocks(compileSkip(type.items, records))
    case 'map': {
      const value = compileSkip(type.values, records)
      return skipBlocks((source) => skipBytes(source) && value(source))
    }
    case 'enum': {
      const symbols = type.symbols.length
      return (source) => {
        const index = readInt(source)
        return index >= 0 && index < symbols
      }
    }
    case 'fixed': {
      const { size } = type
      return (source) => advance(source, size)
    }
    default:
      return PRIMITIVES[type.kind]
  }
}

function skipRecord(type: RecordType, records: Map<RecordType, Skip>): Skip {
  const skips: Skip[] = []
  const skip: Skip = (source) => {
    if (++source.depth > DEEPEST) return false
    for (const field of skips) if (!field(source)) return false
    source.depth--
    return true
  }
  // Known before its fields are, which may be of its type.
  records.set(type, skip)
  for (const field of type.fields) skips.push(compileSkip(field.type, records))
  return skip
}

function skipUnion(branches: readonly Skip[]): Skip {
  return (source) => {
    const branch = branches[readInt(source)]
    return branch?.(source) ?? false
  }
}

function skipBlocks(item: Skip): Skip {
  return (source) => {
    if (++source.depth > DEEPEST) return false
    for (;;) {
      let left = readCount(source)
      if (left === 0) break
      if (!(left > 0)) return false
      for (; left > 0; left--) {
        const before = source.at
        if (!item(source) || !source.mayGoOn(before)) return false
      }
    }
    source.depth--
    return true
  }
}

/** Of a block's items; NaN where there is none. */
export function readCount(source: AvroSource): number {
  const count = readInt(source)
  if (count >= 0) return count
  // A negative count is followed by the block's size in bytes; the items are walked all the same.
  return skipLong(source) ? -count : Number.NaN
}

function advance(source: AvroSource, bytes: number): boolean {
  source.at += bytes
  return bytes >= 0 && source.at <= source.end
}

function skipLong(source: AvroSource): boolean {
  const at = behindLong(source.buffer, source.at, source.end)
  if (at >= 0) source.at = at
  return at >= 0
}

function skipInt(source: AvroSource): boolean {
  const at = behindInt(source.buffer, source.at, source.end)
  if (at >= 0) source.at = at
  return at >= 0
}

/** The place behind a varint of up to 64 bits; -1: there is none. */
export function behindLong(buffer: Bytes, start: number, end: number): number {
  const limit = Math.min(end, start + 10)
  let at = start
  while (at < limit) {
    // Of the tenth byte a single bit is left, the 64th.
    if (buffer[at++] < 128) return at < start + 10 || buffer[at - 1] < 2 ? at : -1
  }
  return -1
}

/** The place behind a varint of up to 32 bits; -1: there is none. */
export function behindInt(buffer: Bytes, start: number, end: number): number {
  const limit = Math.min(end, start + 5)
  let at = start
  while (at < limit) {
    if (buffer[at++] < 128) return at < start + 5 || buffer[at - 1] < 16 ? at : -1
  }
  return -1
}

/** A zigzag varint as a number, exact for codes up to 53 bits; NaN where there is none. */
export function readInt(source: AvroSource): number {
  const { buffer, at, end } = source
  // Of 14 bits, as most lengths and counts are: in integers.
  if (at + 2 <= end) {
    const low = buffer[at]
    const high = buffer[at + 1]
    if (low < 128 || high < 128) {
      source.at = low < 128 ? at + 1 : at + 2
      const value = low < 128 ? low : (low & 127) | (high << 7)
      return (value >>> 1) ^ -(value & 1)
    }
  }
  return readLong(source)
}

function readLong(source: AvroSource): number {
  const { buffer, end } = source
  let at = source.at
  let value = 0
  let unit = 1
  for (const limit = Math.min(end, at + 10); at < limit; unit *= 128) {
    const byte = buffer[at++]
    value += (byte & 127) * unit
    if (byte < 128) {
      source.at = at
      return (value & 1) === 0 ? value / 2 : -(value + 1) / 2
    }
  }
  return Number.NaN
}

function skipBytes(source: AvroSource): boolean {
  const length = readInt(source)
  return length >= 0 && advance(source, length)
}

const PRIMITIVES: Readonly<Record<Primitive, Skip>> = {
  null: () => true,
  boolean: (source) => source.at < source.end && source.buffer[source.at++] < 2,
  int: skipInt,
  long: skipLong,
  float: (source) => advance(source, 4),
  double: (source) => advance(source, 8),
  bytes: skipBytes,
  string: skipBytes,
}
