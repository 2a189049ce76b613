import { type Bytes, bytesOf, copyBytes } from '../bytes.ts'
import type { HeaderSection } from './match-headers.ts'
import type { Entry } from './task-output.ts'

/** A key's text, as `KeyReader` has it. */
interface KeyText {
  readonly buffer: Bytes
  readonly start: number
  readonly end: number
}

/** A record that comes out at once, and so is on no page. Its memory is used again for the next one. */
export class LooseRecord implements Entry {
  buffer = bytesOf(Buffer.allocUnsafe(1024))
  time = Number.NEGATIVE_INFINITY
  readonly keyStart = 0
  keyEnd = 0
  headersStart = 0
  headersEnd = 0
  bodyStart = 0
  bodyEnd = 0

  /** Exactly `bodyBytes` have to be written into `buffer` next, from `bodyStart` on. @param key null: it has none */
  begin(time: number, key: KeyText | null, headers: HeaderSection, bodyBytes: number): void {
    const { headersStart, headersEnd } = headers
    const keyBytes = key === null ? 0 : key.end - key.start
    const bytes = keyBytes + headersEnd - headersStart + bodyBytes
    if (bytes > this.buffer.length) this.buffer = bytesOf(Buffer.allocUnsafe(2 * bytes))
    const { buffer } = this
    this.time = time
    this.keyEnd = key === null ? -1 : copyBytes(key.buffer, key.start, key.end, buffer, 0)
    this.headersStart = keyBytes
    this.headersEnd = copyBytes(headers.buffer, headersStart, headersEnd, buffer, keyBytes)
    this.bodyStart = this.headersEnd
    this.bodyEnd = this.bodyStart + bodyBytes
  }

  /** The same with another record's time, key and headers. */
  beginOf(record: Entry, bodyBytes: number): void {
    const { buffer, keyStart, keyEnd, time } = record
    this.begin(time, { buffer, start: keyStart, end: keyEnd }, record, bodyBytes)
  }
}
