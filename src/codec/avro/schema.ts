/**
 * Avro schemas as the data path has them: every type resolved, by names as the specification's "Names"
 * defines them, with its logical type. What only people read (docs, orders, properties) is left out.
 * https://avro.apache.org/docs/1.12.0/specification/#schema-declaration
 */

import { isUndeclared, UNDECLARED_TEXTS } from '../json/undeclared.ts'
import { type Logical, logicalText } from './logical.ts'

export type Primitive =
  | 'null'
  | 'boolean'
  | 'int'
  | 'long'
  | 'float'
  | 'double'
  | 'bytes'
  | 'string'

export interface PrimitiveType {
  readonly kind: Primitive
  readonly logical: Logical | null
}

/** Of a record, an enum or a fixed. */
export interface TypeName {
  /** With its namespace: `shop.Order`. */
  readonly full: string
  /** Full names. */
  readonly aliases: readonly string[]
}

export interface FixedType {
  readonly kind: 'fixed'
  readonly name: TypeName
  readonly size: number
  readonly logical: Logical | null
}

export interface EnumType {
  readonly kind: 'enum'
  readonly name: TypeName
  readonly symbols: readonly string[]
  /** What stands for a symbol that this schema does not have. */
  readonly fallback: string | undefined
}

export interface ArrayType {
  readonly kind: 'array'
  readonly items: AvroType
}

export interface MapType {
  readonly kind: 'map'
  readonly values: AvroType
}

export interface UnionType {
  readonly kind: 'union'
  readonly branches: readonly BranchType[]
}

export interface Field {
  readonly name: string
  readonly aliases: readonly string[]
  readonly type: AvroType
  /** As the schema has it, in JSON; it need not be of the type. undefined: there is none. */
  readonly default: unknown
}

export interface RecordType {
  readonly kind: 'record'
  readonly name: TypeName
  /** A field may be of the record's own type. */
  readonly fields: readonly Field[]
}

/** A union's branch is no union. */
export type BranchType = PrimitiveType | FixedType | EnumType | ArrayType | MapType | RecordType
export type AvroType = BranchType | UnionType

/** The name without its namespace. */
export const unqualified = (full: string): string => full.slice(full.lastIndexOf('.') + 1)

/** A type in a word or two, for messages: `long as timestamp-millis`, `enum shop.Channel`. */
export function typeText(type: AvroType): string {
  switch (type.kind) {
    case 'union':
      return type.branches.map(typeText).join(' or ')
    case 'array':
      return `array of ${typeText(type.items)}`
    case 'map':
      return `map of ${typeText(type.values)}`
    case 'record':
    case 'enum':
      if (type.kind === 'record' && isUndeclared(type)) return 'a JSON object'
      return `${type.kind} ${type.name.full}`
    case 'fixed': {
      const logical = type.logical === null ? '' : ` as ${logicalText(type.logical)}`
      return `fixed ${type.name.full} of ${type.size} bytes${logical}`
    }
    default:
      if (type.logical === null) return type.kind
      return UNDECLARED_TEXTS[type.logical.name] ?? `${type.kind} as ${logicalText(type.logical)}`
  }
}
