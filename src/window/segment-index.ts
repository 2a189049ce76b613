import { Entries } from './entries.ts'

const FIRST_SLOTS = 1 << 8
/** A slot: hash, and by side the newest entry + 1. Free where no side has one. */
const SLOT = 3
const LEFT_HEAD = 1
const RIGHT_HEAD = 2

/**
 * Where the records of one segment are: join key's hash → entries of each side, newest first.
 *
 * An open-addressing table has one slot per distinct hash; entries of one hash hang behind it in a
 * chain. So a key with 100,000 records in the window costs a look-up of another key nothing, which
 * linear probing over entries would. A miss reads no page. Both sides share the slots: a record is put
 * on its own side and looked up on the other one, and in a table of this size every other place is a
 * cache miss.
 */
export class SegmentIndex {
  readonly number: number
  /** In ms. */
  readonly start: number
  readonly sides: readonly [Entries, Entries]
  #slots: Int32Array
  /** Number of slots, less one. */
  #mask: number
  /** Distinct hashes. */
  hashes = 0

  /** @param expected hashes that will probably come */
  constructor(number: number, start: number, expected = 0) {
    this.number = number
    this.start = start
    this.sides = [new Entries(start), new Entries(start)]
    let slots = FIRST_SLOTS
    while (slots * 5 < expected * 8) slots *= 2
    this.#mask = slots - 1
    this.#slots = new Int32Array(slots * SLOT)
  }

  /** Bytes of the typed arrays. */
  get bytes(): number {
    return this.#slots.length * 4 + this.sides[0].bytes + this.sides[1].bytes
  }

  /** Adds an entry to its side and returns its number. */
  add(side: number, hash: number, page: number, position: number): number {
    if (this.hashes * 8 > this.#mask * 5) this.#grow()
    const slots = this.#slots
    const slot = this.#slot(hash)
    if (isFree(slots, slot)) {
      slots[slot] = hash
      this.hashes++
    }
    const head = slot + LEFT_HEAD + side
    const entry = this.sides[side].add(page, position, slots[head])
    slots[head] = entry + 1
    return entry
  }

  /** The side's newest entry with this hash, or -1. */
  first(side: number, hash: number): number {
    return this.#slots[this.#slot(hash) + LEFT_HEAD + side] - 1
  }

  /** Brings the slots of these hashes near, as `DimensionTable.lookAhead` does. */
  lookAhead(hashes: Int32Array, count: number): number {
    const slots = this.#slots
    const mask = this.#mask
    let touched = 0
    for (let i = 0; i < count; i++) touched ^= slots[(hashes[i] & mask) * SLOT]
    return touched
  }

  /** The same for a side's newest entries of these hashes; their numbers (or -1) go to `entries`. */
  lookAheadEntries(side: number, hashes: Int32Array, count: number, entries: Int32Array): number {
    const of = this.sides[side]
    let touched = 0
    for (let i = 0; i < count; i++) {
      const entry = this.first(side, hashes[i])
      entries[i] = entry
      if (entry >= 0) touched ^= of.place(entry)
    }
    return touched
  }

  #slot(hash: number): number {
    const slots = this.#slots
    let slot = (hash & this.#mask) * SLOT
    while (slots[slot] !== hash && !isFree(slots, slot)) {
      slot += SLOT
      if (slot === slots.length) slot = 0
    }
    return slot
  }

  #grow(): void {
    const old = this.#slots
    this.#slots = new Int32Array(old.length * 2)
    this.#mask = this.#mask * 2 + 1
    for (let i = 0; i < old.length; i += SLOT) {
      if (isFree(old, i)) continue
      const slot = this.#slot(old[i])
      for (let word = 0; word < SLOT; word++) this.#slots[slot + word] = old[i + word]
    }
  }
}

const isFree = (slots: Int32Array, slot: number): boolean =>
  (slots[slot + LEFT_HEAD] | slots[slot + RIGHT_HEAD]) === 0
