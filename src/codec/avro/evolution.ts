/**
 * Whether every value of a record can be one of a later schema's, and the other way round: what a window was stored with is read by
 * instances that have started since, and what these store by those that have not.
 */
import { encodeDefault } from './default.ts'
import { branchFor, canMatch, fieldSources, RecordPairs, sameBytes } from './match.ts'
import { type AvroType, type RecordType, typeText } from './schema.ts'
import { joined } from './transfer.ts'

type Way = 'later' | 'earlier'

/** `note is new, and has no default`, where there is one that cannot; null: all can. Nothing is left to be judged value by value. */
export const evolutionFault = (before: RecordType, after: RecordType): string | null =>
  faultOf(before, after, '', 'later', new RecordPairs()) ??
  faultOf(after, before, '', 'earlier', new RecordPairs())

/** @param way which of the two is read with: the later schema, or the earlier one */
function faultOf(
  writer: AvroType,
  reader: AvroType,
  path: string,
  way: Way,
  seen: RecordPairs<true>,
): string | null {
  if (sameBytes(writer, reader)) return null
  const inside = (from: AvroType, to: AvroType): string | null => faultOf(from, to, path, way, seen)
  if (writer.kind === 'union' && reader.kind === 'union') {
    for (const branch of writer.branches) {
      const at = branchFor(branch, reader.branches)
      const fault =
        at < 0 ? differs(writer, reader, path, way) : inside(branch, reader.branches[at])
      if (fault !== null) return fault
    }
    return null
  }
  if (writer.kind === 'array' && reader.kind === 'array') return inside(writer.items, reader.items)
  if (writer.kind === 'map' && reader.kind === 'map') return inside(writer.values, reader.values)
  if (writer.kind === 'record' && reader.kind === 'record' && canMatch(writer, reader)) {
    if (seen.get(writer, reader)) return null
    seen.set(writer, reader, true)
    return faultOfFields(writer, reader, path, way, seen)
  }
  return differs(writer, reader, path, way)
}

function faultOfFields(
  writer: RecordType,
  reader: RecordType,
  path: string,
  way: Way,
  seen: RecordPairs<true>,
): string | null {
  const sources = fieldSources(writer, reader)
  for (const [i, { name, type, default: value }] of reader.fields.entries()) {
    const at = path === '' ? name : joined(path, name)
    const isThere = sources[i] >= 0
    const fault = isThere ? faultOf(writer.fields[sources[i]].type, type, at, way, seen) : null
    if (fault !== null) return fault
    if (isThere || (value !== undefined && encodeDefault(type, value) !== undefined)) continue
    return way === 'later'
      ? `${at} is new, and has no default`
      : `${at} is gone, and had no default`
  }
  return null
}

function differs(writer: AvroType, reader: AvroType, path: string, way: Way): string {
  const [was, is] = way === 'later' ? [writer, reader] : [reader, writer]
  return `${path} was ${typeText(was)}, and is ${typeText(is)}`
}
