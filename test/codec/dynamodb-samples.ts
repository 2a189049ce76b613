/** Items of DynamoDB: an Avro type, a value of it, and its attributes as the SDKs marshal them. */
import fc from 'fast-check'
import type { Any } from './json-model.ts'

/** A value of an Avro type, and what DynamoDB's SDKs make of it. */
export interface Sample {
  readonly type: Any
  readonly value: fc.Arbitrary<Any>
  /** @param shuffle of an item's attributes, which have no order */
  readonly attribute: (value: Any, shuffle: Shuffle) => Any
}
export type Shuffle = <T>(list: readonly T[]) => T[]

const digits = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
const SCALARS: readonly Sample[] = [
  { type: 'string', value: fc.string({ unit: 'binary' }), attribute: (S) => ({ S }) },
  { type: 'int', value: fc.integer(), attribute: (n) => ({ N: String(n) }) },
  { type: 'long', value: digits, attribute: (n) => ({ N: String(n) }) },
  {
    type: 'double',
    value: fc.double({ noNaN: true, noDefaultInfinity: true }),
    attribute: (n) => ({ N: Object.is(n, -0) ? '-0' : String(n) }),
  },
  { type: 'boolean', value: fc.boolean(), attribute: (BOOL) => ({ BOOL }) },
  {
    type: 'bytes',
    value: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    attribute: (bytes) => ({ B: bytes.toString('base64') }),
  },
]

const nullable = ({ type, value, attribute }: Sample): Sample => ({
  type: ['null', type],
  value: fc.option(value),
  attribute: (one, shuffle) => (one === null ? { NULL: true } : attribute(one, shuffle)),
})

const listed = ({ type, value, attribute }: Sample): Sample => ({
  type: { type: 'array', items: type },
  value: fc.array(value, { maxLength: 70 }),
  attribute: (list, shuffle) => {
    const all = list.map((one: Any) => attribute(one, shuffle))
    // A set where its members are of one kind that there are sets of; every other time.
    const [tag] = Object.keys(all[0] ?? {})
    const isSet = ['S', 'N', 'B'].includes(tag) && list.length % 2 === 1
    return isSet && all.every((one: Any) => tag in one)
      ? { [`${tag}S`]: all.map((one: Any) => one[tag]) }
      : { L: all }
  },
})

const mapped = ({ type, value, attribute }: Sample): Sample => ({
  type: { type: 'map', values: type },
  value: fc.dictionary(fc.string({ maxLength: 5 }), value, { maxKeys: 4, noNullPrototype: true }),
  attribute: (map, shuffle) => ({
    M: Object.fromEntries(Object.entries(map).map(([k, one]) => [k, attribute(one, shuffle)])),
  }),
})

let names = 0
const recorded = (members: readonly Sample[]): Sample => ({
  type: {
    type: 'record',
    name: `T${names++}`,
    fields: members.map(({ type }, i) => ({ name: `f${i}`, type })),
  },
  value: fc.record(Object.fromEntries(members.map(({ value }, i) => [`f${i}`, value]))),
  attribute: (row, shuffle) => ({
    M: Object.fromEntries(
      shuffle(members.map(({ attribute }, i) => [`f${i}`, attribute(row[`f${i}`], shuffle)])),
    ),
  }),
})

export const samples: fc.Arbitrary<Sample> = fc.letrec<{ one: Sample; record: Sample }>((tie) => ({
  one: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(...SCALARS),
    fc.constantFrom(...SCALARS).map(nullable),
    tie('one').map(listed),
    tie('one').map(mapped),
    tie('record'),
  ),
  record: fc.array(tie('one'), { minLength: 1, maxLength: 4 }).map(recorded),
})).record

/** @param random numbers. @param list in an order that they make */
export const shuffled =
  (random: fc.Stream<number>): Shuffle =>
  (list) =>
    list
      .map((one) => [random.next().value, one] as const)
      .sort((a, b) => a[0] - b[0])
      .map(([, one]) => one)
