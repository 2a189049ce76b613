/** Avro values: framed, with the id of the schema that they are written with. */
import { readFileSync } from 'node:fs'
import type { RejectReason } from '../batch.ts'
import { parseRecord } from '../codec/avro/parse.ts'
import { AvroReader, type AvroRecordSchema, type ReaderPlan } from '../codec/avro/reader.ts'
import { fullNameOf, isNamed } from '../codec/avro/record-type.ts'
import { parseSchemaText } from '../codec/avro/schema-json.ts'
import { rowSchema } from '../codec/envelope/schema.ts'
import { ALL_FRAMES, FRAME_BYTES, Frame, type FrameKind, VALUE } from '../codec/frame/framing.ts'
import { readerBehind } from '../codec/frame/inflate.ts'
import type { TopicCodec, ValueReader } from '../codec/port.ts'
import { valueReader } from '../codec/projection.ts'
import { RegistryCodec } from '../codec/registry/codec.ts'
import type { Registry } from '../codec/registry/registry.ts'
import { latestOf } from '../codec/registry/subjects.ts'
import { ReadRows } from '../codec/row/read-rows.ts'
import { ValueDecoder } from '../codec/value-text.ts'
import { EnricherError, messageOf } from '../errors.ts'
import type { ReaderSchema, ValueFormat } from './value-format.ts'

export const AVRO: ValueFormat = {
  async schemaOf({ topic, schema, type }, registry) {
    if (schema === null) return latestSchema(topic, registry!, type)
    return { id: 0, schema: checkType(readSchema(topic, schema), type) }
  },
  async recorded({ topic, type }, id, registry) {
    const schema = await registry.recorded(topic, type, id)
    return schema ? { id, schema: schema as AvroRecordSchema } : undefined
  },
  codec({ type, frame }, schema, plan, registry) {
    return registry === null || frame === 'none'
      ? new FileCodec(schema, plan, frame === 'none')
      : new RegistryCodec(registry, schema, plan, type)
  },
  decoder: ({ frame }, schema, registry) => new ValueDecoder(registry, schema, frame === 'none'),
}

/** Values of a topic whose schema is a file: any schema id in the frame stands for it. */
class FileCodec implements TopicCodec {
  readonly #readerAt: (bodyBytes: number) => ValueReader
  readonly #frame = new Frame(VALUE, ALL_FRAMES)
  readonly #bare: ValueReader | null
  /** By the frames that have come. */
  readonly #framed = new Map<FrameKind, ValueReader>()
  fault = ''

  /** @param isBare values have no frames. Throws SCHEMA_INVALID. */
  constructor(schema: AvroRecordSchema, plan: ReaderPlan, isBare: boolean) {
    const { envelope } = plan
    const row = envelope === undefined ? schema : rowSchema(schema, envelope.kind)
    const rows = new ReadRows(row, plan)
    const [value, record] = [parseRecord(schema), parseRecord(row)]
    this.#readerAt = (bodyBytes) => {
      const reader = new AvroReader(row, plan, record, rows, bodyBytes)
      return valueReader(value, record, plan, reader, bodyBytes)
    }
    this.#bare = isBare ? this.#readerAt(0) : null
    if (!isBare) this.#framed.set('prefix', this.#readerAt(FRAME_BYTES))
  }

  reader(
    buffer: Buffer,
    start: number,
    end: number,
    headerStart: number,
    headerEnd: number,
  ): ValueReader | RejectReason {
    if (this.#bare !== null) return this.#bare
    const frame = this.#frame
    if (frame.find(buffer, start, end, headerStart, headerEnd)) {
      return this.#framed.get(frame.kind) ?? this.#behind(frame)
    }
    this.fault = frame.fault(buffer, start, end, headerStart, headerEnd)
    return 'not_framed'
  }

  #behind(frame: Frame): ValueReader {
    const reader = readerBehind(frame, this.#readerAt)
    this.#framed.set(frame.kind, reader)
    return reader
  }

  async load(): Promise<void> {}
}

/** The registry's latest for the topic's values. Throws SCHEMA_INVALID where there is none. */
export async function latestSchema(
  topic: string,
  registry: Registry,
  type: string | null,
): Promise<ReaderSchema> {
  const { id, named, schema } = await latestOf(topic, type, registry)
  return {
    id,
    named,
    schema: checkRecord(schema, `of ${topic} in the registry (id ${id})`, { topic, id }),
  }
}

/** The schema of an .avsc file. Throws SCHEMA_INVALID. */
export function readSchema(topic: string, file: string): AvroRecordSchema {
  let schema: unknown
  try {
    schema = parseSchemaText(readFileSync(file, 'utf8'))
  } catch (cause) {
    const message = `The schema file ${file} of ${topic} cannot be read: ${messageOf(cause)}`
    throw new EnricherError('SCHEMA_INVALID', message, { cause, fields: { topic, file } })
  }
  return checkRecord(schema, `of ${topic}, ${file},`, { topic, file })
}

/** Throws SCHEMA_INVALID unless it is a record's. @param what belongs to whom, for the message */
export function checkRecord(
  schema: unknown,
  what: string,
  fields: Record<string, unknown>,
): AvroRecordSchema {
  try {
    parseRecord(schema)
    const record = schema as AvroRecordSchema
    if (record.type !== 'record') throw new Error('it is not an Avro record')
    return record
  } catch (cause) {
    const message = `The schema ${what} cannot be used: ${messageOf(cause)}`
    throw new EnricherError('SCHEMA_INVALID', message, { cause, fields })
  }
}

function checkType(schema: AvroRecordSchema, type: string | null): AvroRecordSchema {
  if (type === null || isNamed(schema, type)) return schema
  const message = `the schema file has the record ${fullNameOf(schema)}, not ${type}`
  throw new EnricherError('SCHEMA_INVALID', message)
}
