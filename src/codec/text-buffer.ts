import { type Bytes, bytesOf, copyBytes, varintBytes, writeVarint } from '../bytes.ts'

/** Text that would have more bytes than it may have. */
export class TextTooLong extends Error {}

/** A text of UTF-8 as it is written. Its memory is used again for the next one. */
export class TextBuffer {
  buffer: Bytes = bytesOf(Buffer.allocUnsafe(1024))
  /** Behind what is written. */
  at = 0
  readonly #most: number

  /** @param most bytes that it may have */
  constructor(most = Number.POSITIVE_INFINITY) {
    this.#most = most
  }

  /** Room for so many bytes more. Throws TextTooLong. */
  reserve(bytes: number): void {
    const needed = this.at + bytes
    if (needed > this.buffer.length) this.#grow(needed)
  }

  #grow(needed: number): void {
    if (needed > this.#most) throw new TextTooLong()
    const grown = bytesOf(Buffer.allocUnsafe(Math.min(2 * needed, this.#most)))
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

  /** A number before what has so many bytes, or things, in Kafka's format: a zigzag varint of 0 or more. */
  count(value: number): void {
    this.reserve(varintBytes(2 * value))
    this.at = writeVarint(this.buffer, this.at, 2 * value)
  }
}
