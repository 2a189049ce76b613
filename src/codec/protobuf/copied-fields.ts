/**
 * Fields that come from Protobuf and are of the same type in the output: their bytes are copied, each with the output's tag
 * before it, and what does not go on as it lies is read and written anew. They are one value of the record, behind all others.
 */
import { type Bytes, bytesOf, NO_BYTES } from '../../bytes.ts'
import { AvroSink } from '../avro/sink.ts'
import { AvroSource, readInt } from '../avro/walk.ts'
import type { MessageField } from './message.ts'
import type { OwnField } from './own-types.ts'
import { wireType } from './scalars.ts'
import type { WriteField } from './several.ts'
import { compileSound, packed, type Sound } from './sound.ts'
import type { Write } from './value-forms.ts'
import { isNullable } from './view.ts'
import { LEN, type Wire } from './wire.ts'
import { WireWriter } from './wire-writer.ts'

/** Branches of the value's type: see `COPIED_TYPE`. */
const FIELDS = 0
const REFUSED = 1

/** Copies the values that the scanner has found; false: one of them does not go on as it lies. */
type Copy = (wire: Wire, first: number, last: number, out: WireWriter) => boolean

export interface CopiedField {
  readonly name: string
  /** Which of the scanner's it is. */
  readonly slot: number
  /** null: no value goes on as it lies. */
  readonly copy: Copy | null
  /** What is written where it is not there; null: reading it says so. */
  readonly absent: Bytes | null
  /** Reads the field as Avro. */
  readonly read: WriteField
  /** Writes what has been read. */
  readonly write: Write
}

/** @param isSame whether the writer has it in the same type */
export function compileCopy(reader: MessageField, number: number, isSame: boolean): Copy | null {
  const sound = isSame ? compileSound(reader) : null
  if (sound === null) return null
  const { presence, type } = reader
  if (presence === 'repeated' || presence === 'map') return several(reader, number, sound)
  const tag = number * 8 + wireType(type)
  const isMessage = typeof type !== 'string' && type.kind === 'message'
  return (wire, first, last, out) => {
    // Those that come several times are merged.
    if (isMessage && first !== last) return false
    wire.at = last
    return sound(wire) && out.varint(tag) && out.copy(wire.buffer, last, wire.at)
  }
}

function several(reader: MessageField, number: number, sound: Sound): Copy {
  const type = reader.presence === 'map' ? LEN : wireType(reader.type)
  const [own, run] = [reader.number * 8 + type, reader.number * 8 + LEN]
  const inRun = type === LEN ? sound : packed(sound)
  return (wire, first, last, out) => {
    wire.at = first
    while (wire.at <= last) {
      if (!wire.readTag()) return false
      const { tag, at } = wire
      if (tag !== own && tag !== run) {
        if (!wire.skip(tag)) return false
      } else if (!(tag === own ? sound(wire) : inRun(wire))) return false
      else if (!out.varint(number * 8 + (tag & 7)) || !out.copy(wire.buffer, at, wire.at))
        return false
    }
    return true
  }
}

/** @param missing what the record has where the field is not there; null: it has to be there */
export function absentBytes(
  reader: MessageField,
  missing: Bytes | null,
  own: OwnField,
): Bytes | null {
  const { presence } = reader
  if (presence === 'repeated' || presence === 'map' || isNullable(reader)) return NO_BYTES
  if (missing === null) return null
  const [source, out] = [new AvroSource(), new WireWriter()]
  source.open(missing, 0, missing.length)
  out.begin()
  return own.write(source, out) ? bytesOf(Buffer.from(out.buffer.subarray(0, out.at))) : null
}

/** Writes the value that all of them are. @param base the scanner's first mark; null: the bytes of a field are not sound */
export function compileCopied(
  fields: readonly CopiedField[],
): (wire: Wire, base: number) => boolean {
  const out = new WireWriter()
  const rewriting = new Rewriting(out)
  return (wire, base) => {
    const { end, depth } = wire
    out.begin()
    for (let f = 0; f < fields.length; f++) {
      const field = fields[f]
      const { copy, absent } = field
      const { marks } = wire
      const at = base + 2 * field.slot
      const last = marks[at + 1]
      if (last < 0 && absent !== null) {
        if (!out.copy(absent, 0, absent.length)) return refused(wire, out)
        continue
      }
      const from = out.at
      if (last >= 0 && copy !== null && copy(wire, marks[at], last, out)) continue
      out.at = from
      wire.end = end
      wire.depth = depth
      if (!rewriting.read(wire, marks[at], last, field)) return wire.endedIn(field.name)
      if (!rewriting.write(field)) return refused(wire, out)
    }
    const { sink } = wire
    return sink.int(FIELDS) && sink.int(out.at) && sink.copy(out.buffer, 0, out.at)
  }
}

/** Said when the record is taken: until then a condition may want it dropped. */
function refused({ sink }: Wire, { path, fault }: WireWriter): boolean {
  return sink.int(REFUSED) && sink.bytes(bytesOf(Buffer.from(`${path} ${fault}`)))
}

/** Reads a field as Avro, and writes that. */
class Rewriting {
  readonly #out: WireWriter
  readonly #sink = new AvroSink()
  readonly #source = new AvroSource()

  constructor(out: WireWriter) {
    this.#out = out
  }

  read(wire: Wire, first: number, last: number, { read }: CopiedField): boolean {
    const { sink: outer } = wire
    const sink = this.#sink
    wire.sink = sink
    sink.begin()
    const isRead = read(wire, first, last)
    wire.sink = outer
    if (sink.isFull) outer.isFull = true
    this.#source.open(sink.buffer, sink.start, sink.at)
    sink.rewind(0)
    return isRead
  }

  write({ write }: CopiedField): boolean {
    return write(this.#source, this.#out)
  }
}

/** Writes them into the message of the output. */
export const writeCopied: Write = (source, out) => {
  const branch = readInt(source)
  const length = readInt(source)
  const from = source.at
  source.at = from + length
  if (branch === FIELDS) return out.copy(source.buffer, from, source.at)
  const [path, ...fault] = source.buffer.toString('utf8', from, source.at).split(' ')
  out.path = path
  return out.refuse(fault.join(' '))
}
