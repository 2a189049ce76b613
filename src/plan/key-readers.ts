/** How each topic's keys are read: by the file's key formats, the registry, and the fields that keys are matched with. */
import { readFileSync } from 'node:fs'
import { AvroKey } from '../codec/avro-key.ts'
import type { AvroRecordSchema } from '../codec/avro-reader.ts'
import { type KeyPlan, keyPlan, keyPlanOfField } from '../codec/key-plan.ts'
import { avroKeyReader, keyReader } from '../codec/keys.ts'
import type { KeyReader } from '../codec/port.ts'
import type { Registry } from '../codec/registry.ts'
import { RegistryKeyPlans } from '../codec/registry-key-plans.ts'
import type { Pipeline, TopicConfig } from '../config/pipeline.ts'
import { placeOf } from '../config/places.ts'
import { repartitioned, sourcesOf } from '../config/topic-names.ts'
import { EnricherError, messageOf } from '../errors.ts'
import type { TopicSchemas } from './output-plan.ts'

/** A topic's keys, and the field that they are matched with. */
interface Keyed {
  readonly topic: TopicConfig
  readonly path: readonly string[]
  readonly schema: AvroRecordSchema
  /** null: with none, as nothing is joined, or the side is repartitioned. */
  readonly field: string | null
}

/** In the order of `inputTopics`. */
function keyed(pipeline: Pipeline, schemas: TopicSchemas): Keyed[] {
  const { facts, join, dimensions } = pipeline
  const isMatched = (side: number): boolean =>
    join !== null && !repartitioned(pipeline).some((one) => one.side === side)
  return [
    {
      topic: facts,
      path: ['facts'],
      schema: schemas.facts,
      field: isMatched(0) ? join!.onLeft : null,
    },
    ...(join === null
      ? []
      : [
          {
            topic: join,
            path: ['join'],
            schema: schemas.right!,
            field: isMatched(1) ? join.onRight : null,
          },
        ]),
    ...dimensions.map((topic) => ({
      topic,
      path: ['dimensions', topic.name],
      schema: schemas.facts,
      field: topic.on,
    })),
  ]
}

/**
 * How Avro keys are read without a registry: as `keySchema` says, else as the field that they are matched with.
 * By `inputTopics`; undefined: the key is of another format. Throws SCHEMA_INVALID.
 */
export function keyPlans(pipeline: Pipeline, schemas: TopicSchemas): (KeyPlan | undefined)[] {
  return keyed(pipeline, schemas).map(({ topic, path, schema, field }) => {
    if (topic.keyFormat !== 'avro') return undefined
    if (topic.keySchema !== null) return planOfFile(pipeline, topic.keySchema, path)
    if (field === null) return undefined
    const { type } = schema.fields.find(({ name }) => name === field)!
    const plan = keyPlanOfField(type)
    if (typeof plan === 'object') return plan
    const message = `${placeOf(pipeline, [...path, 'keyFormat'])}: the key of ${topic.topic} is matched with the field ${field}, but ${plan}`
    throw new EnricherError('SCHEMA_INVALID', message, { fields: { topic: topic.topic } })
  })
}

function planOfFile(pipeline: Pipeline, file: string, path: readonly string[]): KeyPlan {
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
  const plan = keyPlan(schema)
  if (typeof plan === 'string') throw fault(plan)
  return plan
}

export interface KeyReaders {
  readonly sources: readonly KeyReader[]
  readonly dimensions: readonly KeyReader[]
  /** As `PipelineCodec.dimensionKeyLayouts`. */
  readonly dimensionLayouts: readonly string[]
}

/** @param registry has the schemas of Avro keys; null: they are those of `keyPlans`. Throws SCHEMA_INVALID. */
export function keyReaders(
  pipeline: Pipeline,
  schemas: TopicSchemas,
  registry: Registry | null,
): KeyReaders {
  const plans = registry === null ? keyPlans(pipeline, schemas) : []
  const topics = keyed(pipeline, schemas)
  const readers = topics.map(({ topic, field }, i) => {
    const { keyFormat, keySchema } = topic
    if (keyFormat !== 'avro') return keyReader(keyFormat)
    if (registry !== null) return new AvroKey(new RegistryKeyPlans(registry))
    if (plans[i] === undefined) return keyReader('bytes')
    const source =
      keySchema === null
        ? `the field ${field} (or its own schema, named with keySchema)`
        : keySchema
    return avroKeyReader(plans[i], source)
  })
  const layouts = topics.map(({ topic }, i) => `${topic.keyFormat}${planText(plans[i])}`)
  const sources = sourcesOf(pipeline).length
  return {
    sources: readers.slice(0, sources),
    dimensions: readers.slice(sources),
    dimensionLayouts: layouts.slice(sources),
  }
}

const planText = (plan: KeyPlan | undefined): string =>
  plan === undefined ? '' : ` ${JSON.stringify({ ...plan, symbols: plan.symbols.map(String) })}`
