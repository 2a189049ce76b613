import { hashBytes } from '../hash.ts'

/**
 * A dimension's rows outside the JavaScript heap: keys and output-ready rows in chunks of bytes, an
 * open-addressing index of typed arrays beside them.
 *
 *     row := key length u32, row length u32, key, row
 *
 * A row's address is its place in units of 8 bytes, over all chunks: 32 bits reach 32 GiB.
 */
const CHUNK_BYTES = 4 * 1024 * 1024
/** Bytes of key and columns that a row may have. */
export const LARGEST_ROW = CHUNK_BYTES - 64
const UNIT = 8
const ROW_HEADER = 8
const FREE = 0
const FIRST_SLOTS = 1 << 10

export class DimensionTable {
  readonly #hash: typeof hashBytes
  #chunks: Buffer[] = []
  /** Start of each chunk in units; one larger than CHUNK_BYTES holds one row. */
  #top = UNIT
  #live = 0
  #used = 0
  #hashes = new Uint32Array(FIRST_SLOTS)
  #addresses = new Uint32Array(FIRST_SLOTS)
  size = 0

  constructor(hash = hashBytes) {
    this.#hash = hash
  }

  /** Bytes of memory: chunks and index. */
  get bytes(): number {
    return this.#chunks.length * CHUNK_BYTES + this.#hashes.length * 8
  }

  /** A row's handle, or -1. Valid until the next put, delete or clear. */
  find(key: Buffer, start: number, end: number): number {
    const slot = this.#slot(this.#hash(key, start, end), key, start, end)
    return this.#addresses[slot] === FREE ? -1 : slot
  }

  rowBuffer(handle: number): Buffer {
    return this.#chunkOf(this.#addresses[handle])
  }

  rowStart(handle: number): number {
    const at = this.#offsetOf(this.#addresses[handle])
    const chunk = this.rowBuffer(handle)
    return at + ROW_HEADER + chunk.readUInt32LE(at)
  }

  rowEnd(handle: number): number {
    const at = this.#offsetOf(this.#addresses[handle])
    const chunk = this.rowBuffer(handle)
    return at + ROW_HEADER + chunk.readUInt32LE(at) + chunk.readUInt32LE(at + 4)
  }

  /** Puts a row; the one that had its key goes. Throws RangeError for a row over 4 MiB. */
  put(
    key: Buffer,
    keyStart: number,
    keyEnd: number,
    row: Buffer,
    rowStart: number,
    rowEnd: number,
  ): void {
    if (this.#used * 8 >= this.#hashes.length * 6) this.#grow()
    const hash = this.#hash(key, keyStart, keyEnd)
    const slot = this.#slot(hash, key, keyStart, keyEnd)
    const bytes = ROW_HEADER + keyEnd - keyStart + rowEnd - rowStart
    const address = this.#allocate(bytes)
    const chunk = this.#chunkOf(address)
    const at = this.#offsetOf(address)
    chunk.writeUInt32LE(keyEnd - keyStart, at)
    chunk.writeUInt32LE(rowEnd - rowStart, at + 4)
    key.copy(chunk, at + ROW_HEADER, keyStart, keyEnd)
    row.copy(chunk, at + ROW_HEADER + keyEnd - keyStart, rowStart, rowEnd)
    if (this.#addresses[slot] === FREE) {
      this.#hashes[slot] = hash
      this.#used++
      this.size++
    } else this.#live -= padded(this.#rowBytes(this.#addresses[slot]))
    this.#addresses[slot] = address
    this.#live += padded(bytes)
    if (this.#top * UNIT > 2 * this.#live + 2 * CHUNK_BYTES) this.#compact()
  }

  delete(key: Buffer, start: number, end: number): void {
    let slot = this.find(key, start, end)
    if (slot < 0) return
    this.#live -= padded(this.#rowBytes(this.#addresses[slot]))
    this.size--
    this.#used--
    // Backward shift: what probed past this slot moves up, so that no tombstone is needed.
    const mask = this.#hashes.length - 1
    for (let next = (slot + 1) & mask; this.#addresses[next] !== FREE; next = (next + 1) & mask) {
      const home = this.#hashes[next] & mask
      if (((next - home) & mask) < ((next - slot) & mask)) continue
      this.#hashes[slot] = this.#hashes[next]
      this.#addresses[slot] = this.#addresses[next]
      slot = next
    }
    this.#addresses[slot] = FREE
  }

  clear(): void {
    this.#chunks = []
    this.#top = UNIT
    this.#live = this.#used = this.size = 0
    this.#hashes = new Uint32Array(FIRST_SLOTS)
    this.#addresses = new Uint32Array(FIRST_SLOTS)
  }

  /** Calls `each` with every row: its buffer, where the key starts, where the row starts, where it ends. */
  forEach(
    each: (buffer: Buffer, keyStart: number, rowStart: number, rowEnd: number) => void,
  ): void {
    for (const address of this.#addresses) {
      if (address === FREE) continue
      const chunk = this.#chunkOf(address)
      const at = this.#offsetOf(address)
      const row = at + ROW_HEADER + chunk.readUInt32LE(at)
      each(chunk, at + ROW_HEADER, row, row + chunk.readUInt32LE(at + 4))
    }
  }

  #chunkOf(address: number): Buffer {
    return this.#chunks[Math.floor((address * UNIT) / CHUNK_BYTES)]
  }

  #offsetOf(address: number): number {
    return (address * UNIT) % CHUNK_BYTES
  }

