import type { Schema } from 'avsc'
import { fieldAt } from '../codec/avro/field-path.ts'
import type { AvroRecordSchema } from '../codec/avro/reader.ts'
import { innerNamespace } from '../codec/avro/schema-references.ts'
import { ALL_MEMBERS } from '../codec/json/undeclared.ts'
import { comesOutAlone } from '../config/join-kind.ts'
import type { Column, JoinConfig, OutputConfig, Pipeline, TopicConfig } from '../config/pipeline.ts'
import { placeOf } from '../config/places.ts'
import { EnricherError } from '../errors.ts'
import { aliasesOf, defaultOf, withoutConnectDefault } from './defaults.ts'
import { withDerived } from './expressions.ts'
import { definitionsOf, NamedTypes } from './named-types.ts'

/** A field of the output and where it comes from. */
export interface OutputField {
  readonly name: string
  /** A field, or the path of one. */
  readonly source: string
  readonly type: Schema
  readonly doc?: string
  /** The value gets the branch of `["null", T]` before it. */
  readonly branch: boolean
  /** The bytes of null, where the field is of a side that may be missing, or inside of a record that may be null. */
  readonly missing: Buffer | null
  /** The latter. */
  readonly isOptional: boolean
  /** The input's field. */
  readonly given: AvroRecordSchema['fields'][number]
}

export interface OutputFields {
  readonly facts: readonly OutputField[]
  readonly dimensions: readonly (readonly OutputField[])[]
  /** By join. */
  readonly rights: readonly (readonly OutputField[])[]
}

export interface OutputPlan extends OutputFields {
  /** The output's Avro schema. */
  readonly schema: object
}

/** Reader schemas of a pipeline's topics. */
export interface TopicSchemas {
  readonly facts: AvroRecordSchema
  readonly dimensions: readonly AvroRecordSchema[]
  /** By join. */
  readonly rights: readonly AvroRecordSchema[]
}

/** In the order of `inputTopics`. */
export const inputSchemas = ({ facts, rights, dimensions }: TopicSchemas): AvroRecordSchema[] => [
  facts,
  ...rights,
  ...dimensions,
]

/**
 * Derives the output: the fact's fields, each dimension's columns, the right side's fields, in the
 * file's order, with their docs, aliases, defaults and logical types. Columns of a dimension that may be
 * missing, and of a side of the join that may be, are nullable: `T` becomes `["null", T]`; a union with
 * null stays as it is; a union without one gets null as its last branch, which leaves its bytes alone.
 */
export function planOutput(pipeline: Pipeline, written: TopicSchemas): OutputPlan {
  const schemas = withDerived(pipeline, written)
  const { output } = pipeline
  const nullable = nullableParts(pipeline)
  const given = (schema: AvroRecordSchema, isNullable: boolean): AvroRecordSchema =>
    isNullable ? withoutDefaults(schema) : schema
  const namespace = innerNamespace(schemas.facts, '')
  const fields = outputFields(pipeline, namespace, {
    facts: given(schemas.facts, nullable.facts),
    dimensions: schemas.dimensions.map((one, d) => given(one, nullable.dimensions[d])),
    rights: schemas.rights.map((one, j) => given(one, nullable.rights[j])),
  })
  return { ...fields, schema: recordOf(output.topic, namespace, allOf(fields)) }
}

/** The schema of a topic's record of these fields. */
function recordOf(topic: string, namespace: string, all: readonly OutputField[]): object {
  const base = {
    type: 'record',
    name: recordName(topic),
    ...(namespace === '' ? {} : { namespace }),
    fields: all.map(({ name, type, doc, branch }) => ({
      name,
      type: branch ? ['null', type] : type,
      ...(doc === undefined ? {} : { doc }),
    })),
  }
  const named = definitionsOf(base)
  const aliases = aliasesOf(all)
  return {
    ...base,
    fields: base.fields.map((field, i) => ({
      ...field,
      ...defaultOf(all[i], named),
      ...(aliases[i].length === 0 ? {} : { aliases: aliases[i] }),
    })),
  }
}

/**
 * What an output takes of the completed record, and the schema of that. Throws SCHEMA_INVALID where a field is not there.
 * @param completed its schema, with what the output derives of it
 */
export function selectedOutput(
  completed: AvroRecordSchema,
  { topic, select, fields: derived }: Pick<OutputConfig, 'topic' | 'select' | 'fields'>,
): { readonly schema: object; readonly fields: readonly OutputField[] } {
  const namespace = innerNamespace(completed, '')
  const types = new NamedTypes(recordName(topic), namespace)
  const from = { topic: 'The completed record', fields: derived }
  const fields = fieldsOf(types, 'output', from, completed, select, false)
  return { schema: recordOf(topic, namespace, fields), fields }
}

/** Of the record's own fields, by name. */
export const docsOf = ({ fields }: AvroRecordSchema): Map<string, string> =>
  new Map(fields.flatMap(({ name, doc }) => (doc === undefined ? [] : [[name, doc] as const])))

/**
 * Which parts may be missing. A right record without a match has nothing of what comes before its join: neither fact nor
 * rows, nor records of earlier joins. The rows of a fact may be missing, too.
 */
