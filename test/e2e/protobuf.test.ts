/** Facts in Protobuf through a registry, a dimension in Avro, outputs in Avro and JSON, on a real broker. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import avsc from 'avsc'
import protobuf from 'protobufjs'
import * as data from '../../examples/orders/data.ts'
import { decoded, typeOfProto } from '../codec/protobuf/output-model.ts'
import { type RunningRegistry, registerProtobuf, startRegistry } from '../support/registry.ts'
import { Orders } from './orders.ts'
import { frame, schemaOf, under, waitFor } from './registered.ts'

const AT = 1_735_689_600_000
const COUNT = 3000
const ITEM = 'syntax = "proto3"; package shop; message Item { string sku = 1; int32 count = 2; }'
const ORDER = `syntax = "proto3"; package shop; import "item.proto";
  import "google/protobuf/timestamp.proto";
  message Cancelled { string order_id = 1; }
  message Order { string order_id = 1; int64 customer_id = 2; google.protobuf.Timestamp at = 3; repeated Item items = 4; optional double price = 5; Kind kind = 9; }
  enum Kind { NONE = 0; NEW = 3; }`
const EARLIER = ORDER.replace('int64 customer_id', 'int32 customer_id').replace(
  'optional double price = 5;',
  '',
)

/** 4 is of no name. */
const KINDS: Readonly<Record<number, string>> = { 0: 'NONE', 3: 'NEW', 4: '4' }
const kindOf = (i: number): number => [0, 3, 4][i % 3]

type Fields = Record<string, unknown>

let registry: RunningRegistry
before(async () => {
  registry = await startRegistry()
})
after(() => registry.stop())

const register = (subject: string, schema: string, references: object[] = []): Promise<number> =>
  registerProtobuf(registry.url, subject, schema, references)

interface Registered {
  readonly id: number
  readonly schema: string
}

async function latestOf(topic: string): Promise<Registered> {
  const response = await fetch(`${registry.url}/subjects/${topic}-value/versions/latest`)
  return (await response.json()) as Registered
}

/** An output's values as protobufjs reads them by what is registered, of which each has the id. */
async function messagesIn(orders: Orders, name: string, count: number): Promise<Fields[]> {
  const records = await waitFor(orders, orders.topic(name), count)
  assert.equal(records.length, count)
  const { id, schema } = await latestOf(orders.topic(name))
  const type = typeOfProto(schema)
  return records.map(({ value }) => {
    assert.deepEqual(value!.subarray(0, 6), Buffer.concat([frame(id, Buffer.of(0))]))
    return decoded(type, value!.subarray(6))
  })
}

/** The same facts through pipelines with one output, whose messages are made once of each part. */
async function outputsAlone(orders: Orders, file: string): Promise<void> {
  const whole = readFileSync(file, 'utf8')
    .replace(
      /^outputs:\n(?: .*\n)+/m,
      `output: { topic: ${orders.topic('whole')}, format: protobuf }\n`,
    )
    .replace(`name: ${orders.tag}`, `name: ${orders.tag}-whole`)
  const own = join(orders.folder, 'whole.yaml')
  writeFileSync(own, whole)
  const first = orders.start({}, own)
  const messages = await messagesIn(orders, 'whole', COUNT)
  for (const { order_id, customer_id, items, price, kind, customer_name } of messages) {
    const i = data.indexOf(String(order_id))
    assert.deepEqual(
      [customer_id, customer_name],
      [String((i % 50) + 1), data.customer((i % 50) + 1).name],
    )
    assert.equal(price, i % 2 === 0 ? undefined : i / 4)
    assert.equal((items as unknown[]).length, i % 3)
    // A 0 need not be in the bytes.
    assert.equal(kind ?? 'NONE', ['NONE', 'NEW', 4][i % 3])
  }
  assert.equal(await first.stop(), 0)
  // Without a field, and with a new one before the others: what there was keeps its number.
  const select = 'select: { sum: price, order_id: order_id, at: at }'
  writeFileSync(own, whole.replace('type: Order,', `type: Order, ${select},`))
  const second = orders.start({}, own)
  await second.logged('Task running')
  const { schema } = await latestOf(orders.topic('whole'))
  const { fields, reserved } = typeOfProto(schema)
  assert.deepEqual(
    Object.values(fields).map(({ name, id }) => [name, id]),
    [
      ['sum', 8],
      ['order_id', 1],
      ['at', 3],
      ['customer_name', 7],
    ],
  )
  assert.deepEqual(reserved, [
    [2, 2],
    [4, 4],
    [5, 5],
    [6, 6],
    ...['customer_id', 'items', 'kind', 'price'],
  ])
  assert.equal(await second.stop(), 0)
}

/** Behind the frame: the second message of the file. */
const SECOND = Buffer.from([2, 2])

