import {
  type Bytes,
  bytesOf,
  copyBytes,
  hashBytes,
  NO_BYTES,
  sameBytes,
  varintBytes,
  writeVarint,
} from '../bytes.ts'

/**
 * A dimension's rows outside the JavaScript heap: keys and output-ready rows in chunks of bytes, an
 * open-addressing index of typed arrays beside them.
 *
 *     row := key length, row length (varints), key, row
 *
 * A row's place counts units of 4 bytes, over all chunks: 32 bits reach 16 GiB.
 */
const CHUNK_BYTES = 4 * 1024 * 1024
/** Bytes of key and columns that a row may have. */
export const LARGEST_ROW = CHUNK_BYTES - 64
const UNIT = 4
/** An address is the chunk's number, then the place in it in units. */
const PLACE_BITS = 20
const PLACE = 2 ** PLACE_BITS - 1
const MOST_CHUNKS = 2 ** (32 - PLACE_BITS)
/** A slot: hash, address (0: free). They lie together, for every other place is a cache miss. */
const SLOT = 2
const ADDRESS = 1
const FIRST_SLOTS = 1 << 10

export class DimensionTable {
  readonly #hash: typeof hashBytes
  readonly #claim: (bytes: number) => void
  #chunks: Bytes[] = []
  /** Where the next row goes. */
  #top = 1
  #live = 0
  #slots = new Int32Array(FIRST_SLOTS * SLOT)
  size = 0
  /** The row that `find` has found last, until the next put, delete or clear. */
  rowBuffer: Bytes = NO_BYTES
  rowStart = 0
  rowEnd = 0
  /** Of the row that was read last. */
  #keyStart = 0
  #keyBytes = 0
  #valueBytes = 0

  /** @param claim called before memory is taken, with its bytes; throws where there must not be more */
  constructor(hash = hashBytes, claim: (bytes: number) => void = () => {}) {
    this.#hash = hash
    this.#claim = claim
  }

  /** Bytes of memory: chunks and index. */
  get bytes(): number {
    return this.#chunks.length * CHUNK_BYTES + this.#slots.length * 4
  }

  hash(key: Bytes, start: number, end: number): number {
    return this.#hash(key, start, end)
  }

  /**
   * Brings the rows of these keys near: the cache misses of many look-ups overlap in a loop that does
   * nothing else, and cost a fraction of what they do one by one.
   * @returns nothing of use, so that the reads are not optimized away
   */
  lookAhead(hashes: Int32Array, count: number): number {
    const slots = this.#slots
    const mask = slots.length - SLOT
    let touched = 0
    for (let i = 0; i < count; i++) touched ^= slots[((hashes[i] * SLOT) & mask) + ADDRESS]
    for (let i = 0; i < count; i++) {
      const address = slots[((hashes[i] * SLOT) & mask) + ADDRESS]
      if (address !== 0) touched ^= this.#chunks[address >>> PLACE_BITS][(address & PLACE) * UNIT]
    }
    return touched
  }

  /** Whether there is a row with this key; it is then between `rowStart` and `rowEnd` of `rowBuffer`. */
  find(hash: number, key: Bytes, start: number, end: number): boolean {
    const slot = this.#slot(hash, key, start, end)
    const address = this.#slots[slot + ADDRESS]
    if (address === 0) return false
    // `#slot` has compared its key, and so read where it is.
    this.rowBuffer = this.#chunks[address >>> PLACE_BITS]
    this.rowStart = this.#keyStart + this.#keyBytes
    this.rowEnd = this.rowStart + this.#valueBytes
    return true
  }

