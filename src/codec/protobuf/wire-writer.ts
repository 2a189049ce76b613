/** Writes Protobuf's wire format: https://protobuf.dev/programming-guides/encoding/ */
import { type Bytes, bytesOf, copyBytes, varintBytes, writeVarint } from '../../bytes.ts'
import { DEEPEST } from './wire.ts'

/** What is longer is written nowhere: a few bytes of Avro can be gigabytes, as a long array of empty records. */
const MOST_BYTES = 64 << 20
const MOST_VARINT = 10

/** One message after the other, in memory that is used again; and why one cannot be written. */
export class WireWriter {
  buffer: Bytes = bytesOf(Buffer.allocUnsafe(1024))
  /** Behind what is written. */
  at = 0
  /** Why the value cannot be written, as it goes on behind the field's name; empty: it is too large. */
  fault = ''
  /** Where that is: `items.price`. */
  path = ''
  #depth = 0

  begin(): void {
    this.at = 0
    this.fault = ''
    this.path = ''
    // The outermost message does not count.
    this.#depth = 0
  }

  /** Room for so many bytes more; false: it would be too large. */
  reserve(bytes: number): boolean {
    const needed = this.at + bytes
    if (needed <= this.buffer.length) return true
    if (needed > MOST_BYTES) return false
    const grown = bytesOf(Buffer.allocUnsafe(Math.min(2 * needed, MOST_BYTES)))
    this.buffer.copy(grown, 0, 0, this.at)
    this.buffer = grown
    return true
  }

  /** An unsigned number, of up to 53 bits: a tag, a length. */
  varint(value: number): boolean {
    if (!this.reserve(MOST_VARINT)) return false
    if (value < 128) this.buffer[this.at++] = value
    else this.at = writeVarint(this.buffer, this.at, value)
    return true
  }

  /** A number of 64 bits in halves. */
  halves(highBits: number, lowBits: number): boolean {
    if (!this.reserve(MOST_VARINT)) return false
    const { buffer } = this
    let { at } = this
    let low = lowBits
    let high = highBits
    while (high !== 0 || low >>> 0 > 127) {
      buffer[at++] = (low & 127) | 128
      low = (low >>> 7) | (high << 25)
      high >>>= 7
    }
    buffer[at++] = low
    this.at = at
    return true
  }

  /** Four bytes, the lowest first. */
  fixed32(bits: number): boolean {
    if (!this.reserve(4)) return false
    this.buffer.view.setInt32(this.at, bits, true)
    this.at += 4
    return true
  }

  fixed64(highBits: number, lowBits: number): boolean {
    return this.fixed32(lowBits) && this.fixed32(highBits)
  }

  copy(source: Bytes, start: number, end: number): boolean {
    if (!this.reserve(end - start)) return false
    this.at = copyBytes(source, start, end, this.buffer, this.at)
    return true
  }

  /** Begins what has its length before it; -1: it would be too large, or is nested too deep. @returns what `close` has to know */
  open(): number {
    if (++this.#depth > DEEPEST) {
      this.fault = `is nested deeper than ${DEEPEST} levels, which readers of Protobuf do not take`
      return -1
    }
    return this.reserve(1) ? this.at++ : -1
  }

  /** Ends it. Most lengths are one byte, for which there is room; else all of it moves. */
  close(opened: number): boolean {
    this.#depth--
    const from = opened + 1
    const length = this.at - from
    const more = varintBytes(length) - 1
    if (more > 0) {
      if (!this.reserve(more)) return false
      this.buffer.copyWithin(from + more, from, this.at)
      this.at += more
    }
    writeVarint(this.buffer, opened, length)
    return true
  }

  /** False, as what is done with the value next. */
  refuse(fault: string): false {
    this.fault = fault
    return false
  }

  /** The field in which the way has ended; the outer ones follow. */
  endedIn(field: string): false {
    this.path = this.path === '' ? field : `${field}.${this.path}`
    return false
  }
}
