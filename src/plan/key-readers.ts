/** How each topic's keys are read: by the file's key formats, the registry, and the fields that keys are matched with. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { schemaAt } from '../codec/avro/field-path.ts'
import type { AvroRecordSchema } from '../codec/avro/reader.ts'
import { AvroKey } from '../codec/keys/avro.ts'
import { avroKeyReader, keyReader } from '../codec/keys/keys.ts'
import { type KeyPlan, keyPlanFor, keyPlanOfField, type RecordKeyPlan } from '../codec/keys/plan.ts'
import { ValueKey } from '../codec/keys/value-key.ts'
import type { KeyReader } from '../codec/port.ts'
import { ProtobufKeyPlans } from '../codec/protobuf/key-plans.ts'
import { RegistryKeyPlans } from '../codec/registry/key-plans.ts'
import type { Registry } from '../codec/registry/registry.ts'
import { keyNames } from '../config/look-ups.ts'
import type { DimensionConfig, Pipeline, TopicConfig } from '../config/pipeline.ts'
import { placeOf } from '../config/places.ts'
import { repartitioned, sourcesOf } from '../config/topic-names.ts'
import { EnricherError, messageOf } from '../errors.ts'
import type { TopicSchemas } from './output-plan.ts'
import { type TablePlan, tableOfEach, tablesOf } from './tables.ts'

/** A topic's keys, and the field that they are matched with. */
interface Keyed {
  readonly topic: TopicConfig
  readonly path: readonly string[]
  readonly schema: AvroRecordSchema
  /** It may be inside of records. null: with none, as nothing is joined or the side is repartitioned, or with several. */
  readonly field: string | null
  /** The key's fields; null: it is one text. */
  readonly names: readonly string[] | null
  /** The value's fields that are the key, and the place of the first among the reader's key fields; undefined: the record has it. */
  readonly inValue?: { readonly names: readonly string[]; readonly first: number } | undefined
}

/** In the order of `inputTopics`. */
function keyed(pipeline: Pipeline, schemas: TopicSchemas): Keyed[] {
  const { facts, joins, dimensions } = pipeline
  const names = null
  const firsts = firstOfTable(pipeline)
  const tables = tablesOf(pipeline)
  const tableOf = tableOfEach(tables)
  const through = repartitioned(pipeline).map(({ side }) => side)
  const on = [joins.at(0)?.onLeft ?? null, ...joins.map(({ onRight }) => onRight)]
  const fieldOf = (source: number): string | null =>
    through.some((side) => side === source) ? null : on[source]
  return [
    { topic: facts, path: ['facts'], schema: schemas.facts, field: fieldOf(0), names },
    ...joins.map((topic, j) => {
      return { topic, path: topic.path, schema: schemas.rights[j], field: fieldOf(1 + j), names }
    }),
    ...dimensions.map((topic, d) => ({
      topic,
      path: ['dimensions', topic.name],
      ...matchedWith(dimensions[firsts[d]], pipeline, schemas),
      inValue: inValueOf(tables[tableOf[d]]),
    })),
  ]
}

const inValueOf = ({ keyFields: names, texts }: TablePlan): Keyed['inValue'] =>
  names.length === 0 ? undefined : { names, first: texts.length }

function matchedWith(
  dimension: DimensionConfig,
  { dimensions }: Pipeline,
  schemas: TopicSchemas,
): Pick<Keyed, 'schema' | 'field' | 'names'> {
  const names = keyNames(dimension)
  const [part] = dimension.parts
  const d = dimensions.findIndex(({ name }) => name === part.dimension)
  const schema = d < 0 ? schemas.facts : schemas.dimensions[d]
  return { schema, field: names === null ? part.field : null, names }
}

/**
 * How Avro keys are read without a registry: as `keySchema` says, else as the field that they are matched with.
 * By `inputTopics`; undefined: the key is of another format, or names its schema in a registry. Throws SCHEMA_INVALID.
 */
