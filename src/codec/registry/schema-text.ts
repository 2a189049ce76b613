import type { SchemaId } from '../frame/schema-id.ts'
import type { Registry } from './registry.ts'
import type { Answer } from './request.ts'

/** A schema as it is registered, of whatever type. */
export interface SchemaText {
  readonly id: number
  /** `AVRO`, `PROTOBUF`, `JSON`. */
  readonly type: string
  readonly text: string
  /** The texts that it refers to, and these in turn, by the name by which they are referred to. */
  readonly imports: ReadonlyMap<string, string>
}

/** The latest version of a subject; undefined where there is none. */
export async function latestText(
  registry: Registry,
  subject: string,
): Promise<SchemaText | undefined> {
  const answer = await registry.latestAnswer(subject)
  return answer && withImports(answer, registry)
}

/** A schema by its id; undefined where there is none. @param patienceMs as with `Registry.byId` */
export async function textById(
  registry: Registry,
  id: SchemaId,
  patienceMs = 0,
): Promise<SchemaText | undefined> {
  const answer = await registry.answer(id, patienceMs)
  const known = typeof id === 'number' ? { id } : {}
  return answer && withImports({ ...answer, ...known }, registry)
}

export async function withImports(answer: Answer, registry: Registry): Promise<SchemaText> {
  const imports = new Map<string, string>()
  const gather = async ({ references = [] }: Answer): Promise<void> => {
    for (const { name, subject, version } of references) {
      if (imports.has(name)) continue
      const found = await registry.versionAnswer(subject, version)
      imports.set(name, found.schema)
      await gather(found)
    }
  }
  await gather(answer)
  const { id = -1, schemaType = 'AVRO', schema } = answer
  return { id, type: schemaType, text: schema, imports }
}
