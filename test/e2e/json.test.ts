/** Facts and payments in JSON, dimensions in Avro, outputs in both: each comes out once, and what is no JSON is rejected. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { test } from 'node:test'
import avsc from 'avsc'
import * as data from '../../examples/orders/data.ts'
import { loadPipeline } from '../../src/config/load.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'
import type { ReadRecord } from '../support/topics.ts'
import { FILE, Orders } from './orders.ts'
import { waitFor } from './registered.ts'

const COUNT = 20_000
/** One order in so many is cut off. */
const BAD_ONE_IN = 100
const PARTITIONS = 4
const PAID_AFTER = 1500

const outputs = (tag: string): string => `outputs:
  all: { topic: ${tag}.enriched, schemaId: 5, rejects: ${tag}.rejects }
  search: { topic: ${tag}.search, format: json, select: [order_id, price, customer_name, ordered_at, amount] }
`

/** The orders example with JSON in place of its streams. @returns the file */
function withJson(orders: Orders): string {
  const [before, after] = readFileSync(FILE, 'utf8')
    .replace(/^output:\n(?: .*\n)+/m, outputs(orders.tag))
    .replaceAll('schema: ./', `schema: ${resolve(dirname(FILE))}/`)
    .split(/^join:$/m)
  const asJson = (text: string): string => text.replace('format: avro', 'format: json')
  const file = join(orders.folder, 'pipeline.yaml')
  writeFileSync(file, `${asJson(before)}join:${asJson(after)}`)
  return file
}

/** Members in another order than the schema's, and a time as text. */
const orderText = (i: number, at: number): string => {
  const { order_id, ...others } = data.order(i, at)
  return JSON.stringify({ ...others, ordered_at: new Date(at).toISOString(), order_id, app: 'x' })
}

const isBad = (i: number): boolean => i % BAD_ONE_IN === 0

async function send(orders: Orders): Promise<void> {
  const { producer } = orders
  for (let i = 0; i < COUNT; i++) {
    const at = orders.orderedAt(i)
    const key = Buffer.from(data.orderId(i))
    const order = orderText(i, at)
    const value = Buffer.from(isBad(i) ? order.slice(0, -1) : order)
    producer.put(orders.topic('orders'), i % PARTITIONS, at, key, value)
    const payment = JSON.stringify(data.payment(i, at))
    const paidAt = at + PAID_AFTER
    producer.put(orders.topic('payments'), i % PARTITIONS, paidAt, key, Buffer.from(payment))
    if (i % 5000 === 4999) await producer.flush()
  }
  await producer.flush()
}

const idsOf = (rows: readonly { order_id: string }[]): number[] =>
  rows.map(({ order_id }) => data.indexOf(order_id)).sort((a, b) => a - b)

const textOf = ({ value }: ReadRecord): string => String(value)

test('JSON streams are joined and completed, and come out as Avro and as JSON, each once', async () => {
  const orders = await Orders.create()
  try {
    const file = withJson(orders)
    await send(orders)
    const good = Array.from({ length: COUNT }, (_, i) => i).filter((i) => !isBad(i))
    const service = orders.start({}, file)
    const searched = await waitFor(orders, orders.topic('search'), good.length)
    const rows = searched.map((record) => JSON.parse(textOf(record)))
    assert.deepEqual(idsOf(rows), good)
    for (const row of rows.slice(0, 500)) {
      const i = data.indexOf(row.order_id)
      const at = orders.orderedAt(i)
      const { price, customer_id } = data.order(i, at)
      const name = customer_id > data.CUSTOMERS ? null : data.customer(customer_id).name
      assert.deepEqual(row, {
        order_id: data.orderId(i),
        price,
        customer_name: name,
        ordered_at: new Date(at).toISOString(),
        amount: data.payment(i, at).amount,
      })
    }
    const pipeline = loadPipeline(file, orders.env())
    const { outputs: codecs } = createPipelineCodec(
      pipeline,
      await readSchemas(pipeline, null),
      null,
    )
    const type = avsc.Type.forSchema(JSON.parse(codecs[0].schema))
    const whole = await waitFor(orders, orders.topic('enriched'), good.length)
    assert.deepEqual(idsOf(whole.map(({ value }) => type.fromBuffer(value!.subarray(5)))), good)
    const rejects = await waitFor(orders, orders.topic('rejects'), COUNT / BAD_ONE_IN)
    assert.equal(rejects.length, COUNT / BAD_ONE_IN)
    for (const { headers } of rejects) {
      const header = (name: string): string =>
        String(headers.find(([one]) => one === `enricher.${name}`)?.[1])
      assert.equal(header('reason'), 'malformed')
      assert.match(header('error'), /the value ends where a comma or } is expected/)
    }
    assert.equal(await service.stop(), 0)
  } finally {
    await orders.close()
  }
})
