/**
 * Makes a record's bytes of a message's, compiled once for a writer's message and a reader's: by field numbers, as
 * https://protobuf.dev/programming-guides/proto3/#updating has it.
 *
 * A message is looked through twice. First for where each field is, as they come in any order, and several times; then they are
 * written in the record's order.
 */
import { type Bytes, bytesOf } from '../../bytes.ts'
import { encodeDefault } from '../avro/default.ts'
import type { AvroType, Field, PrimitiveType, RecordType } from '../avro/schema.ts'
import { Incompatible, joined, type Transcode } from '../avro/transfer.ts'
import { absentBytes, compileCopied, compileCopy } from './copied-fields.ts'
import {
  compileDate,
  compileDecimalValue,
  compileTimeOfDay,
  compileTimestamp,
} from './known-values.ts'
import { readMapKey } from './map-keys.ts'
import {
  type EnumType,
  type FieldType,
  fieldTypeText,
  type Message,
  type MessageField,
} from './message.ts'
import { compileScalar, type Read, wireType } from './scalars.ts'
import { Scanner, slotOf } from './scan.ts'
import { compileList, compileMap, type WriteField } from './several.ts'
import { single, singleMessage, unwrapping, valueMessage } from './single.ts'
import { isSameField } from './sound.ts'
import { COPIED, type Copied, implicitDefault, isNullable } from './view.ts'
import { wellKnown, wrapped } from './well-known.ts'
import { DEEPEST, LEN, Wire } from './wire.ts'

const TOO_DEEP = `is nested deeper than ${DEEPEST} levels`

/**
 * @param writer what values are written as; @param reader what the record is made of, by its fields' names
 * @param copied what the record's value of that name is made of
 * Throws Incompatible where no value of the one is one of the other.
 */
export function transcodeMessage(
  writer: Message,
  reader: Message,
  record: RecordType,
  copied: readonly Copied[] = [],
): Transcode {
  const fields = new Compiler(false).fields(writer, reader, record, copied)
  const wire = new Wire()
  return (transfer) => {
    const { source, sink } = transfer
    wire.open(source.buffer, source.at, source.end, sink)
    if (fields(wire)) {
      source.at = source.end
      return true
    }
    const { path, fault, misfit } = wire
    if (misfit !== '') return transfer.refuse(path, misfit)
    const what = path === '' ? 'The value' : `The field ${path}`
    transfer.path = path
    if (fault !== '') transfer.fault = `${what} ${fault}`
    return false
  }
}

/** A field of the record, and of the messages. */
interface Pair {
  readonly field: Field
  readonly read: MessageField
  readonly written: MessageField
}

/** @param sought what the scanner looks for */
function copying(
  copies: readonly (Pair & Pick<Copied, 'own'>)[],
  sought: readonly MessageField[],
): (wire: Wire, base: number) => boolean {
  const compiler = new Compiler(true)
  return compileCopied(
    copies.map(({ field, read, written, own }) => ({
      name: field.name,
      slot: sought.indexOf(read),
      copy: compileCopy(read, own.number, isSameField(written, read)),
      absent: absentBytes(read, bytesOfDefault(field.type, field.default), own),
      read: compiler.field(written, read, field),
      write: own.write,
    })),
  )
}

class Compiler {
  readonly #known = new Map<RecordType, Map<Message, Read>>()
  /** Whether symbols are the reader's: of a number that it has not the digits. */
  readonly #isOwn: boolean

  constructor(isOwn: boolean) {
    this.#isOwn = isOwn
  }

  /** Of a message that goes up to the wire's end. */
  fields(
    writer: Message,
    reader: Message,
    record: RecordType,
    copied: readonly Copied[] = [],
  ): Read {
    const pairOf = (field: Field): Pair => {
      const read = reader.fields.find(({ name }) => name === field.name)!
      const written = writer.fields.find(({ number }) => number === read.number) ?? read
      return { field, read, written }
    }
    const pairs = record.fields.filter(({ name }) => name !== COPIED).map(pairOf)
    const copies = copied.map(({ field, own }) => ({ ...pairOf(field), own }))
    const scanned = [...new Map([...pairs, ...copies].map((pair) => [pair.read, pair])).values()]
    const sought = scanned.map(({ read }) => read)
    const scanner = new Scanner([
      ...scanned.map(({ read, written }) => slotOf(read, written.type)),
      // Whichever comes last of a oneof is all there is of it.
      ...othersOf(reader, sought).map((field) => slotOf(field, field.type)),
    ])
    const writes = pairs.map(({ field, read, written }) => this.field(written, read, field))
    const names = pairs.map(({ field }) => field.name)
    const writeCopies = copies.length === 0 ? null : copying(copies, sought)
    return (wire) => {
      if (++wire.depth > DEEPEST) return wire.refuse(TOO_DEEP)
      const { end } = wire
      const base = scanner.scan(wire)
      if (base < 0) return false
      for (let f = 0; f < writes.length; f++) {
        const { marks } = wire
        const at = base + 2 * f
        if (!writes[f](wire, marks[at], marks[at + 1])) return wire.endedIn(names[f])
      }
      if (writeCopies !== null && !writeCopies(wire, base)) return false
      wire.marked = base
      wire.depth--
      wire.at = end
      return true
    }
  }

