import type { AvroType, BranchType, RecordType } from '../codec/avro/schema.ts'
import { typeText as avroText } from '../codec/avro/schema.ts'
import { ALL_MEMBERS, undeclaredOf } from '../codec/json/undeclared.ts'

const UNDECLARED =
  'it is JSON without a schema, so it has no type; name one with schema, which `stream-enricher init` infers from the topic’s records'

export type Kind =
  | 'bool'
  | 'int'
  | 'double'
  | 'string'
  | 'bytes'
  | 'timestamp'
  | 'duration'
  | 'decimal'
  | 'null'

/** What a part of an expression may come to. */
export interface Type {
  readonly kind: Kind
  readonly nullable: boolean
  /** Of a timestamp: it may have parts of a millisecond, so that what is made of it counts microseconds. */
  readonly micros: boolean
  /** Of a decimal: digits behind the point. */
  readonly scale: number
}

export const typeOf = (kind: Kind, nullable = false, micros = false): Type => ({
  kind,
  nullable,
  micros,
  scale: 0,
})

/** `string`, `int or null`. */
export const typeText = ({ kind, nullable }: Type): string =>
  nullable && kind !== 'null' ? `${kind} or null` : kind

export const isNumber = ({ kind }: Type): boolean => kind === 'int' || kind === 'double'

/** A field's Avro type without null; undefined: it is a union of several. */
export function withoutNull(type: AvroType): BranchType | undefined {
  if (type.kind !== 'union') return type
  const others = type.branches.filter(({ kind }) => kind !== 'null')
  return others.length === 1 ? others[0] : undefined
}

export const mayBeNull = (type: AvroType): boolean =>
  type.kind === 'null' ||
  (type.kind === 'union' && type.branches.some(({ kind }) => kind === 'null'))

/** The kind that a field of an Avro type is read as; a text: why it is not read. */
export function kindOf(type: BranchType): Kind | { readonly unread: string } {
  switch (type.kind) {
    case 'boolean':
      return 'bool'
    case 'int':
      return type.logical?.name === 'date' ? 'timestamp' : 'int'
    case 'long':
      return isTimestamp(type) ? 'timestamp' : 'int'
    case 'float':
    case 'double':
      return 'double'
    case 'string':
      return undeclaredOf(type) === undefined ? 'string' : { unread: UNDECLARED }
    case 'enum':
      return 'string'
    case 'bytes':
    case 'fixed':
      return type.logical?.name === 'decimal' ? 'decimal' : 'bytes'
    case 'null':
      return 'null'
    case 'record':
      return { unread: `it is the ${avroText(type)}; name one of its fields, after a dot` }
    default:
      return { unread: `it is an ${avroText(type)}; expressions read single values only` }
  }
}

const isTimestamp = (type: BranchType): boolean =>
  'logical' in type &&
  (type.logical?.family === 'timestamp' || type.logical?.family === 'local-timestamp')

/** Whether a timestamp may have parts of a millisecond. */
export const hasMicros = (type: BranchType): boolean =>
  'logical' in type && type.logical !== null && type.logical.perSecond > 1000

export const fieldNames = ({ fields }: RecordType): string[] =>
  fields.map(({ name }) => name).filter((name) => name !== ALL_MEMBERS)
