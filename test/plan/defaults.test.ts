import assert from 'node:assert/strict'
import { test } from 'node:test'
import avsc from 'avsc'
import fc from 'fast-check'
import type { AvroRecordSchema } from '../../src/codec/avro/reader.ts'
import { isDefault } from '../../src/plan/defaults.ts'
import { planOutput, type TopicSchemas } from '../../src/plan/output-plan.ts'
import { pipelineWith } from '../support/pipeline.ts'

type Field = AvroRecordSchema['fields'][number]

const key: Field = { name: 'order_id', type: 'string' }
const record = (name: string, fields: readonly object[], more: object = {}): AvroRecordSchema =>
  ({ type: 'record', name, ...more, fields }) as unknown as AvroRecordSchema

interface Inputs {
  readonly facts?: readonly object[]
  readonly customer?: readonly object[]
  readonly payment?: readonly object[]
  readonly join?: string
  readonly order?: AvroRecordSchema
}

/** The output's fields by name. */
function outputOf({ facts = [], customer = [], payment = [], join = '', order }: Inputs) {
  const schemas: TopicSchemas = {
    facts: order ?? record('Order', [key, { name: 'customer_id', type: 'long' }, ...facts]),
    dimensions: [record('Customer', [{ name: 'name', type: 'string' }, ...customer])],
    rights: [record('Payment', [{ ...key, name: 'id' }, ...payment])],
  }
  const { schema } = planOutput(pipelineWith(join), schemas)
  avsc.Type.forSchema(schema as avsc.Schema)
  const { fields, ...rest } = schema as { fields: Field[]; namespace?: string }
  return { ...rest, fields, of: (name: string) => fields.find((one) => one.name === name)! }
}

const int = (value: number) => ({ name: 'n', type: 'int', default: value })

test('a field’s default stays where its column is never null because a side is missing', () => {
  assert.deepEqual(outputOf({ facts: [int(7)] }).of('n'), int(7))
  assert.deepEqual(outputOf({ payment: [int(7)] }).of('n'), int(7))
  const text = { name: 'n', type: ['string', 'null'], default: 'x' }
  assert.deepEqual(outputOf({ facts: [text] }).of('n'), text)
})

test('a column that was made nullable has null as its default, or none where null is not first', () => {
  const made = { name: 'n', type: ['null', 'int'], default: null }
  assert.deepEqual(outputOf({ customer: [int(7)] }).of('n'), made)
  assert.deepEqual(outputOf({ payment: [int(7)], join: ', kind: left' }).of('n'), made)
  const first = { name: 'n', type: ['null', 'int'] }
  assert.deepEqual(outputOf({ customer: [first] }).of('n'), made)
  assert.deepEqual(outputOf({ facts: [first] }).of('n'), made)
  const last = { name: 'n', type: ['int', 'null'], default: 7 }
  assert.deepEqual(outputOf({ customer: [last] }).of('n'), { name: 'n', type: ['int', 'null'] })
  const without = { name: 'n', type: ['int', 'string'], default: 7 }
  const added = { name: 'n', type: ['int', 'string', 'null'] }
  assert.deepEqual(outputOf({ customer: [without] }).of('n'), added)
})

test('Connect’s default goes where a column was made nullable, in every form of the type, and only there', () => {
  const carried = [
    { type: 'int', 'connect.default': 7 },
    { type: 'enum', name: 'E', symbols: ['A', 'B'], 'connect.default': 'B' },
    [{ type: 'string', 'connect.default': 'x' }, 'null'],
    ['null', { type: 'long', 'connect.default': 7, 'connect.name': 'io.debezium.time.Timestamp' }],
    { type: 'array', items: 'int', 'connect.default': [1] },
  ]
  for (const type of carried) {
    const field = { name: 'n', type }
    const { 'connect.name': name } = JSON.parse(JSON.stringify(type))[1] ?? {}
    for (const inputs of [{ customer: [field] }, { payment: [field], join: ', kind: left' }]) {
      const text = JSON.stringify(outputOf(inputs).of('n'))
      assert.ok(!text.includes('connect.default'), text)
      if (name !== undefined) assert.ok(text.includes(name))
    }
    for (const inputs of [{ facts: [field] }, { payment: [field] }]) {
      assert.ok(JSON.stringify(outputOf(inputs).of('n')).includes('connect.default'))
    }
  }
})

