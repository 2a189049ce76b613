/** Random dimensions that hang on one another, rows and facts, and what look-ups are by their definition: nested maps. */
import fc from 'fast-check'

/** Fields of the fact by which something is looked up; those of `at` are inside of records. */
export const FACT_FIELDS = ['k1', 'k2', 'at.town', 'at.zone', 'at.deep.code'] as const
/** Fields of a row by which something is looked up. */
export const ROW_FIELDS = ['s', 'n', 'in.s'] as const
/** More than three levels tell nothing new. */
const MOST_LEVELS = 3
const TEXTS = ['a', '1', '2', ',', '\\', 'a,1', '', 'é"'] as const

export interface Part {
  /** Of the dimensions, by their dependencies; -1: of the fact. */
  readonly of: number
  readonly field: string
}

export interface WorldDimension {
  readonly name: string
  readonly topic: string
  readonly parts: readonly Part[]
  /** Of the key's fields; null: one text. */
  readonly names: readonly string[] | null
  readonly keyFormat: 'text' | 'json' | 'avro'
  readonly columns: readonly ('s' | 'n')[]
  readonly missing: 'null' | 'drop' | 'reject'
  readonly level: number
}

export interface WorldFact {
  readonly id: string
  readonly k1: string | null
  readonly k2: number | null
  readonly at: {
    readonly town: string
    readonly zone: number | null
    readonly deep: { readonly code: string }
  } | null
}

export interface WorldRow {
  readonly topic: string
  /** One text, or the texts of the key's fields by their names. */
  readonly key: string | Readonly<Record<string, string>>
  /** null: the row is deleted. */
  readonly value: {
    readonly s: string | null
    readonly n: number | null
    readonly in: { readonly s: string | null } | null
  } | null
}

export interface World {
  /** So that each comes after those that it hangs on. */
  readonly dimensions: readonly WorldDimension[]
  /** The order of the file. */
  readonly order: readonly number[]
  readonly rows: readonly WorldRow[]
  readonly facts: readonly WorldFact[]
  /** The facts' fields that come out. */
  readonly select: readonly string[] | null
}

const text = fc.constantFrom(...TEXTS)
const number = fc.constantFrom(1, 2, -7)
const orNull = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(of, { freq: 6 })

const record = <T>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(fields, { noNullPrototype: true }) as fc.Arbitrary<T>

const fact = record({
  k1: orNull(text),
  k2: orNull(number),
  at: orNull(record({ town: text, zone: orNull(number), deep: record({ code: text }) })),
})

/** Choices for one dimension; what they choose from follows from the dimensions before it. */
const choices = record({
  parts: fc.array(record({ of: fc.nat(), field: fc.nat() }), { minLength: 1, maxLength: 2 }),
  isShared: fc.boolean(),
  isAvro: fc.boolean(),
  isText: fc.boolean(),
  isTurned: fc.boolean(),
  columns: fc.constantFrom(['s'], ['n'], ['s', 'n'], ['n', 's']),
  missing: fc.constantFrom('null', 'null', 'null', 'reject', 'drop'),
})
type Choices = typeof choices extends fc.Arbitrary<infer T> ? T : never

function dimensionOf(
  chosen: Choices,
  d: number,
  before: readonly WorldDimension[],
): WorldDimension {
  const parents = before.flatMap(({ level }, i) => (level + 1 < MOST_LEVELS ? [i] : []))
  const parts = chosen.parts.map(({ of, field }): Part => {
    // Half of them hang on another.
    const parent = of % 2 === 0 ? -1 : (parents[(of >> 1) % Math.max(1, parents.length)] ?? -1)
    const fields = parent < 0 ? FACT_FIELDS : ROW_FIELDS
    return { of: parent, field: fields[field % fields.length] }
  })
  const isComposite = parts.length > 1
  const names = isComposite ? (chosen.isTurned ? ['b', 'a'] : ['a', 'b']) : null
  const keyFormat = chosen.isAvro ? 'avro' : chosen.isText && !isComposite ? 'text' : 'json'
  const shared = before.find(
    (one) => (one.names === null) === !isComposite && one.keyFormat === keyFormat,
  )
  return {
    name: `d${d}`,
    topic: chosen.isShared && shared !== undefined ? shared.topic : `t${d}`,
    parts,
    names,
    keyFormat,
    columns: chosen.columns as WorldDimension['columns'],
    missing: chosen.missing as WorldDimension['missing'],
    level: Math.max(-1, ...parts.map(({ of }) => (of < 0 ? -1 : before[of].level))) + 1,
  }
}

