import type { AvroSink } from '../avro/sink.ts'
import type { Scalar } from './message.ts'
import { compileScalar, type Read, wireType } from './scalars.ts'
import type { WriteField } from './several.ts'
import { FIXED32, FIXED64, VARINT, type Wire } from './wire.ts'

/** A map's key as text, which Avro's are: of numbers the digits, `true` or `false`. Throws Incompatible. */
export function readMapKey(writer: Scalar, reader: Scalar, isChecked: boolean): WriteField {
  const read = compileScalar(writer, reader, isChecked)
  if (reader === 'string') {
    return (wire, _, last) => {
      if (last < 0) return wire.sink.int(0)
      wire.at = last
      return read(wire)
    }
  }
  const none = reader === 'bool' ? 'false' : '0'
  return (wire, _, last) => {
    if (last < 0) return writeText(wire.sink, none)
    if (writer !== reader && !isSound(wire, last, read)) return false
    wire.at = last
    return readNumber(wire, wireType(reader)) && writeText(wire.sink, textOf(wire, reader))
  }
}

/** Whether the reader's type holds it, which writing it finds out. */
function isSound(wire: Wire, at: number, read: Read): boolean {
  const { written } = wire.sink
  wire.at = at
  const isRead = read(wire)
  wire.sink.rewind(written)
  return isRead
}

function readNumber(wire: Wire, type: number): boolean {
  if (type === VARINT) return wire.varint()
  const { view } = wire.buffer
  const from = wire.at
  if (!wire.advance(type === FIXED32 ? 4 : 8)) return false
  wire.low = view.getInt32(from, true)
  if (type === FIXED64) wire.high = view.getInt32(from + 4, true)
  return true
}

function textOf({ low, high }: Wire, type: Scalar): string {
  switch (type) {
    case 'bool':
      return String((low | high) !== 0)
    case 'int32':
    case 'sfixed32':
      return String(low)
    case 'uint32':
    case 'fixed32':
      return String(low >>> 0)
    case 'sint32':
      return String((low >>> 1) ^ -(low & 1))
  }
  const bits = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)
  if (type === 'sint64') return String((bits >> 1n) ^ -(bits & 1n))
  return String(type === 'uint64' || type === 'fixed64' ? bits : BigInt.asIntN(64, bits))
}

function writeText(sink: AvroSink, text: string): boolean {
  if (!sink.int(text.length) || !sink.reserve(text.length)) return false
  for (let i = 0; i < text.length; i++) sink.buffer[sink.at++] = text.charCodeAt(i)
  return true
}
