/** Fields that count once. */
import { type Bytes, bytesOf, varintBytes, writeVarint } from '../../bytes.ts'
import type { MessageField } from './message.ts'
import type { Read } from './scalars.ts'
import { Scanner, slotOf } from './scan.ts'
import type { WriteField } from './several.ts'
import { LEN, type Wire } from './wire.ts'

const SECOND_BRANCH = 2
const EMPTY_MESSAGE = bytesOf(Buffer.of(0))

/**
 * Of several values the last.
 * @param missing what the record has where there is none; null: there has to be one
 */
export function single(read: Read, isNullable: boolean, missing: Bytes | null): WriteField {
  return (wire, _, last) => {
    if (last < 0) return absent(wire, missing)
    wire.at = last
    return branch(wire, isNullable) && read(wire)
  }
}

/** Messages that come several times are one: a message's bytes behind those of another are both, merged. */
export function singleMessage(
  number: number,
  read: Read,
  isNullable: boolean,
  missing: Bytes | null,
): WriteField {
  return (wire, first, last) => {
    if (last < 0) return absent(wire, missing)
    if (!branch(wire, isNullable)) return false
    wire.at = last
    return first === last
      ? read(wire)
      : readElsewhere(wire, merged(wire, number, first, last), read)
  }
}

/** A map's value: where it is not there, it is a message without fields. */
export function valueMessage(number: number, read: Read): WriteField {
  const value = singleMessage(number, read, false, null)
  return (wire, first, last) =>
    last < 0 ? readElsewhere(wire, EMPTY_MESSAGE, read) : value(wire, first, last)
}

/** The value in a wrapper's only field. */
export function unwrapping(field: MessageField, read: Read, missing: Bytes | null): Read {
  const scanner = new Scanner([slotOf(field, field.type)])
  const value = single(read, false, missing)
  return (wire) => {
    const length = wire.length()
    if (length < 0) return false
    const { end } = wire
    const behind = wire.at + length
    wire.end = behind
    const base = scanner.scan(wire)
    if (base < 0 || !value(wire, wire.marks[base], wire.marks[base + 1])) return false
    wire.marked = base
    wire.end = end
    wire.at = behind
    return true
  }
}

function absent(wire: Wire, missing: Bytes | null): boolean {
  if (missing === null) return wire.refuse('is required, and not there')
  return wire.sink.copy(missing, 0, missing.length)
}

function branch({ sink }: Wire, isNullable: boolean): boolean {
  if (!isNullable) return true
  if (!sink.reserve(1)) return false
  sink.buffer[sink.at++] = SECOND_BRANCH
  return true
}

/** Reads from other bytes, and goes on where it was. */
function readElsewhere(wire: Wire, bytes: Bytes, read: Read): boolean {
  const { buffer, at, end } = wire
  wire.buffer = bytes
  wire.at = 0
  wire.end = bytes.length
  const isRead = read(wire)
  wire.buffer = buffer
  wire.at = at
  wire.end = end
  return isRead
}

/** The field's messages one behind the other, with their length before them. The scanner has walked over them. */
function merged(wire: Wire, number: number, first: number, last: number): Bytes {
  const pieces: Buffer[] = []
  wire.at = first
  while (wire.at <= last) {
    const length = wire.length()
    pieces.push(wire.buffer.subarray(wire.at, wire.at + length))
    wire.at += length
    while (wire.at < last && wire.readTag()) {
      if (wire.tag === number * 8 + LEN) break
      wire.skip(wire.tag)
    }
  }
  const content = Buffer.concat(pieces)
  const head = Buffer.alloc(varintBytes(content.length))
  writeVarint(head, 0, content.length)
  return bytesOf(Buffer.concat([head, content]))
}
