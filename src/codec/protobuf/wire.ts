/**
 * Walks Protobuf's wire format without decoding it.
 * https://protobuf.dev/programming-guides/encoding/
 */
import { type Bytes, NO_BYTES } from '../../bytes.ts'
import { AvroSink } from '../avro/sink.ts'

export const VARINT = 0
export const FIXED64 = 1
export const LEN = 2
export const GROUP = 3
export const END_GROUP = 4
export const FIXED32 = 5

/** How deep messages may lie in one another: as Google's own libraries have it. */
export const DEEPEST = 100

const MOST_VARINT = 10
const MOST_FIELD = 2 ** 29

/** Where a walk through one value is, and what it makes of it. */
export class Wire {
  buffer: Bytes = NO_BYTES
  at = 0
  end = 0
  /** How many messages and groups the place is in, below the outermost. */
  depth = -1
  sink = new AvroSink()
  /** The varint that was read last: 64 bits, in two halves. */
  low = 0
  high = 0
  /** The tag that was read last. */
  tag = 0
  /** Where the walk has ended: `items.price`. */
  path = ''
  /** What is wrong there; empty: the bytes are no value of the type. */
  fault = ''
  /** What of it the reader's type has no place for. */
  misfit = ''
  /** Positions of the fields of all messages that are open, one after the other. */
  marks = new Int32Array(256)
  marked = 0

  open(buffer: Bytes, at: number, end: number, sink: AvroSink): void {
    this.buffer = buffer
    this.at = at
    this.end = end
    this.sink = sink
    // The outermost message does not count.
    this.depth = -1
    this.marked = 0
    this.path = ''
    this.fault = ''
    this.misfit = ''
  }

  /** So many marks more, all -1; returns the first one's place. */
  mark(count: number): number {
    const first = this.marked
    this.marked += count
    if (this.marked > this.marks.length) {
      const grown = new Int32Array(2 * this.marked)
      grown.set(this.marks)
      this.marks = grown
    }
    for (let i = first; i < this.marked; i++) this.marks[i] = -1
    return first
  }

  /** False: the bytes are no varint. */
  varint(): boolean {
    const { buffer, end } = this
    let { at } = this
    let byte = at < end ? buffer[at++] : 128
    if (byte < 128) {
      this.at = at
      this.low = byte
      this.high = 0
      return true
    }
    const limit = Math.min(end, this.at + MOST_VARINT)
    let low = byte & 127
    let high = 0
    for (let shift = 7; at < limit; shift += 7) {
      byte = buffer[at++]
      if (shift < 28) low |= (byte & 127) << shift
      else if (shift === 28) {
        low |= (byte & 127) << 28
        high = (byte & 127) >> 4
      } else if (shift < 63) high |= (byte & 127) << (shift - 32)
      else high |= (byte & 1) << 31
      if (byte < 128) {
        this.at = at
        this.low = low | 0
        this.high = high | 0
        return true
      }
    }
    return false
  }

  /** False: it is no tag. */
  readTag(): boolean {
    if (!this.varint() || this.high !== 0) return false
    this.tag = this.low >>> 0
    return this.tag > 7
  }

  /** The length of what follows, which lies before the end; -1: there is none. */
  length(): number {
    if (!this.varint() || this.high !== 0 || this.low < 0) return -1
    return this.low <= this.end - this.at ? this.low : -1
  }

  /** Moves behind a value; false where there is none. @param tag that is before it */
  skip(tag: number): boolean {
    switch (tag & 7) {
      case VARINT:
        return this.varint()
      case FIXED64:
        return this.advance(8)
      case LEN: {
        const length = this.length()
        return length >= 0 && this.advance(length)
      }
      case GROUP:
        return this.#skipGroup(tag >>> 3)
      case FIXED32:
        return this.advance(4)
      default:
        return false
    }
  }

  advance(bytes: number): boolean {
    this.at += bytes
    return this.at <= this.end
  }

  #skipGroup(field: number): boolean {
    if (field >= MOST_FIELD || ++this.depth > DEEPEST) return false
    while (this.at < this.end) {
      if (!this.readTag()) return false
      const { tag } = this
      if ((tag & 7) === END_GROUP) {
        this.depth--
        return tag >>> 3 === field
      }
      if (!this.skip(tag)) return false
    }
    return false
  }

  /** False, as what is done with the value next. */
  refuse(fault: string): false {
    this.fault = fault
    return false
  }

  /** False, where the bytes are sound, and the reader's type is another one. */
  mismatch(misfit: string): false {
    this.misfit = misfit
    return false
  }

  /** The field in which the walk has ended; the outer ones follow. */
  endedIn(field: string): false {
    this.path = this.path === '' ? field : `${field}.${this.path}`
    return false
  }
}

/** Whether bytes are UTF-8 (RFC 3629: no surrogates, nothing longer than it has to be). */
export function isUtf8(buffer: Bytes, start: number, end: number): boolean {
  let at = start
  while (at < end) {
    const byte = buffer[at++]
    if (byte < 0x80) continue
    const more = byte < 0xc2 ? 0 : byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : byte < 0xf5 ? 3 : 0
    if (more === 0 || at + more > end) return false
    const next = buffer[at]
    if (byte === 0xe0 && next < 0xa0) return false
    if (byte === 0xed && next > 0x9f) return false
    if (byte === 0xf0 && next < 0x90) return false
    if (byte === 0xf4 && next > 0x8f) return false
    for (let i = 0; i < more; i++) if ((buffer[at++] & 0xc0) !== 0x80) return false
  }
  return true
}

/** The zigzag varint of a number of 64 bits, as Avro has a long. */
export function writeLong(sink: AvroSink, low: number, high: number): boolean {
  if (high === 0 && low >= 0) return sink.int(low)
  const sign = high >> 31
  return writeVarint(sink, (low << 1) ^ sign, ((high << 1) | (low >>> 31)) ^ sign)
}

function writeVarint(sink: AvroSink, lowBits: number, highBits: number): boolean {
  if (!sink.reserve(MOST_VARINT)) return false
  const { buffer } = sink
  let { at } = sink
  let low = lowBits >>> 0
  let high = highBits >>> 0
  while (high !== 0 || low > 127) {
    buffer[at++] = (low & 127) | 128
    low = ((low >>> 7) | (high << 25)) >>> 0
    high >>>= 7
  }
  buffer[at++] = low
  sink.at = at
  return true
}

/** A zigzag varint of Protobuf's, anew: what has bits that do not count loses them. */
export const writeZigzag = (sink: AvroSink, low: number, high: number): boolean =>
  writeVarint(sink, low, high)
