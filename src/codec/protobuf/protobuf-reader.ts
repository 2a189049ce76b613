import type { RejectReason } from '../../batch.ts'
import { type Bytes, copyBytes } from '../../bytes.ts'
import { FormReader } from '../form-reader.ts'
import { type Fate, TAKEN, UNWRITABLE, type ValueReader } from '../port.ts'
import type { Write } from './value-forms.ts'
import { WireWriter } from './wire-writer.ts'

const NOT_YET = -1
const NO_ROW = -1

/**
 * Reads values as another reader does, and projects as a message of Protobuf, without a frame, what that one projects in
 * Avro. Of a value that Protobuf cannot say its fate tells.
 */
export class ProtobufReader extends FormReader {
  readonly #writers: readonly Write[]
  readonly #out = new WireWriter()
  /** The one that is selected, unless others have been read since. */
  #row = NO_ROW
  /** Bytes of the selected value; infinite: too many. */
  #bytes = NOT_YET

  /** @param writers of the fields that `inner` projects, in their order */
  constructor(writers: readonly Write[], inner: ValueReader) {
    super(inner)
    this.#writers = writers
  }

  override read(row: number, buffer: Bytes, start: number, end: number): RejectReason | null {
    this.#row = NO_ROW
    return super.read(row, buffer, start, end)
  }

  /** A row that is selected again is not written anew. */
  override select(row: number): void {
    super.select(row)
    if (row !== this.#row) this.#bytes = NOT_YET
    this.#row = row
  }

  override get fate(): Fate {
    const fate = super.fate
    if (fate !== TAKEN) return fate
    return this.projectedBytes === Number.POSITIVE_INFINITY && this.#out.fault !== ''
      ? UNWRITABLE
      : TAKEN
  }

  override get failure(): string {
    const { fault, path } = this.#out
    return this.#bytes === Number.POSITIVE_INFINITY ? `The field ${path} ${fault}` : super.failure
  }

  /** Writes the message. Infinite where there would be too much of it, or it cannot be said. */
  get projectedBytes(): number {
    if (this.#bytes === NOT_YET)
      this.#bytes = this.#write() ? this.#out.at : Number.POSITIVE_INFINITY
    return this.#bytes
  }

  #write(): boolean {
    const source = this.avro()
    const out = this.#out
    const writers = this.#writers
    out.begin()
    for (let f = 0; f < writers.length; f++) if (!writers[f](source, out)) return false
    return true
  }

  project(target: Bytes, position: number): number {
    const { buffer, at } = this.#out
    return copyBytes(buffer, 0, at, target, position)
  }
}
