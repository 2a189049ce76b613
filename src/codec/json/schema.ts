/** The JSON Schema of values as `values.ts` writes them. */
import type { AvroType, Field, RecordType } from '../avro/schema.ts'
import { ALL_MEMBERS, SCALAR, undeclaredOf } from './undeclared.ts'

type Schema = Readonly<Record<string, unknown>>

const TEXT: Schema = { type: 'string' }
const BASE64: Schema = { type: 'string', contentEncoding: 'base64' }
const INTEGER: Schema = { type: 'integer' }
/** What JSON has no numbers for. */
const FLOATING: Schema = {
  anyOf: [{ type: 'number' }, { enum: ['NaN', 'Infinity', '-Infinity'] }],
}

/** Of an object of these fields. @param docs of them, by name */
export function jsonSchemaOf(
  title: string,
  fields: readonly Pick<Field, 'name' | 'type'>[],
  docs: ReadonlyMap<string, string>,
): Schema {
  const definitions = new Definitions()
  const object = objectOf(fields, definitions)
  const properties = object.properties as Record<string, Schema>
  for (const [name, description] of docs) {
    if (name in properties) properties[name] = { description, ...properties[name] }
  }
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title,
    ...object,
    ...definitions.part,
  }
}

/** Records that are named in a record, by name: one may be in itself. */
class Definitions {
  readonly #known = new Map<string, Schema>()

  of(type: RecordType): Schema {
    const { full } = type.name
    if (!this.#known.has(full)) {
      // Known before its fields are, which may be of its type.
      this.#known.set(full, {})
      this.#known.set(full, objectOf(type.fields, this))
    }
    // As a pointer within an address has a name.
    const name = encodeURIComponent(full.replaceAll('~', '~0').replaceAll('/', '~1'))
    return { $ref: `#/definitions/${name}` }
  }

  get part(): Schema {
    return this.#known.size === 0 ? {} : { definitions: Object.fromEntries(this.#known) }
  }
}

function objectOf(all: readonly Pick<Field, 'name' | 'type'>[], definitions: Definitions): Schema {
  const fields = all.filter(({ name }) => name !== ALL_MEMBERS)
  return {
    type: 'object',
    properties: Object.fromEntries(
      fields.map(({ name, type }) => [name, schemaOf(type, definitions)]),
    ),
    required: fields.map(({ name }) => name),
    additionalProperties: fields.length < all.length,
  }
}

function schemaOf(type: AvroType, definitions: Definitions): Schema {
  switch (type.kind) {
    case 'record':
      return definitions.of(type)
    case 'union':
      return type.branches.length === 1
        ? schemaOf(type.branches[0], definitions)
        : { anyOf: type.branches.map((branch) => schemaOf(branch, definitions)) }
    case 'array':
      return { type: 'array', items: schemaOf(type.items, definitions) }
    case 'map':
      return { type: 'object', additionalProperties: schemaOf(type.values, definitions) }
    case 'enum':
      return { enum: type.symbols }
    case 'int':
    case 'long':
      return type.logical === null ? INTEGER : timeSchema(type.logical.name, type.logical.family)
    case 'bytes':
    case 'fixed':
      return ofBytes(type.logical?.name, type.kind === 'fixed' ? type.size : -1)
    case 'float':
    case 'double':
      return FLOATING
    case 'string':
      return ofText(undeclaredOf(type))
    default:
      return { type: type.kind }
  }
}

function ofText(undeclared: string | undefined): Schema {
  if (undeclared === undefined) return TEXT
  return undeclared === SCALAR ? { type: ['string', 'integer', 'null'] } : {}
}

function timeSchema(name: string, family: string | null): Schema {
  if (name === 'date') return { type: 'string', format: 'date' }
  return family === 'timestamp' ? { type: 'string', format: 'date-time' } : TEXT
}

function ofBytes(logical: string | undefined, size: number): Schema {
  if (logical === 'decimal') return { type: 'number' }
  return logical === 'uuid' && size === 16 ? { type: 'string', format: 'uuid' } : BASE64
}
