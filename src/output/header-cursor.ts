import { type Bytes, NO_BYTES } from '../bytes.ts'

/** Steps over the headers of a raw section: a count, then the pairs. Numbers are zigzag varints. */
export class HeaderCursor {
  buffer = NO_BYTES
  /** Headers that are still ahead. */
  left = 0
  /** Where the header at hand begins, and its name; behind it is the next one. */
  start = 0
  nameStart = 0
  nameEnd = 0
  end = 0

  /** @param end an empty section has no headers */
  open(buffer: Bytes, start: number, end: number): void {
    this.buffer = buffer
    this.end = start
    this.left = end > start ? this.#number() : 0
  }

  /** Goes to the next one; false: there is none. */
  next(): boolean {
    if (this.left === 0) return false
    this.left--
    this.start = this.end
    const nameBytes = this.#number()
    this.nameStart = this.end
    this.nameEnd = this.end + nameBytes
    this.end = this.nameEnd
    const valueBytes = this.#number()
    // -1: the value is null.
    this.end += Math.max(0, valueBytes)
    return true
  }

  /** The number at `end`, which moves behind it. */
  #number(): number {
    const { buffer } = this
    let result = 0
    for (let shift = 0; ; shift += 7) {
      const byte = buffer[this.end++]
      result |= (byte & 127) << shift
      if (byte < 128) return (result >>> 1) ^ -(result & 1)
    }
  }
}
