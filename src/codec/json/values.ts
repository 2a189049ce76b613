/** Avro values as JSON, by the table in docs/formats.md. */
import { type Bytes, bytesOf } from '../../bytes.ts'
import type {
  AvroType,
  Field,
  FixedType,
  Primitive,
  PrimitiveType,
  RecordType,
} from '../avro/schema.ts'
import { type AvroSource, readCount, readInt } from '../avro/walk.ts'
import type { TextBuffer } from '../text-buffer.ts'
import { writeDecimal, writeDouble, writeFloat, writeLong } from './numbers.ts'
import { stringBytes, writeBase64, writeString, writeUuid } from './strings.ts'
import { writeDate, writeTime, writeTimestamp } from './times.ts'
import { ALL_MEMBERS, undeclaredOf } from './undeclared.ts'

/** Writes one value, which has been walked before, and moves `source.at` behind it. */
export type WriteJson = (source: AvroSource, out: TextBuffer) => void

const asBytes = (text: string): Bytes => bytesOf(Buffer.from(text))
const NULL = asBytes('null')
const TRUE = asBytes('true')
const FALSE = asBytes('false')
const OPEN_LIST = 91
const CLOSE_LIST = 93
const OPEN = 123
const CLOSE = 125
const COMMA = 44
const COLON = 58
const UUID_BYTES = 16

/** What is before the field of an object: its name, and a brace or a comma. */
const fieldStart = (name: string, isFirst: boolean): Bytes =>
  asBytes(`${isFirst ? '{' : ','}${JSON.stringify(name)}:`)

/**
 * The writer of a completed record's field, into an object whose brace is all that was written before the first one. All members
 * of an object of which nothing is declared are fields beside the others, and may be none.
 */
export function compileField({ name, type }: Field): WriteJson {
  if (name === ALL_MEMBERS) return ofMembers(type)
  const start = fieldStart(name, false)
  const value = compileJson(type)
  return (source, out) => {
    out.copy(start, out.at === 1 ? 1 : 0, start.length)
    value(source, out)
  }
}

function ofMembers(type: AvroType): WriteJson {
  const present =
    type.kind === 'union' ? type.branches.findIndex(({ kind }) => kind === 'string') : -1
  return (source, out) => {
    if (present >= 0 && readInt(source) !== present) return
    const length = readInt(source)
    const { at, buffer } = source
    source.at = at + length
    if (length === 0) return
    if (out.at > 1) out.byte(COMMA)
    out.copy(buffer, at, source.at)
  }
}

/** Compiles the writer of one type. @param records those that are compiled already */
export function compileJson(type: AvroType, records = new Map<RecordType, WriteJson>()): WriteJson {
  switch (type.kind) {
    case 'record':
      return records.get(type) ?? ofRecord(type, records)
    case 'union': {
      const branches = type.branches.map((branch) => compileJson(branch, records))
      return (source, out) => branches[readInt(source)](source, out)
    }
    case 'array':
      return ofBlocks(OPEN_LIST, CLOSE_LIST, compileJson(type.items, records))
    case 'map': {
      const value = compileJson(type.values, records)
      return ofBlocks(OPEN, CLOSE, (source, out) => {
        ofString(source, out)
        out.byte(COLON)
        value(source, out)
      })
    }
    case 'enum': {
      const symbols = type.symbols.map(stringBytes)
      return (source, out) => out.add(symbols[readInt(source)])
    }
    case 'fixed':
      return ofFixed(type)
    default:
      return ofPrimitive(type)
  }
}

function ofRecord(type: RecordType, records: Map<RecordType, WriteJson>): WriteJson {
  const { fields } = type
  const starts = fields.map(({ name }, i) => fieldStart(name, i === 0))
  const values: WriteJson[] = []
  const write: WriteJson = (source, out) => {
    if (values.length === 0) out.byte(OPEN)
    for (let i = 0; i < values.length; i++) {
      out.add(starts[i])
      values[i](source, out)
    }
    out.byte(CLOSE)
  }
  // Known before its fields are, which may be of its type.
  records.set(type, write)
  for (const field of fields) values.push(compileJson(field.type, records))
  return write
}

function ofBlocks(open: number, close: number, item: WriteJson): WriteJson {
  return (source, out) => {
    out.byte(open)
    let isFirst = true
    for (let left = readCount(source); left > 0; left = readCount(source)) {
      for (; left > 0; left--) {
        if (!isFirst) out.byte(COMMA)
        isFirst = false
        item(source, out)
      }
    }
    out.byte(close)
  }
}

function ofFixed({ size, logical }: FixedType): WriteJson {
  const whole = (write: (out: TextBuffer, source: Bytes, start: number) => void): WriteJson => {
    return (source, out) => {
      const { at, buffer } = source
      source.at = at + size
      write(out, buffer, at)
    }
  }
  if (logical?.name === 'uuid' && size === UUID_BYTES) return whole(writeUuid)
  if (logical?.name !== 'decimal') {
    return whole((out, source, start) => writeBase64(out, source, start, start + size))
  }
  const { scale } = logical
  return whole((out, source, start) => writeDecimal(out, source, start, start + size, scale))
}

function ofPrimitive(type: PrimitiveType): WriteJson {
  const { kind, logical } = type
  if (logical === null) return PRIMITIVES[kind]
  if (undeclaredOf(type) !== undefined) return ofText
  const { name, family, perSecond, scale } = logical
  if (name === 'date') return (source, out) => writeDate(out, source)
  if (family === 'time') return (source, out) => writeTime(out, source, perSecond)
  if (family !== null) {
    const isLocal = family === 'local-timestamp'
    return (source, out) => writeTimestamp(out, source, perSecond, isLocal)
  }
  if (name !== 'decimal') return PRIMITIVES[kind]
  return (source, out) => {
    const length = readInt(source)
    const { at, buffer } = source
    source.at = at + length
    writeDecimal(out, buffer, at, source.at, scale)
  }
}

function ofString(source: AvroSource, out: TextBuffer): void {
  const length = readInt(source)
  const { at, buffer } = source
  source.at = at + length
  writeString(out, buffer, at, source.at)
}

/** A text that is JSON. */
function ofText(source: AvroSource, out: TextBuffer): void {
  const length = readInt(source)
  const { at, buffer } = source
  source.at = at + length
  out.copy(buffer, at, source.at)
}

const PRIMITIVES: Readonly<Record<Primitive, WriteJson>> = {
  null: (_, out) => out.add(NULL),
  boolean: (source, out) => out.add(source.buffer[source.at++] === 1 ? TRUE : FALSE),
  int: (source, out) => writeLong(out, source),
  long: (source, out) => writeLong(out, source),
  float: (source, out) => {
    writeFloat(out, source.buffer.view.getFloat32(source.at, true))
    source.at += 4
  },
  double: (source, out) => {
    writeDouble(out, source.buffer.view.getFloat64(source.at, true))
    source.at += 8
  },
  bytes: (source, out) => {
    const length = readInt(source)
    const { at, buffer } = source
    source.at = at + length
    writeBase64(out, buffer, at, source.at)
  },
  string: ofString,
}
