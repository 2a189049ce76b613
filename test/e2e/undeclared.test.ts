/** Facts and payments in JSON without a schema, dimensions in Avro: what comes out has the members as they came, once, also over a kill -9. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import * as data from '../../examples/orders/data.ts'
import { FILE, Orders } from './orders.ts'
import { waitFor } from './registered.ts'

const COUNT = 8000
/** One order in so many is no object, and another one has an object where its customer is named. */
const BAD_ONE_IN = 100
const PARTITIONS = 4
const PAID_AFTER = 1500

const outputs = (tag: string): string => `outputs:
  all: { topic: ${tag}.enriched, format: json, rejects: ${tag}.rejects }
  paid: { topic: ${tag}.paid, format: json, select: { sum: amount, who: customer_name } }
`

/** The orders example without schemas of its streams. @returns the file */
function withoutSchemas(orders: Orders): string {
  const [before, after] = readFileSync(FILE, 'utf8')
    .replace(/^output:\n(?: .*\n)+/m, outputs(orders.tag))
    .split(/^join:$/m)
  const bare = (text: string): string =>
    text.replace('format: avro', 'format: json').replace(/^ +schema: .*\n/m, '')
  const file = join(orders.folder, 'pipeline.yaml')
  const text = `${bare(before)}join:${bare(after)}`
  writeFileSync(file, text.replaceAll('schema: ./', `schema: ${resolve(dirname(FILE))}/`))
  return file
}

/** The members of an order: a number that no double holds, one with a zero at its end, escapes, and a name that a column has. */
function membersOf(i: number, at: number): string {
  const { order_id, customer_id, product_id } = data.order(i, at)
  return `"order_id" : "${order_id}", "lines":[{"n":${2n ** 70n + BigInt(i)},"x":1.50}],"customer_id":${customer_id},"product_id":"${product_id}","note":"\\u00e4\\/${i}"`
}

function orderText(i: number, at: number): string {
  const members = membersOf(i, at)
  if (i % BAD_ONE_IN === 0) return `[${i}]`
  if (i % BAD_ONE_IN === 1)
    return `{${members.replace(/"customer_id":\d+/, '"customer_id":{"id":1}')}}`
  return `{"title":"${i}",${members}}`
}

const isBad = (i: number): boolean => i % BAD_ONE_IN < 2

async function send(orders: Orders, from: number, to: number): Promise<void> {
  const { producer } = orders
  for (let i = from; i < to; i++) {
    const at = orders.orderedAt(i)
    const key = Buffer.from(data.orderId(i))
    const topics = [orders.topic('orders'), orders.topic('payments')]
    producer.put(topics[0], i % PARTITIONS, at, key, Buffer.from(orderText(i, at)))
    const { method, amount, ...payment } = data.payment(i, at)
    const value = Buffer.from(JSON.stringify({ amount, more: {}, ...payment, method: [method] }))
    producer.put(topics[1], i % PARTITIONS, at + PAID_AFTER, key, value)
  }
  await producer.flush()
}

function columnsOf(i: number, at: number): object {
  const { customer_id, product_id } = data.order(i, at)
  const isKnown = customer_id <= data.CUSTOMERS
  const { name = null, segment = null, country = null } = isKnown ? data.customer(customer_id) : {}
  const isSold = product_id <= data.PRODUCTS
  const { title = null, category = null, brand = null } = isSold ? data.product(product_id) : {}
  const { method, amount, paid_at } = data.payment(i, at)
  return {
    ...{ customer_name: name, segment, country, title, category, brand },
    ...{ method: [method], amount, paid_at },
  }
}

const textOf = ({ value }: { value: Buffer | null }): string => String(value)

test('members of which nothing is declared come out as they came, beside columns, each record once', async () => {
  const orders = await Orders.create()
  try {
    const file = withoutSchemas(orders)
    const first = orders.start({ ENRICHER_KILL_AFTER: '2:3', INSTANCE_ID: 'a' }, file)
    await first.logged('Task running')
    let sent = 0
    for (const part = COUNT / 20; first.alive && sent < COUNT; sent += part) {
      await send(orders, sent, sent + part)
      await sleep(100)
    }
    assert.equal(await first.ended, 'SIGKILL')
    const service = orders.start({ INSTANCE_ID: 'a' }, file)
    await send(orders, sent, sent + COUNT / 4)
    sent += COUNT / 4
    const good = Array.from({ length: sent }, (_, i) => i).filter((i) => !isBad(i))
    const texts = (await waitFor(orders, orders.topic('enriched'), good.length)).map(textOf)
    const byOrder = new Map(texts.map((text) => [data.indexOf(JSON.parse(text).order_id), text]))
    assert.deepEqual(
      [...byOrder.keys()].sort((a, b) => a - b),
      good,
    )
    assert.equal(texts.length, good.length)
    for (const i of good) {
      const [text, at] = [byOrder.get(i)!, orders.orderedAt(i)]
      const members = membersOf(i, at)
      assert.ok(text.startsWith(`{${members},`), text)
      assert.deepEqual(JSON.parse(`{${text.slice(members.length + 2)}`), columnsOf(i, at))
    }
    const paid = await waitFor(orders, orders.topic('paid'), good.length)
    assert.equal(paid.length, good.length)
    const rejects = await waitFor(orders, orders.topic('rejects'), sent - good.length)
    const reasons = rejects.map(({ headers }) =>
      ['reason', 'error'].map((name) =>
        String(headers.find(([one]) => one === `enricher.${name}`)?.[1]),
      ),
    )
    const of = (wanted: string): string[] =>
      reasons.filter(([reason]) => reason === wanted).map(([, error]) => error)
    assert.equal(of('malformed').length, (sent - good.length) / 2)
    assert.equal(of('incompatible_schema').length, (sent - good.length) / 2)
    for (const error of of('malformed')) assert.match(error, /; the pipeline reads a JSON object$/)
    for (const error of of('incompatible_schema'))
      assert.match(
        error,
        /^The field customer_id is \{"id":1\}; the pipeline reads a text, a whole/,
      )
    assert.equal(await service.stop(), 0)
  } finally {
    await orders.close()
  }
})