export const worlds: fc.Arbitrary<World> = record({
  chosen: fc.array(choices, { minLength: 1, maxLength: 6, size: 'max' }),
  facts: fc.array(fact, { maxLength: 40, size: 'max' }),
  rows: fc.array(
    record({
      topic: fc.nat(),
      texts: fc.tuple(text, text),
      value: orNull(
        record({
          s: orNull(text),
          n: orNull(number),
          in: orNull(record({ s: orNull(text) })),
        }),
      ),
    }),
    { maxLength: 120, size: 'max' },
  ),
  select: fc.constantFrom(null, null, ['id'], ['k2', 'id']),
  order: fc.array(fc.nat(), { minLength: 6, maxLength: 6 }),
}).map(({ chosen, facts, rows, select, order }) => {
  const dimensions: WorldDimension[] = []
  for (const [d, one] of chosen.entries()) dimensions.push(dimensionOf(one, d, dimensions))
  return {
    dimensions,
    order: dimensions.map((_, d) => d).sort((a, b) => order[a] - order[b] || a - b),
    facts: facts.map((one, i) => ({ id: `f${i}`, ...one })),
    rows: rows.map(({ topic, texts, value }): WorldRow => {
      const of = dimensions[topic % dimensions.length]
      const key = of.names === null ? texts[0] : { a: texts[0], b: texts[1] }
      return { topic: of.topic, key, value }
    }),
    select,
  }
})

/** What becomes of a fact: its columns, in the file's order; or who refuses it, and why. */
export type Fate =
  | { readonly columns: readonly unknown[] }
  | { readonly dropped: string }
  | { readonly rejected: string; readonly error: string }

type Row = NonNullable<WorldRow['value']>

/** By the definition: maps, and paths into objects. */
export class NaiveLookUps {
  readonly #world: World
  readonly #topics = new Map<string, Map<string, Row>>()

  constructor(world: World) {
    this.#world = world
    for (const { topic, key, value } of world.rows) {
      const rows = this.#topics.get(topic) ?? new Map<string, Row>()
      this.#topics.set(topic, rows)
      const name = typeof key === 'string' ? key : JSON.stringify([key.a, key.b])
      if (value === null) rows.delete(name)
      else rows.set(name, value)
    }
  }

  fateOf(fact: WorldFact): Fate {
    const { dimensions, order } = this.#world
    const found = new Map<number, Row | undefined>()
    const faults = new Map<number, string>()
    const inTurn = [...order].sort((a, b) => dimensions[a].level - dimensions[b].level)
    for (const d of inTurn) {
      const row = this.#lookUp(d, fact, found, faults)
      found.set(d, row)
      const { name, missing } = dimensions[d]
      if (row !== undefined || missing === 'null') continue
      return missing === 'drop' ? { dropped: name } : { rejected: name, error: faults.get(d)! }
    }
    const columns = order.flatMap((d) =>
      dimensions[d].columns.map((column) => found.get(d)?.[column] ?? null),
    )
    return { columns }
  }

  #lookUp(
    d: number,
    fact: WorldFact,
    found: ReadonlyMap<number, Row | undefined>,
    faults: Map<number, string>,
  ): Row | undefined {
    const { dimensions } = this.#world
    const { name, topic, parts, names } = dimensions[d]
    const texts = new Map<string, string>()
    // In the order in which the table's keys have them.
    const first = this.#world.order.find((one) => dimensions[one].topic === topic)!
    const inTurn = dimensions[first].names ?? ['']
    for (const wanted of inTurn) {
      const { of, field } = parts[names === null ? 0 : names.indexOf(wanted)]
      const source = of < 0 ? field : `${dimensions[of].name}.${field}`
      const from = of < 0 ? fact : found.get(of)
      const value = from === undefined ? undefined : at(from, field)
      if (value !== null && value !== undefined) {
        texts.set(wanted, String(value))
        continue
      }
      const end = `so the dimension ${name} has no row for it`
      const why =
        of < 0
          ? `The field ${source} is null, ${end}`
          : from === undefined
            ? `${faults.get(of)}, so there is no ${source} to look up in the dimension ${name}`
            : `The column ${source} is null, ${end}`
      faults.set(d, why)
      return undefined
    }
    const key = names === null ? texts.get('')! : JSON.stringify([texts.get('a'), texts.get('b')])
    const row = this.#topics.get(topic)?.get(key)
    const shown =
      names === null
        ? texts.get('')
        : inTurn.map((part) => texts.get(part)!.replace(/[\\,]/g, '\\$&')).join(',')
    if (row === undefined) faults.set(d, `The dimension ${name} has no row for ${shown}`)
    return row
  }
}

const at = (record: object, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>((value, name) => (value as Record<string, unknown> | null)?.[name], record)
