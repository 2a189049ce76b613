import type { RejectReason } from '../batch.ts'
import { type Bytes, copyBytes, NO_BYTES } from '../bytes.ts'
import { parseRecord } from './avro-parse.ts'
import type { AvroReader, AvroRecordSchema } from './avro-reader.ts'
import { AvroSource } from './avro-walk.ts'
import { compileJson, fieldStart, type WriteJson } from './json-values.ts'
import type { Fate, TimeReading, ValueReader } from './port.ts'
import { TextBuffer, TextTooLong } from './text-buffer.ts'

/** A field of the JSON object, and which of the record's it is. */
export interface JsonField {
  readonly name: string
  readonly source: string
}

const CLOSE = 125
/** A value with more text is not written: a few bytes of Avro can be gigabytes of it, as a long array of empty records. */
const MOST_BYTES = 64 << 20

/**
 * Reads Avro values as another reader does, and projects them as JSON, without a frame. It holds the text of one value,
 * that which was read last: rows beside it have none.
 */
export class JsonReader implements ValueReader {
  readonly #inner: ValueReader
  /** Of the record's fields where they begin, by its own numbers. */
  readonly #starts: Int32Array
  readonly #fields: Int32Array
  readonly #names: readonly Bytes[]
  readonly #writers: readonly WriteJson[]
  readonly #source = new AvroSource()
  readonly #text = new TextBuffer(MOST_BYTES)
  #buffer = NO_BYTES
  #end = 0

  /**
   * @param avro walks the values; @param inner says all else of them
   * @param fields one at least. Throws SCHEMA_INVALID where the record has no such field
   */
  constructor(
    schema: AvroRecordSchema,
    fields: readonly JsonField[],
    avro: AvroReader,
    inner: ValueReader,
  ) {
    const types = parseRecord(schema).fields
    this.#inner = inner
    this.#starts = avro.starts
    this.#fields = Int32Array.from(fields, ({ source }) => avro.indexOf(source))
    this.#names = fields.map(({ name }, i) => fieldStart(name, i === 0))
    this.#writers = fields.map(({ source }) => compileJson(types[avro.indexOf(source)].type))
  }

  read(row: number, buffer: Bytes, start: number, end: number): RejectReason | null {
    this.#buffer = buffer
    this.#end = end
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
    const source = this.#source
    const fields = this.#fields
    source.open(this.#buffer, 0, this.#end)
    for (let f = 0; f < fields.length; f++) {
      source.at = this.#starts[fields[f]]
      text.add(this.#names[f])
      this.#writers[f](source, text)
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
