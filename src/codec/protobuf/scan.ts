import type { EnumType, FieldType, Message, MessageField } from './message.ts'
import { wireType } from './scalars.ts'
import { LEN, type Wire } from './wire.ts'

/** A field that is looked for. */
export interface Slot {
  readonly number: number
  /** As it is written. */
  readonly type: FieldType
  /** Whether its values may come several times, and all count. */
  readonly isMany: boolean
  readonly oneof: string | null
  /** Numbers that have a name; null: all count. */
  readonly closed: EnumType | null
}

/** Tags below are looked up by index. */
const MOST_TAG = 2048
const BROKEN = 'ends within a field, or is no message'

/**
 * Finds the fields of a message: for each slot two marks, the first place and the last, -1 where it is not there. A single
 * field's are those of its value, others' of the tag before it. What is not looked for, and what has another wire type than
 * its field, is passed over.
 */
export class Scanner {
  readonly count: number
  readonly #table: Int16Array
  readonly #others = new Map<number, number>()
  readonly #isMany: readonly boolean[]
  readonly #closed: readonly (EnumType | null)[]
  /** By slot: the others of its oneof. */
  readonly #rivals: readonly (readonly number[])[]

  constructor(slots: readonly Slot[]) {
    this.count = slots.length
    this.#isMany = slots.map(({ isMany }) => isMany)
    this.#closed = slots.map(({ closed }) => closed)
    this.#rivals = slots.map(({ oneof }, s) =>
      oneof === null ? [] : [...slots.keys()].filter((o) => o !== s && slots[o].oneof === oneof),
    )
    const tags = slots.flatMap((slot, s) => tagsOf(slot).map((tag) => [tag, s] as const))
    const small = tags.filter(([tag]) => tag < MOST_TAG)
    this.#table = new Int16Array(Math.max(0, ...small.map(([tag]) => tag + 1))).fill(-1)
    for (const [tag, s] of small) this.#table[tag] = s
    for (const [tag, s] of tags) if (tag >= MOST_TAG) this.#others.set(tag, s)
  }

  /** Looks through the bytes up to `wire.end`. Answers with the first mark's place; -1: they are no message. */
  scan(wire: Wire): number {
    const base = wire.mark(2 * this.count)
    const { buffer, end, marks } = wire
    const table = this.#table
    while (wire.at < end) {
      const from = wire.at
      let tag = buffer[from]
      if (tag < 128) wire.at = from + 1
      else if (wire.readTag()) tag = wire.tag
      else return this.#broken(wire)
      if (tag < 8) return this.#broken(wire)
      const slot = tag < table.length ? table[tag] : this.#other(tag)
      if (slot >= 0) this.#found(wire, marks, base, slot, from)
      if (!wire.skip(tag)) return this.#broken(wire)
    }
    return base
  }

  #broken(wire: Wire): number {
    if (wire.fault === '') wire.refuse(BROKEN)
    return -1
  }

  #other(tag: number): number {
    return this.#others.get(tag) ?? -1
  }

  #found(wire: Wire, marks: Int32Array, base: number, slot: number, tagAt: number): void {
    const closed = this.#closed[slot]
    if (closed !== null && !isSymbol(wire, closed)) return
    const at = base + 2 * slot
    const place = this.#isMany[slot] ? tagAt : wire.at
    if (marks[at] < 0) marks[at] = place
    marks[at + 1] = place
    for (const rival of this.#rivals[slot]) {
      marks[base + 2 * rival] = -1
      marks[base + 2 * rival + 1] = -1
    }
  }
}

/** Both forms of numbers that come several times: each for itself, and packed. */
function tagsOf({ number, type, isMany }: Slot): number[] {
  const own = number * 8 + wireType(type)
  return isMany && wireType(type) !== LEN ? [own, number * 8 + LEN] : [own]
}

/** Whether the varint here has a name. */
export function isSymbol(wire: Wire, { symbols }: EnumType): boolean {
  const { at } = wire
  const isKnown = wire.varint() && symbols.has(wire.low)
  wire.at = at
  return isKnown
}

/** @param written what the writer has, where it has the field */
export function slotOf(field: MessageField, written: FieldType): Slot {
  const { number, presence, oneof, type } = field
  const isMany = presence === 'repeated' || presence === 'map'
  const isEnum = typeof type !== 'string' && type.kind === 'enum'
  const known = typeof written !== 'string' && written.kind === 'enum' ? written : type
  // Those of a list are looked at one by one.
  const isClosed = isEnum && type.isClosed && !isMany
  return {
    number,
    type: presence === 'map' ? ENTRY : written,
    isMany,
    oneof,
    closed: isClosed ? (known as EnumType) : null,
  }
}

/** What stands for a map's entry: any message. */
const ENTRY: Message = {
  kind: 'message',
  name: 'entry',
  space: '',
  fields: [],
  reserved: [],
  reservedNames: [],
}
