import { EnricherError } from '../errors.ts'
import type { Answer } from './registry-request.ts'

/** A schema as it is registered, of whatever type. */
export interface SchemaText {
  readonly id: number
  /** `AVRO`, `PROTOBUF`, `JSON`. */
  readonly type: string
  readonly text: string
  /** The texts that it refers to, and these in turn, by the name by which they are referred to. */
  readonly imports: ReadonlyMap<string, string>
}

/** Why the schema of a subject is not what an Avro topic wants. */
export function notAvro(url: string, subject: string, schemaType: string): EnricherError {
  const remedy =
    schemaType === 'PROTOBUF'
      ? 'write format: protobuf beside the topic'
      : 'have the producer or the connector write Avro'
  const what = `The schema of ${subject} in the registry ${url} is of the type ${schemaType}`
  const message = `${what}, which is not supported of an Avro topic; ${remedy}`
  return new EnricherError('SCHEMA_INVALID', message, { fields: { subject, schemaType } })
}

/** @param ask the registry, for a path */
export async function withImports(
  answer: Answer,
  ask: (path: string) => Promise<Answer>,
): Promise<SchemaText> {
  const imports = new Map<string, string>()
  const gather = async ({ references = [] }: Answer): Promise<void> => {
    for (const { name = '', subject, version } of references) {
      if (imports.has(name)) continue
      const found = await ask(`/subjects/${encodeURIComponent(subject)}/versions/${version}`)
      imports.set(name, found.schema)
      await gather(found)
    }
  }
  await gather(answer)
  const { id = -1, schemaType = 'AVRO', schema } = answer
  return { id, type: schemaType, text: schema, imports }
}
