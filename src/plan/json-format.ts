/** JSON values: bare, or behind Confluent's frame, whose id does not matter, for members are found by their names. */
import { readFileSync } from 'node:fs'
import type { AvroRecordSchema, ReaderPlan } from '../codec/avro/reader.ts'
import { parseSchemaText } from '../codec/avro/schema-json.ts'
import { JsonInput } from '../codec/json/input.ts'
import { recordOfJsonSchema } from '../codec/json/schema-types.ts'
import { type NamedMembers, undeclaredRecord } from '../codec/json/undeclared.ts'
import type { TopicCodec, ValueReader } from '../codec/port.ts'
import { noJsonOf } from '../codec/registry/subjects.ts'
import { latestJson, recordedJson } from '../codec/registry/types.ts'
import { JSON_TEXTS } from '../codec/value-text.ts'
import { EnricherError, messageOf } from '../errors.ts'
import { checkRecord } from './avro-format.ts'
import { recordName } from './output-plan.ts'
import type { ReaderSchema, SchemaConfig, ValueFormat } from './value-format.ts'

export const JSON_VALUES: ValueFormat = {
  async schemaOf(config, registry, members) {
    const { topic, schema } = config
    if (schema !== null) return { id: 0, schema: readJsonSchema(topic, schema) }
    const latest =
      registry === null ? undefined : await latestJson(registry, registry.subjectOf(topic))
    if (latest === undefined) {
      if (members !== undefined) return undeclared(config, members)
      throw noJsonOf(topic, registry!)
    }
    const { id } = latest
    return { id, schema: fromRegistry(topic, id, latest.schema, latest.references) }
  },
  undeclared,
  async recorded({ topic, type }, id, registry) {
    const found = await recordedJson(registry, topic, type, id)
    return found && { id, schema: fromRegistry(topic, id, found.schema, found.references) }
  },
  decoder: () => JSON_TEXTS,
  codec(_topic, schema, plan) {
    return new JsonCodec(schema, plan)
  },
}

function undeclared({ topic }: SchemaConfig, members: NamedMembers): ReaderSchema {
  return { id: 0, schema: undeclaredRecord(recordName(topic), members) }
}

class JsonCodec implements TopicCodec {
  readonly #reader: ValueReader
  readonly fault = ''

  constructor(schema: AvroRecordSchema, plan: ReaderPlan) {
    this.#reader = new JsonInput(schema, plan)
  }

  reader(): ValueReader {
    return this.#reader
  }

  async load(): Promise<void> {}
}

const fromRegistry = (
  topic: string,
  id: number,
  schema: unknown,
  references: ReadonlyMap<string, unknown>,
): AvroRecordSchema => {
  const what = `of ${topic} in the registry (id ${id})`
  return asRecord(topic, schema, references, what, { topic, id })
}

/** The schema of a file, which is told by what is in it: a JSON Schema or Avro's. Throws SCHEMA_INVALID. */
export function readJsonSchema(topic: string, file: string): AvroRecordSchema {
  let schema: unknown
  try {
    schema = parseSchemaText(readFileSync(file, 'utf8'))
  } catch (cause) {
    const message = `The schema file ${file} of ${topic} cannot be read: ${messageOf(cause)}`
    throw new EnricherError('SCHEMA_INVALID', message, { cause, fields: { topic, file } })
  }
  return asRecord(topic, schema, new Map(), `of ${topic}, ${file},`, { topic, file })
}

function asRecord(
  topic: string,
  schema: unknown,
  references: ReadonlyMap<string, unknown>,
  what: string,
  fields: Record<string, unknown>,
): AvroRecordSchema {
  if (isAvro(schema)) return checkRecord(schema, what, fields)
  let record: AvroRecordSchema
  try {
    record = recordOfJsonSchema(schema, references, recordName(topic))
  } catch (cause) {
    const message = `The schema ${what} cannot be used: ${messageOf(cause)}`
    throw new EnricherError('SCHEMA_INVALID', message, { cause, fields })
  }
  return checkRecord(record, what, fields)
}

const isAvro = (schema: unknown): boolean => {
  const { type, fields } = Object(schema) as { type?: unknown; fields?: unknown }
  return type === 'record' && Array.isArray(fields)
}
