import type { RejectReason } from '../batch.ts'
import { type Bytes, bytesOf, copyBytes, NO_BYTES } from '../bytes.ts'
import { parseRecord } from './avro-parse.ts'
import type { AvroRecordSchema } from './avro-reader.ts'
import { AvroSource } from './avro-walk.ts'
import { FRAME_BYTES } from './framing.ts'
import { compileField, type WriteJson } from './json-values.ts'
import type { Fate, TimeReading, ValueReader } from './port.ts'
import { TextBuffer, TextTooLong } from './text-buffer.ts'

const OPEN = 123
const CLOSE = 125
/** A value with more text is not written: a few bytes of Avro can be gigabytes of it, as a long array of empty records. */
const MOST_BYTES = 64 << 20

/**
 * Reads completed records as another reader does, and projects as JSON, without a frame, what that one projects in Avro. Where
 * that is the whole record it is written from where it lies.
 */
export class JsonReader implements ValueReader {
  readonly #inner: ValueReader
  readonly #isWhole: boolean
  readonly #writers: readonly WriteJson[]
  readonly #source = new AvroSource()
  readonly #text = new TextBuffer(MOST_BYTES)
  /** What `inner` has projected. */
  #avro = bytesOf(Buffer.allocUnsafe(1024))
  /** Where the whole record lies. */
  #record = NO_BYTES
  #start = 0
  #end = 0

  /**
   * @param schema of what `inner` projects: one field at least
   * @param isWhole whether that is the record as it is, and nothing else is asked of it: then there is one row
   */
  constructor(schema: AvroRecordSchema, inner: ValueReader, isWhole: boolean) {
    const { fields } = parseRecord(schema)
    this.#inner = inner
    this.#isWhole = isWhole
    this.#writers = fields.map(compileField)
  }

  read(row: number, buffer: Bytes, start: number, end: number): RejectReason | null {
    if (!this.#isWhole) return this.#inner.read(row, buffer, start, end)
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
    const source = this.#source
    if (this.#isWhole) source.open(this.#record, this.#start, this.#end)
    else this.#project(source)
    text.byte(OPEN)
    const writers = this.#writers
    for (let f = 0; f < writers.length; f++) writers[f](source, text)
    text.byte(CLOSE)
  }

  #project(source: AvroSource): void {
    const bytes = this.#inner.projectedBytes
    if (bytes > this.#avro.length) this.#avro = bytesOf(Buffer.allocUnsafe(2 * bytes))
    this.#inner.project(this.#avro, 0)
    source.open(this.#avro, 0, bytes)
  }

  /** Of what `projectedBytes` has written. */
  project(target: Bytes, position: number): number {
    const { buffer, at } = this.#text
    return copyBytes(buffer, 0, at, target, position)
  }

  select(row: number): void {
    this.#inner.select(row)
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
