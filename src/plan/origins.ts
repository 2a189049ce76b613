/** Which of an output's fields are fields of an input in Protobuf, so that they are of the same type in an output in Protobuf. */
import type { AvroRecordSchema } from '../codec/avro/reader.ts'
import type { Message, MessageField } from '../codec/protobuf/message.ts'
import { originOf } from '../codec/protobuf/view.ts'
import { wellKnown } from '../codec/protobuf/well-known.ts'
import type { Pipeline, TopicConfig } from '../config/pipeline.ts'
import type { OutputField, OutputPlan, TopicSchemas } from './output-plan.ts'

/** By the output's field. */
export type Origins = ReadonlyMap<string, MessageField>

/** Of the completed record's fields. */
export function originsOf(
  { facts, dimensions, joins }: Pipeline,
  plan: OutputPlan,
  schemas: TopicSchemas,
): Origins {
  return new Map([
    ...ofTopic(facts, schemas.facts, plan.facts),
    ...dimensions.flatMap((one, d) => ofTopic(one, schemas.dimensions[d], plan.dimensions[d])),
    ...joins.flatMap((one, j) => ofTopic(one, schemas.rights[j], plan.rights[j])),
  ])
}

function ofTopic(
  { format, envelope, fields: derived }: TopicConfig,
  schema: AvroRecordSchema,
  fields: readonly OutputField[],
): (readonly [string, MessageField])[] {
  if (format !== 'protobuf' || envelope !== null) return []
  const { message } = originOf(schema)
  return fields.flatMap(({ name, source }) => {
    const isDerived = derived.some((one) => one.name === source)
    const [first, ...path] = source.split('.')
    const found = isDerived ? undefined : inside(fieldOf(message, first), path)
    return found === undefined ? [] : [[name, found] as const]
  })
}

/** Of what an output takes of the completed record. */
export const takenOrigins = (completed: Origins, fields: readonly OutputField[]): Origins =>
  new Map(
    fields.flatMap(({ name, source }) => {
      const [first, ...path] = source.split('.')
      const found = inside(completed.get(first), path)
      return found === undefined ? [] : [[name, found] as const]
    }),
  )

const inside = (
  field: MessageField | undefined,
  path: readonly string[],
): MessageField | undefined =>
  path.reduce<MessageField | undefined>((at, name) => {
    const type = at?.type
    if (at === undefined || typeof type !== 'object' || type.kind !== 'message') return undefined
    return wellKnown(type, at) === null ? fieldOf(type, name) : undefined
  }, field)

const fieldOf = ({ fields }: Message, name: string): MessageField | undefined =>
  fields.find((field) => field.name === name)
