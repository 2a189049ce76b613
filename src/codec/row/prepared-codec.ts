/**
 * Facts that an earlier stage of the pipeline has completed: behind the name of the layout they are as a window stores
 * them, so they are copied and not walked.
 *
 *     value := layout (8 bytes), left part
 */
import { type RejectReason, SLICE } from '../../batch.ts'
import { type Bytes, bytesOf, copyBytes, NO_BYTES, sameBytes } from '../../bytes.ts'
import { type Fate, TAKEN, type TimeReading, type TopicCodec, type ValueReader } from '../port.ts'

/** What such a value begins with. @param layout 16 digits of a hash, as `PipelineCodec.layout` */
export const preparedFrame = (layout: string): Bytes => bytesOf(Buffer.from(layout, 'hex'))

export class PreparedCodec implements TopicCodec {
  readonly fault =
    'The fact was completed under another layout of the pipeline (schemas, selected fields, or what it is joined by): it was under way when that was changed, and has to be read again from its own topic'
  readonly #frame: Bytes
  readonly #reader: PreparedReader

  /** @param frame see `preparedFrame` */
  constructor(frame: Bytes) {
    this.#frame = frame
    this.#reader = new PreparedReader(frame.length)
  }

  reader(buffer: Bytes, start: number, end: number): ValueReader | RejectReason {
    const { length } = this.#frame
    const isSame = end - start >= length && sameBytes(this.#frame, 0, buffer, start, length)
    return isSame ? this.#reader : 'incompatible_schema'
  }

  async load(): Promise<void> {}
}

class PreparedReader implements ValueReader {
  readonly #frameBytes: number
  /** By row. */
  readonly #buffers: Bytes[] = new Array(SLICE).fill(NO_BYTES)
  readonly #starts = new Int32Array(SLICE)
  readonly #ends = new Int32Array(SLICE)
  #row = 0
  readonly fault = ''

  constructor(frameBytes: number) {
    this.#frameBytes = frameBytes
  }

  read(row: number, buffer: Bytes, start: number, end: number): null {
    if (this.#buffers[row] !== buffer) this.#buffers[row] = buffer
    this.#starts[row] = start + this.#frameBytes
    this.#ends[row] = end
    return null
  }

  select(row: number): void {
    this.#row = row
  }

  get fate(): Fate {
    return TAKEN
  }

  get failure(): string {
    return ''
  }

  get time(): number {
    return Number.NaN
  }

  get timeText(): string {
    return ''
  }

  get timeReading(): TimeReading | null {
    return null
  }

  // What is looked up was looked up, and what it is joined by is the record's key.
  keyBuffer(): Bytes {
    return NO_BYTES
  }

  keyStart(): number {
    return 0
  }

  keyEnd(): number {
    return -1
  }

  get projectedBytes(): number {
    return this.#ends[this.#row] - this.#starts[this.#row]
  }

  project(target: Bytes, position: number): number {
    const row = this.#row
    return copyBytes(this.#buffers[row], this.#starts[row], this.#ends[row], target, position)
  }
}
