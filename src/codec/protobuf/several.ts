/** Fields that come several times: lists and maps. */
import { varintBytes, writeVarint } from '../../bytes.ts'
import type { AvroSink } from '../avro/sink.ts'
import type { EnumType } from './message.ts'
import type { Read } from './scalars.ts'
import { isSymbol, type Scanner } from './scan.ts'
import { LEN, type Wire } from './wire.ts'

/** Writes a field, of which the scanner has found the first and the last place; -1: it is not there. */
export type WriteField = (wire: Wire, first: number, last: number) => boolean

/** Calls for each value of a field, which is at `wire.at`, between two tags that were found. @param type its wire type; of packed values that of each */
function eachValue(
  wire: Wire,
  number: number,
  type: number,
  first: number,
  last: number,
  value: (wire: Wire) => boolean,
): boolean {
  wire.at = first
  for (let from = first; from <= last; from = wire.at) {
    if (!wire.readTag()) return false
    const { tag } = wire
    const isPacked = type !== LEN && (tag & 7) === LEN
    if (tag >>> 3 !== number || (!isPacked && (tag & 7) !== type)) {
      if (!wire.skip(tag)) return false
    } else if (!(isPacked ? eachPacked(wire, value) : value(wire))) return false
  }
  return true
}

function eachPacked(wire: Wire, value: (wire: Wire) => boolean): boolean {
  const length = wire.length()
  if (length < 0) return false
  const { end } = wire
  wire.end = wire.at + length
  while (wire.at < wire.end) if (!value(wire)) return false
  wire.end = end
  return true
}

/** An array of one block. @param closed only numbers with a name count */
export function compileList(
  number: number,
  type: number,
  item: Read,
  closed: EnumType | null,
): WriteField {
  let count = 0
  const add = (wire: Wire): boolean => {
    if (closed !== null && !isSymbol(wire, closed)) return wire.varint()
    count++
    // Items may be of a message that has this very list.
    const before = count
    const isDone = item(wire)
    count = before
    return isDone
  }
  return (wire, first, last) => {
    const { sink } = wire
    if (first < 0) return sink.int(0)
    const outer = count
    count = 0
    const at = sink.written
    const isDone = sink.int(0) && eachValue(wire, number, type, first, last, add)
    const found = count
    count = outer
    return isDone && endBlock(sink, at, found)
  }
}

/** The block's count, for which there is a byte at `at`, and what ends the blocks. */
function endBlock(sink: AvroSink, at: number, count: number): boolean {
  // Without items that byte is the end itself.
  if (count === 0) return true
  const more = varintBytes(2 * count) - 1
  if (!sink.reserve(more + 1)) return false
  const place = sink.start + at
  if (more > 0) sink.buffer.copyWithin(place + 1 + more, place + 1, sink.at)
  writeVarint(sink.buffer, place, 2 * count)
  sink.at += more
  return sink.int(0)
}

/** From so many entries on keys are looked up. */
const MANY = 64

/** How a map's entries are read: two slots, key and value. */
export interface EntryForm {
  readonly number: number
  readonly scanner: Scanner
  readonly key: WriteField
  readonly value: WriteField
  /** An entry whose value is a number without a name here does not count; null: all do. */
  readonly closed: EnumType | null
}

/** A map of one block. Of entries with the same key the last counts. */
export function compileMap(form: EntryForm): WriteField {
  const { number, scanner, key, value, closed } = form
  const entry = (wire: Wire): boolean => {
    const length = wire.length()
    if (length < 0) return false
    const { end } = wire
    const behind = wire.at + length
    wire.end = behind
    const base = scanner.scan(wire)
    if (base < 0 || !key(wire, wire.marks[base], wire.marks[base + 1])) return false
    if (!value(wire, wire.marks[base + 2], wire.marks[base + 3])) return false
    wire.marked = base
    wire.end = end
    wire.at = behind
    return true
  }
  return (wire, first, last) => {
    const { sink } = wire
    if (first < 0) return sink.int(0)
    const base = wire.marked
    const at = sink.written
    const entries = new Entries(wire, base)
    const add = (inner: Wire): boolean => {
      if (closed !== null && !hasSymbol(inner, scanner, closed)) return inner.skip(LEN)
      inner.marks[inner.mark(1)] = sink.written
      return entry(inner) && entries.added()
    }
    if (!sink.int(0) || !eachValue(wire, number, LEN, first, last, add)) return false
    const count = entries.withoutFormer()
    wire.marked = base
    return endBlock(sink, at, count)
  }
}

