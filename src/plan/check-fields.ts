import { fieldKind } from '../codec/avro-field.ts'
import type { AvroRecordSchema } from '../codec/avro-reader.ts'
import { checkInstant, checkUnit } from '../codec/avro-time.ts'
import type { Column, JoinConfig, Pipeline, TopicConfig } from '../config/pipeline.ts'
import { placeOf } from '../config/places.ts'
import { didYouMean } from '../config/suggest.ts'
import { EnricherError, messageOf } from '../errors.ts'
import type { OutputPlan, TopicSchemas } from './output-plan.ts'

type Field = AvroRecordSchema['fields'][number]
type Use = (name: string, type: Field['type']) => unknown

interface Named {
  readonly path: readonly string[]
  readonly topic: string
  readonly schema: AvroRecordSchema
  readonly name: string
  /** Throws where a field of this type is not what it is used for. */
  readonly use: Use
}

type Owner = Pick<Named, 'topic' | 'schema'>

/** Whether the fields that the pipeline names are there. Throws SCHEMA_INVALID with the place of each that is not. */
export function checkFields(pipeline: Pipeline, schemas: TopicSchemas): void {
  refuse(pipeline, namedFields(pipeline, schemas))
}

/** Whether the fields are there that outputs name of the completed record. Throws SCHEMA_INVALID with the place of each that is not. */
export function checkOutputs(pipeline: Pipeline, { schema }: OutputPlan): void {
  const completed = { topic: 'The completed record', schema: schema as AvroRecordSchema }
  const named = pipeline.outputs.flatMap(({ path, select, key }): Named[] => [
    ...selected(completed, path, select),
    ...(key === null ? [] : [{ ...completed, path: [...path, 'key'], name: key, use: fieldKind }]),
  ])
  refuse(pipeline, named)
}

function refuse(pipeline: Pipeline, named: readonly Named[]): void {
  const faults = named.flatMap((one) => {
    const fault = faultOf(one)
    return fault === null ? [] : [`${placeOf(pipeline, one.path)}: ${fault}`]
  })
  if (faults.length > 0) throw new EnricherError('SCHEMA_INVALID', [...new Set(faults)].join('\n'))
}

function namedFields(pipeline: Pipeline, schemas: TopicSchemas): Named[] {
  const { facts, join, dimensions } = pipeline
  const left = { topic: facts.topic, schema: schemas.facts }
  return [
    ...timeField(left, 'facts', facts),
    ...dimensions.flatMap(({ name, topic, on, select }, d): Named[] => [
      { ...left, path: ['dimensions', name, 'on'], name: on, use: fieldKind },
      ...selected({ topic, schema: schemas.dimensions[d] }, ['dimensions', name], select),
    ]),
    ...(join === null ? [] : joinFields(join, left, { topic: join.topic, schema: schemas.right! })),
  ]
}

const joinFields = (join: JoinConfig, left: Owner, right: Owner): Named[] => [
  ...timeField(right, 'join', join),
  { ...left, path: ['join', 'on'], name: join.onLeft, use: fieldKind },
  { ...right, path: ['join', 'on'], name: join.onRight, use: fieldKind },
  ...selected(right, ['join'], join.select),
]

function timeField(of: Owner, key: string, { time: name, timeUnit: unit }: TopicConfig): Named[] {
  if (name === null) return []
  const isInstant: Use = (field, type) => checkInstant(field, type, unit)
  if (unit === null) return [{ ...of, path: [key, 'time'], name, use: isInstant }]
  const field = { ...of, path: [key, 'time', 'field'], name, use: isInstant }
  const isThere = of.schema.fields.some((one) => one.name === name)
  const isUnit: Use = (its, type) => checkUnit(its, type, unit)
  return isThere ? [field, { ...field, path: [key, 'time', 'unit'], use: isUnit }] : [field]
}

const selected = (of: Owner, path: readonly string[], select: readonly Column[] | null): Named[] =>
  (select ?? []).map(({ name, source }) => ({
    ...of,
    path: [...path, 'select', name],
    name: source,
    use: () => {},
  }))

function faultOf({ topic, schema, name, use }: Named): string | null {
  const field = schema.fields.find((one) => one.name === name)
  if (field === undefined) {
    const known = schema.fields.map((one) => one.name)
    return `${topic} has no field ${name}${didYouMean(name, known)} (fields: ${known.join(', ')})`
  }
  try {
    use(name, field.type)
    return null
  } catch (error) {
    return messageOf(error)
  }
}