test('each fact in Protobuf comes out once, completed, in Avro and in JSON; what is no message is rejected', async () => {
  const orders = await Orders.create({ dimensions: false })
  try {
    const { producer } = orders
    const topic = orders.topic('orders')
    await register('item', ITEM)
    const references = [{ name: 'item.proto', subject: 'item', version: 1 }]
    const ids = [
      await register(`${topic}-value`, EARLIER, references),
      await register(`${topic}-value`, ORDER, references),
    ]
    const root = new protobuf.Root()
    root.addJSON(protobuf.common.get('google/protobuf/timestamp.proto')!.nested!)
    protobuf.parse(ITEM, root, { keepCase: true })
    const type = protobuf.parse(ORDER, root, { keepCase: true }).root.lookupType('shop.Order')
    const customerId = await registry.register(
      `${orders.topic('customers')}-value`,
      schemaOf('customer'),
    )
    for (let id = 1; id <= 50; id++) {
      const value = under(customerId, data.encode('customer', data.customer(id)))
      producer.put(orders.topic('customers'), id % 4, AT, Buffer.from(String(id)), value)
    }
    for (let i = 0; i < COUNT; i++) {
      const order = {
        order_id: data.orderId(i),
        customer_id: (i % 50) + 1,
        at: { seconds: AT / 1000 + i, nanos: 5000 },
        items: Array.from({ length: i % 3 }, (_, n) => ({ sku: `s${n}`, count: n })),
        ...(i % 2 === 0 ? {} : { price: i / 4 }),
        kind: kindOf(i),
      }
      const body = Buffer.concat([SECOND, type.encode(type.create(order)).finish()])
      producer.put(topic, i % 4, AT + i, Buffer.from(data.orderId(i)), frame(ids[i % 2], body))
    }
    const bad: readonly (readonly [number, number[]])[] = [
      [ids[1], [2, 2, 10, 9]],
      [ids[1], [2, 2, ...[34, 2, 10, 9]]],
      [987_654, [2, 2]],
      [ids[1], [2, 0, 10, 0]],
    ]
    for (const [id, body] of bad) {
      producer.put(topic, 0, AT, Buffer.from('bad'), frame(id, Buffer.from(body)))
    }
    await producer.flush()

    const file = join(orders.folder, 'pipeline.yaml')
    writeFileSync(
      file,
      `name: ${orders.tag}
kafka: { brokers: "\${KAFKA_BROKERS}" }
registry: { url: "${registry.url}" }
facts: { topic: ${topic}, format: protobuf, type: Order, time: at, startAt: earliest }
dimensions:
  customer: { topic: ${orders.topic('customers')}, on: customer_id, select: { customer_name: name } }
outputs:
  all: { topic: ${orders.topic('enriched')}, rejects: ${orders.topic('rejects')} }
  proto: { topic: ${orders.topic('proto')}, format: protobuf, where: price != null, select: [order_id, at, price] }
  json: { topic: ${orders.topic('json')}, format: json, where: price != null, select: [order_id, at, price, customer_name] }
state: { dir: "${join(orders.folder, 'state')}" }
http: { port: 0 }
`,
    )
    const service = orders.start({}, file)
    await service.logged('Task running')
    const enriched = await waitFor(orders, orders.topic('enriched'), COUNT)
    const latest = await fetch(
      `${registry.url}/subjects/${orders.topic('enriched')}-value/versions/latest`,
    )
    const { schema } = (await latest.json()) as { schema: string }
    const avro = avsc.Type.forSchema(JSON.parse(schema), { wrapUnions: false })
    const seen = new Set<number>()
    for (const { key, value } of enriched) {
      const i = data.indexOf(String(key))
      seen.add(i)
      const got = JSON.parse(JSON.stringify(avro.fromBuffer(value!.subarray(5))))
      assert.deepEqual(got, {
        order_id: data.orderId(i),
        customer_id: (i % 50) + 1,
        at: (AT + 1000 * i) * 1000 + 5,
        items: Array.from({ length: i % 3 }, (_, n) => ({ sku: `s${n}`, count: n })),
        price: i % 2 === 0 ? null : i / 4,
        kind: KINDS[kindOf(i)],
        customer_name: data.customer((i % 50) + 1).name,
      })
    }
    assert.deepEqual([enriched.length, seen.size], [COUNT, COUNT])
    const json = await waitFor(orders, orders.topic('json'), COUNT / 2)
    assert.equal(json.length, COUNT / 2)
    for (const { key, value } of json) {
      const i = data.indexOf(String(key))
      assert.deepEqual(JSON.parse(String(value)), {
        order_id: data.orderId(i),
        at: new Date(AT + 1000 * i).toISOString().replace('Z', '005Z'),
        price: i / 4,
        customer_name: data.customer((i % 50) + 1).name,
      })
    }
    const rejects = await waitFor(orders, orders.topic('rejects'), 3)
    const reasons = rejects.map(({ headers }) =>
      String(headers.find(([name]) => name === 'enricher.reason')?.[1]),
    )
    // A message of another type is passed over.
    assert.deepEqual(reasons.sort(), ['malformed', 'malformed', 'unknown_schema'])
    const messages = await messagesIn(orders, 'proto', COUNT / 2)
    for (const { order_id, ...others } of messages) {
      const i = data.indexOf(String(order_id))
      assert.deepEqual(others, {
        at: { seconds: String(AT / 1000 + i), nanos: 5000 },
        price: i / 4,
      })
    }
    assert.equal(await service.stop(), 0)
    await outputsAlone(orders, file)
  } finally {
    await orders.close()
  }
})
