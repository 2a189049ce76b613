/** Single values: what Protobuf's wire format has, as Avro's. */
import { type Bytes, bytesOf, copyBytes } from '../../bytes.ts'
import { AvroSink, SINGLE_BYTES } from '../avro/sink.ts'
import { Incompatible } from '../avro/transfer.ts'
import { type EnumType, type FieldType, type Scalar, typeName } from './message.ts'
import { FIXED32, FIXED64, isUtf8, LEN, VARINT, type Wire, writeLong, writeZigzag } from './wire.ts'

/** Writes the value at `wire.at` as Avro's, and moves behind it; false where that is not possible. */
export type Read = (wire: Wire) => boolean

const NO_UTF8 = 'is text that is not UTF-8'

/** The wire type of a field's single value. */
export function wireType(type: FieldType): number {
  if (typeof type !== 'string') return type.kind === 'enum' ? VARINT : LEN
  switch (type) {
    case 'double':
    case 'fixed64':
    case 'sfixed64':
      return FIXED64
    case 'float':
    case 'fixed32':
    case 'sfixed32':
      return FIXED32
    case 'string':
    case 'bytes':
      return LEN
    default:
      return VARINT
  }
}

/** Types of one group have the same bytes; the specification's "Updating A Message Type". */
const GROUPS: readonly (readonly Scalar[])[] = [
  ['int32', 'int64', 'uint32', 'uint64', 'bool'],
  ['sint32', 'sint64'],
  ['fixed32', 'sfixed32'],
  ['fixed64', 'sfixed64'],
  ['string', 'bytes'],
]

const groupOf = (type: Scalar | EnumType): number =>
  // An enum's value is an int32.
  GROUPS.findIndex((group) => group.includes(typeof type === 'string' ? type : 'int32'))

/**
 * Compiles the reading of values of the writer's type as such of the reader's. Throws Incompatible where the bytes of the
 * one are not the other's.
 * @param isChecked whether text has to be UTF-8
 */
export function compileScalar(
  writer: Scalar | EnumType,
  reader: Scalar | EnumType,
  isChecked: boolean,
): Read {
  if (writer === reader) return readOf(reader, isChecked)
  const group = groupOf(writer)
  if (group < 0 || group !== groupOf(reader)) {
    throw new Incompatible('', `is ${typeName(writer)}; the pipeline reads ${typeName(reader)}`)
  }
  // The writer knows its symbols.
  if (typeof reader !== 'string')
    return readOf(typeof writer === 'string' ? reader : writer, isChecked)
  const fits = FITS[reader]
  // Text from a writer of bytes may be anything.
  if (fits === undefined) return readOf(reader, isChecked || writer === 'bytes')
  const read = readOf(reader, isChecked)
  return (wire) => {
    const from = wire.at
    if (!fits(wire, writer)) return wire.mismatch(`is a number that ${reader} does not hold`)
    wire.at = from
    return read(wire)
  }
}

/** Whether a value of a writer of another type of the group is one of this type. */
const FITS: Readonly<Partial<Record<Scalar, (wire: Wire, writer: Scalar | EnumType) => boolean>>> =
  {
    int32: (wire) => wire.varint() && wire.high === wire.low >> 31,
    uint32: (wire) => wire.varint() && wire.high === 0,
    int64: (wire, writer) => wire.varint() && (writer !== 'uint64' || wire.high >= 0),
    uint64: (wire) => wire.varint() && wire.high >= 0,
    sint32: (wire) => wire.varint() && wire.high === 0,
    fixed32: (wire) => wire.advance(4) && wire.buffer[wire.at - 1] < 128,
    sfixed32: (wire) => wire.advance(4) && wire.buffer[wire.at - 1] < 128,
    fixed64: (wire) => wire.advance(8) && wire.buffer[wire.at - 1] < 128,
    sfixed64: (wire) => wire.advance(8) && wire.buffer[wire.at - 1] < 128,
  }

function readOf(type: Scalar | EnumType, isChecked: boolean): Read {
  if (typeof type !== 'string') return readEnum(type)
  return type === 'string' && isChecked ? checkedText : SCALARS[type]
}

const copyFixed =
  (bytes: number): Read =>
  (wire) => {
    const from = wire.at
    return wire.advance(bytes) && wire.sink.copy(wire.buffer, from, wire.at)
  }

