/**
 * The Avro types of a JSON Schema (draft-07 and 2020-12), by the table in docs/formats.md. It is read for what values are, and
 * not as what they have to be: patterns, lengths and ranges are not looked at. What is not known is refused with its place.
 */
import { EnricherError } from '../../errors.ts'
import { isObject } from '../avro/default.ts'
import type { AvroRecordSchema } from '../avro/reader.ts'
import { addDefaults, type JsonField } from './schema-defaults.ts'
import { type Node, type Place, resolved, SchemaFault } from './schema-refs.ts'
import { scalarType } from './schema-scalars.ts'
import { unionOf } from './schema-unions.ts'

/** An Avro type as its schema has it. */
export type Type = string | readonly Type[] | Readonly<Record<string, unknown>>

/** Deeper, and neither this nor what walks a schema's JSON is safe from the end of the stack. */
const DEEPEST = 100
const NAME = /^[A-Za-z_]\w*$/
const FULL_NAME = /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/

/**
 * Throws SCHEMA_INVALID, with the property, for what no record is of.
 * @param references schemas that `$ref` may name, by these names
 * @param name of the record, where the schema has no title that is one
 */
export function recordOfJsonSchema(
  schema: unknown,
  references: ReadonlyMap<string, unknown>,
  name: string,
): AvroRecordSchema {
  const types = new Types(references)
  try {
    const type = types.of({ node: schema as Node, root: schema as Node }, [], name)
    if (typeof type === 'object' && !Array.isArray(type) && (type as Node).type === 'record') {
      const record = type as unknown as AvroRecordSchema
      addDefaults(record, types.defaults)
      return record
    }
    throw new SchemaFault('it is no object with properties')
  } catch (error) {
    if (!(error instanceof SchemaFault)) throw error
    const { path } = types
    const place = path.length === 0 ? '' : `the property ${path.join('.')} `
    const message = `${place}${error.message}`
    throw new EnricherError('SCHEMA_INVALID', message, {
      cause: error,
      fields: { property: path.join('.') },
    })
  }
}

class Types {
  readonly #references: ReadonlyMap<string, unknown>
  /** Of objects and enums that have been met: their names. */
  readonly #named = new Map<object, string>()
  readonly #taken = new Set<string>()
  /** Of fields whose properties say one. */
  readonly defaults = new Map<JsonField, unknown>()
  /** Of the property that is read. */
  path: readonly string[] = []
  #depth = 0

  constructor(references: ReadonlyMap<string, unknown>) {
    this.#references = references
  }

  /** @param name for a named type that has no title */
  of(place: Place, path: readonly string[], name: string): Type {
    this.path = path
    if (++this.#depth > DEEPEST) throw new SchemaFault(`is nested deeper than ${DEEPEST} levels`)
    const found = resolved(place, this.#references)
    const type = this.#typeOf(found, path, found.name ?? name)
    this.#depth--
    this.path = path
    return place.node.nullable === true ? unionOf(['null', type]) : type
  }

  #typeOf(place: Place, path: readonly string[], name: string): Type {
    const { node, root } = place
    if (!isObject(node)) throw new SchemaFault(NO_TYPE)
    const choices = node.anyOf ?? node.oneOf
    if (Array.isArray(choices)) {
      return unionOf(
        choices.map((choice, i) => this.of({ node: choice, root }, path, `${name}_${i + 1}`)),
      )
    }
    if ('const' in node || Array.isArray(node.enum)) return this.#oneOf(place, name)
    if (Array.isArray(node.type)) {
      const { type: types, ...others } = node
      return unionOf(
        types.map((type) => this.#single({ ...place, node: { ...others, type } }, path, name)),
      )
    }
    return this.#single(place, path, name)
  }

  #single(place: Place, path: readonly string[], name: string): Type {
    const { node } = place
    const type = node.type ?? impliedType(node)
    if (type === 'object') return this.#object(place, path, name)
    if (type === 'array') return this.#list(place, path, name)
    if (type === undefined) throw new SchemaFault(NO_TYPE)
    return scalarType(String(type), node)
  }

  #object(place: Place, path: readonly string[], name: string): Type {
    const { node, root } = place
    const { properties, additionalProperties, patternProperties } = node
    if (isObject(properties) && Object.keys(properties).length > 0) {
      return this.#record(place, path, name)
    }
    const values = isObject(additionalProperties)
      ? additionalProperties
      : Object.values(patternProperties ?? {})[0]
    if (!isObject(values)) {
      throw new SchemaFault(
        'is an object of which no properties are known; name them, or write additionalProperties with the type of its values',
      )
    }
    return { type: 'map', values: this.of({ node: values, root }, path, `${name}_value`) }
  }

