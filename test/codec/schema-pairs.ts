/** Random schemas of a writer and of a reader that has some of it in common, and values of the writer's. */
import fc from 'fast-check'

export interface Pair {
  /** As JSON has them; types that have a name are called by it only once. */
  readonly writer: unknown
  readonly reader: unknown
  /** Of the writer's type, as avsc takes them. */
  readonly values: fc.Arbitrary<unknown>
  /** A default of the reader's type. */
  readonly fallback: unknown
}

const small = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
const float = fc.float({ noNaN: true })
const text = fc.string({ maxLength: 6 })
const ascii = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 6 })
const bytes = ascii.map((letters) => Buffer.from(letters))

const plain = (writer: string, reader: string, values: fc.Arbitrary<unknown>): Pair => ({
  writer,
  reader,
  values,
  fallback: { boolean: true, string: 'none', bytes: 'abc' }[reader] ?? 7,
})

const primitives = fc.constantFrom(
  plain('boolean', 'boolean', fc.boolean()),
  plain('int', 'int', small),
  plain('int', 'long', small),
  plain('int', 'float', small),
  plain('int', 'double', small),
  plain(
    'long',
    'long',
    fc.maxSafeInteger().filter((long) => Math.abs(long) < 2 ** 52),
  ),
  plain(
    'long',
    'double',
    fc.maxSafeInteger().filter((long) => Math.abs(long) < 2 ** 52),
  ),
  plain('long', 'float', small),
  plain('float', 'float', float),
  plain('float', 'double', float),
  plain('double', 'double', fc.double({ noNaN: true })),
  plain('string', 'string', text),
  plain('string', 'bytes', ascii),
  plain('bytes', 'bytes', bytes),
  plain('bytes', 'string', bytes),
)

let count = 0
/** Unique in a run; the same on both sides. */
const nextName = (): string => `T${count++}`

const symbolPool = ['A', 'B', 'C', 'D', 'E']
const someSymbols = fc.shuffledSubarray(symbolPool, { minLength: 1 })
const enums = fc
  .tuple(someSymbols, someSymbols, fc.boolean())
  .map(([theirs, ours, hasDefault]): Pair => {
    const name = nextName()
    return {
      writer: { type: 'enum', name, symbols: theirs },
      reader: { type: 'enum', name, symbols: ours, ...(hasDefault ? { default: ours[0] } : {}) },
      values: fc.constantFrom(...theirs),
      fallback: ours.at(-1),
    }
  })
const fixed = fc.integer({ min: 1, max: 5 }).map((size): Pair => {
  const type = { type: 'fixed', name: nextName(), size }
  return {
    writer: type,
    reader: type,
    values: fc.uint8Array({ minLength: size, maxLength: size }).map((raw) => Buffer.from(raw)),
    fallback: 'x'.repeat(size),
  }
})

const arrayOf = ({ writer, reader, values, fallback }: Pair): Pair => ({
  writer: { type: 'array', items: writer },
  reader: { type: 'array', items: reader },
  values: fc.array(values, { maxLength: 3 }),
  fallback: [fallback],
})
const mapOf = ({ writer, reader, values, fallback }: Pair): Pair => ({
  writer: { type: 'map', values: writer },
  reader: { type: 'map', values: reader },
  values: fc.dictionary(ascii, values, { maxKeys: 3, noNullPrototype: true }),
  fallback: { key: fallback },
})

const isUnion = (type: unknown): boolean => Array.isArray(type)

/** Null before or behind it; more than that on the reader's side. */
const nullable = (pair: Pair, [theirs, ours]: readonly [number, number]): Pair => {
  if (isUnion(pair.writer) || isUnion(pair.reader)) return pair
  const around = (type: unknown, form: number): unknown =>
    [type, ['null', type], [type, 'null']][form]
  const reader = around(pair.reader, ours)
  return {
    writer: around(pair.writer, theirs),
    reader,
    values: theirs === 0 || ours === 0 ? pair.values : fc.option(pair.values, { nil: null }),
    fallback: ours === 1 ? null : pair.fallback,
  }
}

interface FieldPair {
  readonly pair: Pair
  readonly where: 'both' | 'writer' | 'reader' | 'renamed'
  readonly order: number
}

function recordOf(fields: readonly FieldPair[]): Pair {
  const name = nextName()
  const named = fields.map((field, i) => ({ ...field, name: `f${i}` }))
  const theirs = named.filter(({ where }) => where !== 'reader')
  const ours = named
    .filter(({ where }) => where !== 'writer')
    .sort((a, b) => a.order - b.order)
    .map(({ name: own, where, pair: { reader, fallback } }) => ({
      ...(where === 'renamed' ? { name: `new_${own}`, aliases: [own] } : { name: own }),
      type: reader,
      ...(where === 'reader' ? { default: fallback } : {}),
    }))
  return {
    writer: {
      type: 'record',
      name,
      fields: theirs.map(({ name: own, pair: { writer } }) => ({ name: own, type: writer })),
    },
    reader: { type: 'record', name, fields: ours },
    values: fc.record(Object.fromEntries(theirs.map(({ name: own, pair }) => [own, pair.values]))),
    fallback: Object.fromEntries(
      named
        .filter(({ where }) => where !== 'writer')
        .map(({ name: own, where, pair }) => [
          where === 'renamed' ? `new_${own}` : own,
          pair.fallback,
        ]),
    ),
  }
}

const { anyPair } = fc.letrec<{ anyPair: Pair; leaf: Pair; nested: Pair }>((tie) => ({
  leaf: fc.oneof({ weight: 4, arbitrary: primitives }, enums, fixed),
  nested: fc.oneof(
    { maxDepth: 3 },
    { weight: 4, arbitrary: tie('leaf') },
    tie('anyPair').map(arrayOf),
    tie('anyPair').map(mapOf),
    fieldsOf(tie('anyPair')).map(recordOf),
  ),
  anyPair: fc
    .tuple(tie('nested'), fc.nat(2), fc.nat(2))
    .map(([pair, a, b]) => nullable(pair, [a, b])),
}))

function fieldsOf(pair: fc.Arbitrary<Pair>): fc.Arbitrary<FieldPair[]> {
  const where = fc.constantFrom<FieldPair['where'][]>('both', 'both', 'writer', 'reader', 'renamed')
  return fc.array(fc.record({ pair, where, order: fc.nat(9) }), { minLength: 1, maxLength: 5 })
}

/** Of records. */
export const schemaPairs: fc.Arbitrary<Pair> = fieldsOf(anyPair).map(recordOf)
