/** Joins by fields inside of records of Protobuf, JSON and Avro, keyed by them and carried, over a kill -9: as one reads them off the tables. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import avsc from 'avsc'
import protobuf from 'protobufjs'
import { partitionOf } from '../../src/broker/partition-of.ts'
import { createTopic } from '../support/topics.ts'
import { Orders } from './orders.ts'
import { frame, waitFor } from './registered.ts'

const AT = 1_735_689_600_000
const COUNT = 1200
const PARTITIONS = 4
const STATIONS = 7

const ORDER =
  'syntax = "proto3"; message Order { Meta meta = 1; } message Meta { string note = 1; Ids ids = 2; } message Ids { string order = 1; string station = 2; }'
const nested = (name: string, around: string, fields: readonly string[]) => ({
  ...{ type: 'record' as const, name },
  fields: [
    {
      name: around,
      type: [
        'null' as const,
        {
          ...{ type: 'record' as const, name: `${name}Inside` },
          fields: fields.map((field) => ({ name: field, type: 'string' as const })),
        },
      ],
    },
  ],
})
const SCHEMAS = {
  payment: nested('Payment', 'ref', ['payment', 'order']),
  refund: nested('Refund', 'of', ['payment', 'reason']),
  station: nested('Station', 'address', ['street', 'zone']),
  weather: nested('Weather', 'place', ['zone', 'sky']),
}

function fileOf(orders: Orders): string {
  writeFileSync(join(orders.folder, 'order.proto'), ORDER)
  for (const [name, schema] of Object.entries(SCHEMAS)) {
    writeFileSync(join(orders.folder, `${name}.avsc`), JSON.stringify(schema))
  }
  const file = join(orders.folder, 'pipeline.yaml')
  const joined = 'kind: left, within: 1h, grace: 10m, idle: 3s'
  writeFileSync(
    file,
    `name: ${orders.tag}
kafka: { brokers: "\${KAFKA_BROKERS}", sessionTimeout: 6s }
facts: { topic: ${orders.topic('orders')}, format: protobuf, schema: order.proto, type: Order, select: { note: meta.note } }
dimensions:
  station: { topic: ${orders.topic('products')}, schema: station.avsc, on: meta.ids.station, select: { located: address } }
joins:
  payment: { topic: ${orders.topic('payments')}, format: json, schema: payment.avsc, on: { left: meta.ids.order, right: ref.order }, repartition: right, ${joined}, select: { paid: ref } }
  refund: { topic: ${orders.topic('customers')}, schema: refund.avsc, on: { left: payment.ref.payment, right: of.payment }, repartition: facts, ${joined}, select: { reason: of.reason } }
  weather: { topic: ${orders.topic('weather')}, schema: weather.avsc, on: { left: station.address.zone, right: place.zone }, repartition: both, ${joined}, select: { sky: place.sky } }
output: { topic: ${orders.topic('out')}, format: json, rejects: ${orders.topic('rejects')}, select: { note: note, paid: paid.payment, reason: reason, sky: sky } }
state: { dir: "${join(orders.folder, 'state')}" }
http: { port: 0 }
`,
  )
  return file
}

const orderId = (i: number): string => `o${i}`
/** One order in so many has no records inside, and so nothing to be joined by. */
const isBare = (i: number): boolean => i % 100 === 7
const isPaid = (i: number): boolean => i % 3 > 0
const isRefunded = (i: number): boolean => isPaid(i) && i % 4 === 0
/** The last station is in no zone, and the one before is none. */
const station = (i: number): number => i % (STATIONS + 1)
const zoneOf = (s: number): string | null => (s >= STATIONS - 1 ? null : `z${s % 3}`)

async function send(orders: Orders): Promise<void> {
  const { producer } = orders
  const type = protobuf.parse(ORDER, { keepCase: true }).root.lookupType('Order')
  const put = (name: string, key: string, at: number, value: Buffer): void => {
    const partition = partitionOf(Buffer.from(key), PARTITIONS)
    producer.put(orders.topic(name), partition, at, Buffer.from(key), value)
  }
  const avro = (name: keyof typeof SCHEMAS, value: object): Buffer =>
    frame(1, avsc.Type.forSchema(SCHEMAS[name] as avsc.Schema).toBuffer(value))
  for (let s = 0; s < STATIONS; s++) {
    const zone = zoneOf(s)
    const address = zone === null ? null : { street: `street ${s}`, zone }
    put('products', `s${s}`, AT, avro('station', { address }))
  }
  await producer.flush()
  for (const z of [0, 1]) {
    put('weather', `any ${z}`, AT, avro('weather', { place: { zone: `z${z}`, sky: `sky ${z}` } }))
  }
  for (let i = 0; i < COUNT; i++) {
    const at = AT + i * 10
    const ids = isBare(i) ? {} : { ids: { order: orderId(i), station: `s${station(i)}` } }
    const value = type.encode(type.create({ meta: { note: orderId(i), ...ids } })).finish()
    put('orders', orderId(i), at, frame(1, Buffer.concat([Buffer.of(0), value])))
    if (!isPaid(i)) continue
    const ref = { payment: `p${i}`, order: orderId(i) }
    put('payments', `p${i}`, at, Buffer.from(JSON.stringify({ ref })))
    if (!isRefunded(i)) continue
    put('customers', `p${i}`, at, avro('refund', { of: { payment: `p${i}`, reason: `why ${i}` } }))
  }
  await producer.flush()
}

function expected(i: number): object {
  const zone = zoneOf(station(i))
  return {
    note: orderId(i),
    paid: isPaid(i) ? `p${i}` : null,
    reason: isRefunded(i) ? `why ${i}` : null,
    sky: zone === null || zone === 'z2' ? null : `sky ${zone.slice(1)}`,
  }
}

test('facts in Protobuf meet JSON and Avro by fields inside of records, in three stages, each once', async () => {
  const orders = await Orders.create({ dimensions: false })
  try {
    await createTopic(orders.broker, orders.topic('weather'), PARTITIONS)
    await orders.producer.connect([orders.topic('weather')])
    const file = fileOf(orders)
    await send(orders)
    const killed = orders.start({ ENRICHER_KILL_AFTER: '2:3' }, file)
    assert.equal(await killed.ended, 'SIGKILL')
    const service = orders.start({}, file)
    const all = Array.from({ length: COUNT }, (_, i) => i)
    const good = all.filter((i) => !isBare(i))
    await waitFor(orders, orders.topic('out'), good.length)
    await sleep(1000)
    const rows = (await waitFor(orders, orders.topic('out'), good.length)).map(({ value }) =>
      JSON.parse(String(value)),
    )
    const indexOf = ({ note }: { note: string }): number => Number(note.slice(1))
    assert.deepEqual(
      rows.sort((a, b) => indexOf(a) - indexOf(b)),
      good.map(expected),
    )
    const rejects = await waitFor(orders, orders.topic('rejects'), COUNT - good.length)
    const reasons = rejects.map(({ headers }) =>
      String(headers.find(([name]) => name === 'enricher.reason')?.[1]),
    )
    assert.deepEqual(reasons, Array(COUNT - good.length).fill('null_field'))
    assert.equal(await service.stop(), 0)
  } finally {
    await orders.close()
  }
})
