import { fieldKind } from '../codec/avro/field.ts'
import { isNested, schemaAt, topOf } from '../codec/avro/field-path.ts'
import { parseRecord } from '../codec/avro/parse.ts'
import type { AvroRecordSchema } from '../codec/avro/reader.ts'
import { checkInstant, checkUnit } from '../codec/avro/time.ts'
import { ALL_MEMBERS } from '../codec/json/undeclared.ts'
import { joinStages } from '../config/join-stages.ts'
import type { Column, DerivedField, LookUpPart, Pipeline, TopicConfig } from '../config/pipeline.ts'
import { placeOf } from '../config/places.ts'
import { didYouMean } from '../config/suggest.ts'
import { repartitioned, repartitionWith } from '../config/topic-names.ts'
import { EnricherError, messageOf } from '../errors.ts'
import { timedSchema } from './envelopes.ts'
import { expressionFaults, outputFaults, outputSchema, withDerived } from './expressions.ts'
import { type JoinedField, leftField, neverEqual, rightField } from './joined-fields.ts'
import type { OutputPlan, TopicSchemas } from './output-plan.ts'

type Field = AvroRecordSchema['fields'][number]
type Use = (name: string, type: Field['type']) => unknown

interface Named {
  readonly path: readonly string[]
  readonly topic: string
  readonly schema: AvroRecordSchema
  readonly name: string
  /** Why it cannot be what is meant, or nobody can tell. */
  readonly unclear?: string | undefined
  /** What else may stand in its place. */
  readonly others?: readonly string[]
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
  refuse(pipeline, namedFields(pipeline, schemas), ofExpressions)
}

/** Whether the fields are there that outputs name of the completed record, and their conditions without faults. Throws SCHEMA_INVALID with the place of each that is not. */
export function checkOutputs(pipeline: Pipeline, { schema }: OutputPlan): void {
  const completed = schema as AvroRecordSchema
  const named = pipeline.outputs.flatMap((output): Named[] => {
    const { path, select, key, fields } = output
    const of = { topic: 'The completed record', schema: outputSchema(output, completed) }
    const broken = withFault(fields, of.schema)
    return [
      ...selected(of, path, select),
      ...(key === null ? [] : [{ ...of, path: [...path, 'key'], name: key, use: fieldKind }]),
    ]
      .filter(({ name }) => !broken.includes(name))
      .map((one) => ({ ...one, unclear: undeclaredIn(pipeline, completed, one.name) }))
  })
  refuse(pipeline, named, outputFaults(pipeline, completed))
}

/** Why nobody can tell whether there is such a field. */
function undeclaredIn(
  { facts: { topic } }: Pipeline,
  { fields }: AvroRecordSchema,
  name: string,
): string | undefined {
  const names = fields.map((field) => field.name)
  if (names.includes(name) || !names.includes(ALL_MEMBERS)) return undefined
  return `${topic} is JSON without a schema, so nobody knows of the member ${name}; name it under facts, with select, or write schema there`
}

function refuse(pipeline: Pipeline, named: readonly Named[], before: readonly string[] = []): void {
  const faults = named.flatMap((one) => {
    const fault = faultOf(one)
    return fault === null ? [] : [`${placeOf(pipeline, one.path)}: ${fault}`]
  })
  faults.unshift(...before)
  if (faults.length > 0) throw new EnricherError('SCHEMA_INVALID', [...new Set(faults)].join('\n'))
}

function namedFields(pipeline: Pipeline, schemas: TopicSchemas): Named[] {
  const { facts, joins, dimensions } = pipeline
  const derived = withDerived(pipeline, schemas)
  const left = { topic: facts.topic, schema: derived.facts }
  const broken = brokenFields(pipeline, derived)
  return [
    ...timeField(timed(left), ['facts'], facts),
    ...selected(left, ['facts'], facts.select),
    ...dimensions.flatMap(({ name, topic, parts, key, select, ...config }, d): Named[] => {
      const rows = { topic, schema: derived.dimensions[d] }
      const path = ['dimensions', name]
      return [
        ...timeField(timed(rows), path, config),
        ...parts.map((part) => lookedUp(part, name, left, pipeline, derived)),
        ...key.map((field): Named => {
          return { ...rows, path: [...path, 'key'], name: field, use: fieldKind }
        }),
        ...selected(rows, path, select),
      ]
    }),
    ...joins.flatMap((_, j) => joinFields(pipeline, j, derived)),
  ].filter(({ topic, name }) => !broken.has(`${topic} ${name}`))
}

const timed = ({ topic, schema }: Owner): Owner => ({ topic, schema: timedSchema(schema) })

/** A field that the dimension `of` is looked up by: of the facts, or of the rows of another dimension. */
function lookedUp(
  part: LookUpPart,
  of: string,
  facts: Owner,
  { dimensions }: Pipeline,
  schemas: TopicSchemas,
): Named {
  const path = ['dimensions', of, 'on']
  const { dimension, field: name } = part
  const others = dimensions.map((one) => one.name).filter((one) => one !== of)
  if (dimension === null) return { ...facts, path, name, others, use: fieldKind }
  const d = dimensions.findIndex((one) => one.name === dimension)
  const owner = { topic: dimensions[d].topic, schema: schemas.dimensions[d] }
  const unclear = eitherOf({ owner: { kind: 'dimension', name: dimension }, name }, facts)
  return { ...owner, path, name, unclear, use: fieldKind }
}

