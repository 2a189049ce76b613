/** A topic whose keys are JSON text beside one of plain text, and a dimension that is keyed in another serialization. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import * as data from '../../examples/orders/data.ts'
import { partitionOf } from '../../src/broker/partition-of.ts'
import { FILE, Orders } from './orders.ts'

const AT = Date.now()
const ROWS = 40

test('keys that are written in two ways are said by check, validate and the start', async () => {
  const orders = await Orders.create({ dimensions: false })
  try {
    const { producer } = orders
    const put = (topic: string, key: string, value: Buffer): void => {
      const bytes = Buffer.from(key)
      producer.put(orders.topic(topic), partitionOf(bytes, 4), AT, bytes, value)
    }
    for (let i = 1; i <= ROWS; i++) {
      const order = { ...data.order(i, AT), customer_id: i, product_id: i }
      put('orders', `"${data.orderId(i)}"`, data.encode('order', order))
      put('payments', data.orderId(i), data.encode('payment', data.payment(i, AT)))
      put('customers', `Struct{id=${i}}`, data.encode('customer', data.customer(i)))
      put('products', String(i), data.encode('product', data.product(i)))
    }
    await producer.flush()
    const text = readFileSync(FILE, 'utf8')
      .replaceAll('./schemas/', `${resolve('examples/orders/schemas')}/`)
      .replace('.orders\n', '.orders\n  keyFormat: json\n')
    const file = join(orders.folder, 'pipeline.yaml')
    writeFileSync(file, text)
    const run = (command: string) =>
      spawnSync(process.execPath, ['dist/main.js', command, file], {
        env: { ...process.env, ...orders.env() },
        encoding: 'utf8',
      })

    const validate = run('validate')
    assert.equal(validate.status, 0)
    assert.match(
      validate.stdout,
      /! the keys of \S+orders are of the format json, .* of the format text/,
    )
    const check = run('check')
    assert.equal(check.status, 1)
    assert.match(
      check.stdout,
      /✗ key hash .*they do not meet; its bytes differ, for keys are JSON text/,
    )
    assert.match(check.stdout, /✗ look-up customer .*0 of the last 40 facts find a row.*Struct/)
    assert.match(check.stdout, /✓ look-up product .*40 of the last 40 facts find a row/)

    const service = orders.start({}, file)
    await service.logged('key_bytes_differ')
    assert.match(
      service.log,
      /do not write their keys alike: the keys of \S+orders are of the format json/,
    )
    await service.kill()
  } finally {
    await orders.close()
  }
})
