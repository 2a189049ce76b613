/**
 * Envelopes of change data, as connectors write them: what is in them, and the row's schema inside of theirs.
 * https://debezium.io/documentation/reference/3.2/connectors/postgresql.html#postgresql-events
 */
import type { EnvelopeKind } from '../../config/pipeline.ts'
import { EnricherError } from '../../errors.ts'
import { sameBytes } from '../avro/match.ts'
import { parseRecord } from '../avro/parse.ts'
import type { AvroRecordSchema, EnvelopePlan } from '../avro/reader.ts'
import type { AvroType, BranchType, RecordType } from '../avro/schema.ts'
import { inlineReferences } from '../avro/schema-references.ts'
import { DELETED, type Fate, PASSED, TAKEN } from '../port.ts'
import { aroundItem, ITEMS } from './stream-records.ts'

/** The fields of an envelope; paths, where they are inside of records. */
export interface EnvelopeForm {
  /** Whose it is, for messages. */
  readonly of: string
  /** The row; null in a deletion. */
  readonly after: string
  /** The row as it was before, as far as the database says it; '': there is no such field. */
  readonly before: string
  /** What has happened to the row; '': nothing says it, and an event without a row is a deletion. */
  readonly op: string
  /** What becomes of the row, by `op`. */
  readonly ops: Readonly<Record<string, Fate>>
  /** The record that has the times of the change; '': there is none. */
  readonly source: string
}

export const ENVELOPES: Readonly<Record<EnvelopeKind, EnvelopeForm>> = {
  debezium: {
    of: 'Debezium',
    after: 'after',
    before: 'before',
    op: 'op',
    // Of a snapshot first, as most are while a table is read. A truncation and a message are of no row.
    ops: { r: TAKEN, c: TAKEN, u: TAKEN, d: DELETED, t: PASSED, m: PASSED },
    source: 'source',
  },
  mongodb: {
    of: 'the MongoDB connector',
    after: 'fullDocument',
    before: 'fullDocumentBeforeChange',
    op: 'operationType',
    ops: {
      insert: TAKEN,
      update: TAKEN,
      replace: TAKEN,
      delete: DELETED,
      ...Object.fromEntries(
        ['drop', 'rename', 'dropDatabase', 'invalidate'].map((op) => [op, PASSED]),
      ),
    },
    source: '',
  },
  connect: { of: 'Kafka Connect', after: 'payload', before: '', op: '', ops: {}, source: '' },
  dynamodb: {
    of: 'DynamoDB',
    after: 'dynamodb.NewImage',
    before: 'dynamodb.OldImage',
    op: 'eventName',
    ops: { INSERT: TAKEN, MODIFY: TAKEN, REMOVE: DELETED },
    source: 'dynamodb',
  },
  'dynamodb-cdc': {
    of: 'Confluent’s DynamoDB connector',
    after: 'after.document',
    before: 'before.document',
    op: 'op',
    ops: { r: TAKEN, c: TAKEN, u: TAKEN, d: DELETED },
    source: 'source',
  },
}

/** JsonConverter with `schemas.enable=true` puts what it writes, an envelope or a row, into this field. */
const WRAPPER = 'payload'

/** The paths of an envelope's fields in a value; '' for those that it has not. */
export interface EnvelopePaths {
  readonly after: string
  readonly before: string
  readonly op: string
  /** What is in front of the paths. */
  readonly prefix: string
}

/** Throws SCHEMA_INVALID where values are no such envelopes. */
export function envelopePaths(value: RecordType, kind: EnvelopeKind): EnvelopePaths {
  const { after, before, op, of } = ENVELOPES[kind]
  const inside = recordAt(value, WRAPPER)
  const isWrapped = !hasField(value, after) && inside !== undefined
  const record = isWrapped ? inside : value
  const lacks = [after, op].filter((name) => name !== '' && !hasField(record, name))
  if (lacks.length > 0) {
    const known = record.fields.map(({ name }) => name).join(', ')
    const message = `${record.name.full} is no envelope of ${of}: it has no field ${lacks.join(' and ')} (fields: ${known})`
    throw new EnricherError('SCHEMA_INVALID', message)
  }
  const prefix = isWrapped ? `${WRAPPER}.` : ''
  const path = (name: string): string =>
    name === '' || !hasField(record, name) ? '' : `${prefix}${name}`
  return { after: path(after), before: path(before), op: path(op), prefix }
}

