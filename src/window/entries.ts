import { PAGE_BYTES } from '../state/page.ts'

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

/**
 * The entries of one side of a segment: where each record lies, and the next older one with the same
 * hash. Their numbers follow from the pages and their order alone, so that they mean the same after a
 * restore.
 */
export class Entries {
  /** Of the segment, in ms. */
  readonly start: number
  readonly #chunks: Int32Array[] = []
  /** Each chunk's first page. */
  readonly #firstPages: number[] = []
  /** A bit per entry, of chunks with a match, where the side's records come out without one. */
  readonly #matched: (Int32Array | undefined)[] = []
  /** The next entry's number. */
  #next = 0
  count = 0

  constructor(start: number) {
    this.start = start
  }

  /** Bytes of the typed arrays. */
  get bytes(): number {
    return this.#chunks.length * CHUNK * ENTRY * 4
  }

  /** @param next the newest entry of its hash so far, + 1; 0: none. @returns its number */
  add(page: number, position: number, next: number): number {
    const entry = this.#entryOn(page)
    const chunk = entry >>> CHUNK_BITS
    const words = this.#chunks[chunk]
    const at = (entry & (CHUNK - 1)) * ENTRY
    words[at] = ((page - this.#firstPages[chunk]) << POSITION_BITS) | position
    words[at + NEXT] = next
    this.count++
    return entry
  }

  /** The next older entry with the same hash, or -1. */
  next(entry: number): number {
    return this.#chunks[entry >>> CHUNK_BITS][(entry & (CHUNK - 1)) * ENTRY + NEXT] - 1
  }

  page(entry: number): number {
    return this.#firstPages[entry >>> CHUNK_BITS] + (this.place(entry) >>> POSITION_BITS)
  }

  position(entry: number): number {
    return this.place(entry) & POSITION
  }

  /** Page and position, in one number that only this class understands. */
  place(entry: number): number {
    return this.#chunks[entry >>> CHUNK_BITS][(entry & (CHUNK - 1)) * ENTRY]
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

  /** The next entry's number; a page too far behind the chunk's first begins a new chunk. */
  #entryOn(page: number): number {
    const chunk = this.#next >>> CHUNK_BITS
    const isFirst = (this.#next & (CHUNK - 1)) === 0
    if (isFirst || page - this.#firstPages[chunk] >= MOST_PAGES) this.#beginChunk(page)
    return this.#next++
  }

  #beginChunk(page: number): void {
    this.#next = this.#chunks.length * CHUNK
    this.#chunks.push(new Int32Array(CHUNK * ENTRY))
    this.#firstPages.push(page)
  }
}
