import assert from 'node:assert/strict'
import { test } from 'node:test'
import avsc from 'avsc'
import fc from 'fast-check'
import { loadPipeline } from '../../src/config/load.ts'
import { planOutput } from '../../src/plan/output-plan.ts'
import { storedViews } from '../../src/plan/stored-views.ts'

const pipeline = loadPipeline('examples/orders/pipeline.yaml', { JOIN_KIND: 'left' })
const address = {
  type: 'record',
  name: 'Address',
  fields: [{ name: 'zip', type: 'long', default: 3 }],
}
const field = (name: string, type: unknown) => ({ name, type })
const plan = planOutput(pipeline, {
  facts: record('Order', [
    field('order_id', 'string'),
    field('number', 'long'),
    field('picture', 'bytes'),
    field('to', address),
    field('via', { type: 'array', items: 'Address' }),
  ]),
  dimensions: [
    record('Customer', [
      field('name', 'string'),
      field('segment', 'int'),
      field('country', 'string'),
    ]),
    record('Product', [
      field('title', 'string'),
      field('category', ['null', 'long']),
      field('brand', 'string'),
    ]),
  ],
  rights: [
    record('Payment', [
      field('method', 'string'),
      field('amount', 'double'),
      field('paid_at', 'long'),
    ]),
  ],
} as unknown as Parameters<typeof planOutput>[1])

function record(name: string, fields: object[]): object {
  return { type: 'record', name, fields }
}

const text = fc.string()
/** As far as avsc goes. */
const long = fc.maxSafeInteger().filter((value) => Math.abs(value) < 2 ** 52)
const or = <T>(some: fc.Arbitrary<T>) => fc.option(some, { nil: null })
const outputs = fc.record(
  {
    order_id: text,
    number: long,
    picture: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    to: fc.record({ zip: long }, { noNullPrototype: true }),
    via: fc.array(fc.record({ zip: long }, { noNullPrototype: true })),
    customer_name: or(text),
    segment: or(fc.integer()),
    country: or(text),
    title: or(text),
    category: or(long),
    brand: or(text),
    method: or(text),
    amount: or(fc.double({ noNaN: true })),
    paid_at: or(long),
  },
  { noNullPrototype: true },
)
type Output = typeof outputs extends fc.Arbitrary<infer T> ? T : never

const type = avsc.Type.forSchema(plan.schema as avsc.Schema) as avsc.types.RecordType
const views = storedViews(plan)

/** The bytes of some of the output's fields, as avsc writes them. */
const bytesOf = (output: Output, from: number, to: number): Buffer =>
  Buffer.concat(
    type.fields
      .slice(from, to)
      .map(({ name, type }) => type.toBuffer(output[name as keyof Output])),
  )
const part = (output: Output, from: number, to: number): object =>
  Object.fromEntries(
    Object.entries({ ...output, picture: output.picture.toString('base64') }).slice(from, to),
  )

test('stored bytes of a fact with its columns, of a row and of a right record say what avsc wrote', () => {
  fc.assert(
    fc.property(outputs, (output) => {
      assert.deepEqual(views.sources[0](bytesOf(output, 0, 11)), part(output, 0, 11))
      assert.deepEqual(views.dimensions[0](bytesOf(output, 5, 8)), part(output, 5, 8))
      assert.deepEqual(views.dimensions[1](bytesOf(output, 8, 11)), part(output, 8, 11))
      assert.deepEqual(views.sources[1](bytesOf(output, 11, 14)), part(output, 11, 14))
    }),
  )
})

test('a long that no double holds comes with all its digits', () => {
  const digits = 9_007_199_254_740_993n
  const number = Buffer.from([0x82, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20])
  const rest = bytesOf(
    { picture: Buffer.alloc(0), to: { zip: 1 }, via: [] } as unknown as Output,
    2,
    5,
  )
  const nulls = Buffer.concat(type.fields.slice(5, 11).map(({ type }) => type.toBuffer(null)))
  const id = avsc.Type.forSchema('string').toBuffer('a')
  const seen = views.sources[0](Buffer.concat([id, number, rest, nulls]))
  assert.equal(seen.number, String(digits))
})
