/** JSON objects as Avro records: their members come in any order, and Avro has the fields in one. */
import { type Bytes, bytesOf, sameBytes } from '../../bytes.ts'
import { encodeDefault } from '../avro/default.ts'
import type { Field, RecordType } from '../avro/schema.ts'
import { JsonNames } from './names.ts'
import type { JsonTransfer, ReadJson } from './transfer.ts'
import { ALL_MEMBERS, isUndeclared } from './undeclared.ts'
import { MemberPieces } from './undeclared-texts.ts'
import {
  CLOSE,
  ENDS,
  IS_WRONG,
  OPEN,
  open,
  QUOTE,
  readName,
  skip,
  toFollowing,
  toMember,
} from './walk.ts'

/** A member that the record does not have. */
const UNKNOWN = -1
/** The way has ended. */
const NO_NAME = -2
/** There are members, and none of them is known. */
const FOREIGN = -3

/** How a record's members are read. */
export class JsonRecord {
  readonly #names: JsonNames
  /** By name. */
  readonly #members: readonly string[]
  /** By name: which of the fields it is; -1: it is passed over. */
  readonly #fields: Int32Array
  /** By field. */
  readonly #reads: ReadJson[] = []
  readonly #labels: readonly string[]
  /** By field: the bytes that stand for one that is not there; null: it has to be. */
  readonly #absent: readonly (Bytes | null)[]
  /** By name: which one came behind it last time. Most records have their members in one order. */
  readonly #behind: Int32Array
  #first = 0
  readonly #wanted: string
  /** Whether nothing is declared of its members: none of them has to be there. */
  readonly #isUndeclared: boolean
  /** By name: whether the member comes out with all others. */
  readonly #comesOut: Uint8Array
  /** What comes out of the object that is read; null: its fields are all. */
  readonly #pieces: MemberPieces | null

  /**
   * @param known names that are passed over, where they are no fields
   * @param wanted the type, for messages
   * @param taken names of members that are left out where all others come out
   */
  constructor(
    type: RecordType,
    known: readonly string[],
    wanted: string,
    taken: readonly string[] = [],
  ) {
    const isWhole = type.fields.at(-1)?.name === ALL_MEMBERS
    // All members follow behind the record's own fields.
    const fields = isWhole ? type.fields.slice(0, -1) : type.fields
    const names = fields.map(({ name }) => name)
    const members = [...new Set([...names, ...known, ...taken])]
    this.#members = members
    this.#names = new JsonNames(members)
    this.#fields = Int32Array.from(members, (_, n) => (n < names.length ? n : UNKNOWN))
    this.#labels = names
    this.#absent = fields.map(absentBytes)
    this.#behind = Int32Array.from(members, (_, n) => (n + 1) % members.length)
    this.#wanted = wanted
    this.#isUndeclared = isUndeclared(type)
    this.#comesOut = Uint8Array.from(members, (name) => Number(!taken.includes(name)))
    this.#pieces = isWhole ? new MemberPieces() : null
  }

  /** @param reads of the type's fields, in their order */
  complete(reads: readonly ReadJson[]): void {
    this.#reads.push(...reads.slice(0, this.#labels.length))
  }

