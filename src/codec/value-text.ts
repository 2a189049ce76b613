/** Whole values, for people to read. Not for the hot path: an object per record. */
import type { RecordBytes } from '../batch.ts'
import type { Bytes } from '../bytes.ts'
import { AvroDecoder } from './avro/decode.ts'
import { parseSchema } from './avro/parse.ts'
import { parseWithDigits } from './avro/schema-json.ts'
import { AvroSource } from './avro/walk.ts'
import { ALL_FRAMES, FRAME_BYTES, FRAMES_OF, Frame, VALUE } from './frame/framing.ts'
import { inflated } from './frame/inflate.ts'
import { type SchemaId, schemaIdOf } from './frame/schema-id.ts'
import { PLAIN } from './plain-form.ts'
import { rawRecord } from './raw-record.ts'
import type { Registry } from './registry/registry.ts'

/** Whole values of one topic. */
export interface ValueTexts {
  /** The record's value as JSON has it, or undefined where it cannot be decoded. */
  decode(record: RecordBytes): Promise<unknown>
}

/** Of JSON values: what they are, whether they are of the schema or not. */
export const JSON_TEXTS: ValueTexts = {
  async decode({ value }) {
    if (value === null) return undefined
    const body = value[0] === 0 ? value.subarray(FRAME_BYTES) : value
    try {
      return parseWithDigits(String(body))
    } catch {
      return undefined
    }
  },
}

/** Decodes values of one topic. */
export class ValueDecoder implements ValueTexts {
  readonly #registry: Registry | null
  readonly #fileSchema: unknown
  readonly #isBare: boolean
  readonly #frame: Frame
  readonly #decoders = new Map<SchemaId, AvroDecoder | undefined>()

  /**
   * @param fileSchema what values are written with where there is no registry, or they are bare
   * @param isBare they have no frames
   */
  constructor(registry: Registry | null, fileSchema: unknown, isBare: boolean) {
    this.#registry = isBare ? null : registry
    this.#fileSchema = fileSchema
    this.#isBare = isBare
    this.#frame = new Frame(VALUE, registry === null ? ALL_FRAMES : FRAMES_OF[registry.type])
  }

  async decode(record: RecordBytes): Promise<unknown> {
    const { buffer, valueStart, valueEnd, headerStart, headerEnd } = rawRecord(record)
    if (valueEnd < 0) return undefined
    if (this.#isBare) return this.#decode(FILE, buffer, valueStart, valueEnd)
    const frame = this.#frame
    if (!frame.find(buffer, valueStart, valueEnd, headerStart, headerEnd)) return undefined
    const registry = this.#registry
    const id = registry === null ? FILE : schemaIdOf(frame, buffer, registry.useId)
    const bodyStart = valueStart + frame.bodyBytes
    if (frame.kind !== 'Glue zlib') return this.#decode(id, buffer, bodyStart, valueEnd)
    const body = inflated(buffer, bodyStart, valueEnd)
    return typeof body === 'string' ? undefined : this.#decode(id, body, 0, body.length)
  }

  async #decode(id: SchemaId, body: Bytes, start: number, end: number): Promise<unknown> {
    try {
      const decoder = await this.#decoder(id)
      const source = new AvroSource()
      source.open(body, start, end)
      const decoded = decoder?.decode(source)
      return source.at === end ? decoded : undefined
    } catch {
      return undefined
    }
  }

  async #decoder(id: SchemaId): Promise<AvroDecoder | undefined> {
    if (!this.#decoders.has(id)) {
      const schema = this.#registry === null ? this.#fileSchema : await this.#registry.byId(id)
      this.#decoders.set(id, schema ? new AvroDecoder(parseSchema(schema), PLAIN) : undefined)
    }
    return this.#decoders.get(id)
  }
}

/** Whatever a frame says. */
const FILE = 0
