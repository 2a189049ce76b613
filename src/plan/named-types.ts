import { fullName, mapNamed, type Visitor, withFullName } from '../codec/avro/schema-references.ts'

/**
 * Named types (records, enums, fixed) of several topics in one output schema. A type is defined where
 * it is first used and named afterwards. Two topics may have different types of one name: the later
 * one is then called `name_source`; names are not in the bytes.
 */
export class NamedTypes {
  readonly #namespace: string
  readonly #defined = new Map<string, string>()

  /** @param record the output record's name, which no other type may take */
  constructor(record: string, namespace: string) {
    this.#namespace = namespace
    this.#defined.set(fullName(record, namespace), '')
  }

  /**
   * @param source names the topic in the pipeline: facts, a dimension, join
   * @param schema the topic's record, with all its definitions
   * @returns a function that gives a field's type the form it has in the output
   */
  of(source: string, schema: unknown): (type: unknown) => unknown {
    const definitions = definitionsOf(schema)
    const names = new Map<string, string>()
    const visitor: Visitor = {
      reference: (full, bare) => {
        const name = names.get(full) ?? names.get(bare)
        if (name !== undefined) return name
        const definition = definitions.get(full) ?? definitions.get(bare)
        return definition === undefined ? full : mapNamed(definition, '', visitor)
      },
      definition: (full, _type, rest) => {
        const known = names.get(full)
        if (known !== undefined) return known
        const name = this.#nameFor(full, source, JSON.stringify(definitions.get(full)))
        names.set(full, name)
        return this.#isNew ? withFullName(name, rest()) : name
      },
    }
    const namespace = rootNamespace(schema)
    return (type) => mapNamed(type, namespace, visitor)
  }

  #isNew = false

  #nameFor(full: string, source: string, definition: string): string {
    const name = fullName(full, this.#namespace)
    const taken = this.#defined.get(name)
    this.#isNew = taken !== definition
    if (taken === definition) return name
    const free = taken === undefined ? name : `${name}_${source.replaceAll(/\W/g, '_')}`
    this.#defined.set(free, definition)
    return free
  }
}

/** Every named type inside the record, by full name, with full names all the way down. */
export function definitionsOf(schema: unknown): Map<string, object> {
  const definitions = new Map<string, object>()
  mapNamed(schema, '', {
    reference: (full) => full,
    definition: (full, _type, rest) => {
      const definition = withFullName(full, rest())
      definitions.set(full, definition)
      return definition
    },
  })
  return definitions
}

function rootNamespace(schema: unknown): string {
  const { name, namespace = '' } = schema as { name: string; namespace?: string }
  return name.includes('.') ? name.split('.').slice(0, -1).join('.') : namespace
}
