import type { RejectReason } from '../batch.ts'
import { type Bytes, bytesOf, copyBytes } from '../bytes.ts'
import { parseRecord } from './avro-parse.ts'
import type { AvroRecordSchema } from './avro-reader.ts'
import { AvroSource } from './avro-walk.ts'
import { compileJson, fieldStart, type WriteJson } from './json-values.ts'
import type { Fate, TimeReading, ValueReader } from './port.ts'
import { TextBuffer, TextTooLong } from './text-buffer.ts'

const CLOSE = 125
/** A value with more text is not written: a few bytes of Avro can be gigabytes of it, as a long array of empty records. */
const MOST_BYTES = 64 << 20

/** Reads Avro values as another reader does, and projects as JSON, without a frame, what that one projects in Avro. */
export class JsonReader implements ValueReader {
  readonly #inner: ValueReader
  readonly #names: readonly Bytes[]
  readonly #writers: readonly WriteJson[]
  readonly #source = new AvroSource()
  readonly #text = new TextBuffer(MOST_BYTES)
  /** What `inner` has projected. */
  #avro = bytesOf(Buffer.allocUnsafe(1024))

  /** @param schema of what `inner` projects: one field at least */
  constructor(schema: AvroRecordSchema, inner: ValueReader) {
    const { fields } = parseRecord(schema)
    this.#inner = inner
    this.#names = fields.map(({ name }, i) => fieldStart(name, i === 0))
    this.#writers = fields.map(({ type }) => compileJson(type))
  }

  read(row: number, buffer: Bytes, start: number, end: number): RejectReason | null {
    return this.#inner.read(row, buffer, start, end)
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
    const bytes = this.#inner.projectedBytes
    if (bytes > this.#avro.length) this.#avro = bytesOf(Buffer.allocUnsafe(2 * bytes))
    this.#inner.project(this.#avro, 0)
    const source = this.#source
    source.open(this.#avro, 0, bytes)
    const writers = this.#writers
    for (let f = 0; f < writers.length; f++) {
      text.add(this.#names[f])
      writers[f](source, text)
    }
    text.byte(CLOSE)
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
