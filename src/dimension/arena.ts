import { type Bytes, bytesOf, NO_BYTES } from '../bytes.ts'

export const CHUNK_BYTES = 4 * 1024 * 1024
/** Bytes of key and columns that a row may have. */
export const LARGEST_ROW = CHUNK_BYTES - 64
/** A place counts units of 4 bytes: 32 bits reach 16 GiB over all chunks. */
const UNIT = 4
/** An address is the chunk's number, then the place in it in units. */
const PLACE_BITS = 20
const PLACE = 2 ** PLACE_BITS - 1
const MOST_CHUNKS = 2 ** (32 - PLACE_BITS)
/** What is put into a chunk begins here, so that no address is 0. */
const FIRST_BYTE = UNIT
const LARGEST = CHUNK_BYTES - FIRST_BYTE

export const padded = (bytes: number): number => Math.ceil(bytes / UNIT) * UNIT
export const chunkOf = (address: number): number => address >>> PLACE_BITS
export const byteOf = (address: number): number => (address & PLACE) * UNIT
export const addressOf = (chunk: number, byte: number): number =>
  ((chunk << PLACE_BITS) | (byte / UNIT)) >>> 0

/** Memory outside the JavaScript heap, in chunks that are filled one after the other, and again once nothing in them is alive. */
export class Arena {
  /** All chunks by their numbers; those that are free may have no bytes. */
  readonly chunks: Bytes[] = []
  /** For each chunk, the bytes of what is alive in it, and where the last of what was put into it ends; 0: it is free. */
  readonly #alive: number[] = []
  readonly #ends: number[] = []
  readonly #free: number[] = []
  /** The chunk that is being filled. */
  #current = -1
  #live = 0
  readonly #claim: (bytes: number) => void

  /** @param claim called before memory is taken, with its bytes; throws where there must not be more */
  constructor(claim: (bytes: number) => void) {
    this.#claim = claim
  }

  /** Bytes of memory that all chunks take. */
  get bytes(): number {
    return this.chunks.reduce((sum, { length }) => sum + length, 0)
  }

  /** More than half of the chunks' bytes, a few chunks apart, is dead. */
  get isMostlyDead(): boolean {
    return (this.chunks.length - this.#free.length - 2) * CHUNK_BYTES > 2 * this.#live
  }

  /** Whether `allocate` would begin another chunk. */
  isFullFor(bytes: number): boolean {
    return this.#current < 0 || this.#ends[this.#current] + padded(bytes) > CHUNK_BYTES
  }

  /** The address of so many bytes, which lie in one chunk. Throws RangeError where they do not fit into any. */
  allocate(bytes: number): number {
    if (bytes > LARGEST) throw new RangeError(`A row of ${bytes} bytes is over ${LARGEST}`)
    if (this.isFullFor(bytes)) this.#begin()
    const chunk = this.#current
    const at = this.#ends[chunk]
    const size = padded(bytes)
    this.#ends[chunk] = at + size
    this.#alive[chunk] += size
    this.#live += size
    return addressOf(chunk, at)
  }

  /** The bytes at the address are dead. */
  release(address: number, bytes: number): void {
    const chunk = chunkOf(address)
    const size = padded(bytes)
    this.#live -= size
    this.#alive[chunk] -= size
    if (this.#alive[chunk] === 0 && chunk !== this.#current) this.#discard(chunk)
  }

  /** The chunk with the least that is alive, and where its first bytes are and its last ones end; undefined: there is none. */
  emptiest(): { chunk: number; start: number; end: number } | undefined {
    let chunk = -1
    for (let i = 0; i < this.chunks.length; i++) {
      if (i === this.#current || this.#ends[i] === 0) continue
      if (chunk < 0 || this.#alive[i] < this.#alive[chunk]) chunk = i
    }
    if (chunk < 0) return undefined
    return { chunk, start: FIRST_BYTE, end: this.#ends[chunk] }
  }

  /** Gives all memory back. */
  clear(): void {
    this.chunks.length = this.#alive.length = this.#ends.length = this.#free.length = 0
    this.#current = -1
    this.#live = 0
  }

  #begin(): void {
    const chunk = this.#free.at(-1) ?? this.chunks.length
    if (chunk === MOST_CHUNKS) {
      throw new RangeError(`A dimension holds ${MOST_CHUNKS * CHUNK_BYTES} bytes of rows at most`)
    }
    if ((this.chunks[chunk]?.length ?? 0) === 0) {
      this.#claim(CHUNK_BYTES)
      this.chunks[chunk] = bytesOf(Buffer.allocUnsafeSlow(CHUNK_BYTES))
    }
    this.#free.pop()
    this.#alive[chunk] = 0
    this.#ends[chunk] = FIRST_BYTE
    const full = this.#current
    this.#current = chunk
    if (full >= 0 && this.#alive[full] === 0) this.#discard(full)
  }

  /** One that is free keeps its memory for what comes next; those before it give theirs back. */
  #discard(chunk: number): void {
    this.#ends[chunk] = 0
    const last = this.#free.at(-1)
    if (last !== undefined) this.chunks[last] = NO_BYTES
    this.#free.push(chunk)
  }
}
