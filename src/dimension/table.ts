import {
  type Bytes,
  copyBytes,
  hashBytes,
  NO_BYTES,
  sameBytes,
  varintBytes,
  writeVarint,
} from '../bytes.ts'
import { Arena, addressOf, byteOf, chunkOf, padded } from './arena.ts'
import type { Arrivals } from './arrivals.ts'
import type { EachEntry, RowTable } from './row-table.ts'
import { ADDRESS, areFull, doubled, emptySlots, free, SLOT, slotOf } from './slots.ts'
import { isDeleted, isSwept, sweep } from './stamp.ts'

/** Slots that a sweep looks at, at most: a millisecond or so. */
const MOST_SWEPT = 100_000
/** Chunks of dead rows that are gone through at once, at most: some ten milliseconds each. */
const MOST_MOVED = 4
/** Slots that `someKeys` looks at: a table that was emptied may have millions without a row. */
const MOST_LOOKED_AT = 1 << 16

/**
 * A dimension's rows outside the JavaScript heap: keys and output-ready rows in chunks of bytes, an
 * open-addressing index of typed arrays beside them.
 *
 *     entry := key length, value length (varints), key, value
 *     value := stamp (of `stampBytes`, see there), place (see there; of many tables it has none), row
 *
 * With stamps a deleted key stays for a while, so that an older row on another partition does not bring it back.
 */
export class DimensionTable implements RowTable {
  /** By which `find` looks a key up. */
  readonly hash: typeof hashBytes
  /** Is told of the rows that are put; null: nobody waits for one. */
  arrivals: Arrivals | null = null
  readonly #claim: (bytes: number) => void
  readonly #arena: Arena
  /** The arena's. */
  readonly #chunks: readonly Bytes[]
  #slots = emptySlots()
  /** Rows, and deleted keys. */
  #entries = 0
  #deleted = 0
  /** Bytes of the stamp that each value begins with, and of all that is before its row. */
  stampBytes = 0
  #headBytes = 0
  /** Where the next sweep goes on. */
  #swept = 0
  /** The row that `find` has found last, until the next put, delete or clear. */
  rowBuffer: Bytes = NO_BYTES
  rowStart = 0
  rowEnd = 0
  /** Where key and value lie of the entry that was read last. */
  #keyStart = 0
  #keyBytes = 0
  #valueBytes = 0

  /** @param claim called before memory is taken, with its bytes; throws where there must not be more */
  constructor(hash = hashBytes, claim: (bytes: number) => void = () => {}) {
    this.hash = hash
    this.#claim = claim
    this.#arena = new Arena(claim)
    this.#chunks = this.#arena.chunks
  }

  /** How many rows there are. */
  get size(): number {
    return this.#entries - this.#deleted
  }

