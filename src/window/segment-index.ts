/**
 * Where the records of one side and one segment are: join key's hash → entries, newest first.
 *
 * An open-addressing table has one slot per distinct hash; entries of one hash hang behind it in a
 * chain. So a key with 100,000 records in the window costs a look-up of another key nothing, which
 * linear probing over entries would. A miss reads no page. What is read together lies together: in a
 * table of this size every other place is a cache miss.
 */
const FIRST_SLOTS = 1 << 8
/** A slot: hash, newest entry + 1 (0: free). */
const SLOT = 2
const HEAD = 1
/** An entry: page number less the segment's first, position on the page (and the matched bit), the chain's next entry + 1. */
const ENTRY = 3
const POSITION = 1
const NEXT = 2
const MATCHED_BIT = 0x80000000

export class SegmentIndex {
  #slots: Uint32Array
  #entryTable: Uint32Array
  #used = 0
  #entries = 0
  /** The first entry's page. */
  #firstPage = 0

  /** @param expected entries that will probably come */
  constructor(expected = 0) {
    let slots = FIRST_SLOTS
    while (slots * 5 < expected * 8) slots *= 2
    this.#slots = new Uint32Array(slots * SLOT)
    this.#entryTable = new Uint32Array(Math.max(slots >> 1, expected) * ENTRY)
  }

  get entries(): number {
    return this.#entries
  }

  /** Bytes of the typed arrays. */
  get bytes(): number {
    return (this.#slots.length + this.#entryTable.length) * 4
  }

  /** Adds an entry and returns its number; numbers count up from 0 in the order of addition. */
  add(hash: number, page: number, position: number): number {
    if ((this.#entries + 1) * ENTRY > this.#entryTable.length) this.#growEntries()
    if (this.#used * SLOT * 8 >= this.#slots.length * 5) this.#growSlots()
    if (this.#entries === 0) this.#firstPage = page
    const entry = this.#entries++
    const at = entry * ENTRY
    const slots = this.#slots
    const table = this.#entryTable
    const slot = this.#slot(hash)
    if (slots[slot + HEAD] === 0) {
      slots[slot] = hash
      this.#used++
    }
    table[at] = page - this.#firstPage
    table[at + POSITION] = position
    table[at + NEXT] = slots[slot + HEAD]
    slots[slot + HEAD] = entry + 1
    return entry
  }

  /** The newest entry with this hash, or -1. */
  first(hash: number): number {
    return this.#slots[this.#slot(hash) + HEAD] - 1
  }

  /** The next older entry with the same hash, or -1. */
  next(entry: number): number {
    return this.#entryTable[entry * ENTRY + NEXT] - 1
  }

  page(entry: number): number {
    return this.#firstPage + this.#entryTable[entry * ENTRY]
  }

  position(entry: number): number {
    return this.#entryTable[entry * ENTRY + POSITION] & ~MATCHED_BIT
  }

  /** Brings the slots of these hashes near, as `DimensionTable.lookAhead` does. */
  lookAhead(hashes: Uint32Array, count: number): number {
    const slots = this.#slots
    const mask = slots.length - SLOT
    let touched = 0
    for (let i = 0; i < count; i++) touched ^= slots[(hashes[i] * SLOT) & mask]
    return touched
  }

  /** The same for the newest entries of these hashes; their numbers (or -1) go to `entries`. */
  lookAheadEntries(hashes: Uint32Array, count: number, entries: Int32Array): number {
    const table = this.#entryTable
    let touched = 0
    for (let i = 0; i < count; i++) {
      const entry = this.first(hashes[i])
      entries[i] = entry
      if (entry >= 0) touched ^= table[entry * ENTRY]
    }
    return touched
  }

  isMatched(entry: number): boolean {
    return this.#entryTable[entry * ENTRY + POSITION] >= MATCHED_BIT
  }

  setMatched(entry: number): void {
    this.#entryTable[entry * ENTRY + POSITION] |= MATCHED_BIT
  }

  #slot(hash: number): number {
    const slots = this.#slots
    const mask = slots.length - SLOT
    let slot = (hash * SLOT) & mask
    while (slots[slot + HEAD] !== 0 && slots[slot] !== hash) slot = (slot + SLOT) & mask
    return slot
  }

  #growSlots(): void {
    const old = this.#slots
    this.#slots = new Uint32Array(old.length * 2)
    for (let i = 0; i < old.length; i += SLOT) {
      if (old[i + HEAD] === 0) continue
      const slot = this.#slot(old[i])
      this.#slots[slot] = old[i]
      this.#slots[slot + HEAD] = old[i + HEAD]
    }
  }

  #growEntries(): void {
    const grown = new Uint32Array(this.#entryTable.length * 2)
    grown.set(this.#entryTable)
    this.#entryTable = grown
  }
}
