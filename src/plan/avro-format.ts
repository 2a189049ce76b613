/** Avro values: framed, with the id of the schema that they are written with. */
import { readFileSync } from 'node:fs'
import type { RejectReason } from '../batch.ts'
import { parseRecord } from '../codec/avro-parse.ts'
import { AvroReader, type AvroRecordSchema, type ReaderPlan } from '../codec/avro-reader.ts'
import { frameFault, isFramed, VALUE } from '../codec/framing.ts'
import type { TopicCodec, ValueReader } from '../codec/port.ts'
import { fullNameOf, isNamed } from '../codec/record-type.ts'
import type { Registry } from '../codec/registry.ts'
import { RegistryCodec } from '../codec/registry-codec.ts'
import { parseSchemaText } from '../codec/schema-json.ts'
import { latestOf } from '../codec/subjects.ts'
import { ValueDecoder } from '../codec/value-text.ts'
import { EnricherError, messageOf } from '../errors.ts'
import type { ReaderSchema, ValueFormat } from './value-format.ts'

export const AVRO: ValueFormat = {
  async schemaOf({ topic, schema, type }, registry) {
    if (schema === null) return latestSchema(topic, registry!, type)
    return { id: 0, schema: checkType(readSchema(topic, schema), type) }
  },
  async schemaById(_, id, registry) {
    const schema = await registry.byId(id)
    return schema ? { id, schema: schema as AvroRecordSchema } : undefined
  },
  codec({ type }, schema, plan, registry) {
    return registry === null
      ? new FileCodec(schema, plan)
      : new RegistryCodec(registry, schema, plan, type)
  },
  decoder: (schema, registry) => new ValueDecoder(registry, schema),
}

/** Values of a topic whose schema is a file: any schema id in the frame stands for it. */
class FileCodec implements TopicCodec {
  readonly #reader: ValueReader
  fault = ''

  constructor(schema: AvroRecordSchema, plan: ReaderPlan) {
    const reader = new AvroReader(schema, plan)
    this.#reader = plan.computation?.over(reader) ?? reader
  }

  reader(
    buffer: Buffer,
    start: number,
    end: number,
    headerStart: number,
    headerEnd: number,
  ): ValueReader | RejectReason {
    if (isFramed(VALUE, buffer, start, end, headerStart, headerEnd)) return this.#reader
    this.fault = frameFault(VALUE, buffer, start, end, headerStart, headerEnd)
    return 'not_framed'
  }

  async load(): Promise<void> {}
}

/** The registry's latest for the topic's values. Throws SCHEMA_INVALID where there is none. */
export async function latestSchema(
  topic: string,
  registry: Registry,
  type: string | null,
): Promise<ReaderSchema> {
  const { id, schema } = await latestOf(topic, type, registry)
  return {
    id,
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