function nullableParts({ joins, dimensions }: Pipeline) {
  const isAlone = (join: JoinConfig): boolean => comesOutAlone(join.kind, 'right')
  const facts = joins.some(isAlone)
  return {
    facts,
    dimensions: dimensions.map(({ missing }) => facts || missing === 'null'),
    rights: joins.map(
      (join, j) => comesOutAlone(join.kind, 'left') || joins.slice(j + 1).some(isAlone),
    ),
  }
}

const withoutDefaults = (schema: AvroRecordSchema): AvroRecordSchema => ({
  ...schema,
  fields: schema.fields.map(withoutDefault),
})

const withoutDefault = (field: OutputField['given']): OutputField['given'] => ({
  ...field,
  type: withoutConnectDefault(field.type) as Schema,
})

export const allOf = ({ facts, dimensions, rights }: OutputFields): OutputField[] => [
  ...facts,
  ...dimensions.flat(),
  ...rights.flat(),
]

/**
 * The output's fields, whose types have the names that they get in this namespace. Throws SCHEMA_INVALID.
 * @param schemas with the derived fields
 */
export function outputFields(
  pipeline: Pipeline,
  namespace: string,
  schemas: TopicSchemas,
): OutputFields {
  const { dimensions, joins, output, facts: factConfig } = pipeline
  const types = new NamedTypes(recordName(output.topic), namespace)
  const nullable = nullableParts(pipeline)
  // Members that are named beside all of them are keys and times, which come out with them.
  const isWhole = schemas.facts.fields.some(({ name }) => name === ALL_MEMBERS)
  const select = isWhole ? [{ name: ALL_MEMBERS, source: ALL_MEMBERS }] : factConfig.select
  const facts = fieldsOf(types, 'facts', factConfig, schemas.facts, select, nullable.facts)
  const columns = dimensions.map((config, d) =>
    fieldsOf(
      types,
      config.name,
      config,
      schemas.dimensions[d],
      config.select,
      nullable.dimensions[d],
    ),
  )
  const rights = joins.map((join, j) =>
    fieldsOf(types, join.name, join, schemas.rights[j], join.select, nullable.rights[j]),
  )
  const fields = { facts, dimensions: columns, rights }
  refuseTwice(pipeline, fields)
  return fields
}

function refuseTwice(pipeline: Pipeline, { facts, dimensions, rights }: OutputFields): void {
  const parts = [
    { path: ['facts'], fields: facts },
    ...dimensions.map((part, d) => ({
      path: ['dimensions', pipeline.dimensions[d].name],
      fields: part,
    })),
    ...rights.map((part, j) => ({ path: pipeline.joins[j].path, fields: part })),
  ]
  const seen = new Map<string, string>()
  for (const { path, fields } of parts) {
    for (const { name } of fields) {
      const before = seen.get(name)
      if (before !== undefined) {
        const message = `${placeOf(pipeline, path)}: the output would have two fields named ${name}, as ${before} has it, too; take other fields with select, or rename it there: { new_name: ${name} }`
        throw new EnricherError('SCHEMA_INVALID', message, { fields: { field: name } })
      }
      seen.set(name, path.join('.'))
    }
  }
}

function fieldsOf(
  types: NamedTypes,
  side: string,
  { topic, fields }: Pick<TopicConfig, 'topic' | 'fields'>,
  schema: AvroRecordSchema,
  select: readonly Column[] | null,
  nullable: boolean,
): OutputField[] {
  const isDerived = ({ source }: Pick<Column, 'source'>): boolean =>
    fields.some(({ name }) => name === source)
  // A record of its type inside of it has none of what is derived of the record itself.
  const own = schema.fields.filter(({ name }) => !isDerived({ source: name }))
  const outputType = types.of(side, { ...schema, fields: own })
  const wanted = select ?? schema.fields.map(({ name }) => ({ name, source: name }))
  // A record's own fields are copied as they lie, and derived ones are written behind them.
  const ordered = [...wanted.filter((one) => !isDerived(one)), ...wanted.filter(isDerived)]
  return ordered.map(({ name, source }) => {
    const { field, isOptional } = fieldAt(schema, source, topic)
    const isNullable = nullable || isOptional
    const isOwn = schema.fields.includes(field)
    const given = isNullable && !isOwn ? withoutDefault(field) : field
    const doc = field.doc === undefined ? {} : { doc: field.doc }
    const type = outputType(given.type) as Schema
    return { name, source, given, isOptional, ...doc, ...asNullable(type, isNullable) }
  })
}

function asNullable(
  type: Schema,
  nullable: boolean,
): Pick<OutputField, 'type' | 'branch' | 'missing'> {
  if (!nullable) return { type, branch: false, missing: null }
  if (!Array.isArray(type)) return { type, branch: true, missing: Buffer.from([0]) }
  const at = type.indexOf('null')
  const branches = at < 0 ? [...type, 'null'] : type
  const index = at < 0 ? type.length : at
  return { type: branches as Schema, branch: false, missing: Buffer.from([index * 2]) }
}

/** `orders.enriched` → `OrdersEnriched`. */
export function recordName(topic: string): string {
  const words = topic.split(/[^A-Za-z0-9]+/).filter((word) => word !== '')
  const name = words.map((word) => word[0].toUpperCase() + word.slice(1)).join('')
  return /^\d/.test(name) || name === '' ? `Output${name}` : name
}
