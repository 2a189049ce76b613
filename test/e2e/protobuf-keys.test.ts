/** Facts, right records and rows keyed by messages of Protobuf, through a registry; and facts that are carried to a side that is keyed by text. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import avsc from 'avsc'
import protobuf from 'protobufjs'
import { partitionOf } from '../../src/broker/partition-of.ts'
import { registerProtobuf, startRegistry } from '../support/registry.ts'
import { Orders } from './orders.ts'
import { frame, waitFor } from './registered.ts'

const AT = 1_735_689_600_000
const COUNT = 400
const CUSTOMERS = 30
const PARTITIONS = 4
/** A key that is no message. */
const BAD = 17

const record = (name: string, fields: Readonly<Record<string, string>>) => ({
  ...{ type: 'record' as const, name },
  fields: Object.entries(fields).map(([field, type]) => ({ name: field, type: type as 'string' })),
})
const ORDER = record('Order', { order_id: 'string', customer_id: 'long', country: 'string' })
const PAYMENT = record('Payment', { order_id: 'string', amount: 'int' })
const CUSTOMER = record('Customer', { name: 'string' })
const ORDER_KEY = 'syntax = "proto3"; package shop; message OrderKey { string order_id = 1; }'
const CUSTOMER_KEY =
  'syntax = "proto3"; package shop; message CustomerKey { string country = 1; int64 customer_id = 2; }'

const orderId = (i: number): string => `o${i}`
const customerOf = (i: number) => ({
  country: i % 2 === 0 ? 'SE' : 'NO',
  customer_id: i % CUSTOMERS,
})
/** Of some there is no row. */
const nameOf = (i: number): string | null =>
  i % CUSTOMERS < CUSTOMERS - 4 ? `customer ${i % CUSTOMERS}` : null

/** Orders and payments by messages, and once more payments by text (the topic `products`). */
async function send(orders: Orders, register: Awaited<ReturnType<typeof startRegistry>>) {
  const { producer } = orders
  const values = async (topic: string, schema: object) => {
    const id = await register.register(`${orders.topic(topic)}-value`, schema)
    return (value: object): Buffer =>
      frame(id, avsc.Type.forSchema(schema as avsc.Schema).toBuffer(value))
  }
  const keys = async (topic: string, text: string) => {
    const id = await registerProtobuf(register.url, `${orders.topic(topic)}-key`, text)
    const [name] = /\w+Key/.exec(text)!
    const type = protobuf.parse(text, { keepCase: true }).root.lookupType(`shop.${name}`)
    return (fields: object): Buffer => {
      const message = type.encode(type.fromObject(fields)).finish()
      return frame(id, Buffer.concat([Buffer.of(0), message]))
    }
  }
  const [order, payment, customer] = [
    await values('orders', ORDER),
    await values('payments', PAYMENT),
    await values('customers', CUSTOMER),
  ]
  const byText = await values('products', PAYMENT)
  const orderKey = await keys('orders', ORDER_KEY)
  const paymentKey = await keys('payments', ORDER_KEY)
  const customerKey = await keys('customers', CUSTOMER_KEY)
  const put = (topic: string, key: Buffer, value: Buffer): void =>
    producer.put(orders.topic(topic), partitionOf(key, PARTITIONS), AT, key, value)
  for (let c = 0; c < CUSTOMERS; c++) {
    const name = nameOf(c)
    if (name !== null) put('customers', customerKey(customerOf(c)), customer({ name }))
  }
  await producer.flush()
  for (let i = 0; i < COUNT; i++) {
    const key = i === BAD ? Buffer.from(orderId(i)) : orderKey({ order_id: orderId(i) })
    put('orders', key, order({ order_id: orderId(i), ...customerOf(i) }))
    const paid = { order_id: orderId(i), amount: i }
    put('payments', paymentKey({ order_id: orderId(i) }), payment(paid))
    put('products', Buffer.from(orderId(i)), byText(paid))
  }
  await producer.flush()
}

function fileOf(orders: Orders, url: string, name: string, join_: string): string {
  const file = join(orders.folder, `${name}.yaml`)
  writeFileSync(
    file,
    `name: ${orders.tag}-${name}
kafka: { brokers: "\${KAFKA_BROKERS}" }
registry: { url: "${url}" }
facts: { topic: ${orders.topic('orders')}, keyFormat: protobuf }
dimensions:
  customer: { topic: ${orders.topic('customers')}, keyFormat: protobuf, on: [country, customer_id], select: [name] }
join: { ${join_}, on: order_id, within: 60s, select: [amount] }
output: { topic: ${orders.topic(name)}, format: json, rejects: ${orders.topic(`${name}.rejects`)} }
state: { dir: "${join(orders.folder, name)}" }
http: { port: 0 }
`,
  )
  return file
}

async function expectOutputs(orders: Orders, name: string, wanted: readonly number[]) {
  const records = await waitFor(orders, orders.topic(name), wanted.length)
  const found = records.map(({ key, value }) => [String(key), JSON.parse(String(value))])
  const expected = wanted.map((i) => [
    orderId(i),
    { order_id: orderId(i), ...customerOf(i), name: nameOf(i), amount: i },
  ])
  const sorted = (rows: unknown[][]): unknown[][] =>
    rows.sort(([a], [b]) => String(a).localeCompare(String(b)))
  assert.deepEqual(sorted(found), sorted(expected))
}

test('keys in Protobuf meet each other, and by way of an internal topic text; rows are found by them', async () => {
  const orders = await Orders.create({ dimensions: false })
  const registry = await startRegistry()
  try {
    await send(orders, registry)
    const all = Array.from({ length: COUNT }, (_, i) => i)
    const alike = `topic: ${orders.topic('payments')}, keyFormat: protobuf`
    const file = fileOf(orders, registry.url, 'alike', alike)
    const { stdout } = spawnSync(process.execPath, ['dist/main.js', 'check', file], {
      env: { ...process.env, ...orders.env() },
      encoding: 'utf8',
    })
    assert.match(stdout, /✓ look-up customer /)
    const first = orders.start({}, file)
    await expectOutputs(
      orders,
      'alike',
      all.filter((i) => i !== BAD),
    )
    const [reject] = await waitFor(orders, orders.topic('alike.rejects'), 1)
    const reason = reject.headers.find(([name]) => name === 'enricher.reason')
    assert.equal(String(reason?.[1]), 'bad_key')
    assert.equal(await first.stop(), 0)

    const carried = `topic: ${orders.topic('products')}, repartition: facts`
    const second = orders.start({}, fileOf(orders, registry.url, 'carried', carried))
    // A key that is not read is of no matter.
    await expectOutputs(orders, 'carried', all)
    assert.equal(await second.stop(), 0)
  } finally {
    await registry.stop()
    await orders.close()
  }
})
