import { type Bytes, bytesOf, copyBytes } from '../../bytes.ts'

const COMMA = 0x2c
const BACKSLASH = 0x5c

/** The same for whoever has few. */
export const compositeTextOf = (texts: readonly string[]): string =>
  texts.map((text) => text.replace(/[\\,]/g, '\\$&')).join(',')

/**
 * The text of a key of several fields: their texts with commas between. A comma, or a backslash, that is in one of
 * them has a backslash before it, so that no two keys have one text: `P1,DE`.
 */
export class CompositeText {
  buffer: Bytes = bytesOf(Buffer.allocUnsafe(64))
  /** The text is `buffer[0, end)`. */
  end = 0
  #parts = 0

  begin(): void {
    this.end = 0
    this.#parts = 0
  }

  add(source: Bytes, start: number, end: number): void {
    const most = this.end + 2 * (end - start) + 1
    if (most > this.buffer.length) {
      const larger = bytesOf(Buffer.allocUnsafe(2 * most))
      copyBytes(this.buffer, 0, this.end, larger, 0)
      this.buffer = larger
    }
    const { buffer } = this
    let at = this.end
    if (this.#parts++ > 0) buffer[at++] = COMMA
    for (let i = start; i < end; i++) {
      const byte = source[i]
      if (byte === COMMA || byte === BACKSLASH) buffer[at++] = BACKSLASH
      buffer[at++] = byte
    }
    this.end = at
  }
}
