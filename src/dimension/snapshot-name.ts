import type { RecordColumns } from '../batch.ts'
import { type Bytes, NO_BYTES } from '../bytes.ts'
import { DELETED, type ValueReader } from '../codec/port.ts'
import type { SnapshotConfig } from '../config/pipeline.ts'
import { HeaderCursor } from '../output/header-cursor.ts'

/** Reads which snapshot a record is of. */
export class SnapshotNames {
  readonly #header: Buffer | null
  /** Which of the key fields of the value's reader; -1: none. */
  readonly #key: number
  readonly #headers = new HeaderCursor()
  /** What was read last: records of one snapshot come one after the other, and a text is made of the first. */
  #last = ''
  #lastBytes = Buffer.alloc(0)

  /** @param key see `PipelineCodec.snapshotKeys` */
  constructor({ header, field }: Pick<SnapshotConfig, 'header' | 'field'>, key: number) {
    this.#header = header === null ? null : Buffer.from(header)
    this.#key = field === null ? -1 : key
  }

  /** null: it is of none; '': nothing names them. @param value the value, selected; null: there is none */
  read(columns: RecordColumns, i: number, value: ValueReader | null): string | null {
    if (this.#header !== null) return this.#inHeader(columns, i, this.#header)
    if (this.#key < 0) return ''
    // Of a deleted row its envelope says the key at most.
    if (value === null || value.fate === DELETED) return null
    const end = value.keyEnd(this.#key)
    return this.#text(value.keyBuffer(this.#key), value.keyStart(this.#key), end)
  }

  #inHeader(columns: RecordColumns, i: number, name: Buffer): string | null {
    const headers = this.#headers
    headers.open(columns.buffer, columns.headerStarts[i], columns.headerEnds[i])
    while (headers.next()) {
      const { buffer, nameStart, nameEnd, valueStart, end } = headers
      if (nameEnd - nameStart !== name.length) continue
      if (name.equals(buffer.subarray(nameStart, nameEnd))) {
        return this.#text(buffer, valueStart, end)
      }
    }
    headers.buffer = NO_BYTES
    return null
  }

  /** Nothing is no name. */
  #text(buffer: Bytes, start: number, end: number): string | null {
    const length = end - start
    if (length <= 0) return null
    const last = this.#lastBytes
    if (last.length === length && last.equals(buffer.subarray(start, end))) return this.#last
    this.#lastBytes = Buffer.from(buffer.subarray(start, end))
    this.#last = this.#lastBytes.toString()
    return this.#last
  }
}