/** Why nobody can tell whether a column is meant, or what is in a record of the facts; undefined: these have no record of its owner's name. */
function eitherOf(
  { owner, name }: Pick<JoinedField, 'owner' | 'name'>,
  { topic, schema }: Owner,
): string | undefined {
  if (owner === null || !hasRecord(schema, owner.name)) return undefined
  const { kind, name: of } = owner
  return `${of}.${name} may be the column ${name} of the ${kind} ${of}, or what is in the record ${of} of ${topic}; give the ${kind} another name`
}

/** Whether a field of that name has fields inside. */
function hasRecord(schema: AvroRecordSchema, name: string): boolean {
  const type = parseRecord(schema).fields.find((field) => field.name === name)?.type
  if (type?.kind !== 'union') return type?.kind === 'record'
  return type.branches.some(({ kind }) => kind === 'record')
}

/** Derived fields with a fault, which has been told: that they are not there is none of its own. @param schema with the others */
const withFault = (
  fields: readonly DerivedField[],
  { fields: there }: AvroRecordSchema,
): string[] =>
  fields.map(({ name }) => name).filter((name) => !there.some((field) => field.name === name))

/** The same of all topics, each behind its topic. */
function brokenFields({ facts, joins, dimensions }: Pipeline, schemas: TopicSchemas): Set<string> {
  const of = ({ topic, fields }: TopicConfig, schema: AvroRecordSchema): string[] =>
    withFault(fields, schema).map((name) => `${topic} ${name}`)
  return new Set([
    ...of(facts, schemas.facts),
    ...dimensions.flatMap((config, d) => of(config, schemas.dimensions[d])),
    ...joins.flatMap((config, j) => of(config, schemas.rights[j])),
  ])
}

/** @param j the join's number. What is compared is the key of the records, but of a side that is repartitioned, and of what was joined before. */
function joinFields(pipeline: Pipeline, j: number, derived: TopicSchemas): Named[] {
  const { facts, dimensions, joins } = pipeline
  const join = joins[j]
  const { first } = joinStages(pipeline).findLast((stage) => stage.first <= j)!
  const path = [...join.path, 'on']
  const through = repartitioned(pipeline).map(({ side }) => side)
  const notKey = (source: number, { fields }: TopicConfig, name: string): string | undefined =>
    fields.some((one) => one.name === name) && !through.includes(source)
      ? `${name} is derived, so it is not the key of the records; write \`repartition: ${repartitionWith(join, source)}\` under \`${join.path.join('.')}\``
      : undefined
  const left = leftField(pipeline, j, derived)
  const isKey = left.owner === null && first === 0
  const ofFacts = { topic: facts.topic, schema: derived.facts }
  const right = rightField(pipeline, j, derived)
  const compared: Named = {
    ...left,
    path,
    unclear: isKey ? notKey(0, facts, left.name) : eitherOf(left, ofFacts),
    // Also that another's name is misspelled.
    others: [...dimensions, ...joins.slice(0, first)].map(({ name }) => name),
    use: fieldKind,
  }
  const meets: Use = (name, type) => {
    fieldKind(name, type)
    const why = faultOf(compared) === null ? neverEqual(left, right) : null
    if (why !== null) throw new EnricherError('SCHEMA_INVALID', why)
  }
  return [
    ...timeField(timed(right), join.path, join),
    compared,
    { ...right, path, unclear: notKey(1 + j, join, right.name), use: meets },
    ...selected(right, join.path, join.select),
  ]
}

function timeField(
  of: Owner,
  path: readonly string[],
  { time: name, timeUnit: unit }: Pick<TopicConfig, 'time' | 'timeUnit'>,
): Named[] {
  if (name === null) return []
  const isInstant: Use = (field, type) => checkInstant(field, type, unit)
  if (unit === null) return [{ ...of, path: [...path, 'time'], name, use: isInstant }]
  const field = { ...of, path: [...path, 'time', 'field'], name, use: isInstant }
  const isUnit: Use = (its, type) => checkUnit(its, type, unit)
  const isThere = faultOf({ ...field, use: () => {} }) === null
  return isThere ? [field, { ...field, path: [...path, 'time', 'unit'], use: isUnit }] : [field]
}

const selected = (of: Owner, path: readonly string[], select: readonly Column[] | null): Named[] =>
  (select ?? []).map(({ name, source }) => ({
    ...of,
    path: [...path, 'select', name],
    name: source,
    use: () => {},
  }))

function faultOf(named: Named): string | null {
  const { topic, schema, name, unclear, others = [], use } = named
  if (unclear !== undefined) return unclear
  const known = schema.fields.map((one) => one.name)
  const top = topOf(name)
  if (!known.includes(name) && !known.includes(top)) {
    const words = isNested(name) ? [...known, ...others] : known
    const meant = didYouMean(isNested(name) ? top : name, words)
    return `${topic} has no field ${name}${meant} (fields: ${known.join(', ')})`
  }
  try {
    use(name, schemaAt(schema, name))
    return null
  } catch (error) {
    return messageOf(error)
  }
}