  #rowBytes(address: number): number {
    const chunk = this.#chunkOf(address)
    const at = this.#offsetOf(address)
    return ROW_HEADER + chunk.readUInt32LE(at) + chunk.readUInt32LE(at + 4)
  }

  #allocate(bytes: number): number {
    if (bytes > CHUNK_BYTES) throw new RangeError(`A row of ${bytes} bytes is over ${CHUNK_BYTES}`)
    const perChunk = CHUNK_BYTES / UNIT
    const room = perChunk - (this.#top % perChunk)
    if (room * UNIT < bytes) this.#top += room
    const address = this.#top
    this.#top += padded(bytes) / UNIT
    while (this.#chunks.length * perChunk < this.#top) {
      this.#chunks.push(Buffer.allocUnsafeSlow(CHUNK_BYTES))
    }
    return address
  }

  #slot(hash: number, key: Buffer, start: number, end: number): number {
    const mask = this.#hashes.length - 1
    let slot = hash & mask
    while (this.#addresses[slot] !== FREE) {
      if (this.#hashes[slot] === hash && this.#hasKey(slot, key, start, end)) return slot
      slot = (slot + 1) & mask
    }
    return slot
  }

  #hasKey(slot: number, key: Buffer, start: number, end: number): boolean {
    const address = this.#addresses[slot]
    const chunk = this.#chunkOf(address)
    const at = this.#offsetOf(address)
    const length = end - start
    if (chunk.readUInt32LE(at) !== length) return false
    const from = at + ROW_HEADER
    for (let i = 0; i < length; i++) if (chunk[from + i] !== key[start + i]) return false
    return true
  }

  #grow(): void {
    const hashes = this.#hashes
    const addresses = this.#addresses
    this.#hashes = new Uint32Array(hashes.length * 2)
    this.#addresses = new Uint32Array(hashes.length * 2)
    const mask = this.#hashes.length - 1
    for (let i = 0; i < hashes.length; i++) {
      if (addresses[i] === FREE) continue
      let slot = hashes[i] & mask
      while (this.#addresses[slot] !== FREE) slot = (slot + 1) & mask
      this.#hashes[slot] = hashes[i]
      this.#addresses[slot] = addresses[i]
    }
  }

  /** More than half is dead: the live rows move to new chunks. */
  #compact(): void {
    const old = this.#chunks
    const addresses = this.#addresses
    this.#chunks = []
    this.#top = UNIT
    for (let slot = 0; slot < addresses.length; slot++) {
      if (addresses[slot] === FREE) continue
      const from = old[Math.floor((addresses[slot] * UNIT) / CHUNK_BYTES)]
      const at = this.#offsetOf(addresses[slot])
      const bytes = ROW_HEADER + from.readUInt32LE(at) + from.readUInt32LE(at + 4)
      const to = this.#allocate(bytes)
      from.copy(this.#chunkOf(to), this.#offsetOf(to), at, at + bytes)
      addresses[slot] = to
    }
  }
}

const padded = (bytes: number): number => Math.ceil(bytes / UNIT) * UNIT
