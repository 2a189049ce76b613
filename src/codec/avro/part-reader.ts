/** Parts that are stored in another layout, as the pipeline's own has them. */
import { type Bytes, NO_BYTES } from '../../bytes.ts'
import { resolve } from './resolve.ts'
import type { RecordType } from './schema.ts'
import { AvroTransfer, type Transcode } from './transfer.ts'

export class AvroPartReader {
  readonly #transcode: Transcode
  readonly #transfer = new AvroTransfer()
  buffer = NO_BYTES
  start = 0
  end = 0

  /** @param stored its fields as they were stored. @param own as they are to be; see `evolutionFault` for what they may have otherwise */
  constructor(stored: RecordType, own: RecordType) {
    this.#transcode = resolve(stored, own)
  }

  read(buffer: Bytes, start: number, end: number): boolean {
    const transfer = this.#transfer
    const { source, sink } = transfer
    transfer.begin(buffer, start, end)
    const isWhole = this.#transcode(transfer) && source.at === end
    this.buffer = sink.buffer
    this.start = sink.start
    this.end = sink.at
    return isWhole
  }

  get fault(): string {
    const { path, sink } = this.#transfer
    return sink.isFull
      ? `The record is too large with what newer schemas add in ${path}`
      : `The stored bytes of ${path} are not what their schema says`
  }
}
