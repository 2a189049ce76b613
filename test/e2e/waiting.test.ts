/** Orders whose customers come later than they do, and a process that is killed while they wait. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import * as data from '../../examples/orders/data.ts'
import { scrape } from '../support/scrape.ts'
import { readAll } from '../support/topics.ts'
import { FILE, Orders, type ServiceProcess } from './orders.ts'

const COUNT = 4000
const TRIES = 300

/** An example whose customers are waited for. */
function pipelineFile({ folder }: Orders, example: string, missing: string): string {
  const text = readFileSync(example, 'utf8')
    .replace(/missing: \w+/, `missing: ${missing}`)
    .replaceAll(/schema: \.\.?\/.*schemas\//g, `schema: ${resolve('examples/orders/schemas')}/`)
  const file = join(folder, 'pipeline.yaml')
  writeFileSync(file, text)
  return file
}

async function withOrders(body: (orders: Orders) => Promise<void>): Promise<void> {
  const orders = await Orders.create({ dimensions: false })
  try {
    await body(orders)
  } finally {
    await orders.close()
  }
}

/** Of all orders, as far as there are any. */
async function putRows(orders: Orders): Promise<void> {
  const ids = { customers: new Set<number>(), products: new Set<number>() }
  for (let i = 0; i < COUNT; i++) {
    const { customer_id: customer, product_id: product } = data.order(i, orders.orderedAt(i))
    if (customer <= data.CUSTOMERS) ids.customers.add(customer)
    if (product <= data.PRODUCTS) ids.products.add(product)
  }
  const { producer } = orders
  const put = (topic: string, id: number, value: Buffer): void =>
    producer.put(orders.topic(topic), id % 4, Date.now(), Buffer.from(String(id)), value)
  // The products first: an order that has its customer does not wait.
  for (const id of ids.products) put('products', id, data.encode('product', data.product(id)))
  await producer.flush()
  await sleep(1000)
  for (const id of ids.customers) put('customers', id, data.encode('customer', data.customer(id)))
  await producer.flush()
}

async function untilWaiting(service: ServiceProcess, count: number): Promise<void> {
  for (let tries = 0; ; tries++) {
    const samples = await scrape(service)
    const [waiting] = samples('facts_waiting')
    if (waiting === count) return
    assert.ok(tries < TRIES, `${waiting} facts wait, and not ${count}`)
    await sleep(100)
  }
}

/** Starts the service, has all orders wait, kills it, and starts it again: they wait still. */
async function killedWhileWaiting(orders: Orders, file: string): Promise<void> {
  const env = { INSTANCE_ID: 'a' }
  const first = orders.start(env, file)
  await orders.send(0, COUNT)
  await untilWaiting(first, COUNT)
  // What waits is committed.
  await sleep(500)
  assert.equal(await first.kill(), 'SIGKILL')
  const second = orders.start(env, file)
  await untilWaiting(second, COUNT)
}

test('facts that wait outlive kill -9, and come out once: completed when their rows come, else rejected when the wait is over', () =>
  withOrders(async (orders) => {
    const missing = '{ wait: 15s, then: reject }'
    const file = pipelineFile(orders, 'examples/enrich/pipeline.yaml', missing)
    await killedWhileWaiting(orders, file)
    await putRows(orders)
    const isKnown = (i: number): boolean => data.order(i, 0).customer_id <= data.CUSTOMERS
    const all = Array.from({ length: COUNT }, (_, i) => i)
    const wanted = [all.filter(isKnown), all.filter((i) => !isKnown(i))]
    const topics = [orders.topic('enriched'), `${orders.topic('enriched')}.rejects`]
    for (const [t, topic] of topics.entries()) {
      const keys = wanted[t].map(data.orderId)
      for (let tries = 0; ; tries++) {
        const came: string[] = []
        await readAll(orders.broker, topic, ({ key }) => came.push(String(key)))
        if (came.length >= keys.length || tries === TRIES) {
          assert.deepEqual(came.sort(), keys.sort(), topic)
          break
        }
        await sleep(200)
      }
    }
  }))

test('facts of a join that wait outlive kill -9, and meet their payments, each once', () =>
  withOrders(async (orders) => {
    const file = pipelineFile(orders, FILE, '{ wait: 20s, then: null }')
    await killedWhileWaiting(orders, file)
    await putRows(orders)
    await orders.sendRest(COUNT)
    await orders.expect(COUNT, 'inner', 60)
  }))
