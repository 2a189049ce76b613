/**
 * Whether values may go on as they lie: their bytes are sound, and any decoder sees in them what `transcode.ts` does. What is odd
 * in a value (numbers in more bits than the type has, fields that nobody knows) is written anew.
 */
import { AvroSink, SINGLE_BYTES } from '../avro/sink.ts'
import { compileDate } from './known-values.ts'
import type { EnumType, FieldType, Message, MessageField, Scalar } from './message.ts'
import { wireType } from './scalars.ts'
import { NANOS_PER_SECOND, wellKnown, wrapped } from './well-known.ts'
import { DEEPEST, isUtf8, LEN, VARINT, type Wire } from './wire.ts'

/** Moves behind a value; false: it does not go on as it lies. */
export type Sound = (wire: Wire) => boolean

type Known = Map<Message, Sound>

/** Of the values of a field, of a list's each; null: none of them may. */
export function compileSound(field: MessageField, known: Known = new Map()): Sound | null {
  return isPlain(field, new Set()) ? soundOf(field, known) : null
}

/** Whether values of the type may go on at all: what is not there has a default that a reader of proto3 does not know, or is a fault. */
function isPlain(field: MessageField, seen: Set<Message>): boolean {
  const { type } = field
  if (typeof type === 'string' || type.kind === 'enum') return true
  const kind = wellKnown(type, field)
  // A time of day goes beyond the day here, and a decimal may have another scale than the field.
  if (kind !== null) return kind !== 'time' && kind !== 'decimal'
  if (seen.has(type)) return true
  seen.add(type)
  return type.fields.every(
    (inner) => inner.presence !== 'required' && inner.default === undefined && isPlain(inner, seen),
  )
}

function soundOf(field: MessageField, known: Known): Sound {
  if (field.presence !== 'map') return soundValue(field, known)
  const of = { presence: 'implicit', default: undefined, oneof: null, decimal: null } as const
  const key = { ...field, ...of, name: 'key', number: 1, type: field.key!, key: null }
  const value = { ...field, presence: 'implicit', number: 2, key: null } as const
  return compileMessage([key, value], known)
}

function soundValue(field: MessageField, known: Known): Sound {
  const { type } = field
  if (typeof type === 'string') return SCALARS[type]
  if (type.kind === 'enum') return soundEnum(type)
  switch (wellKnown(type, field)) {
    case 'timestamp':
      return soundTimestamp
    case 'date':
      return soundDate()
    case 'wrapper':
      return compileMessage([wrapped(type)], known)
    default:
      return ofMessage(type, known)
  }
}

function ofMessage(type: Message, known: Known): Sound {
  const before = known.get(type)
  if (before !== undefined) return before
  let fields: Sound = () => false
  // Known before its fields are, which may be of its type.
  known.set(type, (wire) => fields(wire))
  fields = compileMessage(type.fields, known)
  return fields
}

/** Tags below are looked up by index. */
const MOST_TAG = 2048

/** A message with its length before it. Its fields may come in any order, and several times: so do they in what is copied. */
function compileMessage(fields: readonly MessageField[], known: Known): Sound {
  const pairs = fields.flatMap((field) => {
    const sound = soundOf(field, known)
    return tagsOf(field).map(
      (tag) => [tag, (tag & 7) === packedWire(field) ? packed(sound) : sound] as const,
    )
  })
  const isSmall = ([tag]: readonly [number, Sound]): boolean => tag < MOST_TAG
  const small = new Map(pairs.filter(isSmall))
  const others = new Map(pairs.filter((pair) => !isSmall(pair)))
  const size = Math.max(0, ...[...small.keys()].map((tag) => tag + 1))
  const table = Array.from({ length: size }, (_, tag) => small.get(tag) ?? unknown)
  return (wire) => {
    const length = wire.length()
    if (length < 0 || ++wire.depth > DEEPEST) return false
    const { end } = wire
    const behind = wire.at + length
    wire.end = behind
    while (wire.at < behind) {
      if (!wire.readTag()) return false
      const { tag } = wire
      const sound = tag < table.length ? table[tag] : (others.get(tag) ?? unknown)
      if (!sound(wire)) return false
    }
    wire.end = end
    wire.depth--
    return wire.at === behind
  }
}

/** Of a field that nobody knows. */
const unknown: Sound = () => false

/** The wire type of the other form that numbers of a list come in; -1: there is none. */
const packedWire = ({ presence, type }: MessageField): number =>
  presence === 'repeated' && wireType(type) !== LEN ? LEN : -1

