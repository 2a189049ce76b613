/** Reads every field of a topic that may be a key, by its path: who looks for a text wants to see where else it is. */
import { fieldKind } from '../codec/avro/field.ts'
import { plain } from '../codec/avro/field-path.ts'
import { parseRecord } from '../codec/avro/parse.ts'
import type { AvroRecordSchema } from '../codec/avro/reader.ts'
import type { AvroType, RecordType } from '../codec/avro/schema.ts'
import { valueSchema } from '../codec/envelope/schema.ts'
import { isUndeclared } from '../codec/json/undeclared.ts'
import type { TopicCodec } from '../codec/port.ts'
import type { Registry } from '../codec/registry/registry.ts'
import type { Pipeline } from '../config/pipeline.ts'
import { inputsOf } from '../config/topic-names.ts'
import { programsOf, withDerived } from './expressions.ts'
import { FORMATS } from './formats.ts'
import type { TopicSchemas } from './output-plan.ts'
import { enveloped, readerPlan } from './reader-plans.ts'
import { namedMembers } from './undeclared.ts'

export interface FieldReader {
  /** Paths, derived fields among them: key field `k` of the codec's readers is the one of that number. */
  readonly paths: readonly string[]
  /** What people call their types; '' where nothing is declared of it. */
  readonly types: readonly string[]
  readonly codec: TopicCodec
  /** Whether expressions may name the topic's fields. */
  readonly isDeclared: boolean
}

/** Deeper ones are no keys that anybody means. */
const DEEPEST = 4
const MOST_FIELDS = 300

/**
 * By `inputsOf`. @param members of JSON without a schema those that its records have, where they were looked at
 */
export function fieldReaders(
  pipeline: Pipeline,
  schemas: TopicSchemas,
  registry: Registry | null,
  members: readonly (readonly string[])[],
): FieldReader[] {
  const listOf = <T>(of: { facts: T; rights: readonly T[]; dimensions: readonly T[] }): T[] => [
    of.facts,
    ...of.rights,
    ...of.dimensions,
  ]
  const derived = listOf(withDerived(pipeline, schemas))
  const programs = listOf(programsOf(pipeline, schemas))
  const given = listOf(schemas)
  const named = namedMembers(pipeline)
  return inputsOf(pipeline).map(({ config }, i) => {
    const format = FORMATS[config.format]
    const isDeclared = !isUndeclared(parseRecord(given[i]))
    const scalars = [...new Set([...named[i].scalars, ...(members[i] ?? [])])]
    const undeclared = (): AvroRecordSchema =>
      format.undeclared!(config, { values: [], scalars, isWhole: false }).schema
    const schema = isDeclared ? given[i] : undeclared()
    const fields = leavesOf(parseRecord(isDeclared ? derived[i] : schema)).slice(0, MOST_FIELDS)
    const paths = fields.map(({ path }) => path)
    const isKeyed = 'key' in config && config.key.length > 0
    const plan = enveloped(schema, config, isKeyed, (time) =>
      readerPlan([], programs[i], paths, time),
    )
    return {
      paths,
      types: fields.map(({ type }) => type),
      codec: format.codec(config, valueSchema(schema), plan, registry),
      isDeclared,
    }
  })
}

interface Leaf {
  readonly path: string
  readonly type: string
}

/** The fields that have a text, also inside of records. */
function leavesOf({ fields }: RecordType, above = '', depth = 1): Leaf[] {
  return fields.flatMap(({ name, type }): Leaf[] => {
    const path = `${above}${name}`
    const record = recordIn(type)
    if (record !== undefined) {
      return depth === DEEPEST ? [] : leavesOf(record, `${path}.`, depth + 1)
    }
    const word = wordOf(path, type)
    return word === undefined ? [] : [{ path, type: word }]
  })
}

function recordIn(type: AvroType): RecordType | undefined {
  if (type.kind === 'record') return type
  if (type.kind !== 'union' || type.branches.length !== 2) return undefined
  if (!type.branches.some(({ kind }) => kind === 'null')) return undefined
  return type.branches.find((branch) => branch.kind === 'record')
}

/** undefined: it has no text. */
function wordOf(path: string, type: AvroType): string | undefined {
  try {
    const { type: kind } = fieldKind(path, plain(type))
    if (kind === 'undeclared') return ''
    if (kind === 'string') return 'text'
    if (kind === 'enum') return 'enum'
    const number = type.kind === 'union' ? type.branches.find((one) => one.kind !== 'null')! : type
    return number.kind
  } catch {
    return undefined
  }
}
