/** How a topic's values are written, and what they are: by the registry, a file that is there, or the values themselves. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { AvroRecordSchema } from '../codec/avro/reader.ts'
import { schemaText } from '../codec/avro/schema-json.ts'
import { FRAME_BYTES } from '../codec/frame/framing.ts'
import type { Registry } from '../codec/registry/registry.ts'
import type { Format } from '../config/pipeline.ts'
import { EnricherError } from '../errors.ts'
import { latestSchema, readSchema } from '../plan/avro-format.ts'
import { JSON_VALUES, readJsonSchema } from '../plan/json-format.ts'
import { PROTOBUF } from '../plan/protobuf-format.ts'
import { nearlyAll } from './checks/key-shapes.ts'
import { itemSchema, itemsIn } from './draft-items.ts'
import { inferSchema } from './infer-schema.ts'

export interface SchemaDraft {
  readonly format: Format
  readonly schema: AvroRecordSchema
  /** The schema file's name, as the pipeline file is to have it; null: the registry has the schema. */
  readonly schemaFile: string | null
  /** What is to be written to that file; null: it is there. */
  readonly text: string | null
  /** The attributes of the primary key, where values say them beside the row. */
  readonly primaryKey: readonly string[]
}

/**
 * Throws SCHEMA_INVALID where nobody knows the schema.
 * @param values of the topic's last records
 * @param folder of the pipeline file
 */
export async function draftSchema(
  topic: string,
  values: readonly Buffer[],
  registry: Registry | null,
  folder: string,
): Promise<SchemaDraft> {
  const texts = values.flatMap((value) => jsonText(value) ?? [])
  const format = nearlyAll(texts.length, values.length) ? 'json' : 'avro'
  const names = [`./${topic}.avsc`, ...(format === 'json' ? [`./${topic}.schema.json`] : [])]
  const file = names.find((name) => existsSync(join(folder, name)))
  if (format === 'json') return draftJson(topic, texts, file, registry, folder)
  if (registry !== null) return registered(topic, registry)
  const proto = `./${topic}.proto`
  if (file === undefined && existsSync(join(folder, proto))) {
    return draftProtobuf(topic, proto, join(folder, proto), null)
  }
  if (file === undefined) {
    const message = `The schema of ${topic} is not known: name a registry with --registry, or put it in ${join(folder, names[0])}`
    throw new EnricherError('SCHEMA_INVALID', message, { fields: { topic } })
  }
  const schema = readSchema(topic, join(folder, file))
  return { format, schema, schemaFile: file, text: null, primaryKey: [] }
}

async function registered(topic: string, registry: Registry): Promise<SchemaDraft> {
  const latest = await registry.latestAnswer(registry.subjectOf(topic))
  if (latest?.schemaType === 'PROTOBUF') return draftProtobuf(topic, null, null, registry)
  const { schema } = await latestSchema(topic, registry, null)
  return { format: 'avro', schema, schemaFile: null, text: null, primaryKey: [] }
}

async function draftProtobuf(
  topic: string,
  schemaFile: string | null,
  path: string | null,
  registry: Registry | null,
): Promise<SchemaDraft> {
  const { schema } = await PROTOBUF.schemaOf({ topic, schema: path, type: null }, registry)
  return { format: 'protobuf', schema, schemaFile, text: null, primaryKey: [] }
}

async function draftJson(
  topic: string,
  texts: readonly string[],
  file: string | undefined,
  registry: Registry | null,
  folder: string,
): Promise<SchemaDraft> {
  const found = itemsIn(texts)
  const own = { format: 'json', primaryKey: found?.key ?? [] } as const
  // What is registered is around items, whose attributes nobody registers.
  if (found === undefined && registry !== null && (await isRegistered(topic, registry))) {
    const { schema } = await JSON_VALUES.schemaOf({ topic, schema: null, type: null }, registry)
    return { ...own, schema, schemaFile: null, text: null }
  }
  const whole = (schema: AvroRecordSchema): AvroRecordSchema =>
    found === undefined ? schema : itemSchema(schema, found.kind)
  if (file !== undefined) {
    const schema = readJsonSchema(topic, join(folder, file))
    return { ...own, schema: whole(schema), schemaFile: file, text: null }
  }
  const schema = inferSchema(topic, found?.items ?? texts)!
  const text = `${schemaText(schema, 2)}\n`
  return { ...own, schema: whole(schema), schemaFile: `./${topic}.avsc`, text }
}

const isRegistered = async (topic: string, registry: Registry): Promise<boolean> =>
  (await registry.latestAnswer(registry.subjectOf(topic)))?.schemaType === 'JSON'

/** The text of a value that is a JSON object; undefined: it is none. */
export function jsonText(value: Buffer): string | undefined {
  const text = String(value[0] === 0 ? value.subarray(FRAME_BYTES) : value)
  if (!/^\s*\{/.test(text)) return undefined
  try {
    JSON.parse(text)
    return text
  } catch {
    return undefined
  }
}
