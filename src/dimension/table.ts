import {
  type Bytes,
  copyBytes,
  hashBytes,
  NO_BYTES,
  sameBytes,
  varintBytes,
  writeVarint,
} from '../bytes.ts'
import { Arena, CHUNK_BYTES, PLACE, PLACE_BITS, padded, UNIT } from './arena.ts'
import { isDeleted, isSwept, sweep } from './stamp.ts'

/** A slot: hash, address (0: free). They lie together, for every other place is a cache miss. */
const SLOT = 2
const ADDRESS = 1
const FIRST_SLOTS = 1 << 10
/** Slots that a sweep looks at, at most: a millisecond or so. */
const MOST_SWEPT = 100_000
/** Slots that `someKeys` looks at: a table that was emptied may have millions without a row. */
const MOST_LOOKED_AT = 1 << 16

/**
 * A dimension's rows outside the JavaScript heap: keys and output-ready rows in chunks of bytes, an
 * open-addressing index of typed arrays beside them.
 *
 *     entry := key length, value length (varints), key, value
 *     value := stamp (of `stampBytes`, see there), row
 *
 * With stamps a deleted key stays for a while, so that an older row on another partition does not bring it back.
 */
export class DimensionTable {
  readonly #hash: typeof hashBytes
  readonly #claim: (bytes: number) => void
  #arena: Arena
  /** The arena's. */
  #chunks: readonly Bytes[]
  #live = 0
  #slots = new Int32Array(FIRST_SLOTS * SLOT)
  /** Rows, and deleted keys. */
  #entries = 0
  #deleted = 0
  #stampBytes = 0
  /** Where the next sweep goes on. */
  #swept = 0
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
    this.#arena = new Arena(claim)
    this.#chunks = this.#arena.chunks
  }

  /** Rows. */
  get size(): number {
    return this.#entries - this.#deleted
  }

  /** Of each value. */
  get stampBytes(): number {
    return this.#stampBytes
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
    const value = this.#keyStart + this.#keyBytes
    this.rowStart = value + this.#stampBytes
    this.rowEnd = value + this.#valueBytes
    return this.#stampBytes === 0 || !isDeleted(this.rowBuffer, value)
  }

  /** Where the stamp of this key lies in `rowBuffer`, also of a deleted one; -1: there is none. */
  stampAt(key: Bytes, start: number, end: number): number {
    const slot = this.#slot(this.#hash(key, start, end), key, start, end)
    const address = this.#slots[slot + ADDRESS]
    if (address === 0) return -1
    this.rowBuffer = this.#chunks[address >>> PLACE_BITS]
    return this.#keyStart + this.#keyBytes
  }

  /**
   * Puts a value, which begins with its stamp; the one that had its key goes. Throws RangeError for one over
   * 4 MiB.
   */
  put(
    key: Bytes,
    keyStart: number,
    keyEnd: number,
    row: Bytes,
    rowStart: number,
    rowEnd: number,
  ): void {
    if (this.#entries * SLOT * 8 >= this.#slots.length * 6) this.#grow()
    const hash = this.#hash(key, keyStart, keyEnd)
    const slot = this.#slot(hash, key, keyStart, keyEnd)
    const keyBytes = keyEnd - keyStart
    const valueBytes = rowEnd - rowStart
    const bytes = varintBytes(keyBytes) + varintBytes(valueBytes) + keyBytes + valueBytes
    const address = this.#arena.allocate(bytes)
    const chunk = this.#chunks[address >>> PLACE_BITS]
    let at = writeVarint(chunk, (address & PLACE) * UNIT, keyBytes)
    at = writeVarint(chunk, at, valueBytes)
    at = copyBytes(key, keyStart, keyEnd, chunk, at)
    copyBytes(row, rowStart, rowEnd, chunk, at)
    const old = this.#slots[slot + ADDRESS]
    if (old === 0) this.#entries++
    else this.#forget(old)
    if (this.#stampBytes > 0 && isDeleted(row, rowStart)) this.#deleted++
    this.#slots[slot] = hash
    this.#slots[slot + ADDRESS] = address
    this.#live += padded(bytes)
    if (this.#arena.top * UNIT > 2 * this.#live + 2 * CHUNK_BYTES) this.#compact()
  }

  /** The key goes; without stamps. */
  delete(key: Bytes, start: number, end: number): void {
    const slot = this.#slot(this.#hash(key, start, end), key, start, end)
    if (this.#slots[slot + ADDRESS] !== 0) this.#remove(slot)
  }

  /**
   * Looks at a share of the slots, round and round: of two looks that find a key deleted the second one takes it
   * away, so that a deletion stays for about a round or two.
   */
  sweep(share: number): void {
    const slots = this.#slots.length / SLOT
    for (let left = Math.min(slots * share, MOST_SWEPT); left > 0 && this.#deleted > 0; left--) {
      this.#swept = (this.#swept + SLOT) & (this.#slots.length - SLOT)
      const address = this.#slots[this.#swept + ADDRESS]
      if (address === 0) continue
      const chunk = this.#chunks[address >>> PLACE_BITS]
      this.#readLengths(chunk, (address & PLACE) * UNIT)
      const value = this.#keyStart + this.#keyBytes
      if (!isDeleted(chunk, value)) continue
      if (isSwept(chunk, value)) this.#remove(this.#swept)
      else sweep(chunk, value)
    }
  }

  /** Its bytes are free. */
  #forget(address: number): void {
    this.#live -= padded(this.#rowBytes(address))
    const chunk = this.#chunks[address >>> PLACE_BITS]
    if (this.#stampBytes > 0 && isDeleted(chunk, this.#keyStart + this.#keyBytes)) this.#deleted--
  }

  #remove(from: number): void {
    const slots = this.#slots
    let slot = from
    this.#forget(slots[slot + ADDRESS])
    this.#entries--
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

  /** @param stampBytes of the values that come */
  clear(stampBytes = 0): void {
    this.#newArena()
    this.#live = this.#entries = this.#deleted = this.#swept = 0
    this.#stampBytes = stampBytes
    this.#slots = new Int32Array(FIRST_SLOTS * SLOT)
  }

  /** Calls `each` with every entry: its buffer, where the key starts, where the value starts, where it ends. */
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

  /** Some of the keys, which rows they are of is left to chance. */
  someKeys(most: number): Buffer[] {
    const keys: Buffer[] = []
    const end = Math.min(this.#slots.length, MOST_LOOKED_AT * SLOT)
    for (let slot = 0; slot < end && keys.length < most; slot += SLOT) {
      const address = this.#slots[slot + ADDRESS]
      if (address === 0) continue
      const chunk = this.#chunks[address >>> PLACE_BITS]
      this.#readLengths(chunk, (address & PLACE) * UNIT)
      keys.push(Buffer.from(chunk.subarray(this.#keyStart, this.#keyStart + this.#keyBytes)))
    }
    return keys
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

  #newArena(): void {
    this.#arena = new Arena(this.#claim)
    this.#chunks = this.#arena.chunks
  }

  /** More than half is dead: the live rows move to new chunks. */
  #compact(): void {
    const old = this.#chunks
    const slots = this.#slots
    this.#newArena()
    for (let slot = 0; slot < slots.length; slot += SLOT) {
      const address = slots[slot + ADDRESS]
      if (address === 0) continue
      const from = old[address >>> PLACE_BITS]
      const at = (address & PLACE) * UNIT
      const bytes = this.#readLengths(from, at)
      const to = this.#arena.allocate(bytes)
      from.copy(this.#chunks[to >>> PLACE_BITS], (to & PLACE) * UNIT, at, at + bytes)
      slots[slot + ADDRESS] = to
    }
  }
}
