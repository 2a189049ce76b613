/** Whole values, for people to read. Not for the hot path: an object per record. */
import { bytesOf } from '../bytes.ts'
import { AvroDecoder } from './avro-decode.ts'
import { parseSchema } from './avro-parse.ts'
import { AvroSource } from './avro-walk.ts'
import { PLAIN } from './plain-form.ts'
import type { Registry } from './registry.ts'
import { parseWithDigits } from './schema-json.ts'

const FRAME_BYTES = 5

/** Whole values of one topic. */
export interface ValueTexts {
  /** The value as JSON has it, or undefined where it cannot be decoded. */
  decode(value: Buffer): Promise<unknown>
}

/** Of JSON values: what they are, whether they are of the schema or not. */
export const JSON_TEXTS: ValueTexts = {
  async decode(value) {
    const body = value[0] === 0 ? value.subarray(FRAME_BYTES) : value
    try {
      return parseWithDigits(String(body))
    } catch {
      return undefined
    }
  },
}

/** Decodes framed values of one topic. */
export class ValueDecoder implements ValueTexts {
  readonly #registry: Registry | null
  readonly #fileSchema: unknown
  readonly #decoders = new Map<number, AvroDecoder | undefined>()

  /** @param fileSchema what values are written with where there is no registry */
  constructor(registry: Registry | null, fileSchema: unknown) {
    this.#registry = registry
    this.#fileSchema = fileSchema
  }

  async decode(value: Buffer): Promise<unknown> {
    if (value.length < FRAME_BYTES || value[0] !== 0) return undefined
    try {
      const decoder = await this.#decoder(value.readInt32BE(1))
      const source = new AvroSource()
      source.open(bytesOf(value), FRAME_BYTES, value.length)
      const decoded = decoder?.decode(source)
      return source.at === value.length ? decoded : undefined
    } catch {
      return undefined
    }
  }

  async #decoder(id: number): Promise<AvroDecoder | undefined> {
    if (!this.#decoders.has(id)) {
      const schema = this.#registry === null ? this.#fileSchema : await this.#registry.byId(id)
      this.#decoders.set(id, schema ? new AvroDecoder(parseSchema(schema), PLAIN) : undefined)
    }
    return this.#decoders.get(id)
  }
}
