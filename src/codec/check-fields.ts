import type { Column, Pipeline } from '../config/pipeline.ts'
import { placeOf } from '../config/places.ts'
import { didYouMean } from '../config/suggest.ts'
import { EnricherError, messageOf } from '../errors.ts'
import type { TopicSchemas } from '../output/schema.ts'
import { fieldKind, timeKind } from './avro-field.ts'
import type { AvroRecordSchema } from './avro-reader.ts'

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

/** Whether the fields that the pipeline names are there. Throws SCHEMA_INVALID with the place of each that is not. */
export function checkFields(pipeline: Pipeline, schemas: TopicSchemas): void {
  const faults = namedFields(pipeline, schemas).flatMap((named) => {
    const fault = faultOf(named)
    return fault === null ? [] : [`${placeOf(pipeline, named.path)}: ${fault}`]
  })
  if (faults.length > 0) throw new EnricherError('SCHEMA_INVALID', [...new Set(faults)].join('\n'))
}

function namedFields(pipeline: Pipeline, schemas: TopicSchemas): Named[] {
  const { facts, join, dimensions } = pipeline
  const left = { topic: facts.topic, schema: schemas.facts }
  const right = { topic: join.topic, schema: schemas.right }
  const time = (of: typeof left, key: string, name: string | null): Named[] =>
    name === null ? [] : [{ ...of, path: [key, 'time'], name, use: timeKind }]
  return [
    ...time(left, 'facts', facts.time),
    ...dimensions.flatMap(({ name, topic, on, select }, d): Named[] => [
      { ...left, path: ['dimensions', name, 'on'], name: on, use: fieldKind },
      ...selected({ topic, schema: schemas.dimensions[d] }, ['dimensions', name], select),
    ]),
    ...time(right, 'join', join.time),
    { ...left, path: ['join', 'on'], name: join.onLeft, use: fieldKind },
    { ...right, path: ['join', 'on'], name: join.onRight, use: fieldKind },
    ...selected(right, ['join'], join.select),
  ]
}

const selected = (
  of: Pick<Named, 'topic' | 'schema'>,
  path: readonly string[],
  select: readonly Column[] | null,
): Named[] =>
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