/** The row's record inside of the value's. Throws SCHEMA_INVALID where values are no such envelopes. */
export function rowRecord(value: RecordType, kind: EnvelopeKind): RecordType {
  const { after } = envelopePaths(value, kind)
  const row = recordAt(value, after)
  if (row !== undefined) return row
  const message = `the field ${after} of ${value.name.full} is no record, so its fields are not known; have the connector write the row as a record`
  throw new EnricherError('SCHEMA_INVALID', message)
}

/** Whether what is in front of a change is written as what comes of it. */
export function isRow(value: RecordType, before: string, after: string): boolean {
  const [record, row] = [before, after].map((path) => recordAt(value, path))
  return record !== undefined && row !== undefined && sameBytes(record, row)
}

/** The value's type with nothing in it but what is read, and `row` in place of the row's record. */
export function aroundRow(
  value: RecordType,
  row: RecordType,
  { kind, time, isKeyed }: EnvelopePlan,
): RecordType {
  const { after, before, op } = envelopePaths(value, kind)
  const rows = isKeyed && isRow(value, before, after) ? [after, before] : [after]
  const kept = [...rows, op, ...(time === null ? [] : [time.path])]
  const inside = (record: RecordType, prefix: string): RecordType => ({
    ...record,
    fields: record.fields.flatMap((field) => {
      const path = `${prefix}${field.name}`
      if (rows.includes(path)) return [{ ...field, type: withRecord(field.type, () => row) }]
      if (kept.includes(path)) return [field]
      if (!kept.some((one) => one.startsWith(`${path}.`))) return []
      return [{ ...field, type: withRecord(field.type, (one) => inside(one, `${path}.`)) }]
    }),
  })
  return inside(value, '')
}

/** The type with another record in the place of its own. */
function withRecord(type: AvroType, change: (record: RecordType) => RecordType): AvroType {
  const of = (branch: BranchType): BranchType =>
    branch.kind === 'record' ? change(branch) : branch
  return type.kind === 'union' ? { ...type, branches: type.branches.map(of) } : of(type)
}

/** What a row is in: planning sees the row's schema, and values are read with this one. */
export interface Envelope {
  readonly kind: EnvelopeKind
  readonly schema: AvroRecordSchema
}

/** The schema of a topic's values. @param schema what the topic is said to have: of DynamoDB's images that of an item */
export const envelopedSchema = (schema: AvroRecordSchema, kind: EnvelopeKind): AvroRecordSchema =>
  ITEMS.has(kind) ? aroundItem(schema, kind) : schema

/** The row's schema, on its own. Throws SCHEMA_INVALID where values are no such envelopes. */
export function rowSchema(schema: AvroRecordSchema, kind: EnvelopeKind): AvroRecordSchema {
  const { full } = rowRecord(parseRecord(schema), kind).name
  const row = inlineReferences(full, [schema]) as AvroRecordSchema
  return { ...row, envelope: { kind, schema } }
}

/** What values are written with: of a row in an envelope the envelope's schema. */
export const valueSchema = (row: AvroRecordSchema): AvroRecordSchema => row.envelope?.schema ?? row

/** The record of a field at a path, alone or in a union with null; undefined: there is none. */
export function recordAt(value: RecordType, path: string): RecordType | undefined {
  return path
    .split('.')
    .reduce<RecordType | undefined>(
      (record, name) => recordOf(record?.fields.find((field) => field.name === name)?.type),
      value,
    )
}

function recordOf(type: AvroType | undefined): RecordType | undefined {
  if (type?.kind !== 'union') return type?.kind === 'record' ? type : undefined
  const [one, ...others] = type.branches.filter(({ kind }) => kind !== 'null')
  return others.length === 0 && one?.kind === 'record' ? one : undefined
}

function hasField(record: RecordType, path: string): boolean {
  const at = path.lastIndexOf('.')
  const owner = at < 0 ? record : recordAt(record, path.slice(0, at))
  return owner?.fields.some((field) => field.name === path.slice(at + 1)) === true
}
