import type { Schema } from 'avsc'
import type { Bytes } from '../bytes.ts'

/**
 * Walks Avro binary without decoding it: where each field of a record begins, and whether the bytes
 * are a record of the schema at all. https://avro.apache.org/docs/1.12.0/specification/#binary-encoding
 */
export interface AvroSource {
  buffer: Bytes
  at: number
  end: number
}

/** Moves `source.at` behind one value; false where the bytes are no such value. */
export type Skip = (source: AvroSource) => boolean

interface Named {
  readonly skips: Map<string, Skip>
  readonly namespace: string
}

/** Compiles the walk over one field's value. */
export function compileSkip(
  schema: Schema,
  named: Named = { skips: new Map(), namespace: '' },
): Skip {
  if (Array.isArray(schema)) return skipUnion(schema.map((branch) => compileSkip(branch, named)))
  if (typeof schema === 'string') return skipNamed(schema, named)
  const { type } = schema as { type: Schema }
  if (typeof type !== 'string') return compileSkip(type, named)
  if (type === 'array') return skipBlocks(compileSkip((schema as { items: Schema }).items, named))
  if (type === 'map') {
    const value = compileSkip((schema as { values: Schema }).values, named)
    return skipBlocks((source) => skipBytes(source) && value(source))
  }
  if (type === 'record' || type === 'error') return skipRecord(schema as RecordSchema, named)
  if (type === 'enum') {
    const symbols = (schema as { symbols: string[] }).symbols.length
    return remember(schema as NamedSchema, named, (source) => {
      const index = readInt(source)
      return index >= 0 && index < symbols
    })
  }
  if (type === 'fixed') {
    const { size } = schema as { size: number }
    return remember(schema as NamedSchema, named, (source) => advance(source, size))
  }
  return skipNamed(type, named)
}

interface NamedSchema {
  readonly name: string
  readonly namespace?: string
}

interface RecordSchema extends NamedSchema {
  readonly fields: readonly { type: Schema }[]
}

const fullName = (name: string, namespace: string): string =>
  name.includes('.') || namespace === '' ? name : `${namespace}.${name}`

function remember({ name, namespace }: NamedSchema, named: Named, skip: Skip): Skip {
  named.skips.set(fullName(name, namespace ?? named.namespace), skip)
  return skip
}

function skipRecord(schema: RecordSchema, named: Named): Skip {
  const skips: Skip[] = []
  const skip: Skip = (source) => {
    for (const field of skips) if (!field(source)) return false
    return true
  }
  remember(schema, named, skip)
  const full = fullName(schema.name, schema.namespace ?? named.namespace)
  const inside = { skips: named.skips, namespace: full.split('.').slice(0, -1).join('.') }
  for (const field of schema.fields) skips.push(compileSkip(field.type, inside))
  return skip
}

function skipNamed(name: string, named: Named): Skip {
  const primitive = PRIMITIVES[name]
  if (primitive !== undefined) return primitive
  const full = fullName(name, named.namespace)
  // A type may name itself, or one that stands further on: looked up when it is walked.
  return (source) => {
    const skip = named.skips.get(full) ?? named.skips.get(name)
    return skip?.(source) ?? false
  }
}

function skipUnion(branches: readonly Skip[]): Skip {
  return (source) => {
    const branch = branches[readInt(source)]
    return branch?.(source) ?? false
  }
}

function skipBlocks(item: Skip): Skip {
  return (source) => {
    for (;;) {
      const count = readInt(source)
      if (count === 0) return true
      // A negative count is followed by the block's size in bytes; the items are walked all the same.
      if (count < 0 && !skipVarint(source)) return false
      if (Number.isNaN(count)) return false
      for (let left = Math.abs(count); left > 0; left--) {
        const before = source.at
        if (!item(source)) return false
        // Items without bytes (nulls) in a huge count would otherwise keep us here.
        if (source.at === before && left > 1_000_000) return false
      }
    }
  }
}

function advance(source: AvroSource, bytes: number): boolean {
  source.at += bytes
  return bytes >= 0 && source.at <= source.end
}

export function skipVarint(source: AvroSource): boolean {
  const { buffer, end } = source
  const limit = Math.min(end, source.at + 10)
  let at = source.at
  while (at < limit) {
    if (buffer[at++] < 128) {
      source.at = at
      return true
    }
  }
  return false
}

/** A zigzag varint as a number, exact up to 53 bits; NaN where there is none. */
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
      return value % 2 === 0 ? value / 2 : -(value + 1) / 2
    }
  }
  return Number.NaN
}

function skipBytes(source: AvroSource): boolean {
  const length = readInt(source)
  return length >= 0 && advance(source, length)
}

const PRIMITIVES: Record<string, Skip> = {
  null: () => true,
  boolean: (source) => source.at < source.end && source.buffer[source.at++] < 2,
  int: skipVarint,
  long: skipVarint,
  float: (source) => advance(source, 4),
  double: (source) => advance(source, 8),
  bytes: skipBytes,
  string: skipBytes,
}
