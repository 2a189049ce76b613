import type { RecordColumns } from '../batch.ts'
import { type Bytes, bytesOf, copyBytes, NO_BYTES, varintBytes, writeVarint } from '../bytes.ts'

/** Where a record's headers lie, as in Kafka's format: a count, then the pairs. Empty, or the count alone: it has none. */
export interface HeaderSection {
  readonly buffer: Bytes
  readonly headersStart: number
  readonly headersEnd: number
}

/** A record's own. Its memory is used again. */
export class GivenHeaders implements HeaderSection {
  buffer = NO_BYTES
  headersStart = 0
  headersEnd = 0

  /** @returns those of record `i`, valid until the next call */
  of({ buffer, headerStarts, headerEnds }: RecordColumns, i: number): this {
    this.buffer = buffer
    this.headersStart = headerStarts[i]
    this.headersEnd = headerEnds[i]
    return this
  }
}

const hasNone = ({ headersStart, headersEnd }: HeaderSection): boolean =>
  headersEnd - headersStart <= 1

/** The headers of two records as one section: first those of one, then those of the other. Its memory is used again. */
export class MergedHeaders implements HeaderSection {
  buffer = bytesOf(Buffer.allocUnsafe(1024))
  readonly headersStart = 0
  headersEnd = 0

  /** @returns valid until the next call */
  of(one: HeaderSection, other: HeaderSection): HeaderSection {
    if (hasNone(other)) return one
    if (hasNone(one)) return other
    // The counts are zigzag varints: twice the count, and so their sum is twice the sum.
    const ofOne = unsignedVarint(one)
    const ofOther = unsignedVarint(other)
    const onesStart = one.headersStart + varintBytes(ofOne)
    const othersStart = other.headersStart + varintBytes(ofOther)
    const count = ofOne + ofOther
    const bytes = varintBytes(count) + one.headersEnd - onesStart + other.headersEnd - othersStart
    if (bytes > this.buffer.length) this.buffer = bytesOf(Buffer.allocUnsafe(2 * bytes))
    const { buffer } = this
    const at = copyBytes(
      one.buffer,
      onesStart,
      one.headersEnd,
      buffer,
      writeVarint(buffer, 0, count),
    )
    this.headersEnd = copyBytes(other.buffer, othersStart, other.headersEnd, buffer, at)
    return this
  }
}

function unsignedVarint({ buffer, headersStart }: HeaderSection): number {
  let value = 0
  let at = headersStart
  for (let unit = 1; ; unit *= 128) {
    const byte = buffer[at++]
    value += (byte & 127) * unit
    if (byte < 128) return value
  }
}
