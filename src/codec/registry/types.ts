/** Schemas of a registry that are not Avro's. */
import { EnricherError } from '../../errors.ts'
import { parseSchemaText } from '../avro/schema-json.ts'
import type { RegisteredSchema, Registry } from './registry.ts'
import type { Answer } from './request.ts'

/** A JSON Schema, parsed, and those that it refers to, by the names that it has for them. */
export interface RegisteredJson extends RegisteredSchema {
  readonly references: ReadonlyMap<string, unknown>
}

const OTHER_FORMAT = 'and the topic’s format in the pipeline file is another; write format:'
/** What to do where a schema is of another type than the topic’s format. */
const REMEDIES: Readonly<Record<string, string>> = {
  AVRO: `${OTHER_FORMAT} avro there`,
  JSON: `${OTHER_FORMAT} json there`,
  PROTOBUF: `${OTHER_FORMAT} protobuf there`,
}
const NOT_READ =
  'which is not supported; have the producer or the connector write Avro, JSON or Protobuf'

/** Throws SCHEMA_INVALID where a subject's schema is of another type than the one that is read. */
export function checkType(
  url: string,
  subject: string,
  { schemaType = 'AVRO' }: Answer,
  wanted: 'AVRO' | 'JSON',
): void {
  if (schemaType === wanted) return
  const message = `The schema of ${subject} in the registry ${url} is of the type ${schemaType}, ${REMEDIES[schemaType] ?? NOT_READ}`
  throw new EnricherError('SCHEMA_INVALID', message, { fields: { subject, schemaType } })
}

/** The latest JSON Schema of a subject; undefined where there is none. Throws SCHEMA_INVALID where it is of another type. */
export async function latestJson(
  registry: Registry,
  subject: string,
): Promise<RegisteredJson | undefined> {
  const answer = await registry.latestAnswer(subject)
  if (answer === undefined) return undefined
  checkType(registry.url, subject, answer, 'JSON')
  return parse(registry, answer.id!, answer)
}

/** A JSON Schema that was the latest once, by its id; undefined where there is none. */
export async function recordedJson(
  registry: Registry,
  topic: string,
  type: string | null,
  id: number,
): Promise<RegisteredJson | undefined> {
  const answer = await registry.recordedAnswer(topic, type, id)
  return answer?.schemaType === 'JSON' ? parse(registry, id, answer) : undefined
}

async function parse(
  registry: Registry,
  id: number,
  { schema, references = [] }: Answer,
): Promise<RegisteredJson> {
  const all = new Map<string, unknown>()
  const named = references.map(async ({ name, subject, version }) => {
    const inner = await parse(registry, 0, await registry.versionAnswer(subject, version))
    for (const [deeper, one] of inner.references) all.set(deeper, one)
    all.set(name, inner.schema)
  })
  await Promise.all(named)
  return { id, schema: parseSchemaText(schema), references: all }
}
