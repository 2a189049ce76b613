import { EnricherError } from '../../errors.ts'
import { logicalOf } from './logical.ts'
import type {
  AvroType,
  BranchType,
  EnumType,
  Field,
  FixedType,
  Primitive,
  PrimitiveType,
  RecordType,
  TypeName,
} from './schema.ts'
import { fullName } from './schema-references.ts'

type Attributes = Readonly<Record<string, unknown>>
type NamedType = RecordType | EnumType | FixedType

const PRIMITIVES: ReadonlySet<string> = new Set<Primitive>([
  'null',
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'bytes',
  'string',
])

/** Deeper, and neither this nor what walks a schema's JSON is safe from the end of the stack. */
const DEEPEST = 250

/** Parses a schema's JSON. Throws SCHEMA_INVALID, with the field, for what no value can be of. */
export const parseSchema = (schema: unknown): AvroType => new Parser().root(schema)

/** Of a record. Throws SCHEMA_INVALID. */
export function parseRecord(schema: unknown): RecordType {
  // The registry's answer for a schema that is none of Avro's.
  const type = schema === null ? null : parseSchema(schema)
  if (type?.kind === 'record') return type
  throw new EnricherError('SCHEMA_INVALID', 'it is not an Avro record')
}

/**
 * Takes what Java's parser, fastavro and the registries take: names with any letters, a default of
 * whichever branch of a union, or one that fits no branch, for as long as nobody needs it.
 */
class Parser {
  readonly #named = new Map<string, NamedType>()
  readonly #definitions = new Map<string, string>()
  readonly #path: string[] = []
  #depth = 0

  root(schema: unknown): AvroType {
    return this.#type(schema, '')
  }

  #type(schema: unknown, namespace: string): AvroType {
    if (++this.#depth > DEEPEST) this.#fail(`types are nested deeper than ${DEEPEST} levels`)
    const type = this.#typeOf(schema, namespace)
    this.#depth--
    return type
  }

  #typeOf(schema: unknown, namespace: string): AvroType {
    if (typeof schema === 'string') return this.#reference(schema, {}, namespace)
    if (Array.isArray(schema)) return this.#union(schema, namespace)
    if (typeof schema !== 'object' || schema === null) {
      return this.#fail(`${JSON.stringify(schema)} is not a type`)
    }
    const attributes = schema as Attributes
    const { type } = attributes
    if (typeof type !== 'string') return this.#type(type, namespace)
    switch (type) {
      case 'array':
        return { kind: 'array', items: this.#type(attributes.items, namespace) }
      case 'map':
        return { kind: 'map', values: this.#type(attributes.values, namespace) }
      case 'record':
      case 'error':
      case 'enum':
      case 'fixed':
        return this.#definition(type, attributes, namespace)
      default:
        return this.#reference(type, attributes, namespace)
    }
  }

  #reference(name: string, attributes: Attributes, namespace: string): BranchType {
    if (PRIMITIVES.has(name)) {
      const kind = name as Primitive
      return { kind, logical: logicalOf(kind, attributes) } satisfies PrimitiveType
    }
    // Java prints the name of a type without a namespace as it is, also inside of a namespace.
    const type = this.#named.get(fullName(name, namespace)) ?? this.#named.get(name)
    return type ?? this.#fail(`there is no type ${name}`)
  }

  #union(schemas: readonly unknown[], namespace: string): AvroType {
    if (schemas.length === 0) this.#fail('a union has no branches')
    const branches = schemas.map((schema) => {
      const type = this.#type(schema, namespace)
      return type.kind === 'union' ? this.#fail('a union is in a union') : type
    })
    const keys = branches.map((type) => ('name' in type ? type.name.full : type.kind))
    const twice = keys.find((key, i) => keys.indexOf(key) !== i)
    if (twice !== undefined) this.#fail(`a union has ${twice} twice`)
    return { kind: 'union', branches }
  }

  #definition(kind: string, attributes: Attributes, outer: string): NamedType {
    const name = this.#name(kind, attributes, outer)
    const text = JSON.stringify(attributes)
    const before = this.#definitions.get(name.full)
    if (before !== undefined && before !== text) this.#fail(`${name.full} is defined twice`)
    this.#definitions.set(name.full, text)
    if (kind === 'enum') return this.#define(this.#enum(name, attributes))
    if (kind === 'fixed') return this.#define(this.#fixed(name, attributes))
    const { fields } = attributes
    if (!Array.isArray(fields)) this.#fail(`${name.full} has no fields`)
    const known: Field[] = []
    // Known before its fields are, which may be of its type.
    const record = this.#define<RecordType>({ kind: 'record', name, fields: known })
    const namespace = namespaceOf(name.full)
    for (const field of fields as unknown[]) known.push(this.#field(field, namespace, known))
    return record
  }

  #define<T extends NamedType>(type: T): T {
    this.#named.set(type.name.full, type)
    return type
  }

  #name(kind: string, { name, namespace, aliases }: Attributes, outer: string): TypeName {
    if (typeof name !== 'string' || name === '') return this.#fail(`a type ${kind} has no name`)
    const full = fullName(name, typeof namespace === 'string' ? namespace : outer)
    const own = namespaceOf(full)
    return { full, aliases: texts(aliases).map((alias) => fullName(alias, own)) }
  }

  #field(field: unknown, namespace: string, before: readonly Field[]): Field {
    const { name, type, aliases, default: fallback } = (field ?? {}) as Attributes
    if (typeof name !== 'string' || name === '') return this.#fail('a field has no name')
    this.#path.push(name)
    if (before.some((other) => other.name === name)) this.#fail('there are two such fields')
    const parsed = this.#type(type, namespace)
    this.#path.pop()
    return { name, aliases: texts(aliases), type: parsed, default: fallback }
  }

  #enum(name: TypeName, { symbols, default: fallback }: Attributes): EnumType {
    if (!Array.isArray(symbols) || texts(symbols).length !== symbols.length) {
      return this.#fail(`the enum ${name.full} has no symbols`)
    }
    const has = typeof fallback === 'string' && symbols.includes(fallback)
    return { kind: 'enum', name, symbols: texts(symbols), fallback: has ? fallback : undefined }
  }

  #fixed(name: TypeName, attributes: Attributes): FixedType {
    const size = attributes.size as number
    if (!Number.isSafeInteger(size) || size < 0) this.#fail(`the fixed ${name.full} has no size`)
    return { kind: 'fixed', name, size, logical: logicalOf('fixed', attributes, size) }
  }

  #fail(fault: string): never {
    const field = this.#path.join('.')
    const message = field === '' ? fault : `the field ${field}: ${fault}`
    throw new EnricherError('SCHEMA_INVALID', message, field === '' ? {} : { fields: { field } })
  }
}

const namespaceOf = (full: string): string => full.split('.').slice(0, -1).join('.')

const texts = (values: unknown): string[] =>
  Array.isArray(values) ? values.filter((value) => typeof value === 'string') : []
