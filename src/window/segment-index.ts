import { PAGE_BYTES } from './page.ts'

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
/** Entries lie in chunks, so that their table grows without being copied. */
const CHUNK_BITS = 11
const CHUNK = 1 << CHUNK_BITS
/** An entry: place, the chain's next entry + 1. */
const ENTRY = 2
const NEXT = 1
/** A place: page number less the chunk's first, position on the page. */
const POSITION_BITS = Math.log2(PAGE_BYTES)
const POSITION = PAGE_BYTES - 1
const MOST_PAGES = 2 ** (32 - POSITION_BITS)

export class SegmentIndex {
  /** Of the segment, in ms. */
  readonly start: number
  #slots: Int32Array
  readonly #chunks: Int32Array[] = []
  /** Each chunk's first page. */
  readonly #firstPages: number[] = []
  /** A bit per entry, of chunks with a match in a left join. */
  readonly #matched: (Int32Array | undefined)[] = []
  #used = 0
  /** The next entry's number. */
  #next = 0
  entries = 0

  /** @param expected entries that will probably come */
  constructor(start: number, expected = 0) {
    this.start = start
    let slots = FIRST_SLOTS
    while (slots * 5 < expected * 8) slots *= 2
    this.#slots = new Int32Array(slots * SLOT)
  }

  /** Bytes of the typed arrays. */
  get bytes(): number {
    return (this.#slots.length + this.#chunks.length * CHUNK * ENTRY) * 4
  }

  /**
   * Adds an entry and returns its number. Numbers follow from the pages and their order alone, so
   * that they mean the same after a restore.
   */
  add(hash: number, page: number, position: number): number {
    if (this.#used * SLOT * 8 >= this.#slots.length * 5) this.#growSlots()
    const entry = this.#entryOn(page)
    const chunk = entry >>> CHUNK_BITS
    const words = this.#chunks[chunk]
    const at = (entry & (CHUNK - 1)) * ENTRY
    const slots = this.#slots
    const slot = this.#slot(hash)
    if (slots[slot + HEAD] === 0) {
      slots[slot] = hash
      this.#used++
    }
    this.entries++
    words[at] = ((page - this.#firstPages[chunk]) << POSITION_BITS) | position
    words[at + NEXT] = slots[slot + HEAD]
    slots[slot + HEAD] = entry + 1
    return entry
  }

  /** The newest entry with this hash, or -1. */
  first(hash: number): number {
    return this.#slots[this.#slot(hash) + HEAD] - 1
  }

  /** The next older entry with the same hash, or -1. */
  next(entry: number): number {
    return this.#chunks[entry >>> CHUNK_BITS][(entry & (CHUNK - 1)) * ENTRY + NEXT] - 1
  }

  page(entry: number): number {
    return this.#firstPages[entry >>> CHUNK_BITS] + (this.#place(entry) >>> POSITION_BITS)
  }

  position(entry: number): number {
    return this.#place(entry) & POSITION
  }

  /** Brings the slots of these hashes near, as `DimensionTable.lookAhead` does. */
  lookAhead(hashes: Int32Array, count: number): number {
    const slots = this.#slots
    const mask = slots.length - SLOT
    let touched = 0
    for (let i = 0; i < count; i++) touched ^= slots[(hashes[i] * SLOT) & mask]
    return touched
  }

  /** The same for the newest entries of these hashes; their numbers (or -1) go to `entries`. */
  lookAheadEntries(hashes: Int32Array, count: number, entries: Int32Array): number {
    let touched = 0
    for (let i = 0; i < count; i++) {
      const entry = this.first(hashes[i])
      entries[i] = entry
      if (entry >= 0) touched ^= this.#place(entry)
    }
    return touched
  }

  isMatched(entry: number): boolean {
    const bits = this.#matched[entry >>> CHUNK_BITS]
    return bits !== undefined && (bits[(entry & (CHUNK - 1)) >>> 5] & (1 << (entry & 31))) !== 0
  }

  setMatched(entry: number): void {
    const chunk = entry >>> CHUNK_BITS
    const bits = (this.#matched[chunk] ??= new Int32Array(CHUNK / 32))
    bits[(entry & (CHUNK - 1)) >>> 5] |= 1 << (entry & 31)
  }

  #place(entry: number): number {
    return this.#chunks[entry >>> CHUNK_BITS][(entry & (CHUNK - 1)) * ENTRY]
  }

  /** The next entry's number; a page too far behind the chunk's first begins a new chunk. */
  #entryOn(page: number): number {
    const chunk = this.#next >>> CHUNK_BITS
    const isFirst = (this.#next & (CHUNK - 1)) === 0
    if (isFirst || page - this.#firstPages[chunk] >= MOST_PAGES) {
      this.#next = this.#chunks.length * CHUNK
      this.#chunks.push(new Int32Array(CHUNK * ENTRY))
      this.#firstPages.push(page)
    }
    return this.#next++
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
    this.#slots = new Int32Array(old.length * 2)
    for (let i = 0; i < old.length; i += SLOT) {
      if (old[i + HEAD] === 0) continue
      const slot = this.#slot(old[i])
      this.#slots[slot] = old[i]
      this.#slots[slot + HEAD] = old[i + HEAD]
    }
  }
}
