import { type Bytes, bytesOf } from '../bytes.ts'
import { AvroSource } from './avro/walk.ts'
import { ReaderOver } from './reader-over.ts'

/** Reads values as another reader does, and projects in a form of its own, without a frame, what that one projects in Avro. */
export abstract class FormReader extends ReaderOver {
  readonly #source = new AvroSource()
  /** What `inner` has projected. */
  #avro = bytesOf(Buffer.allocUnsafe(1024))

  abstract override get projectedBytes(): number
  abstract override project(target: Bytes, position: number): number

  /** What `inner` projects of the selected value. It lies there until the next one's does. */
  protected avro(): AvroSource {
    const bytes = this.inner.projectedBytes
    if (bytes > this.#avro.length) this.#avro = bytesOf(Buffer.allocUnsafe(2 * bytes))
    this.inner.project(this.#avro, 0)
    this.#source.open(this.#avro, 0, bytes)
    return this.#source
  }
}