export function keyPlans(
  pipeline: Pipeline,
  schemas: TopicSchemas,
  hasRegistry = false,
): (KeyPlan | RecordKeyPlan | undefined)[] {
  return keyed(pipeline, schemas).map(({ topic, path, schema, field, names }) => {
    if (topic.keyFormat !== 'avro' || (hasRegistry && topic.frame === null)) return undefined
    if (topic.keySchema !== null) return planOfFile(pipeline, topic.keySchema, path, names)
    if (field === null) return undefined
    const plan = keyPlanOfField(schemaAt(schema, field))
    if (typeof plan === 'object') return plan
    const message = `${placeOf(pipeline, [...path, 'keyFormat'])}: the key of ${topic.topic} is matched with the field ${field}, but ${plan}`
    throw new EnricherError('SCHEMA_INVALID', message, { fields: { topic: topic.topic } })
  })
}

function planOfFile(
  pipeline: Pipeline,
  file: string,
  path: readonly string[],
  names: readonly string[] | null,
): KeyPlan | RecordKeyPlan {
  const fault = (why: string, cause?: unknown): EnricherError => {
    const message = `${placeOf(pipeline, [...path, 'keySchema'])}: the key's schema ${file} cannot be read: ${why}`
    return new EnricherError('SCHEMA_INVALID', message, { cause, fields: { file } })
  }
  let schema: unknown
  try {
    schema = JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw fault(messageOf(cause), cause)
  }
  const plan = keyPlanFor(schema, names)
  if (typeof plan === 'string') throw fault(plan)
  return plan
}

export interface KeyReaders {
  readonly sources: readonly KeyReader[]
  readonly dimensions: readonly KeyReader[]
  /** What keys are read as: rows under other texts are others. */
  readonly dimensionLayouts: readonly string[]
}

/** @param registry has the schemas of Avro keys; null: they are those of `keyPlans`. Throws SCHEMA_INVALID. */
export function keyReaders(
  pipeline: Pipeline,
  schemas: TopicSchemas,
  registry: Registry | null,
): KeyReaders {
  const plans = keyPlans(pipeline, schemas, registry !== null)
  const topics = keyed(pipeline, schemas)
  const readers = topics.map(({ topic, field, names, inValue }, i) => {
    const { keyFormat, keySchema } = topic
    if (inValue !== undefined) return new ValueKey(inValue.names, inValue.first)
    if (keyFormat === 'protobuf') {
      return new AvroKey(new ProtobufKeyPlans(keySchema ?? registry!, names))
    }
    if (keyFormat !== 'avro') return keyReader(keyFormat, names)
    const isBare = topic.frame === 'none'
    if (registry !== null && !isBare) return new AvroKey(new RegistryKeyPlans(registry, names))
    if (plans[i] === undefined) return keyReader('bytes')
    const source =
      keySchema === null
        ? `the field ${field} (or its own schema, named with keySchema)`
        : keySchema
    return avroKeyReader(plans[i], source, isBare)
  })
  const layouts = topics.map(({ topic, names, inValue }, i) => {
    const of = names === null ? '' : ` ${names.join()}`
    const within = `${inValue === undefined ? '' : ` of ${inValue.names.join()}`}${topic.envelope === null ? '' : ` in ${topic.envelope}`}`
    return `${topic.keyFormat}${of}${within}${planText(plans[i])}${fileText(topic)}${expressionsText(topic)}`
  })
  const sources = sourcesOf(pipeline).length
  const firsts = firstOfTable(pipeline)
  return {
    sources: readers.slice(0, sources),
    dimensions: firsts.map((first) => readers[sources + first]),
    dimensionLayouts: firsts.map((first) => layouts[sources + first]),
  }
}

/** By dimension: the first one that has the same table, and so the same keys. */
function firstOfTable(pipeline: Pipeline): number[] {
  const tables = tablesOf(pipeline)
  return tableOfEach(tables).map((table) => tables[table].dimensions[0])
}

function planText(plan: KeyPlan | RecordKeyPlan | undefined): string {
  if (plan === undefined) return ''
  if (plan.type === 'record') return plan.parts.map((part) => planText(part.plan)).join('')
  return ` ${JSON.stringify({ ...plan, symbols: plan.symbols.map(String) })}`
}

/** Another file of Protobuf keys may make other texts of them. */
const fileText = ({ keyFormat, keySchema }: TopicConfig): string =>
  keyFormat !== 'protobuf' || keySchema === null
    ? ''
    : ` ${createHash('sha256').update(readFileSync(keySchema)).digest('hex').slice(0, 16)}`

/** Rows are stored as expressions have made them. */
const expressionsText = ({ where, fields }: TopicConfig): string =>
  where === null && fields.length === 0 ? '' : ` ${JSON.stringify([where, fields])}`