  /** @param isRoot none of its names being known, it is another record altogether */
  read(transfer: JsonTransfer, isRoot: boolean): boolean {
    const from = transfer.at
    if (transfer.buffer[from] !== OPEN) return transfer.refuse(from, this.#wanted)
    if (!transfer.enter()) return false
    const base = transfer.mark(this.#reads.length)
    const known = this.#readMembers(transfer, base, isRoot)
    if (known === NO_NAME) return false
    // Whatever it is, it is no record of the schema.
    if (known === FOREIGN) return transfer.refuse(from, this.#wanted)
    transfer.unmark(base)
    transfer.depth--
    return true
  }

  /** @returns how many of its names are known, or FOREIGN; NO_NAME: the way has ended */
  #readMembers(transfer: JsonTransfer, base: number, isRoot: boolean): number {
    const { sink } = transfer
    const start = sink.written
    const pieces = this.#pieces
    pieces?.begin()
    let name = -1
    let known = 0
    let unknown = 0
    let next = 0
    let isInOrder = true
    let state = open(transfer, CLOSE)
    for (; state !== ENDS; state = toFollowing(transfer, CLOSE)) {
      if (state === IS_WRONG) return NO_NAME
      const at = transfer.at
      const found = this.#nameAt(transfer, name < 0 ? this.#first : this.#behind[name])
      if (found === NO_NAME || !toMember(transfer)) return NO_NAME
      if (found === UNKNOWN) {
        if (transfer.isStrict) return refused(transfer, at)
        if (!skip(transfer)) return NO_NAME
        pieces?.add(at, transfer.at)
        unknown++
        continue
      }
      if (name < 0) this.#first = found
      else this.#behind[name] = found
      name = found
      known++
      const field = this.#fields[found]
      if (field === UNKNOWN) {
        if (!skip(transfer)) return ended(transfer, this.#members[found])
        if (pieces !== null) this.#add(pieces, found, at, transfer.at)
        continue
      }
      if (isInOrder && field !== next) {
        isInOrder = field > next && this.#pass(transfer, base, next, field)
      }
      const { marks } = transfer
      const place = base + 2 * field
      marks[place] = sink.written
      if (!this.#reads[field](transfer)) return ended(transfer, this.#labels[field])
      transfer.marks[place + 1] = sink.written
      if (pieces !== null) this.#add(pieces, found, at, transfer.at)
      next = field + 1
    }
    if (isRoot && known === 0 && unknown > 0 && !this.#isUndeclared) return FOREIGN
    const isDone = isInOrder
      ? this.#pass(transfer, base, next, this.#reads.length) || this.#missing(transfer, base)
      : this.#reorder(transfer, base, start)
    return isDone && (pieces === null || pieces.write(transfer)) ? known : NO_NAME
  }

  /** A member whose name is known. */
  #add(pieces: MemberPieces, name: number, from: number, to: number): void {
    if (this.#comesOut[name] === 1) pieces.add(from, to)
    else pieces.leaveOut()
  }

  /** The number of the name at `at`, which is behind it afterwards. @param expected the one that it probably is */
  #nameAt(transfer: JsonTransfer, expected: number): number {
    const { buffer, at, end } = transfer
    if (expected < this.#members.length) {
      const name = this.#names.names[expected]
      const behind = at + 1 + name.length
      if (
        behind < end &&
        buffer[behind] === QUOTE &&
        buffer[at] === QUOTE &&
        sameBytes(name, 0, buffer, at + 1, name.length)
      ) {
        transfer.at = behind + 1
        return expected
      }
    }
    if (!readName(transfer)) return NO_NAME
    return this.#names.find(transfer.text, transfer.textStart, transfer.textEnd)
  }

  /** Fields that may be absent are written as such, from `field` on up to `end`; false: one has to be there. */
  #pass({ marks, sink }: JsonTransfer, base: number, field: number, end: number): boolean {
    for (let f = field; f < end; f++) if (this.#absent[f] === null) return false
    for (let f = field; f < end; f++) {
      const bytes = this.#absent[f]!
      marks[base + 2 * f] = sink.written
      if (!sink.copy(bytes, 0, bytes.length)) return false
      marks[base + 2 * f + 1] = sink.written
    }
    return true
  }

  #missing(transfer: JsonTransfer, base: number): false {
    if (transfer.sink.isFull) return false
    const { marks } = transfer
    const field = this.#absent.findIndex(
      (bytes, f) => bytes === null && marks[base + 2 * f + 1] < 0,
    )
    return transfer.miss(this.#labels[field])
  }

  /** The fields' bytes, which lie in the members' order, one after the other. @param start where the record begins */
  #reorder(transfer: JsonTransfer, base: number, start: number): boolean {
    const { sink, marks } = transfer
    const count = this.#reads.length
    let bytes = 0
    for (let f = 0; f < count; f++) {
      const to = marks[base + 2 * f + 1]
      const absent = this.#absent[f]
      if (to < 0 && absent === null) return this.#missing(transfer, base)
      bytes += to < 0 ? absent!.length : to - marks[base + 2 * f]
    }
    if (!transfer.mayRepeat(bytes) || !sink.reserve(bytes)) return false
    const end = sink.written
    for (let f = 0; f < count; f++) {
      const to = marks[base + 2 * f + 1]
      const absent = this.#absent[f]
      if (to < 0) sink.copy(absent!, 0, absent!.length)
      else sink.copy(sink.buffer, sink.start + marks[base + 2 * f], sink.start + to)
    }
    const first = sink.start + end
    sink.buffer.copyWithin(sink.start + start, first, first + bytes)
    sink.rewind(start + bytes)
    return true
  }
}

function ended(transfer: JsonTransfer, name: string): number {
  transfer.endedIn(name)
  return NO_NAME
}

function refused(transfer: JsonTransfer, at: number): number {
  transfer.refuse(at, 'a record without such a member')
  return NO_NAME
}

/** The default, else null where it may be that. */
function absentBytes({ type, default: value }: Field): Bytes | null {
  const fallback = value === undefined ? undefined : encodeDefault(type, value)
  if (fallback !== undefined) return bytesOf(fallback)
  if (type.kind === 'null') return bytesOf(Buffer.alloc(0))
  const at = type.kind === 'union' ? type.branches.findIndex(({ kind }) => kind === 'null') : -1
  return at < 0 ? null : bytesOf(Buffer.from([2 * at]))
}