function readBytes(wire: Wire): boolean {
  const length = wire.length()
  if (length < 0) return false
  const from = wire.at
  wire.at += length
  return wire.sink.int(length) && wire.sink.copy(wire.buffer, from, wire.at)
}

function checkedText(wire: Wire): boolean {
  const length = wire.length()
  if (length < 0) return false
  const from = wire.at
  const end = from + length
  const { buffer } = wire
  let at = from
  while (at < end && buffer[at] < 128) at++
  if (at < end && !isUtf8(buffer, at, end)) return wire.refuse(NO_UTF8)
  wire.at = end
  return wire.sink.int(length) && wire.sink.copy(buffer, from, end)
}

/** A zigzag varint is Avro's own. */
function copyZigzag(wire: Wire): boolean {
  const from = wire.at
  if (!wire.varint()) return false
  const bytes = wire.at - from
  return bytes < 10
    ? wire.sink.copy(wire.buffer, from, wire.at)
    : writeZigzag(wire.sink, wire.low, wire.high)
}

const SCALARS: Readonly<Record<Scalar, Read>> = {
  double: copyFixed(8),
  float: copyFixed(4),
  // Of 64 bits, what is above 32 does not count.
  int32: (wire) => wire.varint() && wire.sink.int(wire.low),
  uint32: (wire) => wire.varint() && wire.sink.int(wire.low >>> 0),
  sint32: (wire) => {
    const from = wire.at
    if (!wire.varint()) return false
    return wire.at - from < 5
      ? wire.sink.copy(wire.buffer, from, wire.at)
      : writeZigzag(wire.sink, wire.low, 0)
  },
  int64: (wire) => wire.varint() && writeLong(wire.sink, wire.low, wire.high),
  sint64: copyZigzag,
  uint64: (wire) => wire.varint() && writeUnsigned(wire.sink, wire.low, wire.high),
  fixed32: (wire) => readFixed32(wire) && wire.sink.int(wire.low >>> 0),
  sfixed32: (wire) => readFixed32(wire) && wire.sink.int(wire.low),
  fixed64: (wire) => readFixed64(wire) && writeUnsigned(wire.sink, wire.low, wire.high),
  sfixed64: (wire) => readFixed64(wire) && writeLong(wire.sink, wire.low, wire.high),
  bool: (wire) => {
    if (!wire.varint() || !wire.sink.reserve(1)) return false
    const { sink } = wire
    sink.buffer[sink.at++] = (wire.low | wire.high) === 0 ? 0 : 1
    return true
  },
  string: readBytes,
  bytes: readBytes,
}

function readFixed32(wire: Wire): boolean {
  const from = wire.at
  if (!wire.advance(4)) return false
  wire.low = wire.buffer.view.getInt32(from, true)
  return true
}

function readFixed64(wire: Wire): boolean {
  const from = wire.at
  if (!wire.advance(8)) return false
  wire.low = wire.buffer.view.getInt32(from, true)
  wire.high = wire.buffer.view.getInt32(from + 4, true)
  return true
}

/** A decimal without a fraction: big-endian in two's complement, as short as it can be. */
function writeUnsigned(sink: AvroSink, low: number, high: number): boolean {
  let bytes = 8
  const at = (i: number): number => (i < 4 ? low >>> (8 * i) : high >>> (8 * (i - 4))) & 255
  while (bytes > 1 && at(bytes - 1) === 0) bytes--
  const isSigned = at(bytes - 1) > 127
  if (!sink.int(isSigned ? bytes + 1 : bytes) || !sink.reserve(9)) return false
  if (isSigned) sink.buffer[sink.at++] = 0
  for (let i = bytes - 1; i >= 0; i--) sink.buffer[sink.at++] = at(i)
  return true
}

/** The symbol's text; of a number without one, its digits. */
function readEnum({ symbols }: EnumType): Read {
  const texts = new Map([...symbols].map(([number, symbol]) => [number, avroText(symbol)]))
  return (wire) => {
    if (!wire.varint()) return false
    const text = texts.get(wire.low) ?? avroText(String(wire.low))
    return wire.sink.copy(text, 0, text.length)
  }
}

/** A text as Avro has it. */
function avroText(text: string): Bytes {
  const sink = new AvroSink(SINGLE_BYTES)
  sink.bytes(bytesOf(Buffer.from(text)))
  const bytes = bytesOf(Buffer.alloc(sink.written))
  copyBytes(sink.buffer, sink.start, sink.at, bytes, 0)
  return bytes
}
