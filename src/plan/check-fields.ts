import { fieldKind } from '../codec/avro-field.ts'
import type { AvroRecordSchema } from '../codec/avro-reader.ts'
import { checkInstant, checkUnit } from '../codec/avro-time.ts'
import type { Column, JoinConfig, Pipeline, TopicConfig } from '../config/pipeline.ts'
import { placeOf } from '../config/places.ts'
import { didYouMean } from '../config/suggest.ts'
import { EnricherError, messageOf } from '../errors.ts'
import { expressionFaults, withDerived } from './expressions.ts'
import type { TopicSchemas } from './output-plan.ts'

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

/**
 * Whether the fields that the pipeline names are there, and its expressions without faults. Throws SCHEMA_INVALID
 * with the place of each that is not.
 */
export function checkFields(pipeline: Pipeline, schemas: TopicSchemas): void {
  const ofExpressions = expressionFaults(pipeline, schemas)
  const faults = namedFields(pipeline, schemas).flatMap((named) => {
    const fault = faultOf(named)
    return fault === null ? [] : [`${placeOf(pipeline, named.path)}: ${fault}`]
  })
  faults.unshift(...ofExpressions)
  if (faults.length > 0) throw new EnricherError('SCHEMA_INVALID', [...new Set(faults)].join('\n'))
}

function namedFields(pipeline: Pipeline, schemas: TopicSchemas): Named[] {
  const { facts, join, dimensions } = pipeline
  const derived = withDerived(pipeline, schemas)
  const left = { topic: facts.topic, schema: derived.facts }
  const broken = brokenFields(pipeline, derived)
  return [
    ...timeField(left, 'facts', facts),
    ...dimensions.flatMap(({ name, topic, on, select }, d): Named[] => [
      { ...left, path: ['dimensions', name, 'on'], name: on, use: fieldKind },
      ...selected({ topic, schema: derived.dimensions[d] }, ['dimensions', name], select),
    ]),
    ...(join === null ? [] : joinFields(facts.topic, join, schemas, derived.right!)),
  ].filter(({ topic, name }) => !broken.has(`${topic} ${name}`))
}

/** Derived fields with a fault, which has been told: that they are not there is none of its own. */
function brokenFields({ facts, join, dimensions }: Pipeline, schemas: TopicSchemas): Set<string> {
  const of = ({ topic, fields }: TopicConfig, schema: AvroRecordSchema): string[] =>
    fields
      .filter(({ name }) => !schema.fields.some((field) => field.name === name))
      .map(({ name }) => `${topic} ${name}`)
  return new Set([
    ...of(facts, schemas.facts),
    ...dimensions.flatMap((config, d) => of(config, schemas.dimensions[d])),
    ...(join === null ? [] : of(join, schemas.right!)),
  ])
}

/** The join field is the record's key, so it is none that is derived. */
function joinFields(
  factsTopic: string,
  join: JoinConfig,
  schemas: TopicSchemas,
  right: AvroRecordSchema,
): Named[] {
  const { topic } = join
  const field = (schema: AvroRecordSchema, name: string, of: string): Named => ({
    topic: of,
    schema,
    path: ['join', 'on'],
    name,
    use: fieldKind,
  })
  return [
    ...timeField({ topic, schema: right }, 'join', join),
    field(schemas.facts, join.onLeft, factsTopic),
    field(schemas.right!, join.onRight, topic),
    ...selected({ topic, schema: right }, ['join'], join.select),
  ]
}

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
