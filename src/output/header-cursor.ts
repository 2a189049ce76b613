import { type Bytes, NO_BYTES } from '../bytes.ts'

/**
 * Steps over the headers of a raw section: a count, then the pairs. Numbers are zigzag varints. A section that is none, as a
 * broken producer may write it, ends where it stops making sense.
 */
export class HeaderCursor {
  buffer = NO_BYTES
  /** Headers that are still ahead. */
  left = 0
  /** Where the header at hand begins, and its name; behind it is the next one. */
  start = 0
  nameStart = 0
  nameEnd = 0
  valueStart = 0
  end = 0
  #limit = 0

  /** @param end an empty section has no headers */
  open(buffer: Bytes, start: number, end: number): void {
    this.buffer = buffer
    this.end = start
    this.#limit = end
    this.left = end > start ? this.#number() : 0
  }

  /** Goes to the next one; false: there is none. */
  next(): boolean {
    if (this.left <= 0) return false
    this.left--
    this.start = this.end
    const nameBytes = this.#number()
    this.nameStart = this.end
    this.nameEnd = this.end + nameBytes
    this.end = this.nameEnd
    const valueBytes = nameBytes < 0 ? 0 : this.#number()
    this.valueStart = this.end
    // -1: the value is null.
    this.end += Math.max(0, valueBytes)
    if (nameBytes >= 0 && this.end <= this.#limit) return true
    this.left = 0
    return false
  }

  /** The number at `end`, which moves behind it. */
  #number(): number {
    const { buffer } = this
    let result = 0
    for (let shift = 0; this.end < this.#limit; shift += 7) {
      const byte = buffer[this.end++]
      result |= (byte & 127) << shift
      if (byte < 128) return (result >>> 1) ^ -(result & 1)
    }
    // There is no end of it.
    this.end = this.#limit + 1
    return 0
  }
}
