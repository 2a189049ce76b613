import { bytesOf } from '../../bytes.ts'
import { parseRecord } from '../avro/parse.ts'
import type { AvroRecordSchema } from '../avro/reader.ts'
import { AvroTransfer, type Transcode } from '../avro/transfer.ts'
import { transcodeMessage } from './transcode.ts'
import { originOf } from './view.ts'

/** Messages without a frame, as the records that they are read as. Not for the hot path. */
export class MessageBytes {
  readonly #transcode: Transcode
  readonly #transfer = new AvroTransfer()

  /** @param view what `viewOf` has made */
  constructor(view: AvroRecordSchema) {
    const { message } = originOf(view)
    this.#transcode = transcodeMessage(message, message, parseRecord(view))
  }

  /** The record's bytes, of Avro. Throws where they are no such message. */
  avroOf(message: Buffer): Buffer {
    const transfer = this.#transfer
    transfer.begin(bytesOf(message), 0, message.length)
    if (!this.#transcode(transfer)) throw new Error(`it is no such message: ${transfer.fault}`)
    const { buffer, start, at } = transfer.sink
    return Buffer.from(buffer.subarray(start, at))
  }
}
