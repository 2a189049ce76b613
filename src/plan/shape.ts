import { createHash } from 'node:crypto'
import { unqualified } from '../codec/avro/record-type.ts'

/** What a primitive type's bytes mean beside the type. */
const MEANING = ['logicalType', 'precision', 'scale', 'connect.name'] as const

type Fields = readonly { readonly name: string; readonly type: unknown }[]
type ComplexType = Readonly<Record<string, unknown>> & { readonly type: unknown }

interface Walk {
  readonly definitions: Map<string, ComplexType>
  /** Hashes of the named types that were seen, in place of the whole, for types may use one another many times. */
  readonly shapes: Map<string, string>
  /** Named types whose inside this is. */
  readonly open: readonly string[]
}

/**
 * A record schema's fields with all that is in, or about, the bytes: order, names and kinds of fields,
 * symbols, sizes, logical types. Of named types the name without its namespace counts, though it is not in the
 * bytes: a registry refuses an output in which it changes.
 * @param schema with full names, and each type defined where it is first used
 */
export const shapeOf = (schema: object): unknown =>
  fieldsOf((schema as { fields: Fields }).fields, {
    definitions: new Map(),
    shapes: new Map(),
    open: [],
  })

const fieldsOf = (fields: Fields, walk: Walk): unknown =>
  fields.map(({ name, type }) => [name, typeOf(type, walk)])

function typeOf(type: unknown, walk: Walk): unknown {
  if (Array.isArray(type)) return type.map((branch) => typeOf(branch, walk))
  if (typeof type === 'string') {
    return walk.definitions.has(type) ? namedType(type, walk) : type
  }
  const complex = type as ComplexType
  switch (complex.type) {
    case 'array':
      return { items: typeOf(complex.items, walk) }
    case 'map':
      return { values: typeOf(complex.values, walk) }
    case 'record':
    case 'error':
    case 'enum':
    case 'fixed': {
      const name = complex.name as string
      walk.definitions.set(name, complex)
      return namedType(name, walk)
    }
    default:
      return typeof complex.type === 'string' ? primitive(complex) : typeOf(complex.type, walk)
  }
}

function namedType(name: string, walk: Walk): unknown {
  const { definitions, shapes, open } = walk
  if (open.includes(name)) return { up: open.length - open.indexOf(name) }
  const known = shapes.get(name)
  if (known !== undefined) return known
  const { symbols, size, fields, logicalType, precision, scale } = definitions.get(name)!
  const own = unqualified(name)
  const content =
    fields === undefined
      ? { own, symbols, size, logicalType, precision, scale }
      : { own, fields: fieldsOf(fields as Fields, { ...walk, open: [...open, name] }) }
  const shape = createHash('sha256').update(JSON.stringify(content)).digest('base64')
  shapes.set(name, shape)
  return shape
}

function primitive(type: ComplexType): unknown {
  const meaning = MEANING.filter((key) => type[key] !== undefined).map((key) => [key, type[key]])
  return meaning.length === 0 ? type.type : { type: type.type, ...Object.fromEntries(meaning) }
}
