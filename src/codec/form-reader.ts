import type { RejectReason } from '../batch.ts'
import { type Bytes, bytesOf } from '../bytes.ts'
import { AvroSource } from './avro/walk.ts'
import type { Fate, TimeReading, ValueReader } from './port.ts'

/** Reads values as another reader does, and projects in a form of its own, without a frame, what that one projects in Avro. */
export abstract class FormReader implements ValueReader {
  readonly #inner: ValueReader
  readonly #source = new AvroSource()
  /** What `inner` has projected. */
  #avro = bytesOf(Buffer.allocUnsafe(1024))

  constructor(inner: ValueReader) {
    this.#inner = inner
  }

  abstract readonly projectedBytes: number
  abstract project(target: Bytes, position: number): number

  /** What `inner` projects of the selected value. It lies there until the next one's does. */
  protected avro(): AvroSource {
    const bytes = this.#inner.projectedBytes
    if (bytes > this.#avro.length) this.#avro = bytesOf(Buffer.allocUnsafe(2 * bytes))
    this.#inner.project(this.#avro, 0)
    this.#source.open(this.#avro, 0, bytes)
    return this.#source
  }

  read(row: number, buffer: Bytes, start: number, end: number): RejectReason | null {
    return this.#inner.read(row, buffer, start, end)
  }

  select(row: number): void {
    this.#inner.select(row)
  }

  selectFormer(): boolean {
    return this.#inner.selectFormer?.() ?? false
  }

  get lacking(): string {
    return this.#inner.lacking ?? ''
  }

  get fault(): string {
    return this.#inner.fault
  }

  get fate(): Fate {
    return this.#inner.fate
  }

  get failure(): string {
    return this.#inner.failure
  }

  get time(): number {
    return this.#inner.time
  }

  get timeText(): string {
    return this.#inner.timeText
  }

  get timeReading(): TimeReading | null {
    return this.#inner.timeReading
  }

  keyBuffer(k: number): Bytes {
    return this.#inner.keyBuffer(k)
  }

  keyStart(k: number): number {
    return this.#inner.keyStart(k)
  }

  keyEnd(k: number): number {
    return this.#inner.keyEnd(k)
  }
}
