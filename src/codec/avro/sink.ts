import { type Bytes, bytesOf, copyBytes, NO_BYTES, writeVarint } from '../../bytes.ts'

const CHUNK_BYTES = 64 * 1024
/** For who takes a single value of some bytes. */
export const SINGLE_BYTES = 256
/** A value of a few bytes may be one of many defaults: it ends here, before it takes all memory. */
const MOST_BYTES = 64 * 1024 * 1024

/**
 * Takes the bytes of one value after the other. They are left where they are for as long as somebody
 * has the buffer: a new piece of memory follows where one is full.
 */
export class AvroSink {
  readonly #chunkBytes: number
  buffer: Bytes = NO_BYTES
  at = 0
  /** Where the value begins. */
  start = 0
  /** The value has become too large. */
  isFull = false

  constructor(chunkBytes: number = CHUNK_BYTES) {
    this.#chunkBytes = chunkBytes
  }

  /** Begins a value. */
  begin(): void {
    this.start = this.at
    this.isFull = false
  }

  /** Bytes of the value so far. */
  get written(): number {
    return this.at - this.start
  }

  /** Takes back what was written behind the value's first bytes. */
  rewind(written: number): void {
    this.at = this.start + written
  }

  /** Makes room; false: the value becomes too large. `start` and `at` may be others afterwards. */
  reserve(bytes: number): boolean {
    if (this.at + bytes <= this.buffer.length) return true
    const { written } = this
    if (written + bytes > MOST_BYTES) {
      this.isFull = true
      return false
    }
    const size = Math.max(this.#chunkBytes, 2 * (written + bytes))
    const next = bytesOf(Buffer.allocUnsafeSlow(size))
    this.at = copyBytes(this.buffer, this.start, this.at, next, 0)
    this.start = 0
    this.buffer = next
    return true
  }

  copy(source: Bytes, start: number, end: number): boolean {
    if (!this.reserve(end - start)) return false
    this.at = copyBytes(source, start, end, this.buffer, this.at)
    return true
  }

  /** Zigzag, of up to 52 bits. */
  int(value: number): boolean {
    if (!this.reserve(10)) return false
    this.at = writeVarint(this.buffer, this.at, value < 0 ? -2 * value - 1 : 2 * value)
    return true
  }

  long(value: bigint): boolean {
    if (!this.reserve(10)) return false
    let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
    for (; rest > 127n; rest >>= 7n) this.buffer[this.at++] = Number(rest & 127n) | 128
    this.buffer[this.at++] = Number(rest)
    return true
  }

  /** The same of a signed integer in halves, each a signed integer of 32 bits. */
  halves(high: number, low: number): boolean {
    if (!this.reserve(10)) return false
    const sign = high >> 31
    let top = ((high << 1) | (low >>> 31)) ^ sign
    let rest = (low << 1) ^ sign
    while (top !== 0 || rest >>> 0 > 127) {
      this.buffer[this.at++] = (rest & 127) | 128
      rest = (rest >>> 7) | (top << 25)
      top >>>= 7
    }
    this.buffer[this.at++] = rest
    return true
  }

  float(value: number): boolean {
    if (!this.reserve(4)) return false
    this.buffer.view.setFloat32(this.at, value, true)
    this.at += 4
    return true
  }

  double(value: number): boolean {
    if (!this.reserve(8)) return false
    this.buffer.view.setFloat64(this.at, value, true)
    this.at += 8
    return true
  }

  /** A length and the bytes. */
  bytes(value: Bytes): boolean {
    return this.int(value.length) && this.copy(value, 0, value.length)
  }
}
