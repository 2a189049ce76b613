/** Defaults and aliases of the output's fields: what of the inputs' stays true of the output. */
import type { OutputField } from './output-plan.ts'

/** Named types by full name, with full names all the way down. */
type Definitions = ReadonlyMap<string, object>

/**
 * A reader of the output finds the default in records that were written before the column was there.
 * - Where null is the first branch it is null: also where a missing side writes null.
 * - Where a side that may be missing writes another branch, which null is, there is none: a default
 *   of the input is what Kafka Connect's sinks would put where null was written.
 * - Else it is the input's, where it is one by the specification.
 */
export function defaultOf(field: OutputField, named: Definitions): { readonly default?: unknown } {
  const { type, branch, missing, given } = field
  if (branch || (Array.isArray(type) && type[0] === 'null')) return { default: null }
  if (missing !== null || given.default === undefined) return {}
  return isDefault(type, given.default, named) ? { default: given.default } : {}
}

/** Aliases that are no other column's name or alias: with these no record could be read. */
export function aliasesOf(fields: readonly OutputField[]): readonly (readonly string[])[] {
  const taken = new Set(fields.map(({ name }) => name))
  return fields.map(({ given }) =>
    (given.aliases ?? []).filter((alias) => !taken.has(alias) && taken.add(alias)),
  )
}

/**
 * Without Connect's default in the type itself: AvroData reads it wherever there is no field's default
 * but null, in a branch of a union too (`toConnectSchema` in confluentinc/schema-registry 00c6c54 and in
 * Apicurio's copy), and `Struct.get` answers it for a null (connect-api 4.1).
 */
export function withoutConnectDefault(type: unknown): unknown {
  if (Array.isArray(type)) return type.map(withoutConnectDefault)
  if (typeof type !== 'object' || type === null) return type
  const { 'connect.default': _, ...rest } = type as Record<string, unknown>
  return typeof rest.type === 'object' ? { ...rest, type: withoutConnectDefault(rest.type) } : rest
}

/**
 * Whether the value is a default of the type: of a union's first branch, as the specification has it.
 * Java takes one of any branch since Avro 1.12, and other libraries do not. https://avro.apache.org/docs/1.12.0/specification/#schema-record
 */
export function isDefault(type: unknown, value: unknown, named: Definitions): boolean {
  if (Array.isArray(type)) return isDefault(type[0], value, named)
  if (typeof type === 'string') {
    const check = PRIMITIVES[type]
    if (check !== undefined) return check(value)
    const definition = named.get(type)
    return definition !== undefined && isDefault(definition, value, named)
  }
  const complex = type as ComplexType
  const inside = (of: unknown) => (item: unknown) => isDefault(of, item, named)
  switch (complex.type) {
    case 'array':
      return Array.isArray(value) && value.every(inside(complex.items))
    case 'map':
      return isObject(value) && Object.values(value).every(inside(complex.values))
    case 'enum':
      return complex.symbols.includes(value as string)
    case 'fixed':
      return isBytes(value) && value.length === complex.size
    case 'record':
    case 'error':
      return (
        isObject(value) &&
        complex.fields.every(({ name, type: of, default: own }) =>
          isDefault(of, Object.hasOwn(value, name) ? value[name] : own, named),
        )
      )
    default:
      return isDefault(complex.type, value, named)
  }
}

type ComplexType =
  | { readonly type: 'array'; readonly items: unknown }
  | { readonly type: 'map'; readonly values: unknown }
  | { readonly type: 'enum'; readonly symbols: readonly string[] }
  | { readonly type: 'fixed'; readonly size: number }
  | {
      readonly type: 'record' | 'error'
      readonly fields: readonly { name: string; type: unknown; default?: unknown }[]
    }
  | { readonly type: object }

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A character for each byte. */
const isBytes = (value: unknown): value is string =>
  typeof value === 'string' && Buffer.from(value, 'latin1').toString('latin1') === value

const PRIMITIVES: Readonly<Record<string, (value: unknown) => boolean>> = {
  null: (value) => value === null,
  boolean: (value) => typeof value === 'boolean',
  int: (value) => Number.isInteger(value) && (value as number) === ((value as number) | 0),
  // JSON's parser has rounded what is beyond.
  long: (value) => Number.isSafeInteger(value),
  float: (value) => typeof value === 'number',
  double: (value) => typeof value === 'number',
  bytes: isBytes,
  string: (value) => typeof value === 'string',
}