  /** Bytes of memory: chunks and index. */
  get bytes(): number {
    return this.#arena.bytes + this.#slots.length * 4
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
      if (address !== 0) touched ^= this.#chunks[chunkOf(address)][byteOf(address)]
    }
    return touched
  }

  /** Whether there is a row with this key; it is then between `rowStart` and `rowEnd` of `rowBuffer`. */
  find(hash: number, key: Bytes, start: number, end: number): boolean {
    const slot = this.#slot(hash, key, start, end)
    const address = this.#slots[slot + ADDRESS]
    if (address === 0) return false
    // `#slot` has compared its key, and so read where it is.
    this.rowBuffer = this.#chunks[chunkOf(address)]
    const value = this.#keyStart + this.#keyBytes
    this.rowStart = value + this.#headBytes
    this.rowEnd = value + this.#valueBytes
    return this.stampBytes === 0 || !isDeleted(this.rowBuffer, value)
  }

  /** Where the stamp of this key lies in `rowBuffer`, also of a deleted one; -1: there is none. */
  stampAt(key: Bytes, start: number, end: number): number {
    const slot = this.#slot(this.hash(key, start, end), key, start, end)
    const address = this.#slots[slot + ADDRESS]
    if (address === 0) return -1
    this.rowBuffer = this.#chunks[chunkOf(address)]
    return this.#keyStart + this.#keyBytes
  }

  /**
   * Puts a value, which begins with its stamp; the one of its key goes. Throws RangeError for one over 4 MiB.
   */
  put(
    key: Bytes,
    keyStart: number,
    keyEnd: number,
    row: Bytes,
    rowStart: number,
    rowEnd: number,
  ): void {
    if (areFull(this.#slots, this.#entries)) {
      this.#claim(this.#slots.length * 4)
      this.#slots = doubled(this.#slots)
    }
    const hash = this.hash(key, keyStart, keyEnd)
    const slot = this.#slot(hash, key, keyStart, keyEnd)
    const keyBytes = keyEnd - keyStart
    const valueBytes = rowEnd - rowStart
    const bytes = varintBytes(keyBytes) + varintBytes(valueBytes) + keyBytes + valueBytes
    if (this.#arena.isFullFor(bytes)) this.#reclaim()
    const address = this.#arena.allocate(bytes)
    const chunk = this.#chunks[chunkOf(address)]
    let at = writeVarint(chunk, byteOf(address), keyBytes)
    at = writeVarint(chunk, at, valueBytes)
    at = copyBytes(key, keyStart, keyEnd, chunk, at)
    copyBytes(row, rowStart, rowEnd, chunk, at)
    const old = this.#slots[slot + ADDRESS]
    if (old === 0) this.#entries++
    else this.#forget(old)
    if (this.stampBytes > 0 && isDeleted(row, rowStart)) this.#deleted++
    this.#slots[slot] = hash
    this.#slots[slot + ADDRESS] = address
    if (this.arrivals !== null) this.arrivals.add(hash)
  }

  /** The key goes; without stamps. */
  delete(key: Bytes, start: number, end: number): void {
    const slot = this.#slot(this.hash(key, start, end), key, start, end)
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
      const chunk = this.#chunks[chunkOf(address)]
      this.#readLengths(chunk, byteOf(address))
      const value = this.#keyStart + this.#keyBytes
      if (!isDeleted(chunk, value)) continue
      if (isSwept(chunk, value)) this.#remove(this.#swept)
      else sweep(chunk, value)
    }
  }

  /** Its bytes are free. */
  #forget(address: number): void {
    const chunk = this.#chunks[chunkOf(address)]
    const bytes = this.#readLengths(chunk, byteOf(address))
    if (this.stampBytes > 0 && isDeleted(chunk, this.#keyStart + this.#keyBytes)) this.#deleted--
    this.#arena.release(address, bytes)
  }

  #remove(slot: number): void {
    this.#forget(this.#slots[slot + ADDRESS])
    this.#entries--
    free(this.#slots, slot)
  }

  /** @param stampBytes of the values that come. @param placeBytes of their rows' places, which are behind the stamps */
  clear(stampBytes = 0, placeBytes = 0): void {
    this.#arena.clear()
    this.#entries = this.#deleted = this.#swept = 0
    this.stampBytes = stampBytes
    this.#headBytes = stampBytes + placeBytes
    this.#slots = emptySlots()
  }

  /**
   * Calls `each` with one entry after the other, until entries of so many bytes were visited, or the last: its
   * buffer, where the key starts, where the value starts, where it ends.
   * @param from 0, or what the call before has returned; the table is the same still
   * @returns where to go on; -1: all were visited
   */
  forSome(from: number, bytes: number, each: EachEntry): number {
    let left = bytes
    for (let slot = from; slot < this.#slots.length; slot += SLOT) {
      if (left <= 0) return slot
      const address = this.#slots[slot + ADDRESS]
      if (address === 0) continue
      const chunk = this.#chunks[chunkOf(address)]
      left -= this.#readLengths(chunk, byteOf(address))
      const row = this.#keyStart + this.#keyBytes
      each(chunk, this.#keyStart, row, row + this.#valueBytes)
    }
    return -1
  }

  /** Some of the keys, which rows they are of is left to chance. */
  someKeys(most: number): Buffer[] {
    const keys: Buffer[] = []
    const end = Math.min(this.#slots.length, MOST_LOOKED_AT * SLOT)
    for (let slot = 0; slot < end && keys.length < most; slot += SLOT) {
      const address = this.#slots[slot + ADDRESS]
      if (address === 0) continue
      const chunk = this.#chunks[chunkOf(address)]
      this.#readLengths(chunk, byteOf(address))
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
    const chunk = this.#chunks[chunkOf(address)]
    this.#readLengths(chunk, byteOf(address))
    const bytes = end - start
    return this.#keyBytes === bytes && sameBytes(chunk, this.#keyStart, key, start, bytes)
  }

  /** Where more than half is dead, what is alive in the emptiest chunks moves: little at a time, as memory fills. */
  #reclaim(): void {
    for (let moved = 0; moved < MOST_MOVED && this.#arena.isMostlyDead; moved++) {
      const emptiest = this.#arena.emptiest()
      if (emptiest === undefined) return
      this.#vacate(emptiest)
    }
  }

  #vacate({ chunk, start, end }: { chunk: number; start: number; end: number }): void {
    const from = this.#chunks[chunk]
    for (let at = start; at < end; ) {
      const bytes = this.#readLengths(from, at)
      const address = addressOf(chunk, at)
      const hash = this.hash(from, this.#keyStart, this.#keyStart + this.#keyBytes)
      const slot = slotOf(this.#slots, hash, address)
      // What is dead has no slot.
      if (slot >= 0) {
        const to = this.#arena.allocate(bytes)
        from.copy(this.#chunks[chunkOf(to)], byteOf(to), at, at + bytes)
        this.#slots[slot + ADDRESS] = to
        this.#arena.release(address, bytes)
      }
      at += padded(bytes)
    }
  }
}
