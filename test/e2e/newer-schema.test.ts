import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import avsc from 'avsc'
import * as data from '../../examples/orders/data.ts'
import { type RunningRegistry, startRegistry } from '../support/registry.ts'
import type { ReadRecord } from '../support/topics.ts'
import { Orders } from './orders.ts'
import { read, waitFor, withRegistry } from './registered.ts'
import { AT, order, outputVersions, Writers } from './schema-writers.ts'

const NOT_READ = '"event":"newer_schema_not_read"'
/** What `plan` and `check` say of the output by the newer schemas. */
const LATER =
  /after a reset +a new version of \S+enriched-value would be registered, compatible with the latest \(NONE\): note is new/

let registry: RunningRegistry
before(async () => {
  registry = await startRegistry()
})
after(() => registry.stop())

/** Every order once, whole, and all in the one schema that the output has. */
async function checkOutputs(orders: Orders, records: ReadRecord[], count: number): Promise<void> {
  assert.deepEqual(await outputVersions(orders, registry), [1])
  const subject = `${orders.topic('enriched')}-value`
  const answer = await fetch(`${registry.url}/subjects/${subject}/versions/1`)
  const { id, schema } = (await answer.json()) as { id: number; schema: string }
  const type = avsc.Type.forSchema(JSON.parse(schema))
  const seen = new Set<number>()
  for (const { key, value } of records) {
    assert.equal(value!.readInt32BE(1), id)
    const i = data.indexOf(String(key))
    seen.add(i)
    const got = JSON.parse(JSON.stringify(type.fromBuffer(value!.subarray(5))))
    const { method, amount, paid_at } = data.payment(i, AT + i)
    const { name: customer_name, segment, country } = data.customer(7)
    const { title, category, brand } = data.product(9)
    const expected = {
      ...order(i),
      ...{ customer_name, segment, country },
      ...{ title, category, brand },
      ...{ method, amount, paid_at },
    }
    assert.deepEqual(got, JSON.parse(JSON.stringify(expected)))
  }
  assert.deepEqual([records.length, seen.size], [count, count])
}

test('a window is gone on with in the schemas that it was stored with, after newer ones are registered', async () => {
  const orders = await Orders.create({ dimensions: false })
  try {
    const enriched = orders.topic('enriched')
    const file = withRegistry(orders, registry.url)
    const command = (name: string) =>
      spawnSync(process.execPath, ['dist/main.js', name, file], {
        env: { ...process.env, ...orders.env() },
        encoding: 'utf8',
      })
    const writers = new Writers(orders, registry)
    await writers.registerAll()
    await writers.rows()
    const first = orders.start({}, file)
    await writers.pairs([0, 100], [0, 40])
    await waitFor(orders, enriched, 40)
    await orders.expectTaken()
    assert.equal(await first.stop(), 0)
    const oldId = writers.ids.get('order')

    await writers.registerNewer()
    const plan = command('plan')
    assert.equal(plan.status, 0, plan.stdout + plan.stderr)
    const kept = new RegExp(
      `= input schema .*orders has a newer schema \\(id ${writers.ids.get('order')}\\) and is read with ${oldId},.*reset`,
    )
    assert.match(plan.stdout, kept)
    assert.match(plan.stdout, /= window /)
    assert.match(plan.stdout, LATER)
    const { stdout } = command('check')
    assert.match(stdout, /! schemas .*orders has a newer schema.*new fields/)
    assert.match(stdout, LATER)
    assert.match(command('reset').stdout, /compatible with the latest \(NONE\): note is new/)
    assert.match(command('validate').stdout, /note +string/)

    // One of the two has no state folder, and restores what it gets from the changelog.
    const second = orders.start({}, file)
    const third = orders.start({ STATE_DIR: join(orders.folder, 'other') }, file)
    await Promise.all([second.logged('Task running'), third.logged('Task running')])
    for (const { log } of [second, third]) {
      const lines = log.split('\n').filter((line) => line.includes(NOT_READ))
      const topics = lines.map((line) => JSON.parse(line).topic)
      assert.deepEqual(topics.sort(), [orders.topic('orders'), orders.topic('products')])
      assert.ok(lines.every((line) => JSON.parse(line).fault === null))
    }
    await writers.pairs([100, 140], [40, 140])
    await checkOutputs(orders, await waitFor(orders, enriched, 140), 140)
    assert.equal((await read(orders, orders.topic('rejects'))).length, 0)
    assert.deepEqual(await Promise.all([second.stop(), third.stop()]), [0, 0])

    // A restart from the changelog alone, which has both now, takes the same.
    const fourth = orders.start({ STATE_DIR: join(orders.folder, 'third') }, file)
    await fourth.logged('Task running')
    assert.ok(fourth.log.includes(NOT_READ))
    assert.equal(await fourth.stop(), 0)

    writeFileSync(file, readFileSync(file, 'utf8').replace('customer_name: name', 'who: name'))
    const changed = orders.start({}, file)
    assert.equal(await changed.ended, 1)
    assert.match(changed.log, /STATE_LAYOUT_CHANGED/)
    assert.deepEqual(await outputVersions(orders, registry), [1])
    assert.match(command('plan').stdout, /✗ window .*STATE_LAYOUT_CHANGED/)
    assert.match(command('check').stdout, /✗ window .*STATE_LAYOUT_CHANGED/)
  } finally {
    await orders.close()
  }
})

test('an instance that starts after a newer schema agrees with one that runs and has stored nothing yet', async () => {
  const orders = await Orders.create({ dimensions: false })
  try {
    const file = withRegistry(orders, registry.url)
    const writers = new Writers(orders, registry)
    await writers.registerAll()
    const first = orders.start({}, file)
    await first.logged('Task running')
    await writers.registerNewer()
    await writers.rows()
    const second = orders.start({ STATE_DIR: join(orders.folder, 'other') }, file)
    await second.logged('Task running')
    assert.ok(second.log.includes(NOT_READ))
    await writers.pairs([0, 40], [0, 40])
    await checkOutputs(orders, await waitFor(orders, orders.topic('enriched'), 40), 40)
    assert.deepEqual(await Promise.all([first.stop(), second.stop()]), [0, 0])

    // Nothing is lost by the move of every task to a third, which finds epochs now.
    const third = orders.start({ STATE_DIR: join(orders.folder, 'third') }, file)
    await third.logged('Task running')
    assert.ok(third.log.includes(NOT_READ))
    assert.equal(await third.stop(), 0)
  } finally {
    await orders.close()
  }
})

test('a pipeline may be changed as long as nothing is stored', async () => {
  const orders = await Orders.create({ dimensions: false })
  try {
    const file = withRegistry(orders, registry.url)
    const writers = new Writers(orders, registry)
    await writers.registerAll()
    const first = orders.start({}, file)
    await first.logged('Task running')
    assert.equal(await first.stop(), 0)
    writeFileSync(file, readFileSync(file, 'utf8').replace('customer_name: name', 'who: name'))
    const second = orders.start({}, file)
    await second.logged('Task running')
    assert.equal(await second.stop(), 0)
  } finally {
    await orders.close()
  }
})
