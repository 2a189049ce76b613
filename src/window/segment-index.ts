/**
 * Where the records of one side and one segment are: join key's hash → entries, newest first.
 *
 * An open-addressing table has one slot per distinct hash; entries of one hash hang behind it in a
 * chain. So a key with 100,000 records in the window costs a look-up of another key nothing, which
 * linear probing over entries would. A miss reads no page.
 */
const EMPTY = 0
const NONE = -1
const FIRST_SLOTS = 1 << 8
const FIRST_ENTRIES = 1 << 7

export class SegmentIndex {
  /** Entry → page number, position on the page, the chain's next entry + 1. */
  pages = new Uint32Array(FIRST_ENTRIES)
  positions = new Uint16Array(FIRST_ENTRIES)
  #next = new Uint32Array(FIRST_ENTRIES)
  /** Entry → 1 when it has been matched; kept only for a join that asks. */
  readonly #keepMatched: boolean
  #matched: Uint8Array
  #hashes = new Uint32Array(FIRST_SLOTS)
  #heads = new Uint32Array(FIRST_SLOTS)
  #used = 0
  #entries = 0

  constructor(keepMatched: boolean) {
    this.#keepMatched = keepMatched
    this.#matched = new Uint8Array(keepMatched ? FIRST_ENTRIES : 0)
  }

  get entries(): number {
    return this.#entries
  }

  /** Bytes of the typed arrays. */
  get bytes(): number {
    return this.pages.length * 10 + this.#matched.length + this.#hashes.length * 8
  }

  /** Adds an entry and returns its number; numbers count up from 0 in the order of addition. */
  add(hash: number, page: number, position: number): number {
    if (this.#entries === this.pages.length) this.#growEntries()
    if (this.#used * 8 >= this.#hashes.length * 5) this.#growSlots()
    const entry = this.#entries++
    this.pages[entry] = page
    this.positions[entry] = position
    const slot = this.#slot(hash)
    if (this.#heads[slot] === EMPTY) {
      this.#hashes[slot] = hash
      this.#used++
    }
    this.#next[entry] = this.#heads[slot]
    this.#heads[slot] = entry + 1
    return entry
  }

  /** The newest entry with this hash, or -1. */
  first(hash: number): number {
    return this.#heads[this.#slot(hash)] + NONE
  }

  /** The next older entry with the same hash, or -1. */
  next(entry: number): number {
    return this.#next[entry] + NONE
  }

  isMatched(entry: number): boolean {
    return this.#matched[entry] === 1
  }

  setMatched(entry: number): void {
    this.#matched[entry] = 1
  }

  #slot(hash: number): number {
    const hashes = this.#hashes
    const heads = this.#heads
    const mask = hashes.length - 1
    let slot = hash & mask
    while (heads[slot] !== EMPTY && hashes[slot] !== hash) slot = (slot + 1) & mask
    return slot
  }

  #growSlots(): void {
    const hashes = this.#hashes
    const heads = this.#heads
    this.#hashes = new Uint32Array(hashes.length * 2)
    this.#heads = new Uint32Array(hashes.length * 2)
    for (let i = 0; i < hashes.length; i++) {
      if (heads[i] === EMPTY) continue
      const slot = this.#slot(hashes[i])
      this.#hashes[slot] = hashes[i]
      this.#heads[slot] = heads[i]
    }
  }

  #growEntries(): void {
    const size = this.pages.length * 2
    const grown = <T extends Uint32Array | Uint16Array | Uint8Array>(to: T, from: T): T => {
      to.set(from)
      return to
    }
    this.pages = grown(new Uint32Array(size), this.pages)
    this.positions = grown(new Uint16Array(size), this.positions)
    this.#next = grown(new Uint32Array(size), this.#next)
    if (this.#keepMatched) this.#matched = grown(new Uint8Array(size), this.#matched)
  }
}
