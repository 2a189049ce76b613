/** What joins compare, by the schemas of their topics, and whether the two texts can be equal at all. */
import { fieldKind } from '../codec/avro/field.ts'
import { schemaAt, typeAt } from '../codec/avro/field-path.ts'
import { parseRecord } from '../codec/avro/parse.ts'
import type { AvroRecordSchema } from '../codec/avro/reader.ts'
import { typeText } from '../codec/avro/schema.ts'
import { UNIT_NAMES, unitOf } from '../codec/avro/time.ts'
import { leftPart } from '../config/join-stages.ts'
import type { Pipeline } from '../config/pipeline.ts'
import type { TopicSchemas } from './output-plan.ts'

export interface JoinedField {
  readonly topic: string
  readonly schema: AvroRecordSchema
  /** It may be the path to one inside of records. */
  readonly name: string
  /** Whose column it is; null: it is the topic’s own field. */
  readonly owner: { readonly kind: 'dimension' | 'join'; readonly name: string } | null
}

/** @param j the join's number. @param schemas with the derived fields */
export function leftField(pipeline: Pipeline, j: number, schemas: TopicSchemas): JoinedField {
  const { facts, dimensions, joins } = pipeline
  const { dimension, join, field: name } = leftPart(pipeline, j)
  if (join !== null) {
    const owner = { kind: 'join', name: joins[join].name } as const
    return { topic: joins[join].topic, schema: schemas.rights[join], name, owner }
  }
  if (dimension === null) return { topic: facts.topic, schema: schemas.facts, name, owner: null }
  const d = dimensions.findIndex((one) => one.name === dimension)
  const owner = { kind: 'dimension', name: dimension } as const
  return { topic: dimensions[d].topic, schema: schemas.dimensions[d], name, owner }
}

export function rightField({ joins }: Pipeline, j: number, schemas: TopicSchemas): JoinedField {
  const { topic, onRight } = joins[j]
  return { topic, schema: schemas.rights[j], name: onRight, owner: null }
}

/** Why no text of the one field can be one of the other's; null: it may be. Both are there. */
export function neverEqual(left: JoinedField, right: JoinedField): string | null {
  const why = difference(typeOf(left), typeOf(right))
  if (why === null) return null
  const [a, b] = [left, right].map((of) => `${of.topic}.${of.name} is ${textOf(of)}`)
  return `${a}, ${b}: ${why}, so nothing would match; name fields of one type, or derive one whose text is the other’s (fields), and repartition its side`
}

const typeOf = ({ schema, name }: JoinedField) => {
  const type = schemaAt(schema, name)
  return { ...fieldKind(name, type), unit: unitOf(type) }
}

const textOf = ({ schema, name }: JoinedField): string =>
  typeText(typeAt(parseRecord(schema), name))

type Type = ReturnType<typeof typeOf>

/** Texts are compared, so that a number may be equal to a text, and a symbol, too. */
function difference(a: Type, b: Type): string | null {
  if (a.unit !== null && b.unit !== null && a.unit !== b.unit) {
    return `the one counts ${UNIT_NAMES[a.unit]}, the other ${UNIT_NAMES[b.unit]}`
  }
  if (a.type === 'enum' && b.type === 'enum') {
    const symbols = a.symbols.map(String)
    return b.symbols.some((one) => symbols.includes(String(one)))
      ? null
      : 'they have no symbol alike'
  }
  const kinds = new Set([a, b].map(kindOf))
  return kinds.size === 2 && !kinds.has('text') ? `no ${[...kinds].join(' is a ')}` : null
}

/** `text`: any. */
function kindOf({ type, logicalType }: Type): 'whole number' | 'symbol' | 'UUID' | 'text' {
  if (type === 'integer') return 'whole number'
  if (type === 'enum') return 'symbol'
  return type === 'string' && logicalType === 'uuid' ? 'UUID' : 'text'
}
