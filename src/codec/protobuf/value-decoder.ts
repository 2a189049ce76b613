import type { RecordBytes } from '../../batch.ts'
import { bytesOf } from '../../bytes.ts'
import { AvroDecoder } from '../avro/decode.ts'
import { parseRecord } from '../avro/parse.ts'
import type { AvroRecordSchema } from '../avro/reader.ts'
import { AvroSource } from '../avro/walk.ts'
import { PLAIN } from '../plain-form.ts'
import type { Registry } from '../registry/registry.ts'
import type { ValueTexts } from '../value-text.ts'
import { ProtobufCodec } from './codec.ts'

/** Whole values, for people to read, as `ValueDecoder` gives Avro's. Not for the hot path. */
export class ProtobufDecoder implements ValueTexts {
  readonly #codec: ProtobufCodec
  readonly #decoder: AvroDecoder

  /** @param isBare values are messages, without a frame */
  constructor(registry: Registry | null, schema: AvroRecordSchema, isBare: boolean) {
    const select = schema.fields.map(({ name }) => ({ source: name, nullable: false }))
    const plan = { select, keys: [], time: null }
    this.#codec = new ProtobufCodec(registry, schema, plan, null, isBare)
    this.#decoder = new AvroDecoder(parseRecord(schema), PLAIN)
  }

  /** The value as JSON has it, or undefined where it cannot be decoded. */
  async decode({ value }: RecordBytes): Promise<unknown> {
    if (value === null) return undefined
    const find = () => this.#codec.reader(value, 0, value.length, 0, 0)
    if (find() === null) await this.#codec.load(value, 0)
    const reader = find()
    if (reader === null || typeof reader === 'string') return undefined
    if (reader.read(0, bytesOf(value), 0, value.length) !== null) return undefined
    reader.select(0)
    const avro = bytesOf(Buffer.alloc(reader.projectedBytes))
    reader.project(avro, 0)
    const source = new AvroSource()
    source.open(avro, 0, avro.length)
    return this.#decoder.decode(source)
  }
}
