import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesOf } from '../../src/bytes.ts'
import { OTHER_TYPE } from '../../src/codec/port.ts'
import { RegistryCodec } from '../../src/codec/registry/codec.ts'
import type { Registry } from '../../src/codec/registry/registry.ts'
import { latestOf } from '../../src/codec/registry/subjects.ts'
import { parsePipeline } from '../../src/config/load.ts'
import { latestSchemas, outputFrame, readSchemas } from '../../src/plan/pipeline-codec.ts'
import { CONFLUENT_NAMES } from '../support/registry-config.ts'

const record = (name: string, more: object = {}) => ({
  type: 'record',
  name,
  fields: [{ name: 'id', type: 'string' }],
  ...more,
})

/** A registry with these subjects, whose ids count from 1. */
function registryOf(subjects: Readonly<Record<string, object>>): Registry {
  const names = Object.keys(subjects)
  return {
    url: 'http://registry',
    ...CONFLUENT_NAMES,
    type: 'confluent',
    useId: null,
    latest: async (subject: string) => {
      const at = names.indexOf(subject)
      return at < 0 ? undefined : { id: at + 1, schema: subjects[subject] }
    },
    byId: async (id: number) => subjects[names[id - 1]],
    subjects: async () => names,
  } as unknown as Registry
}

const found = async (type: string | null, subjects: Record<string, object>) =>
  Object.keys(subjects)[(await latestOf('orders', type, registryOf(subjects))).id - 1]

test('without type the schema is the topic’s, whatever its name', async () => {
  const subjects = { 'orders-value': record('Any'), 'shop.OrderPlaced': record('shop.OrderPlaced') }
  assert.equal(await found(null, subjects), 'orders-value')
})

test('with type it is the topic’s if that has the name, else the record’s for the topic, else the record’s', async () => {
  const placed = record('OrderPlaced', { namespace: 'shop' })
  const topic = { 'orders-value': placed }
  const both = { 'orders-shop.OrderPlaced': record('shop.OrderPlaced') }
  const own = { 'shop.OrderPlaced': placed }
  const other = { 'orders-value': record('shop.OrderCancelled') }
  for (const type of ['shop.OrderPlaced', 'OrderPlaced']) {
    assert.equal(await found(type, { ...own, ...both, ...topic }), 'orders-value')
    assert.equal(await found(type, { ...own, ...both, ...other }), 'orders-shop.OrderPlaced')
    assert.equal(await found(type, { ...own, ...other }), 'shop.OrderPlaced')
  }
  const bare = { 'orders-OrderPlaced': record('OrderPlaced') }
  assert.equal(await found('OrderPlaced', { ...own, ...bare }), 'orders-OrderPlaced')
})

test('a name without its namespace that stands for two records is none', async () => {
  const two = { 'a.Placed': record('a.Placed'), 'b.Placed': record('b.Placed') }
  await assert.rejects(found('Placed', two), {
    code: 'SCHEMA_INVALID',
    message:
      /no record Placed under orders-value, orders-Placed or Placed\. It has a\.Placed, b\.Placed,/,
  })
  assert.equal(
    await found('Placed', { ...two, 'orders-b.Placed': record('b.Placed') }),
    'orders-b.Placed',
  )
})

test('where nothing is found, subjects that look alike are named with the line to write', async () => {
  const records = {
    'shop.OrderPlaced': record('shop.OrderPlaced'),
    'shop.OrderCancelled': record('shop.OrderCancelled'),
    'shop.CustomerMoved': record('shop.CustomerMoved'),
    'customers-value': record('Customer'),
  }
  await assert.rejects(found(null, records), {
    code: 'SCHEMA_INVALID',
    message:
      /no subject orders-value\. It has shop\.OrderPlaced, shop\.OrderCancelled, which.*write type, as type: shop\.OrderPlaced; or register/,
  })
  const ofTopic = { ...records, 'orders-a.B': record('a.B'), 'orders-key': record('K') }
  await assert.rejects(found(null, ofTopic), {
    message: /It has orders-a\.B, which .* type: a\.B; or register/,
  })
  await assert.rejects(found('shop.Orderplaced', records), {
    message:
      /under orders-value, orders-shop\.Orderplaced or shop\.Orderplaced\. It has shop\.OrderPlaced,/,
  })
  await assert.rejects(found(null, { 'customers-value': record('Customer') }), {
    message:
      /no subject orders-value; register the topic's schema there, or name a file with schema$/,
  })
})