/** Whether the value of the entry here, where it has one, has a name. */
function hasSymbol(wire: Wire, scanner: Scanner, closed: EnumType): boolean {
  const { at, end } = wire
  const length = wire.length()
  if (length < 0) return true
  wire.end = wire.at + length
  const base = scanner.scan(wire)
  const place = base < 0 ? -1 : wire.marks[base + 3]
  wire.at = place
  const isKnown = place < 0 || isSymbol(wire, closed)
  if (base >= 0) wire.marked = base
  wire.at = at
  wire.end = end
  return isKnown
}

/** A map's entries, as they are written: where each begins is in the wire's marks. */
class Entries {
  readonly #wire: Wire
  readonly #base: number
  #count = 0
  #former = 0
  /** By key, where there are many; else each is compared with all. */
  #known: Map<string, number> | null = null

  constructor(wire: Wire, base: number) {
    this.#wire = wire
    this.#base = base
  }

  /** The entry that was written last: one before it with the same key does not count any more. */
  added(): true {
    const at = this.#count++
    const former = this.#formerOf(at)
    if (former >= 0) {
      this.#former++
      const { marks } = this.#wire
      marks[this.#base + former] = -1 - marks[this.#base + former]
    }
    return true
  }

  #formerOf(at: number): number {
    if (at < MANY) {
      for (let i = 0; i < at; i++) {
        if (this.#wire.marks[this.#base + i] >= 0 && this.#isSame(i, at)) return i
      }
      return -1
    }
    if (this.#known === null) {
      this.#known = new Map()
      for (let i = 0; i < at; i++) {
        if (this.#wire.marks[this.#base + i] >= 0) this.#known.set(this.#keyOf(i), i)
      }
    }
    const key = this.#keyOf(at)
    const former = this.#known.get(key) ?? -1
    this.#known.set(key, at)
    return former
  }

  /** The length is compared, too, being before the key's text. */
  #isSame(a: number, b: number): boolean {
    const { sink, marks } = this.#wire
    const one = sink.start + marks[this.#base + a]
    const other = sink.start + marks[this.#base + b]
    const bytes = keyBytes(sink, one)
    for (let i = 0; i < bytes; i++) {
      if (sink.buffer[one + i] !== sink.buffer[other + i]) return false
    }
    return true
  }

  #keyOf(at: number): string {
    const { sink, marks } = this.#wire
    const start = sink.start + marks[this.#base + at]
    return sink.buffer.toString('latin1', start, start + keyBytes(sink, start))
  }

  /** Takes out what does not count; returns how many entries are left. */
  withoutFormer(): number {
    if (this.#former === 0) return this.#count
    const { sink, marks } = this.#wire
    const startOf = (i: number): number => {
      if (i === this.#count) return sink.at
      const mark = marks[this.#base + i]
      return sink.start + (mark < 0 ? -1 - mark : mark)
    }
    let to = startOf(0)
    for (let i = 0; i < this.#count; i++) {
      if (marks[this.#base + i] < 0) continue
      const [start, end] = [startOf(i), startOf(i + 1)]
      sink.buffer.copyWithin(to, start, end)
      to += end - start
    }
    sink.at = to
    return this.#count - this.#former
  }
}

/** Of a key with its length before it. */
function keyBytes({ buffer }: AvroSink, start: number): number {
  let at = start
  let length = 0
  let unit = 1
  for (; buffer[at] > 127; unit *= 128) length += (buffer[at++] & 127) * unit
  length += buffer[at++] * unit
  return at - start + length / 2
}
