/** What an Avro key's schema says of its text: pure, and once per schema. */
import type { Schema } from 'avsc'
import { type Bytes, bytesOf } from '../../bytes.ts'
import { parseRecord } from '../avro/parse.ts'
import { compileSkip, type Skip } from '../avro/walk.ts'
import { undeclaredName } from '../json/undeclared.ts'

export type KeyType = 'string' | 'bytes' | 'int' | 'long' | 'enum' | 'fixed' | 'uuid'

/** How the text of a key is found in its bytes. */
export interface KeyPlan {
  readonly type: KeyType
  /**
   * The value's branch in each union with null around it, from the outside: one of the record, one of its
   * field. Any other branch is null.
   */
  readonly branches: readonly number[]
  /** Of an enum. */
  readonly symbols: readonly Bytes[]
  /** Of a fixed. */
  readonly size: number
}

/** A key that is a record of several fields, each of which has a text. */
export interface RecordKeyPlan {
  readonly type: 'record'
  /** The record's branch in a union with null around it. */
  readonly branches: readonly number[]
  /** As they follow one another in the bytes. */
  readonly names: readonly string[]
  readonly skips: readonly Skip[]
  /** Which field is each part of the text, and how it is read. */
  readonly parts: readonly { readonly field: number; readonly plan: KeyPlan }[]
}

/** Sentences on types that are no key; what to do is the same for all of them. */
const REMEDY =
  'a key has to be a string, int, long, enum, bytes or fixed, one of them and null, or a record of one such field. In Kafka Connect, the transform ExtractField$Key takes one field of a record'

interface Parts {
  readonly type?: Schema
  readonly logicalType?: string
  readonly fields?: readonly { readonly name: string; readonly type: Schema }[]
  readonly symbols?: readonly string[]
  readonly size?: number
}

/** The plan of a key's schema, or why it cannot be one. */
export function keyPlan(schema: unknown): KeyPlan | string {
  const branches: number[] = []
  const found = unwrap(schema as Schema, branches)
  if (typeof found === 'string') return found
  const { fields } = found
  if (found.type !== 'record' || fields === undefined) return scalar(found, branches)
  if (fields.length !== 1) {
    const names = fields.map(({ name }) => name).join(', ')
    return refused(`a record of ${fields.length} fields${names === '' ? '' : ` (${names})`}`)
  }
  const field = unwrap(fields[0].type, branches)
  return typeof field === 'string' ? field : scalar(field, branches)
}

/** The plan of keys with these fields and no others, by names; or why there is none. */
export function recordKeyPlan(schema: unknown, names: readonly string[]): RecordKeyPlan | string {
  const branches: number[] = []
  const found = unwrap(schema as Schema, branches)
  const wanted = `the key has to be a record of the fields ${names.join(', ')}`
  if (typeof found === 'string' || found.type !== 'record' || found.fields === undefined) {
    return `it is ${text(schema)}; ${wanted}`
  }
  const has = found.fields.map(({ name }) => name)
  if (has.length !== names.length || names.some((name) => !has.includes(name))) {
    return `it has the fields ${has.join(', ')}; ${wanted}`
  }
  const parts = names.map((name) => {
    const field = has.indexOf(name)
    const inside: number[] = []
    const type = unwrap(found.fields![field].type, inside)
    return { name, field, plan: typeof type === 'string' ? type : scalar(type, inside) }
  })
  const fault = parts.find(({ plan }) => typeof plan === 'string')
  if (fault !== undefined) return `of its field ${fault.name}, ${fault.plan}`
  const { fields } = parseRecord(found)
  const skips = fields.map(({ type }) => compileSkip(type))
  return { type: 'record', branches, names: has, skips, parts: parts as RecordKeyPlan['parts'] }
}

/** The plan of a key's schema. @param names of its fields, where there are several; null: it is one text */
export const keyPlanFor = (
  schema: unknown,
  names: readonly string[] | null,
): KeyPlan | RecordKeyPlan | string =>
  names === null ? keyPlan(schema) : recordKeyPlan(schema, names)

/** The plan of keys that are matched with a field: its type. A key is not null, whatever the field may be. */
export function keyPlanOfField(type: Schema): KeyPlan | string {
  const plan = keyPlan(type)
  return typeof plan === 'string' ? plan : { ...plan, branches: [] }
}

/** The type inside `{"type": {"type": …}}` and inside a union with null, whose branch is noted. */
function unwrap(schema: Schema, branches: number[]): Parts | string {
  if (Array.isArray(schema)) {
    const rest = schema.filter((branch) => nameOf(branch) !== 'null')
    if (rest.length !== 1 || schema.length !== 2) return refused(`the union ${text(schema)}`)
    branches.push(schema.indexOf(rest[0]))
    return Array.isArray(rest[0]) ? refused(text(schema)) : unwrap(rest[0], branches)
  }
  if (typeof schema === 'string') return { type: schema }
  const parts = schema as Parts
  return typeof parts.type === 'object' ? unwrap(parts.type, branches) : parts
}

function scalar(parts: Parts, branches: readonly number[]): KeyPlan | string {
  const { type, logicalType, symbols = [], size = 0 } = parts
  const of = (key: KeyType): KeyPlan => ({
    type: key,
    branches,
    symbols: symbols.map((symbol) => bytesOf(Buffer.from(symbol))),
    size,
  })
  if (undeclaredName(parts) !== undefined) return refused('JSON of which nothing is declared')
  switch (type) {
    case 'string':
    case 'int':
    case 'long':
    case 'enum':
      return of(type)
    case 'bytes':
    case 'fixed':
      // The bytes of a number may differ for equal ones, and its text would need the scale.
      if (logicalType !== undefined && /decimal$/.test(logicalType)) return refused('a decimal')
      // "uuid" in the specification's "Logical Types": the text of RFC 9562 as a fixed of 16.
      return of(type === 'fixed' && logicalType === 'uuid' && size === 16 ? 'uuid' : type)
    default:
      return refused(text(type === 'record' ? parts : (type ?? parts)))
  }
}

const nameOf = (schema: Schema): unknown =>
  typeof schema === 'object' && !Array.isArray(schema) ? (schema as Parts).type : schema

/** Longest schema that a message shows. */
const SHOWN = 120

function text(schema: unknown): string {
  const json = typeof schema === 'string' ? schema : JSON.stringify(schema)
  return json.length > SHOWN ? `${json.slice(0, SHOWN)}…` : json
}

const refused = (what: string): string => `it is ${what}; ${REMEDY}`
