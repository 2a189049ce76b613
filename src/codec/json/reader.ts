import type { RejectReason } from '../../batch.ts'
import { type Bytes, copyBytes, NO_BYTES } from '../../bytes.ts'
import { parseRecord } from '../avro/parse.ts'
import type { AvroRecordSchema } from '../avro/reader.ts'
import { AvroSource } from '../avro/walk.ts'
import { FormReader } from '../form-reader.ts'
import { FRAME_BYTES } from '../frame/framing.ts'
import type { ValueReader } from '../port.ts'
import { TextBuffer, TextTooLong } from '../text-buffer.ts'
import { compileField, type WriteJson } from './values.ts'

const OPEN = 123
const CLOSE = 125
/** A value with more text is not written: a few bytes of Avro can be gigabytes of it, as a long array of empty records. */
const MOST_BYTES = 64 << 20

/**
 * Reads completed records as another reader does, and projects as JSON, without a frame, what that one projects in Avro. Where
 * that is the whole record it is written from where it lies.
 */
export class JsonReader extends FormReader {
  readonly #isWhole: boolean
  readonly #writers: readonly WriteJson[]
  readonly #text = new TextBuffer(MOST_BYTES)
  /** Where the whole record lies. */
  readonly #source = new AvroSource()
  #record = NO_BYTES
  #start = 0
  #end = 0

  /**
   * @param schema of what `inner` projects: one field at least
   * @param isWhole whether that is the record as it is, and nothing else is asked of it: then there is one row
   */
  constructor(schema: AvroRecordSchema, inner: ValueReader, isWhole: boolean) {
    super(inner)
    const { fields } = parseRecord(schema)
    this.#isWhole = isWhole
    this.#writers = fields.map(compileField)
  }

  override read(row: number, buffer: Bytes, start: number, end: number): RejectReason | null {
    if (!this.#isWhole) return super.read(row, buffer, start, end)
    // The parts that it was made of have been walked.
    this.#record = buffer
    this.#start = start + FRAME_BYTES
    this.#end = end
    return null
  }

  /** Writes the text. Infinite where there would be too much of it. */
  get projectedBytes(): number {
    const text = this.#text
    text.at = 0
    try {
      this.#write(text)
    } catch (error) {
      if (error instanceof TextTooLong) return Number.POSITIVE_INFINITY
      throw error
    }
    return text.at
  }

  #write(text: TextBuffer): void {
    const source = this.#isWhole ? this.#whole() : this.avro()
    text.byte(OPEN)
    const writers = this.#writers
    for (let f = 0; f < writers.length; f++) writers[f](source, text)
    text.byte(CLOSE)
  }

  #whole(): AvroSource {
    this.#source.open(this.#record, this.#start, this.#end)
    return this.#source
  }

  /** Of what `projectedBytes` has written. */
  project(target: Bytes, position: number): number {
    const { buffer, at } = this.#text
    return copyBytes(buffer, 0, at, target, position)
  }
}
