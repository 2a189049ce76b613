import type { RecordColumns } from '../batch.ts'
import { type Bytes, NO_BYTES } from '../bytes.ts'
import { IdHeader, KEY, VALUE } from '../codec/frame/id-headers.ts'
import { TextBuffer } from '../codec/text-buffer.ts'
import { HeaderCursor } from './header-cursor.ts'
import type { HeaderSection } from './match-headers.ts'

/** The headers of one source's records as they go on, one record's at a time. */
export interface ToldHeaders extends HeaderSection {
  /** Those of record `i`. @param times event times. @returns how many bytes they have */
  write(columns: RecordColumns, times: Float64Array, i: number): number
}

/** Headers that name the schema of bytes which do not go on: whoever reads the output would take it for that of the output's. */
export class StaleHeaders {
  readonly #ids: readonly IdHeader[]

  /** @param keepsKeys whether keys go on as they came, and so what names their schema */
  constructor(keepsKeys: boolean) {
    this.#ids = (keepsKeys ? [VALUE] : [VALUE, KEY]).map((part) => new IdHeader(part))
  }

  /** Whether there is one in the section `buffer[start, end)`. */
  areIn(buffer: Buffer, start: number, end: number): boolean {
    for (const id of this.#ids) if (id.find(buffer, start, end)) return true
    return false
  }

  /** Whether the header at hand is one. */
  has({ buffer, nameStart, nameEnd, valueStart, end }: HeaderCursor): boolean {
    for (const id of this.#ids) {
      if (id.isAt(buffer, nameStart, nameEnd, valueStart, end)) return true
    }
    return false
  }
}

/** As they came, but for the stale ones. */
export class OwnHeaders implements ToldHeaders {
  buffer = NO_BYTES
  headersStart = 0
  headersEnd = 0
  readonly #stale: StaleHeaders
  readonly #keepsNone: boolean
  readonly #cursor = new HeaderCursor()
  readonly #section = new TextBuffer()

  /** @param keepsNone whether a record without any keeps the byte that says so */
  constructor(stale: StaleHeaders, keepsNone: boolean) {
    this.#stale = stale
    this.#keepsNone = keepsNone
  }

  write({ buffer, headerStarts, headerEnds }: RecordColumns, _times: Float64Array, i: number) {
    const start = headerStarts[i]
    const end = headerEnds[i]
    if (end - start > 1 && this.#stale.areIn(buffer, start, end)) {
      this.#copyOthers(buffer, start, end)
    } else {
      this.buffer = buffer
      this.headersStart = start
      this.headersEnd = end
    }
    if (!this.#keepsNone && this.headersEnd - this.headersStart <= 1) {
      this.headersEnd = this.headersStart
    }
    return this.headersEnd - this.headersStart
  }

  #copyOthers(buffer: Bytes, start: number, end: number): void {
    const cursor = this.#cursor
    const section = this.#section
    let count = 0
    cursor.open(buffer, start, end)
    while (cursor.next()) if (!this.#stale.has(cursor)) count++
    section.at = 0
    section.count(count)
    cursor.open(buffer, start, end)
    while (cursor.next()) {
      if (!this.#stale.has(cursor)) section.copy(buffer, cursor.start, cursor.end)
    }
    this.buffer = section.buffer
    this.headersStart = 0
    this.headersEnd = section.at
  }
}
