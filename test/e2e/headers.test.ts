import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import * as data from '../../examples/orders/data.ts'
import type { RecordBytes } from '../../src/batch.ts'
import { scrape } from '../support/scrape.ts'
import { type ReadRecord, readAll } from '../support/topics.ts'
import { Orders, type ServiceProcess } from './orders.ts'

type Headers = RecordBytes['headers']

const traced: Headers = [
  ['traceparent', Buffer.from('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01')],
  ['tracestate', Buffer.from('congo=t61rcWkgMzE,rojo=00f067aa0ba902b7')],
  ['twice', Buffer.from('one')],
  ['twice', Buffer.from('two')],
  ['none', null],
  ['bytes', Buffer.from([0, 255, 128])],
]
const ofPayment: Headers = [['traceparent', Buffer.from('00-another')]]

async function outputsOf(orders: Orders, count: number): Promise<ReadRecord[]> {
  const records: ReadRecord[] = []
  for (let tries = 0; records.length < count && tries < 100; tries++) {
    await sleep(200)
    records.length = 0
    await readAll(orders.broker, orders.topic('enriched'), (record) => records.push(record))
  }
  return records
}

async function taken(service: ServiceProcess, topic: string, count: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const [records] = (await scrape(service))('records_consumed_total', { topic })
    if (records === count) return
    await sleep(200)
  }
  assert.fail(`The records were not taken:\n${service.log}`)
}

test('a trace goes on in the output: a fact’s headers come out as they were, also after a restore, matched or not', async () => {
  const orders = await Orders.create({ dimensions: false })
  try {
    const paid = [0, 1, 2, 3, 4, 5, 6, 7].filter(data.isPaid)
    const alone = Array.from({ length: 1000 }, (_, i) => i).find((i) => !data.isPaid(i))!
    const headersOf = (i: number): Headers => (i === paid[0] || i === alone ? traced : [])
    const put = (topic: string, i: number, value: Buffer, headers: Headers): void => {
      const key = Buffer.from(data.orderId(i))
      orders.producer.put(orders.topic(topic), i % 4, orders.orderedAt(i), key, value, headers)
    }
    for (const i of [...paid, alone]) {
      put('orders', i, data.encode('order', data.order(i, orders.orderedAt(i))), headersOf(i))
    }
    await orders.producer.flush()
    const first = orders.start({ JOIN_KIND: 'left', JOIN_IDLE: '1h' })
    await taken(first, orders.topic('orders'), paid.length + 1)
    assert.equal(await first.stop(), 0, first.log)
    rmSync(join(orders.folder, 'state'), { recursive: true })

    for (const i of paid) {
      put('payments', i, data.encode('payment', data.payment(i, orders.orderedAt(i))), ofPayment)
    }
    await orders.producer.flush()
    const second = orders.start({ JOIN_KIND: 'left', JOIN_IDLE: '2s' })
    const records = await outputsOf(orders, paid.length + 1)
    const came = records.map(({ key, headers }) => [String(key), headers])
    const wanted = [...paid, alone].map((i) => [data.orderId(i), headersOf(i)])
    assert.deepEqual(came.sort(), wanted.sort(), second.log)
  } finally {
    await orders.close()
  }
})