  /** Of a message with its length before it. */
  #message(writer: Message, reader: Message, record: RecordType): Read {
    const of = this.#known.get(record) ?? new Map<Message, Read>()
    const known = of.get(writer)
    if (known !== undefined) return known
    let fields: Read = () => false
    const read: Read = (wire) => {
      const length = wire.length()
      if (length < 0) return false
      const { end } = wire
      wire.end = wire.at + length
      if (!fields(wire)) return false
      wire.end = end
      return true
    }
    // Known before its fields are, which may be of its type.
    this.#known.set(record, of.set(writer, read))
    fields = this.fields(writer, reader, record)
    return read
  }

  field(
    writer: MessageField,
    reader: MessageField,
    { name, type, default: value }: Field,
  ): WriteField {
    try {
      checkForm(writer, reader)
      return this.#write(writer, reader, type, bytesOfDefault(type, value))
    } catch (error) {
      if (!(error instanceof Incompatible)) throw error
      throw new Incompatible(joined(name, error.path), error.misfit)
    }
  }

  /** @param missing what the record has for a field that is not there; null: it has to be */
  #write(
    writer: MessageField,
    reader: MessageField,
    type: AvroType,
    missing: Bytes | null,
  ): WriteField {
    if (reader.presence === 'map' && type.kind === 'map')
      return this.#map(writer, reader, type.values)
    const isList = reader.presence === 'repeated' && type.kind === 'array'
    const inner = isList ? type.items : type.kind === 'union' ? type.branches[1] : type
    const read = this.#value(writer.type, reader, inner)
    if (isList) return compileList(reader.number, wireType(writer.type), read, closedOf(reader))
    return isMessage(reader)
      ? singleMessage(reader.number, read, isNullable(reader), missing)
      : single(read, isNullable(reader), missing)
  }

  #map(writer: MessageField, reader: MessageField, values: AvroType): WriteField {
    const [keys, value] = [reader.key!, { ...reader, presence: 'implicit' } as const]
    const key: MessageField = { ...value, type: keys, number: 1, key: null, decimal: null }
    const own: MessageField = { ...value, number: 2, key: null }
    const read = this.#value(writer.type, own, values)
    return compileMap({
      number: reader.number,
      scanner: new Scanner([
        slotOf(key, writer.key!),
        { ...slotOf(own, writer.type), closed: null },
      ]),
      key: readMapKey(writer.key!, keys, reader.isChecked),
      value: isMessage(own)
        ? valueMessage(own.number, read)
        : single(read, false, bytesOfDefault(values, implicitDefault(own))),
      closed: closedOf(own),
    })
  }

  #value(writer: FieldType, reader: MessageField, type: AvroType): Read {
    const { type: own } = reader
    if (typeof own === 'string' || own.kind === 'enum') {
      if (typeof writer !== 'string' && writer.kind === 'message') {
        if (own !== 'bytes') throw differing(writer, reader)
        return compileScalar('bytes', 'bytes', false)
      }
      const isEnum = typeof writer !== 'string' && typeof own !== 'string'
      return compileScalar(this.#isOwn && isEnum ? own : writer, own, reader.isChecked)
    }
    const known = wellKnown(own, reader)
    if (writer === 'bytes' && known === null) return this.#message(own, own, type as RecordType)
    if (typeof writer === 'string' || writer.kind === 'enum') throw differing(writer, reader)
    if (known !== null && writer.name !== own.name) throw differing(writer, reader)
    switch (known) {
      case 'timestamp':
        return compileTimestamp()
      case 'date':
        return compileDate()
      case 'time':
        return compileTimeOfDay()
      case 'decimal':
        return compileDecimalValue((type as PrimitiveType).logical!)
      case 'wrapper':
        return this.#unwrapping(wrapped(own), type)
      case null:
        return this.#message(writer, own, type as RecordType)
    }
  }

  #unwrapping(field: MessageField, type: AvroType): Read {
    const missing = bytesOfDefault(type, implicitDefault(field))
    return unwrapping(field, this.#value(field.type, field, type), missing)
  }
}

const isMessage = ({ type }: MessageField): boolean =>
  typeof type !== 'string' && type.kind === 'message'

const differing = (writer: FieldType, reader: MessageField): Incompatible =>
  new Incompatible(
    '',
    `is ${fieldTypeText({ ...reader, type: writer })}; the pipeline reads ${fieldTypeText(reader)}`,
  )

/** Throws Incompatible where the one comes several times and the other does not, in a form that loses values. */
function checkForm(writer: MessageField, reader: MessageField): void {
  const isMap = writer.presence === 'map'
  const isLess = writer.presence === 'repeated' && reader.presence !== 'repeated'
  const isNumber = wireType(writer.type) !== LEN
  if (isMap === (reader.presence === 'map') && !(isLess && isNumber)) return
  throw new Incompatible(
    '',
    `is ${fieldTypeText(writer)}; the pipeline reads ${fieldTypeText(reader)}`,
  )
}

const closedOf = ({ type }: MessageField): EnumType | null =>
  typeof type !== 'string' && type.kind === 'enum' && type.isClosed ? type : null

/** Fields of the oneofs that some fields are in. */
function othersOf(message: Message, fields: readonly MessageField[]): MessageField[] {
  const oneofs = new Set(fields.flatMap(({ oneof }) => (oneof === null ? [] : [oneof])))
  return message.fields.filter(
    (field) => field.oneof !== null && oneofs.has(field.oneof) && !fields.includes(field),
  )
}

function bytesOfDefault(type: AvroType, value: unknown): Bytes | null {
  const bytes = value === undefined ? undefined : encodeDefault(type, value)
  return bytes === undefined ? null : bytesOf(bytes)
}
