import { type Bytes, copyBytes } from '../bytes.ts'
import { parseRecord } from './avro-parse.ts'
import type { AvroRecordSchema } from './avro-reader.ts'
import { FormReader } from './form-reader.ts'
import { compileJson, fieldStart, type WriteJson } from './json-values.ts'
import type { ValueReader } from './port.ts'
import { TextBuffer, TextTooLong } from './text-buffer.ts'

const CLOSE = 125
/** A value with more text is not written: a few bytes of Avro can be gigabytes of it, as a long array of empty records. */
const MOST_BYTES = 64 << 20

/** Reads Avro values as another reader does, and projects as JSON, without a frame, what that one projects in Avro. */
export class JsonReader extends FormReader {
  readonly #names: readonly Bytes[]
  readonly #writers: readonly WriteJson[]
  readonly #text = new TextBuffer(MOST_BYTES)

  /** @param schema of what `inner` projects: one field at least */
  constructor(schema: AvroRecordSchema, inner: ValueReader) {
    super(inner)
    const { fields } = parseRecord(schema)
    this.#names = fields.map(({ name }, i) => fieldStart(name, i === 0))
    this.#writers = fields.map(({ type }) => compileJson(type))
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
    const source = this.avro()
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
}