function tagsOf(field: MessageField): number[] {
  const { number, presence, type } = field
  const own = number * 8 + (presence === 'map' ? LEN : wireType(type))
  return packedWire(field) < 0 ? [own] : [own, number * 8 + LEN]
}

/** Numbers in one run, with its length before it. */
export function packed(sound: Sound): Sound {
  return (wire) => {
    const length = wire.length()
    if (length < 0) return false
    const { end } = wire
    const behind = wire.at + length
    wire.end = behind
    while (wire.at < behind) if (!sound(wire)) return false
    wire.end = end
    return wire.at === behind
  }
}

function soundText(wire: Wire): boolean {
  const length = wire.length()
  if (length < 0) return false
  const { buffer } = wire
  let { at } = wire
  const end = at + length
  wire.at = end
  while (at < end && buffer[at] < 128) at++
  return at === end || isUtf8(buffer, at, end)
}

function soundBytes(wire: Wire): boolean {
  const length = wire.length()
  return length >= 0 && wire.advance(length)
}

const signed32 = (wire: Wire): boolean => wire.varint() && wire.high === wire.low >> 31
const unsigned32 = (wire: Wire): boolean => wire.varint() && wire.high === 0
const any64 = (wire: Wire): boolean => wire.varint()
const fixed32 = (wire: Wire): boolean => wire.advance(4)
const fixed64 = (wire: Wire): boolean => wire.advance(8)

const SCALARS: Readonly<Record<Scalar, Sound>> = {
  double: fixed64,
  float: fixed32,
  int32: signed32,
  int64: any64,
  uint32: unsigned32,
  uint64: any64,
  sint32: unsigned32,
  sint64: any64,
  fixed32,
  fixed64,
  sfixed32: fixed32,
  sfixed64: fixed64,
  bool: (wire) => wire.varint() && wire.high === 0 && wire.low >>> 0 < 2,
  string: soundText,
  bytes: soundBytes,
}

/** Of a closed enum numbers without a name do not count. */
const soundEnum = ({ symbols, isClosed }: EnumType): Sound =>
  isClosed ? (wire) => signed32(wire) && symbols.has(wire.low) : signed32

/** 0001-01-01 to 9999-12-31. */
const FIRST_SECOND = -62_135_596_800
const LAST_SECOND = 253_402_300_799
const SECONDS_TAG = 8 + VARINT
const NANOS_TAG = 16 + VARINT

/** With all its nanoseconds, which Avro does not have. */
function soundTimestamp(wire: Wire): boolean {
  const length = wire.length()
  if (length < 0) return false
  const end = wire.at + length
  while (wire.at < end) {
    if (!wire.readTag()) return false
    const { tag } = wire
    if (!wire.varint()) return false
    const value = wire.high * 2 ** 32 + (wire.low >>> 0)
    if (tag === SECONDS_TAG) {
      if (!(value >= FIRST_SECOND && value <= LAST_SECOND)) return false
    } else if (tag !== NANOS_TAG) return false
    else if (!(value >= 0 && value < NANOS_PER_SECOND)) return false
  }
  return wire.at === end
}

function soundDate(): Sound {
  const read = compileDate()
  const sink = new AvroSink(SINGLE_BYTES)
  return (wire) => {
    const { sink: outer } = wire
    wire.sink = sink
    sink.begin()
    const isDate = read(wire)
    sink.rewind(0)
    wire.sink = outer
    return isDate
  }
}

/** Whether values are the same, whichever of the two messages they are of. */
export function isSameType(
  a: FieldType,
  b: FieldType,
  seen = new Map<Message, Message>(),
): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b
  if (a.kind === 'enum' || b.kind === 'enum') {
    return a.kind === 'enum' && b.kind === 'enum' && isSameEnum(a, b)
  }
  if (a === b || seen.get(a) === b) return true
  seen.set(a, b)
  if (wellKnown(b, { decimal: null }) !== null) return a.name === b.name
  return b.fields.every((field) => {
    const other = a.fields.find(({ number }) => number === field.number)
    return other === undefined || isSameField(other, field, seen)
  })
}

/** The writer says which numbers of a closed enum count. */
const isSameEnum = (a: EnumType, b: EnumType): boolean =>
  !b.isClosed || [...a.symbols.keys()].sort().join() === [...b.symbols.keys()].sort().join()

/** @param seen pairs of messages that are compared by then */
export const isSameField = (
  a: MessageField,
  b: MessageField,
  seen = new Map<Message, Message>(),
): boolean =>
  a.key === b.key &&
  (a.presence === 'repeated') === (b.presence === 'repeated') &&
  isSameType(a.type, b.type, seen)
