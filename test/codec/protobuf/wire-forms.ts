/** A message's bytes in other forms that say the same, or that a decoder has to make sense of: by the specification of the encoding. */
import type protobuf from 'protobufjs'
import { Choices } from './random-messages.ts'

interface Part {
  readonly number: number
  readonly wire: number
  /** Of a length-delimited one without its length. */
  readonly body: Buffer
}

const LEN = 2

function readVarint(bytes: Buffer, at: number): { value: bigint; at: number } {
  let value = 0n
  for (let shift = 0n; ; shift += 7n) {
    const byte = bytes[at++]
    value |= BigInt(byte & 127) << shift
    if (byte < 128) return { value, at }
  }
}

function partsOf(bytes: Buffer): Part[] {
  const parts: Part[] = []
  let at = 0
  while (at < bytes.length) {
    const tag = readVarint(bytes, at)
    const [number, wire] = [Number(tag.value >> 3n), Number(tag.value & 7n)]
    let from = tag.at
    let end = from + (wire === 1 ? 8 : 4)
    if (wire === 0) end = readVarint(bytes, from).at
    if (wire === LEN) {
      const length = readVarint(bytes, from)
      from = length.at
      end = from + Number(length.value)
    }
    parts.push({ number, wire, body: bytes.subarray(from, end) })
    at = end
  }
  return parts
}

/** With a byte more than it needs, at times. */
function varint(value: number, choices: Choices): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest & 127) | 128)
  bytes.push(rest)
  if (choices.next() % 8 === 1) {
    bytes[bytes.length - 1] |= 128
    bytes.push(0)
  }
  return Buffer.from(bytes)
}

const written = ({ number, wire, body }: Part, choices: Choices): Buffer =>
  Buffer.concat([
    varint(number * 8 + wire, choices),
    ...(wire === LEN ? [varint(body.length, choices)] : []),
    body,
  ])

const UNKNOWN: readonly Part[] = [
  { number: 100_000, wire: LEN, body: Buffer.from('unknown') },
  { number: 100_001, wire: 0, body: Buffer.of(7) },
  { number: 100_002, wire: 5, body: Buffer.alloc(4, 1) },
]

const SIZES: Readonly<Record<string, number>> = {
  double: 8,
  fixed64: 8,
  sfixed64: 8,
  float: 4,
  fixed32: 4,
  sfixed32: 4,
}

/** The values in a packed run. */
function itemsOf(type: string, body: Buffer): Buffer[] {
  const items: Buffer[] = []
  for (let at = 0; at < body.length; ) {
    const end = type in SIZES ? at + SIZES[type] : readVarint(body, at).at
    items.push(body.subarray(at, end))
    at = end
  }
  return items
}

const wireOf = (type: string): number => ({ 8: 1, 4: 5 })[SIZES[type]] ?? 0

const isPackable = (field: protobuf.Field): boolean =>
  field.repeated &&
  !('fields' in (field.resolvedType ?? {})) &&
  !/^(string|bytes)$/.test(field.type)

/** @param type of the message; @param choices which forms its fields get */
export function otherForm(type: protobuf.Type, bytes: Buffer, choices: Choices, depth = 0): Buffer {
  const parts = partsOf(bytes).flatMap((part) => formsOf(type, part, choices, depth))
  if (choices.next() % 5 === 1) parts.push(UNKNOWN[choices.next() % UNKNOWN.length])
  // Any order is one of a message's.
  for (let i = parts.length - 1; i > 0 && choices.next() % 2 === 1; i--) {
    const other = choices.next() % (i + 1)
    ;[parts[i], parts[other]] = [parts[other], parts[i]]
  }
  return Buffer.concat(parts.map((part) => written(part, choices)))
}

function formsOf(type: protobuf.Type, part: Part, choices: Choices, depth: number): Part[] {
  const field = type.fieldsById[part.number] as protobuf.Field
  const { number, wire, body } = part
  if (isPackable(field)) {
    const items = wire === LEN ? itemsOf(field.type, body) : [body]
    return choices.next() % 2 === 0
      ? items.map((item) => ({ number, wire: wireOf(field.type), body: item }))
      : [
          { number, wire: LEN, body: Buffer.concat(items.slice(0, 1)) },
          { number, wire: LEN, body: Buffer.concat(items.slice(1)) },
        ]
  }
  const { resolvedType } = field
  const isMessage = resolvedType !== null && 'fields' in resolvedType && !('keyType' in field)
  if (!isMessage || depth > 6) return [part]
  const inner = otherForm(resolvedType as protobuf.Type, body, choices, depth + 1)
  const isSplit = !field.repeated && choices.next() % 4 === 1
  if (!isSplit) return [{ number, wire, body: inner }]
  const pieces = partsOf(inner).map((one) => written(one, new Choices(new Uint8Array())))
  const at = choices.next() % (pieces.length + 1)
  return [pieces.slice(0, at), pieces.slice(at)].map((some) => ({
    number,
    wire,
    body: Buffer.concat(some),
  }))
}
