/** Keys in Protobuf, through the task and a dimension, by schema files; and in test cases. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import avsc from 'avsc'
import protobuf from 'protobufjs'
import { compare } from '../../../src/cli/simulate/compare.ts'
import { loadFixture } from '../../../src/cli/simulate/fixture.ts'
import { Simulation } from '../../../src/cli/simulate/simulation.ts'
import { loadPipeline } from '../../../src/config/load.ts'
import { compilePipeline } from '../../../src/plan/compile.ts'
import { outputFrame, readSchemas } from '../../../src/plan/pipeline-codec.ts'

const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-protobuf-keys-'))
after(() => rmSync(folder, { recursive: true }))
const write = (name: string, text: string): string => {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

const ORDER_KEY = 'syntax = "proto3"; message OrderKey { string order_id = 1; }'
const PRICE_KEY =
  'syntax = "proto3"; message PriceKey { string country = 1; int64 product_id = 2; }'
write('order-key.proto', ORDER_KEY)
write('price-key.proto', PRICE_KEY)
const record = (name: string, fields: Readonly<Record<string, string>>) => ({
  ...{ type: 'record', name },
  fields: Object.entries(fields).map(([field, type]) => ({ name: field, type })),
})
const schemas = {
  order: record('Order', { order_id: 'string', product_id: 'long', country: 'string' }),
  payment: record('Payment', { order_id: 'string', amount: 'int' }),
  price: record('Price', { price: 'int' }),
}
for (const [name, schema] of Object.entries(schemas)) {
  write(`${name}.avsc`, JSON.stringify(schema))
}
const pipelineText = (priceKey: string): string => `
name: job
kafka: { brokers: "localhost:9092" }
facts: { topic: orders, schema: order.avsc, keyFormat: protobuf, keySchema: order-key.proto }
dimensions:
  price: { topic: prices, schema: price.avsc, keyFormat: protobuf${priceKey}, on: [product_id, country] }
join: { topic: payments, schema: payment.avsc, keyFormat: protobuf, keySchema: order-key.proto, on: order_id, within: 60s, select: [amount] }
output: { topic: enriched, schemaId: 1 }
`
const file = write('pipeline.yaml', pipelineText(', keySchema: price-key.proto'))

function key(text: string, fields: Readonly<Record<string, unknown>>): Buffer {
  const [type] = protobuf.parse(text, { keepCase: true }).root.nestedArray as protobuf.Type[]
  return Buffer.concat([Buffer.alloc(6), type.encode(type.fromObject(fields)).finish()])
}
const value = (name: keyof typeof schemas, fields: object): Buffer =>
  Buffer.concat([
    outputFrame(1),
    avsc.Type.forSchema(schemas[name] as avsc.Schema).toBuffer(fields),
  ])

const NOON = Date.parse('2025-01-01T12:00:00Z')

test('facts, right records and rows meet by what their keys say; another key is rejected', async () => {
  const pipeline = loadPipeline(file, {})
  const { codec } = await compilePipeline(pipeline, null, [])
  const simulation = await Simulation.open(pipeline, codec, NOON)
  const take = async (kind: 'fact' | 'right' | 'row', ofKey: Buffer, ofValue: Buffer) => {
    const given = { key: ofKey, value: ofValue, headers: [], timestamp: NOON }
    await simulation.take(
      kind === 'row' ? { kind, dimension: 0, record: given } : { kind, record: given },
    )
    // A file is read meanwhile.
    for (let rounds = 0; rounds < 3; rounds++) {
      await sleep(20)
      await simulation.take({ kind: 'wait', ms: 1 })
    }
  }
  try {
    const order = { order_id: 'a', product_id: 7, country: 'SE' }
    await take(
      'row',
      key(PRICE_KEY, { country: 'SE', product_id: 7 }),
      value('price', { price: 3 }),
    )
    await take('fact', key(ORDER_KEY, { order_id: 'a' }), value('order', order))
    await take('fact', Buffer.from('a'), value('order', order))
    await take(
      'right',
      key(ORDER_KEY, { order_id: 'a' }),
      value('payment', { order_id: 'a', amount: 5 }),
    )
    await simulation.end()
    const { outputs, rejects } = simulation.effects
    assert.deepEqual(
      outputs.map(({ key: of, value: out }) => [of, out]),
      [['a', { ...order, price: 3, amount: 5 }]],
    )
    assert.deepEqual(
      rejects.map(({ reason }) => reason),
      ['bad_key'],
    )
  } finally {
    await simulation.close()
  }
})

test('in test cases keys are what they say', async () => {
  const fixture = write(
    'cases.yaml',
    `
pipeline: pipeline.yaml
dimensions:
  price: [ { key: { country: SE, product_id: 7 }, value: { price: 3 } } ]
cases:
  - name: an order and its payment
    given:
      - fact: { key: a, value: { order_id: a, product_id: 7, country: SE } }
      - right: { value: { order_id: a, amount: 5 } }
    expect:
      outputs:
        - { key: a, value: { order_id: a, product_id: 7, country: SE, price: 3, amount: 5 } }
`,
  )
  const { pipeline, codec, clock, cases } = await loadFixture(fixture, {}, (its) =>
    readSchemas(its, null),
  )
  const simulation = await Simulation.open(pipeline, codec, clock)
  try {
    for (const step of cases[0].steps) await simulation.take(step)
    await simulation.end()
    assert.deepEqual(compare(cases[0].expected, simulation.effects), [])
  } finally {
    await simulation.close()
  }
})

test('a file that has no such key ends the start, with its place', async () => {
  const without = write('without.yaml', pipelineText(''))
  assert.throws(
    () => loadPipeline(without, {}),
    /keyFormat.*protobuf needs keySchema, a \.proto file/,
  )
  const other = write('other.yaml', pipelineText(', keySchema: order-key.proto'))
  const pipeline = loadPipeline(other, {})
  for (const stored of [[], [{ layout: 'x', schemaIds: [] }]]) {
    await assert.rejects(
      compilePipeline(pipeline, null, stored),
      /other\.yaml:\d+: .*keyFormat.*the keys of prices \(of keySchema\) cannot be read: it has the fields order_id; the key has to be a record of the fields product_id, country/,
    )
  }
})