test('a default that other libraries than Java refuse is left out', () => {
  const odd = [
    { name: 'n', type: ['string', 'null'], default: null },
    { name: 'n', type: 'double', default: 'NaN' },
    { name: 'n', type: 'long', default: 2 ** 63 },
    { name: 'n', type: 'int', default: 2 ** 31 },
  ]
  for (const field of odd) {
    // Only the output has to be without it here: avsc itself refuses the input.
    const { default: _, ...rest } = field
    assert.deepEqual(outputOf({ facts: [field] }).of('n'), rest)
  }
})

test('aliases stay, but none that is another column’s name or alias', () => {
  const facts = [
    { name: 'n', type: 'int', aliases: ['m', 'name', 'customer_id'] },
    { name: 'o', type: 'int', aliases: ['m', 'k'] },
  ]
  const { of } = outputOf({ facts })
  assert.deepEqual(of('n').aliases, ['m'])
  assert.deepEqual(of('o').aliases, ['k'])
  const renamed = outputOf({
    payment: [{ name: 'total', type: 'int', aliases: ['amount', 'sum'] }],
    join: ', select: { paid: total, amount: id }',
  })
  assert.deepEqual(renamed.of('paid').aliases, ['sum'])
})

test('the output has the namespace of the facts’ full name, wherever it stands', () => {
  const fields = [key, { name: 'customer_id', type: 'long' }]
  const of = (name: string, namespace?: string) =>
    outputOf({ order: record(name, fields, namespace === undefined ? {} : { namespace }) })
      .namespace
  assert.equal(of('Order', 'com.shop'), 'com.shop')
  assert.equal(of('com.shop.Order'), 'com.shop')
  assert.equal(of('com.shop.Order', 'other'), 'com.shop')
  assert.equal(of('Order'), undefined)
  assert.equal(of('Order', ''), undefined)
})

test('two types of one name stay two where the output’s namespace makes their names alike', () => {
  const status = (symbols: string[], name: string) => ({ type: 'enum', name, symbols })
  const facts = [{ name: 'a', type: status(['A'], 'Status') }]
  const order = record('com.shop.Order', [key, { name: 'customer_id', type: 'long' }, ...facts])
  const { of } = outputOf({ order, customer: [{ name: 'b', type: status(['B'], 'Status') }] })
  assert.equal((of('a').type as { name: string }).name, 'com.shop.Status')
  assert.match(JSON.stringify(of('b').type), /com\.shop\.Status_customer/)
})

const types = fc.letrec<{ type: unknown }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 3 },
    {
      weight: 3,
      arbitrary: fc.constantFrom('null', 'boolean', 'int', 'double', 'bytes', 'string'),
    },
    fc.constantFrom({ type: 'long' }, { type: 'fixed', name: '', size: 2 }),
    fc.constant({ type: 'enum', name: '', symbols: ['A', 'B'] }),
    tie('type').map((items) => ({ type: 'array', items })),
    tie('type').map((values) => ({ type: 'map', values })),
    fc.array(tie('type'), { minLength: 1, maxLength: 3 }).map((list) => ({
      type: 'record',
      name: '',
      fields: list.map((type, i) => ({ name: `f${i}`, type })),
    })),
    fc.constantFrom(['null', 'string'], ['int', 'null'], ['string', 'int']),
  ),
})).type

const values = fc.oneof(
  fc.constantFrom(null, true, 0, -1, 1.5, 2 ** 31, '', 'A', 'ab', 'é', [], {}, [1], ['b']),
  fc.constantFrom({ f0: 1 }, { f0: null, f1: 'A' }, { f0: [], f1: {}, f2: true }, { a: 'ab' }),
)

test('what is a default is what avsc takes for one', () => {
  let taken = 0
  fc.assert(
    fc.property(types, values, (raw, value) => {
      let n = 0
      const type = JSON.parse(JSON.stringify(raw), (_key, part) =>
        part?.name === '' ? { ...part, name: `T${n++}` } : part,
      )
      const fields = [{ name: 'x', type, default: value }]
      let isTaken = true
      try {
        avsc.Type.forSchema({ type: 'record', name: 'R', fields } as avsc.Schema)
      } catch {
        isTaken = false
      }
      if (isTaken) taken++
      assert.equal(isDefault(type, value, new Map()), isTaken, JSON.stringify(fields))
    }),
    { numRuns: 3000 },
  )
  assert.ok(taken > 100)
})

test('a default that avsc 5.7.9 bends until it fits is none', () => {
  assert.equal(isDefault('bytes', '☃', new Map()), false)
  assert.equal(isDefault({ type: 'enum', name: 'E', symbols: ['A'] }, ['A'], new Map()), false)
  assert.equal(isDefault({ type: 'record', name: 'R', fields: [] }, null, new Map()), false)
})
