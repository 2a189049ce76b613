/** Named types of Avro schemas: walking them, and bringing in those that are defined elsewhere. */

export type Json = string | readonly Json[] | { readonly [key: string]: Json | undefined }

interface NamedType {
  readonly type: string
  readonly name: string
  readonly namespace?: string
}

const PRIMITIVES = new Set(['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'])
const NAMED = new Set(['record', 'error', 'enum', 'fixed'])

const isNamed = (schema: unknown): schema is NamedType =>
  typeof schema === 'object' && schema !== null && NAMED.has((schema as NamedType).type)

/** A type's full name, as the specification's "Names" defines it. */
export function fullName(name: string, namespace: string): string {
  return name.includes('.') || namespace === '' ? name : `${namespace}.${name}`
}

/** The namespace inside a named type. */
export function innerNamespace(schema: NamedType, namespace: string): string {
  const full = fullName(schema.name, schema.namespace ?? namespace)
  return full.split('.').slice(0, -1).join('.')
}

/** The definition, independent of where it stands. */
export function withFullName(full: string, schema: object): object {
  const { namespace: _, ...body } = schema as { namespace?: string }
  return { ...body, name: full }
}

export interface Visitor {
  /**
   * A use of a named type by its full name; what is returned takes its place.
   * @param bare as it is written: where there is no such type, one without a namespace may be meant
   */
  reference(full: string, bare: string): unknown
  /** A definition; what is returned takes its place. `rest` maps what is inside. */
  definition(full: string, schema: NamedType, rest: () => object): unknown
}

/** Maps a schema: every reference and definition of a named type goes through the visitor. */
export function mapNamed(schema: unknown, namespace: string, visitor: Visitor): unknown {
  if (typeof schema === 'string') {
    return PRIMITIVES.has(schema) ? schema : visitor.reference(fullName(schema, namespace), schema)
  }
  if (Array.isArray(schema)) return schema.map((branch) => mapNamed(branch, namespace, visitor))
  if (typeof schema !== 'object' || schema === null) return schema
  if (!isNamed(schema)) return mapContainer(schema, namespace, visitor)
  const full = fullName(schema.name, schema.namespace ?? namespace)
  const inner = innerNamespace(schema, namespace)
  return visitor.definition(full, schema, () => {
    const { fields } = schema as { fields?: readonly { type: unknown }[] }
    if (fields === undefined) return schema
    const mapped = fields.map((field) => ({
      ...field,
      type: mapNamed(field.type, inner, visitor),
    }))
    return { ...schema, fields: mapped }
  })
}

function mapContainer(schema: object, namespace: string, visitor: Visitor): object {
  const mapped: Record<string, unknown> = { ...schema }
  for (const key of ['type', 'items', 'values'] as const) {
    const inner = mapped[key]
    if (key === 'type' && (inner === 'array' || inner === 'map')) continue
    if (inner !== undefined) mapped[key] = mapNamed(inner, namespace, visitor)
  }
  return mapped
}

/** Puts the definitions of `others` where the schema first uses them. */
export function inlineReferences(schema: unknown, others: readonly unknown[]): unknown {
  if (others.length === 0) return schema
  const definitions = new Map<string, object>()
  const collect: Visitor = {
    reference: (full) => full,
    definition: (full, type, rest) => {
      definitions.set(full, withFullName(full, type))
      return rest()
    },
  }
  for (const other of others) mapNamed(other, '', collect)
  const own = new Set<string>()
  mapNamed(schema, '', {
    reference: (full) => full,
    definition: (full, _type, rest) => {
      own.add(full)
      return rest()
    },
  })
  const defined = new Set<string>()
  const inline: Visitor = {
    reference: (full, bare) => {
      const name = definitions.has(full) || own.has(full) ? full : bare
      const definition = definitions.get(name)
      if (definition === undefined || defined.has(name)) return name
      return mapNamed(definition, '', inline)
    },
    definition: (full, _type, rest) => {
      if (defined.has(full)) return full
      defined.add(full)
      const definition = withFullName(full, rest())
      // It may stand in a namespace that is not its own.
      return full.includes('.') ? definition : { ...definition, namespace: '' }
    },
  }
  return mapNamed(schema, '', inline)
}