  /** Puts a row; the one that had its key goes. Throws RangeError for a row over 4 MiB. */
  put(
    key: Bytes,
    keyStart: number,
    keyEnd: number,
    row: Bytes,
    rowStart: number,
    rowEnd: number,
  ): void {
    if (this.size * SLOT * 8 >= this.#slots.length * 6) this.#grow()
    const hash = this.#hash(key, keyStart, keyEnd)
    const slot = this.#slot(hash, key, keyStart, keyEnd)
    const keyBytes = keyEnd - keyStart
    const valueBytes = rowEnd - rowStart
    const bytes = varintBytes(keyBytes) + varintBytes(valueBytes) + keyBytes + valueBytes
    const address = this.#allocate(bytes)
    const chunk = this.#chunks[address >>> PLACE_BITS]
    let at = writeVarint(chunk, (address & PLACE) * UNIT, keyBytes)
    at = writeVarint(chunk, at, valueBytes)
    at = copyBytes(key, keyStart, keyEnd, chunk, at)
    copyBytes(row, rowStart, rowEnd, chunk, at)
    const old = this.#slots[slot + ADDRESS]
    if (old === 0) this.size++
    else this.#live -= padded(this.#rowBytes(old))
    this.#slots[slot] = hash
    this.#slots[slot + ADDRESS] = address
    this.#live += padded(bytes)
    if (this.#top * UNIT > 2 * this.#live + 2 * CHUNK_BYTES) this.#compact()
  }

  delete(key: Bytes, start: number, end: number): void {
    const slots = this.#slots
    let slot = this.#slot(this.#hash(key, start, end), key, start, end)
    if (slots[slot + ADDRESS] === 0) return
    this.#live -= padded(this.#rowBytes(slots[slot + ADDRESS]))
    this.size--
    // Backward shift: what probed past this slot moves up, so that no tombstone is needed.
    const mask = slots.length - SLOT
    for (
      let next = (slot + SLOT) & mask;
      slots[next + ADDRESS] !== 0;
      next = (next + SLOT) & mask
    ) {
      const home = (slots[next] * SLOT) & mask
      if (((next - home) & mask) < ((next - slot) & mask)) continue
      slots[slot] = slots[next]
      slots[slot + ADDRESS] = slots[next + ADDRESS]
      slot = next
    }
    slots[slot + ADDRESS] = 0
  }

  clear(): void {
    this.#chunks = []
    this.#top = 1
    this.#live = this.size = 0
    this.#slots = new Int32Array(FIRST_SLOTS * SLOT)
  }

  /** Calls `each` with every row: its buffer, where the key starts, where the row starts, where it ends. */
  forEach(each: (buffer: Bytes, keyStart: number, rowStart: number, rowEnd: number) => void): void {
    for (let slot = 0; slot < this.#slots.length; slot += SLOT) {
      const address = this.#slots[slot + ADDRESS]
      if (address === 0) continue
      const chunk = this.#chunks[address >>> PLACE_BITS]
      this.#readLengths(chunk, (address & PLACE) * UNIT)
      const row = this.#keyStart + this.#keyBytes
      each(chunk, this.#keyStart, row, row + this.#valueBytes)
    }
  }

  /** The row's lengths, and so its size; they stay until the next row is read. */
  #readLengths(chunk: Bytes, start: number): number {
    let at = start
    let byte = chunk[at++]
    let bytes = byte & 127
    for (let shift = 7; byte > 127; shift += 7) {
      byte = chunk[at++]
      bytes |= (byte & 127) << shift
    }
    this.#keyBytes = bytes
    byte = chunk[at++]
    bytes = byte & 127
    for (let shift = 7; byte > 127; shift += 7) {
      byte = chunk[at++]
      bytes |= (byte & 127) << shift
    }
    this.#valueBytes = bytes
    this.#keyStart = at
    return at - start + this.#keyBytes + bytes
  }

  #rowBytes(address: number): number {
    return this.#readLengths(this.#chunks[address >>> PLACE_BITS], (address & PLACE) * UNIT)
  }

  #allocate(bytes: number): number {
    if (bytes > CHUNK_BYTES) throw new RangeError(`A row of ${bytes} bytes is over ${CHUNK_BYTES}`)
    const perChunk = PLACE + 1
    const room = perChunk - (this.#top & PLACE)
    if (room * UNIT < bytes) this.#top += room
    const address = this.#top
    const top = address + padded(bytes) / UNIT
    while (this.#chunks.length * perChunk < top) this.#addChunk()
    this.#top = top
    return address
  }

  #addChunk(): void {
    if (this.#chunks.length === MOST_CHUNKS) {
      throw new RangeError(`A dimension holds ${MOST_CHUNKS * CHUNK_BYTES} bytes of rows at most`)
    }
    this.#claim(CHUNK_BYTES)
    this.#chunks.push(bytesOf(Buffer.allocUnsafeSlow(CHUNK_BYTES)))
  }

  #slot(hash: number, key: Bytes, start: number, end: number): number {
    const slots = this.#slots
    const mask = slots.length - SLOT
    let slot = (hash * SLOT) & mask
    for (;;) {
      const address = slots[slot + ADDRESS]
      if (address === 0) return slot
      if (slots[slot] === hash && this.#hasKey(address, key, start, end)) return slot
      slot = (slot + SLOT) & mask
    }
  }

  #hasKey(address: number, key: Bytes, start: number, end: number): boolean {
    const chunk = this.#chunks[address >>> PLACE_BITS]
    this.#readLengths(chunk, (address & PLACE) * UNIT)
    const length = end - start
    return this.#keyBytes === length && sameBytes(chunk, this.#keyStart, key, start, length)
  }

  #grow(): void {
    const old = this.#slots
    this.#claim(old.length * 4)
    this.#slots = new Int32Array(old.length * 2)
    const mask = this.#slots.length - SLOT
    for (let i = 0; i < old.length; i += SLOT) {
      if (old[i + ADDRESS] === 0) continue
      let slot = (old[i] * SLOT) & mask
      while (this.#slots[slot + ADDRESS] !== 0) slot = (slot + SLOT) & mask
      this.#slots[slot] = old[i]
      this.#slots[slot + ADDRESS] = old[i + ADDRESS]
    }
  }

  /** More than half is dead: the live rows move to new chunks. */
  #compact(): void {
    const old = this.#chunks
    const slots = this.#slots
    this.#chunks = []
    this.#top = 1
    for (let slot = 0; slot < slots.length; slot += SLOT) {
      const address = slots[slot + ADDRESS]
      if (address === 0) continue
      const from = old[address >>> PLACE_BITS]
      const at = (address & PLACE) * UNIT
      const bytes = this.#readLengths(from, at)
      const to = this.#allocate(bytes)
      from.copy(this.#chunks[to >>> PLACE_BITS], (to & PLACE) * UNIT, at, at + bytes)
      slots[slot + ADDRESS] = to
    }
  }
}

const padded = (bytes: number): number => Math.ceil(bytes / UNIT) * UNIT