test('what is wrong is told with its line of the file', async () => {
  const pipeline = (facts: string) =>
    parsePipeline(
      `
name: job
kafka: { brokers: "localhost:9092" }
registry: { url: "http://registry" }
facts: ${facts}
join: { topic: payments, on: id, within: 60s }
output: { topic: enriched }
`,
      'pipeline.yaml',
      {},
    )
  const registry = registryOf({ 'payments-value': record('P'), 'a.Order': record('a.Order') })
  await assert.rejects(readSchemas(pipeline('{ topic: orders }'), registry), {
    message: /^pipeline\.yaml:5: facts\.topic: The registry .* type: a\.Order; or register/,
  })
  await assert.rejects(readSchemas(pipeline('{ topic: orders, type: b.Order }'), registry), {
    message: /^pipeline\.yaml:5: facts\.type: The registry .* type: a\.Order$/,
  })
  const file = 'examples/orders/schemas/order.avsc'
  const wrong = pipeline(`{ topic: orders, type: b.Order, schema: ${process.cwd()}/${file} }`)
  await assert.rejects(latestSchemas(wrong, registry), {
    code: 'SCHEMA_INVALID',
    message:
      /^pipeline\.yaml:5: facts\.type: the schema file has the record bench\.Order, not b\.Order$/,
  })
  const right = pipeline(`{ topic: orders, type: Order, schema: ${process.cwd()}/${file} }`)
  assert.equal((await latestSchemas(right, registry))[0].id, 0)
})

test('type without a registry is refused: nobody knows of what type a record is', () => {
  const text = `
name: job
kafka: { brokers: "localhost:9092" }
facts: { topic: orders, schema: examples/orders/schemas/order.avsc, type: Order }
join: { topic: payments, schema: examples/orders/schemas/payment.avsc, on: order_id, within: 60s }
output: { topic: enriched, schemaId: 1 }
`
  assert.throws(() => parsePipeline(text, 'pipeline.yaml', {}), {
    message: 'pipeline.yaml:4: facts.type: needs a registry, which knows of what type a record is',
  })
})

test('a record of another type is told apart by its full name, or by its own, and by earlier names', async () => {
  const schemas = {
    placed: record('shop.Placed', { aliases: ['Ordered'] }),
    moved: record('OtherNamespace.Placed'),
    earlier: record('shop.Ordered'),
    cancelled: record('shop.Cancelled'),
    list: { type: 'array', items: 'string' },
  }
  const kinds = async (type: string | null) => {
    const plan = { select: [], keys: ['id'], time: null }
    const codec = new RegistryCodec(registryOf(schemas), schemas.placed as never, plan, type)
    const answers: string[] = []
    for (const id of [1, 2, 3, 4, 5]) {
      const value = bytesOf(Buffer.concat([outputFrame(id), Buffer.from([2, 120])]))
      assert.equal(codec.reader(value, 0, value.length, 0, 0), null)
      await codec.load(value, 0, value.length, 0, 0)
      const reader = codec.reader(value, 0, value.length, 0, 0)
      answers.push(typeof reader === 'string' ? reader : 'read')
      if (reader === OTHER_TYPE)
        assert.match(codec.fault, /is of another type: .*(Placed|Cancelled)$/)
    }
    return answers
  }
  const [other, bad] = [OTHER_TYPE, 'incompatible_schema']
  assert.deepEqual(await kinds('shop.Placed'), ['read', other, 'read', other, bad])
  assert.deepEqual(await kinds('Placed'), ['read', 'read', 'read', other, bad])
})