  #record(place: Place, path: readonly string[], name: string): Type {
    const { node, root } = place
    const identity = place.target ?? node
    const known = this.#named.get(identity)
    if (known !== undefined) return known
    const full = this.#nameFor(node.title, name)
    // Known before its fields are, which may be of its type.
    this.#named.set(identity, full)
    const required = Array.isArray(node.required) ? node.required : []
    const fields = inOrder(node.properties as Readonly<Record<string, Node>>).map(
      ([property, inner]) => {
        const at = [...path, property]
        const type = this.of({ node: inner, root }, at, `${name}_${property}`)
        const whole = required.includes(property) ? type : unionOf(['null', type])
        const doc = typeof inner?.description === 'string' ? { doc: inner.description } : {}
        const isNullable = Array.isArray(whole) && whole[0] === 'null'
        const absent = isNullable ? { default: null } : {}
        const field = { name: property, type: whole, ...doc, ...absent }
        if (inner?.default !== undefined) this.defaults.set(field, inner.default)
        return field
      },
    )
    const doc = typeof node.description === 'string' ? { doc: node.description } : {}
    return { type: 'record', name: full, ...doc, fields }
  }

  #list({ node, root }: Place, path: readonly string[], name: string): Type {
    const { items } = node
    if (Array.isArray(items) || Array.isArray(node.prefixItems)) {
      throw new SchemaFault('is a list with a type for each item; Avro’s lists have one for all')
    }
    if (!isObject(items))
      throw new SchemaFault('is a list of which no items are known; write items')
    const inner = path.length === 0 ? ['[]'] : [...path.slice(0, -1), `${path.at(-1)}[]`]
    return { type: 'array', items: this.of({ node: items, root }, inner, `${name}_item`) }
  }

  /** Texts that are names are an enum's symbols. */
  #oneOf({ node, target }: Place, name: string): Type {
    const values: readonly unknown[] = 'const' in node ? [node.const] : (node.enum as unknown[])
    const texts = values.filter((value) => typeof value === 'string')
    const others = values.filter((value) => typeof value !== 'string')
    const ofTexts = texts.every((text) => NAME.test(text))
      ? this.#symbols(node, target ?? node, texts, name)
      : 'string'
    return unionOf([...(texts.length === 0 ? [] : [ofTexts]), ...others.map(typeOfValue)])
  }

  #symbols(node: Node, identity: object, texts: readonly string[], name: string): Type {
    const known = this.#named.get(identity)
    if (known !== undefined) return known
    const full = this.#nameFor(node.title, name)
    this.#named.set(identity, full)
    return { type: 'enum', name: full, symbols: [...new Set(texts)] }
  }

  #nameFor(title: unknown, name: string): string {
    const isName = typeof title === 'string' && FULL_NAME.test(title)
    const wanted = isName ? title : nameOf(name)
    let free = wanted
    for (let i = 2; this.#taken.has(free); i++) free = `${wanted}_${i}`
    this.#taken.add(free)
    return free
  }
}

const NO_TYPE =
  'has no type; give it one, or take it out of the schema: what is not in it is passed over'

function impliedType(node: Node): string | undefined {
  if (node.properties !== undefined || isObject(node.additionalProperties)) return 'object'
  return node.items === undefined ? undefined : 'array'
}

/** As Connect's converter numbers them; others as the schema has them. */
function inOrder(properties: Readonly<Record<string, Node>>): [string, Node][] {
  const index = (node: Node): number => Number(node?.['connect.index'] ?? 0)
  return Object.entries(properties).sort(([, a], [, b]) => index(a) - index(b))
}

function typeOfValue(value: unknown): Type {
  if (value === null) return 'null'
  if (typeof value === 'boolean') return 'boolean'
  if (typeof value === 'number') return Number.isInteger(value) ? 'long' : 'double'
  throw new SchemaFault(`may be ${JSON.stringify(value)}, which is no text, number or boolean`)
}

/** `Order_line-item` → `Order_line_item`. */
function nameOf(text: string): string {
  const name = text.replaceAll(/\W+/g, '_')
  return NAME.test(name) ? name : `_${name}`
}
