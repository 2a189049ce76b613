/** Fields inside of records, by paths as `address.country`. */
import type { Schema } from 'avsc'
import { didYouMean } from '../../config/suggest.ts'
import { EnricherError } from '../../errors.ts'
import { undeclaredOf } from '../json/undeclared.ts'
import { parseRecord } from './parse.ts'
import type { AvroRecordSchema } from './reader.ts'
import { type AvroType, type RecordType, typeText } from './schema.ts'
import { inlineReferences } from './schema-references.ts'
import { compileSkip, readInt, type Skip } from './walk.ts'

/** The record's own field in which the path begins. */
export const topOf = (path: string): string => path.split('.', 1)[0]

export const isNested = (path: string): boolean => path.includes('.')

/** A step into a record. */
interface Step {
  readonly record: RecordType
  /** Which of its fields is gone on with. */
  readonly field: number
  /** The record's branch in a union with null; -1: it is in none. */
  readonly branch: number
}

/** A field that a path leads to. */
export interface FieldAt {
  /** As the schema has it, its type one on its own: with full names, and the definitions of all. */
  readonly field: AvroRecordSchema['fields'][number]
  /** It is inside of a record that may be null. */
  readonly isOptional: boolean
}

/**
 * A field of the record, or one inside of its records. Throws SCHEMA_INVALID where the path leads nowhere.
 * @param name of what has the field, for the message
 */
export function fieldAt(
  schema: AvroRecordSchema,
  path: string,
  name: string = schema.name,
): FieldAt {
  const top = schema.fields.find(({ name }) => name === path)
  if (top !== undefined) return { field: top, isOptional: false }
  const steps = stepsTo(parseRecord(schema), name, path)
  const { record, field } = steps.at(-1)!
  const owner = inlineReferences(record.name.full, [schema]) as AvroRecordSchema
  const given = owner.fields[field]
  const type = inlineReferences(given.type, [schema]) as Schema
  return { field: { ...given, type }, isOptional: steps.some(({ branch }) => branch >= 0) }
}

/** What lies at the end of a path, as a schema on its own. Throws SCHEMA_INVALID where nothing does. */
export const schemaAt = (schema: AvroRecordSchema, path: string): Schema =>
  fieldAt(schema, path).field.type

/**
 * Compiles the way from where the path's first field begins to where its last one does: moves `source.at` there.
 * False: a record on the way is null. The value has been walked before, so its bytes are sound.
 * Throws SCHEMA_INVALID where the path leads nowhere.
 */
export const compileWay = (schema: AvroRecordSchema, path: string): Skip =>
  compileWayIn(parseRecord(schema), path)

export function compileWayIn(value: RecordType, path: string): Skip {
  const [, ...steps] = stepsTo(value, value.name.full, path)
  const skips = new Map<RecordType, Skip>()
  const ways = steps.map(({ record, field, branch }) => ({
    branch,
    before: record.fields.slice(0, field).map(({ type }) => compileSkip(type, skips)),
  }))
  return (source) => {
    source.again()
    for (const { branch, before } of ways) {
      if (branch >= 0 && readInt(source) !== branch) return false
      for (const skip of before) skip(source)
    }
    return true
  }
}

/** The way to a field inside of records; null: the field is the record's own. Throws SCHEMA_INVALID where there is none. */
export const wayInside = (schema: AvroRecordSchema, path: string): Skip | null =>
  schema.fields.some(({ name }) => name === path) ? null : compileWay(schema, path)

/** The type at the end of a path. Throws SCHEMA_INVALID where it leads nowhere. */
export function typeAt(value: RecordType, path: string): AvroType {
  const { record, field } = stepsTo(value, value.name.full, path).at(-1)!
  return record.fields[field].type
}

function stepsTo(value: RecordType, name: string, path: string): Step[] {
  let type: AvroType = value
  let at = ''
  return path.split('.').map((step) => {
    const { record, branch } = recordIn(type, at, path)
    const field = record.fields.findIndex((one) => one.name === step)
    if (field < 0) {
      const known = record.fields.map((one) => one.name)
      const of = at === '' ? name : `the field ${at}`
      throw fault(
        `${of} has no field ${step}${didYouMean(step, known)} (fields: ${known.join(', ')})`,
        path,
      )
    }
    at = at === '' ? step : `${at}.${step}`
    type = record.fields[field].type
    return { record, field, branch }
  })
}

/** The record that the type is, alone or in a union with null. */
function recordIn(type: AvroType, at: string, path: string): Omit<Step, 'field'> {
  if (type.kind === 'record') return { record: type, branch: -1 }
  if (type.kind === 'union' && type.branches.length === 2) {
    const branch = type.branches.findIndex(({ kind }) => kind !== 'null')
    const record = type.branches[branch]
    const isNullable = type.branches.some(({ kind }) => kind === 'null')
    if (isNullable && record?.kind === 'record') return { record, branch }
  }
  const what = `${path} leads into the field ${at}, which is ${typeText(type)} and no record`
  throw fault(`${what}${HAS_SEVERAL.includes(type.kind) ? ONE_OF_SEVERAL : ''}`, path)
}

const HAS_SEVERAL: readonly AvroType['kind'][] = ['array', 'map', 'union']
const ONE_OF_SEVERAL =
  '; paths go into records alone, or in a union with null: name a field that is in one, or have the producer write the value there'

const fault = (message: string, field: string): EnricherError =>
  new EnricherError('SCHEMA_INVALID', message, { fields: { field } })

/** Enough of a type to tell how its text is read, without the names of others. */
export function plain(type: AvroType): Schema {
  switch (type.kind) {
    case 'union':
      return type.branches.map(plain) as Schema
    case 'enum':
      return { type: 'enum', name: type.name.full, symbols: [...type.symbols] } as Schema
    case 'fixed':
      return { type: 'fixed', name: type.name.full, size: type.size } as Schema
    case 'record':
    case 'array':
    case 'map':
      return typeText(type) as Schema
    default: {
      const logicalType = undeclaredOf(type)
      return logicalType === undefined ? type.kind : ({ type: type.kind, logicalType } as Schema)
    }
  }
}
