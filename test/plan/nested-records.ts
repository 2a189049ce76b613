/** Random records with records in them, and what the same is where somebody has flattened it before. */
import type { Schema } from 'avsc'
import fc from 'fast-check'
import type { AvroRecordSchema } from '../../src/codec/avro/reader.ts'

/** A field's type; of a record also whether it may be null, and where null stands. */
export type Node =
  | { readonly kind: 'leaf'; readonly type: Leaf }
  | { readonly kind: 'record'; readonly null: -1 | 0 | 1; readonly fields: readonly Node[] }

const LEAVES = {
  text: ['string', fc.string({ maxLength: 4 })],
  count: ['long', fc.integer({ min: -70, max: 70 })],
  flag: ['boolean', fc.boolean()],
  ratio: ['double', fc.integer({ min: 0, max: 9 }).map((x) => x / 2)],
  perhaps: [['null', 'string'], fc.option(fc.string({ maxLength: 3 }))],
  lastly: [['long', 'null'], fc.option(fc.integer({ min: 0, max: 200 }))],
  either: [['string', 'long'], fc.oneof(fc.constant('x'), fc.constant(3))],
  /** Of no bytes, and of a count: what is behind it is only found by walking it. */
  nulls: [{ type: 'array', items: 'null' }, fc.array(fc.constant(null), { maxLength: 3 })],
  texts: [{ type: 'map', values: 'string' }, fc.dictionary(fc.constantFrom('a', 'b'), fc.string())],
  channel: [{ type: 'enum', name: 'shop.Channel', symbols: ['WEB', 'APP'] }, fc.constant('APP')],
} as const
type Leaf = keyof typeof LEAVES
const NAMES = Object.keys(LEAVES) as Leaf[]

const leaf: fc.Arbitrary<Node> = fc
  .constantFrom(...NAMES)
  .map((type): Node => ({ kind: 'leaf', type }))
const recordOf = (inner: fc.Arbitrary<Node>): fc.Arbitrary<Node> =>
  fc.record({
    kind: fc.constant('record' as const),
    null: fc.constantFrom(-1 as const, 0 as const, 1 as const),
    fields: fc.array(inner, { minLength: 1, maxLength: 3 }),
  })
const level1 = fc.oneof(leaf, recordOf(leaf))
const level2 = fc.oneof(leaf, recordOf(level1))

/** The fields of a topic's records. */
export const trees: fc.Arbitrary<Node[]> = fc.array(recordOf(level2), {
  minLength: 1,
  maxLength: 3,
})

type Value = Readonly<Record<string, unknown>>

function valueAt(node: Node): fc.Arbitrary<unknown> {
  if (node.kind === 'leaf') return LEAVES[node.type][1]
  const record = fc.record(
    Object.fromEntries(node.fields.map((field, i) => [`f${i}`, valueAt(field)])),
    { noNullPrototype: true },
  )
  return node.null < 0 ? record : fc.option(record, { freq: 3 })
}

/** Of all fields `f0`, `f1` and so on, records in them alike. */
export const valuesOf = (fields: readonly Node[]): fc.Arbitrary<Value> =>
  valueAt({ kind: 'record', null: -1, fields }) as fc.Arbitrary<Value>

/** A column: the path of what it has, and its type there. */
export interface Place {
  readonly path: string
  readonly node: Node
  /** A record on the way may be null. */
  readonly isOptional: boolean
}

export function placesOf(fields: readonly Node[], before = '', isOptional = false): Place[] {
  return fields.flatMap((node, i) => {
    const path = `${before}f${i}`
    const inside =
      node.kind === 'leaf' ? [] : placesOf(node.fields, `${path}.`, isOptional || node.null >= 0)
    return [{ path, node, isOptional }, ...inside]
  })
}

/** The schemas of a topic's records, by their paths; a named type is defined where it is first used. */
class Types {
  readonly #defined = new Set<string>()

  of(node: Node, path: string): Schema {
    if (node.kind === 'leaf') {
      const type = LEAVES[node.type][0] as Schema
      if (node.type !== 'channel') return type
      return this.#once('shop.Channel', () => type)
    }
    const name = `inner.At_${path.replaceAll('.', '_')}`
    const record = this.#once(name, () => ({
      type: 'record',
      name,
      fields: node.fields.map((field, i) => {
        return { name: `f${i}`, type: this.of(field, `${path}.f${i}`), doc: `${path}.f${i}` }
      }),
    }))
    if (node.null < 0) return record
    return (node.null === 0 ? ['null', record] : [record, 'null']) as Schema
  }

  #once(name: string, define: () => unknown): Schema {
    if (this.#defined.has(name)) return name as Schema
    this.#defined.add(name)
    return define() as Schema
  }
}

const KEY = { name: 'id', type: 'string' as Schema }
const recordNamed = (name: string, fields: readonly object[]): AvroRecordSchema =>
  ({ type: 'record', name, namespace: 'shop', fields }) as AvroRecordSchema

export function nestedSchema(name: string, fields: readonly Node[]): AvroRecordSchema {
  const types = new Types()
  return recordNamed(name, [
    KEY,
    ...fields.map((node, i) => ({ name: `f${i}`, type: types.of(node, `f${i}`), doc: `f${i}` })),
  ])
}

/** What is inside of a record that may be null may be null itself. */
function orNull(type: Schema): Schema {
  if (!Array.isArray(type)) return ['null', type] as Schema
  return type.includes('null') ? type : ([...type, 'null'] as Schema)
}

/** @param columns by name, the places of what they have */
export function flatSchema(name: string, columns: Readonly<Record<string, Place>>) {
  const types = new Types()
  return recordNamed(name, [
    KEY,
    ...Object.entries(columns).map(([column, { path, node, isOptional }]) => {
      const type = types.of(node, path)
      return { name: column, type: isOptional ? orNull(type) : type, doc: path }
    }),
  ])
}

const at = (value: unknown, path: string): unknown =>
  path.split('.').reduce((of, name) => (of as Value | null)?.[name], value) ?? null

export const flatValue = (value: Value, columns: Readonly<Record<string, Place>>): Value => ({
  id: value.id,
  ...Object.fromEntries(
    Object.entries(columns).map(([column, { path }]) => [column, at(value, path)]),
  ),
})
