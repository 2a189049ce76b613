/** Conditions and derived fields on a real broker, with a join and without: every output against a model in JavaScript. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import * as data from '../../examples/orders/data.ts'
import { AvroJson } from '../../src/codec/avro/json-encoding.ts'
import { loadPipeline } from '../../src/config/load.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'
import { httpPort, scrape } from '../support/scrape.ts'
import { readAll } from '../support/topics.ts'
import { FILE, Orders, type ServiceProcess } from './orders.ts'

const COUNT = 20_000
const PART = COUNT / 20
const FRAME = 5

type Fields = Readonly<Record<string, unknown>>

/** The orders example with expressions. @returns the file */
function pipelineFile(folder: string, joins: boolean): string {
  const facts = `  where: quantity > 1 && channel != "store"
  fields:
    total: quantity * price
    share: 100 / (quantity - 3)
    buyer: string(customer_id)
`
  const text = readFileSync(FILE, 'utf8')
    .replaceAll('schema: ./', `schema: ${resolve(dirname(FILE))}/`)
    .replace('\ndimensions:\n', `\n${facts}dimensions:\n`)
    .replace('  rejects: ', '  where: total < 1000.0 || customer_name == null\n  rejects: ')
    .replace('on: customer_id', 'where: country != "DE"\n    on: buyer')
    .replace('select: [method, amount, paid_at]', 'select: [method, cents]')
    .replace(
      '  on: order_id\n',
      '  on: order_id\n  where: method != "cash"\n  fields: { cents: "int(math.round(amount * 100))" }\n',
    )
  const file = join(folder, 'pipeline.yaml')
  writeFileSync(file, joins ? text : text.replace(/^join:\n(?: .*\n)+/m, ''))
  return file
}

const isTaken = ({ quantity, channel }: { quantity: number; channel: string }): boolean =>
  quantity > 1 && channel !== 'store'

/** What comes of order `i`; null: it is dropped; `reject`. */
function expected(i: number, at: number, joins: boolean): Fields | null | 'reject' {
  const order = data.order(i, at)
  if (!isTaken(order)) return null
  if (order.quantity === 3) return 'reject'
  const payment = data.payment(i, at)
  if (joins && (!data.isPaid(i) || payment.method === 'cash')) return null
  const row = order.customer_id > data.CUSTOMERS ? null : data.customer(order.customer_id)
  const known = row !== null && row.country !== 'DE'
  if (known && order.quantity * order.price >= 1000) return null
  return {
    order_id: order.order_id,
    total: order.quantity * order.price,
    share: Math.trunc(100 / (order.quantity - 3)),
    buyer: String(order.customer_id),
    customer_name: known ? row.name : null,
    ...(joins ? { method: payment.method, cents: Math.round(payment.amount * 100) } : {}),
  }
}

async function outputs(orders: Orders, file: string): Promise<Map<string, Fields[]>> {
  const pipeline = loadPipeline(file, orders.env())
  const { outputSchema } = createPipelineCodec(pipeline, await readSchemas(pipeline, null), null)
  const json = new AvroJson(JSON.parse(outputSchema))
  const found = new Map<string, Fields[]>()
  const there = await orders.broker.admin.describeTopics([orders.topic('enriched')])
  if (!there.has(orders.topic('enriched'))) return found
  await readAll(orders.broker, orders.topic('enriched'), ({ key, value }) => {
    const of = String(key)
    found.set(of, [...(found.get(of) ?? []), json.decode(value!.subarray(FRAME))])
  })
  return found
}

async function expectAll(orders: Orders, file: string, joins: boolean): Promise<void> {
  const all = Array.from({ length: COUNT }, (_, i) => expected(i, orders.orderedAt(i), joins))
  const wanted = all.filter((one): one is Fields => one !== null && one !== 'reject')
  assert.ok(wanted.length > COUNT / 10)
  let found = await outputs(orders, file)
  for (let tries = 0; found.size < wanted.length && tries < 200; tries++) {
    await sleep(300)
    found = await outputs(orders, file)
  }
  assert.equal(found.size, wanted.length)
  for (const fields of wanted) {
    const [record, ...others] = found.get(String(fields.order_id)) ?? []
    assert.equal(others.length, 0, `${fields.order_id} comes out once`)
    const same = Object.fromEntries(Object.keys(fields).map((name) => [name, record[name]]))
    assert.deepEqual(same, fields)
  }
  await expectRejects(orders, all.filter((one) => one === 'reject').length)
}

async function expectRejects(orders: Orders, count: number): Promise<void> {
  const rejects: [string, string][] = []
  await readAll(orders.broker, orders.topic('rejects'), ({ headers }) => {
    const header = (name: string): string =>
      String(headers.find(([key]) => key === `enricher.${name}`)?.[1])
    rejects.push([header('reason'), header('error')])
  })
  assert.equal(rejects.length, count)
  for (const [reason, error] of rejects) {
    assert.equal(reason, 'expression_failed')
    const at = 'at column 1 of: 100 / (quantity - 3)'
    assert.equal(error, `facts.fields.share: a whole number is divided by zero, ${at}`)
  }
}

/** What was dropped is counted, by topic, and shown. */
async function expectCounts(orders: Orders, service: ServiceProcess): Promise<void> {
  const dropped = Array.from({ length: COUNT }, (_, i) => data.order(i, 0)).filter(
    (order) => !isTaken(order),
  )
  const samples = await scrape(service)
  const topic = orders.topic('orders')
  assert.deepEqual(samples('records_filtered_total', { topic }), [dropped.length])
  assert.deepEqual(samples('records_filtered_total', { topic: orders.topic('products') }), [])
  const status = await fetch(`http://127.0.0.1:${await httpPort(service)}/v1/status`)
  const { counts } = (await status.json()) as { counts: { filtered: number } }
  // Of inputs, and of completed records.
  const stages = samples('records_dropped_total', { reason: 'filtered' })
  const all = stages.reduce((sum, one) => sum + one, 0)
  assert.equal(counts.filtered, all)
  assert.ok(all > dropped.length, 'rows of the dimension are counted as well')
}

for (const joins of [false, true]) {
  test(`conditions and derived fields, ${joins ? 'with' : 'without'} a join, and over a kill -9`, async () => {
    const orders = await Orders.create()
    try {
      const file = pipelineFile(orders.folder, joins)
      const first = orders.start({ ENRICHER_KILL_AFTER: '2:3', INSTANCE_ID: 'a' }, file)
      await first.logged('Task running')
      let sent = 0
      for (; first.alive && sent < COUNT; sent += PART) {
        await orders.send(sent, sent + PART)
        await sleep(200)
      }
      assert.equal(await first.ended, 'SIGKILL')
      const second = orders.start({ INSTANCE_ID: 'a' }, file)
      if (sent < COUNT) await orders.send(sent, COUNT)
      await orders.sendRest(COUNT)
      await expectAll(orders, file, joins)
      await second.stop()
    } finally {
      await orders.close()
    }
  })
}

test('what a condition does not take is counted by topic, and on the page', async () => {
  const orders = await Orders.create()
  try {
    const file = pipelineFile(orders.folder, false)
    await orders.send(0, COUNT)
    const service = orders.start({}, file)
    await expectAll(orders, file, false)
    await expectCounts(orders, service)
    await service.stop()
  } finally {
    await orders.close()
  }
})
