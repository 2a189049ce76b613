import type { RejectReason } from '../batch.ts'
import type { Bytes } from '../bytes.ts'
import type { AvroTransfer, Transcode } from './avro/transfer.ts'
import { DEEPEST } from './avro/walk.ts'
import { FRAME_BYTES } from './frame/framing.ts'
import type { ValueReader } from './port.ts'
import { ReaderOver } from './reader-over.ts'

/**
 * Reads values of another writer's schema: each is written anew as one of the reader's, and that is
 * then read by positions. Slower, for old records and old writers.
 */
export class ResolvingReader extends ReaderOver {
  readonly #transcode: Transcode
  readonly #transfer: AvroTransfer
  readonly #bodyBytes: number
  #fault = ''

  /**
   * @param inner of what `transcode` writes
   * @param transfer of one value at a time; the readers of a topic share it
   * @param bodyBytes how far behind the value's beginning its body is
   */
  constructor(
    transcode: Transcode,
    inner: ValueReader,
    transfer: AvroTransfer,
    bodyBytes: number = FRAME_BYTES,
  ) {
    super(inner)
    this.#bodyBytes = bodyBytes
    this.#transcode = transcode
    this.#transfer = transfer
  }

  override get fault(): string {
    return this.#fault === '' ? this.inner.fault : this.#fault
  }

  override read(row: number, buffer: Bytes, start: number, end: number): RejectReason | null {
    const transfer = this.#transfer
    const { source, sink } = transfer
    this.#fault = ''
    transfer.begin(buffer, start + this.#bodyBytes, end)
    sink.reserve(FRAME_BYTES)
    sink.at += FRAME_BYTES
    const isWhole = this.#transcode(transfer)
    if (isWhole && source.at === end) return this.inner.read(row, sink.buffer, sink.start, sink.at)
    sink.rewind(0)
    return this.#refused(isWhole)
  }

  #refused(isWhole: boolean): RejectReason {
    const { misfit, fault, path, source, sink } = this.#transfer
    if (isWhole) {
      this.#fault = 'There are bytes behind the record’s last field'
      return 'malformed'
    }
    if (misfit !== '') {
      this.#fault = `The field ${path} ${misfit}`
      return 'incompatible_schema'
    }
    if (sink.isFull) {
      this.#fault = `The value is too large with what the pipeline’s schema adds in ${path}`
      return 'too_large'
    }
    if (fault !== '') {
      this.#fault = fault
      return 'malformed'
    }
    this.#fault =
      source.depth > DEEPEST
        ? `The field ${shortened(path)} is nested deeper than ${DEEPEST} levels`
        : `The bytes of the field ${shortened(path)} are not what the schema says`
    return 'malformed'
  }
}

const SHOWN = 80

/** A path into what is nested deep is longer than anybody reads. */
const shortened = (path: string): string =>
  path.length > SHOWN ? `${path.slice(0, SHOWN)}…` : path
