import { type Bytes, bytesOf, copyBytes } from '../bytes.ts'

/** A value with more text is not written: a few bytes of Avro can be gigabytes of it, as a long array of empty records. */
const MOST_BYTES = 64 << 20

/** Text that would have more than MOST_BYTES. */
export class TextTooLong extends Error {}

/** The text of one value, as UTF-8. Its memory is used again for the next one. */
export class JsonText {
  buffer: Bytes = bytesOf(Buffer.allocUnsafe(4096))
  /** Behind what is written. */
  at = 0

  /** Room for so many bytes more. Throws TextTooLong. */
  reserve(bytes: number): void {
    const needed = this.at + bytes
    if (needed > this.buffer.length) this.#grow(needed)
  }

  #grow(needed: number): void {
    if (needed > MOST_BYTES) throw new TextTooLong()
    const grown = bytesOf(Buffer.allocUnsafe(Math.min(2 * needed, MOST_BYTES)))
    this.buffer.copy(grown, 0, 0, this.at)
    this.buffer = grown
  }

  copy(source: Bytes, start: number, end: number): void {
    this.reserve(end - start)
    this.at = copyBytes(source, start, end, this.buffer, this.at)
  }

  /** All of it. */
  add(bytes: Bytes): void {
    this.copy(bytes, 0, bytes.length)
  }

  byte(value: number): void {
    this.reserve(1)
    this.buffer[this.at++] = value
  }

  ascii(text: string): void {
    this.reserve(text.length)
    const { buffer } = this
    let at = this.at
    for (let i = 0; i < text.length; i++) buffer[at++] = text.charCodeAt(i)
    this.at = at
  }
}
