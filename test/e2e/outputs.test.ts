/** Several outputs on a real broker: each gets every completed record once, also where an instance dies. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import avsc from 'avsc'
import { Partitioners } from 'kafkajs'
import * as data from '../../examples/orders/data.ts'
import { loadPipeline } from '../../src/config/load.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'
import { createTopic, type ReadRecord, readAll } from '../support/topics.ts'
import { FILE, Orders } from './orders.ts'

type Row = Record<string, unknown>

const COUNT = 40_000
const FRAME_BYTES = 5
const PARTITIONS = 3

const OUTPUTS = (tag: string): string => `outputs:
  all: { topic: ${tag}.enriched, schemaId: 5, rejects: ${tag}.rejects }
  by_customer: { topic: ${tag}.by-customer, schemaId: 6, key: customer_id, select: { order: order_id, who: customer_name } }
  titles: { topic: ${tag}.titles, format: json, select: [title] }
provenance: true
`

/** The orders example with several outputs. @returns the file */
function withOutputs(orders: Orders, keepsJoin: boolean): string {
  const text = readFileSync(FILE, 'utf8')
    .replace(keepsJoin ? /$^/ : /^join:\n(?: .*\n)+/m, '')
    .replace(/^output:\n(?: .*\n)+/m, OUTPUTS(orders.tag))
    .replaceAll('schema: ./', `schema: ${resolve(dirname(FILE))}/`)
  assert.match(text, /^outputs:/m)
  const file = join(orders.folder, 'pipeline.yaml')
  writeFileSync(file, text)
  return file
}

/** Reads a topic until it has so many records; a moment later there must not be more. */
async function readSome(orders: Orders, topic: string, count: number): Promise<ReadRecord[]> {
  for (let tries = 0; tries < 300; tries++) {
    const there = await orders.broker.admin.describeTopics([topic])
    const records: ReadRecord[] = []
    if (there.has(topic)) await readAll(orders.broker, topic, (record) => records.push(record))
    if (records.length >= count) return records
    await sleep(300)
  }
  throw new Error(`${topic} does not get ${count} records`)
}

const partitioner = Partitioners.DefaultPartitioner()
const partitionMetadata = Array.from({ length: PARTITIONS }, (_, partitionId) => ({
  partitionErrorCode: 0,
  partitionId,
  leader: 0,
  replicas: [],
  isr: [],
}))

for (const keepsJoin of [false, true]) {
  test(`${keepsJoin ? 'matches' : 'facts without a join'} go to three outputs, each in its form, exactly once over a kill -9`, async () => {
    const orders = await Orders.create()
    try {
      await createTopic(orders.broker, orders.topic('by-customer'), PARTITIONS)
      const file = withOutputs(orders, keepsJoin)
      const first = orders.start({ ENRICHER_KILL_AFTER: '2:3', INSTANCE_ID: 'a' }, file)
      await first.logged('Task running')
      let sent = 0
      for (const part = COUNT / 20; first.alive; sent += part) {
        await orders.send(sent, sent + part)
        await sleep(200)
      }
      assert.equal(await first.ended, 'SIGKILL')
      orders.start({ INSTANCE_ID: 'a' }, file)
      await orders.send(sent, sent + COUNT / 2)
      sent += COUNT / 2
      if (keepsJoin) await orders.sendRest(sent)

      const all = Array.from({ length: sent }, (_, i) => i)
      const wanted = all.filter((i) => !keepsJoin || data.isPaid(i))
      const pipeline = loadPipeline(file, orders.env())
      const { outputs } = createPipelineCodec(pipeline, await readSchemas(pipeline, null), null)
      const types = outputs.slice(0, 2).map(({ schema }) => avsc.Type.forSchema(JSON.parse(schema)))
      const decoded = async (topic: string, o: number) =>
        (await readSome(orders, orders.topic(topic), wanted.length)).map((record) => {
          assert.equal(record.value!.readInt32BE(1), 5 + o)
          return { ...record, value: types[o].fromBuffer(record.value!.subarray(FRAME_BYTES)) }
        })

      const whole = await decoded('enriched', 0)
      assert.deepEqual(
        whole.map(({ key }) => String(key)).sort(),
        wanted.map((i) => data.orderId(i)).sort(),
      )
      const orderAt = new Map<string, string>()
      await readAll(orders.broker, orders.topic('orders'), ({ partition, offset, key }) => {
        orderAt.set(`${orders.topic('orders')}-${partition}@${offset}`, String(key))
      })
      for (const { key, headers } of whole) {
        const of = new Map(headers.map(([name, text]) => [name, String(text)]))
        const [place, time] = of.get('enricher.facts')!.split(' ')
        assert.equal(orderAt.get(place), String(key))
        assert.ok(Date.parse(time) > 0)
        assert.equal(of.has('enricher.right'), keepsJoin)
      }
      const expected = new Map(
        wanted.map((i) => {
          return [data.orderId(i), data.enriched(i, orders.orderedAt(i), keepsJoin)]
        }),
      )
      const byCustomer = await decoded('by-customer', 1)
      assert.equal(byCustomer.length, wanted.length)
      for (const { key, partition, value } of byCustomer) {
        const { customer_id, customer_name } = expected.get(value.order) as Row
        expected.delete(value.order)
        assert.deepEqual([value.who, String(key)], [customer_name, String(customer_id)])
        const message = { key: String(key), value: null }
        assert.equal(partition, partitioner({ topic: '', message, partitionMetadata }))
      }
      assert.equal(expected.size, 0)
      const titles = await readSome(orders, orders.topic('titles'), wanted.length)
      const count = (list: readonly (string | null)[]): object =>
        list.reduce<Record<string, number>>((sum, title) => {
          sum[String(title)] = (sum[String(title)] ?? 0) + 1
          return sum
        }, {})
      assert.deepEqual(
        count(titles.map(({ value }) => JSON.parse(String(value)).title)),
        count(whole.map(({ value }) => value.title)),
      )
    } finally {
      await orders.close()
    }
  })
}
