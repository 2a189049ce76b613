/** Values as test fixtures have them, in Protobuf's bytes. Not for the hot path: an object per value. */
import type { AvroRecordSchema } from '../avro/reader.ts'
import type { FieldType, Message, MessageField, NestedMessage, Scalar } from './message.ts'
import { wireType } from './scalars.ts'
import { isNullable, originOf } from './view.ts'
import { wellKnown, wrapped } from './well-known.ts'

type Json = Readonly<Record<string, unknown>>

/** The message, with its indexes before it. @param value in the form in which `AvroJson.decode` gives the view's */
export function encodeValue(schema: AvroRecordSchema, value: Json): Buffer {
  const { message, file } = originOf(schema)
  const way = wayTo(file.messages, message)
  const indexes = [way.length, ...way].map((index) => varint(BigInt(2 * index)))
  const isFirst = way.length === 1 && way[0] === 0
  return Buffer.concat([...(isFirst ? [Buffer.of(0)] : indexes), encodeBare(schema, value)])
}

/** The message alone. */
export const encodeBare = (schema: AvroRecordSchema, value: Json): Buffer =>
  encodeMessage(originOf(schema).message, value)

function wayTo(level: readonly NestedMessage[], message: Message): number[] {
  for (const [i, one] of level.entries()) {
    if (one.message === message) return [i]
    const inside = wayTo(one.nested, message)
    if (inside.length > 0) return [i, ...inside]
  }
  return []
}

function encodeMessage({ fields }: Message, value: Json): Buffer {
  return Buffer.concat(fields.flatMap((field) => encodeField(field, value[field.name])))
}

function encodeField(field: MessageField, value: unknown): Buffer[] {
  const { number, type, presence, key } = field
  if (value === null || value === undefined) return []
  if (presence === 'map') {
    return Object.entries(value as Json).map(([name, of]) => {
      const entry = [tagged(1, key!, scalar(key!, name)), tagged(2, type, encode(type, field, of))]
      return tagged(number, 'bytes', prefixed(Buffer.concat(entry)))
    })
  }
  if (presence === 'repeated') {
    return (value as unknown[]).map((one) => tagged(number, type, encode(type, field, one)))
  }
  const bytes = encode(type, field, value)
  // What is implicit is not written where it is the default.
  const isDefault = presence === 'implicit' && bytes.every((byte) => byte === 0)
  return isDefault && !isNullable(field) ? [] : [tagged(number, type, bytes)]
}

const tagged = (number: number, type: FieldType, value: Buffer): Buffer =>
  Buffer.concat([varint(BigInt(number * 8 + wireType(type))), value])

const prefixed = (bytes: Buffer): Buffer => Buffer.concat([varint(BigInt(bytes.length)), bytes])

function varint(value: bigint): Buffer {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, value)
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  return Buffer.from([...bytes, Number(rest)])
}

function encode(type: FieldType, field: MessageField, value: unknown): Buffer {
  if (typeof type === 'string') return scalar(type, value)
  if (type.kind === 'enum') {
    const number = [...type.symbols].find(([, symbol]) => symbol === value)?.[0] ?? Number(value)
    return varint(BigInt(Number.isSafeInteger(number) ? number : 0))
  }
  return prefixed(encodeMessage(type, partsOf(type, field, value)))
}

/** The fields of a message, also of one that stands for a value of another kind. */
function partsOf(type: Message, field: MessageField, value: unknown): Json {
  switch (wellKnown(type, field)) {
    case 'timestamp': {
      const ms = Date.parse(value as string)
      const micros = Number(/\.\d{3}(\d{3})/.exec(String(value))?.[1] ?? 0)
      const seconds = Math.floor(ms / 1000)
      return { seconds, nanos: (ms - seconds * 1000) * 1_000_000 + micros * 1000 }
    }
    case 'date': {
      const [year, month, day] = String(value).split('-').map(Number)
      return { year, month, day }
    }
    case 'time': {
      const micros = Number(value)
      const of = (unit: number, most: number): number => Math.floor(micros / unit) % most
      const [hours, minutes] = [of(3_600_000_000, 25), of(60_000_000, 60)]
      return { hours, minutes, seconds: of(1_000_000, 60), nanos: (micros % 1_000_000) * 1000 }
    }
    case 'decimal':
      return { value, precision: field.decimal?.precision, scale: field.decimal?.scale }
    case 'wrapper':
      return { [wrapped(type).name]: value }
    case null:
      return value as Json
  }
}

function scalar(type: Scalar, value: unknown): Buffer {
  if (type === 'string') return prefixed(Buffer.from(String(value)))
  if (type === 'bytes') return prefixed(Buffer.from(String(value), 'latin1'))
  if (type === 'bool') return Buffer.of(String(value) === 'true' ? 1 : 0)
  const bytes = Buffer.alloc(type === 'double' || type.endsWith('64') ? 8 : 4)
  if (type === 'double') return writeTo(bytes, (of) => of.writeDoubleLE(Number(value)))
  if (type === 'float') return writeTo(bytes, (of) => of.writeFloatLE(Number(value)))
  const integer = integerOf(type, value)
  if (type.startsWith('sint')) return varint(BigInt.asUintN(64, (integer << 1n) ^ (integer >> 63n)))
  if (!type.includes('fixed')) return varint(integer)
  return bytes.length === 8
    ? writeTo(bytes, (of) => of.writeBigUInt64LE(BigInt.asUintN(64, integer)))
    : writeTo(bytes, (of) => of.writeUInt32LE(Number(BigInt.asUintN(32, integer))))
}

function writeTo(bytes: Buffer, write: (bytes: Buffer) => void): Buffer {
  write(bytes)
  return bytes
}

/** The view has unsigned numbers of 64 bits as a decimal's bytes; a map's key is its digits. */
function integerOf(type: Scalar, value: unknown): bigint {
  if (typeof value !== 'string' || (type !== 'uint64' && type !== 'fixed64'))
    return BigInt(value as string | number)
  return BigInt(`0x0${Buffer.from(value, 'latin1').toString('hex')}`)
}
