/** `output.schema: evolve`: newer schemas of the inputs are taken by a restart, with the window that is there. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import avsc from 'avsc'
import * as data from '../../examples/orders/data.ts'
import { type RunningRegistry, startRegistry } from '../support/registry.ts'
import { Orders, type ServiceProcess } from './orders.ts'
import { read, schemaOf, waitFor, withRegistry } from './registered.ts'
import { AT, NEWER, order, outputVersions, Writers } from './schema-writers.ts'

const EARLIER = '"event":"window_of_earlier_schemas"'

let registry: RunningRegistry
before(async () => {
  registry = await startRegistry()
})
after(() => registry.stop())

/** The output's versions by the ids in its values' frames. */
async function outputTypes(orders: Orders): Promise<Map<number, avsc.Type>> {
  const types = new Map<number, avsc.Type>()
  for (const version of await outputVersions(orders, registry)) {
    const subject = `${orders.topic('enriched')}-value`
    const answer = await fetch(`${registry.url}/subjects/${subject}/versions/${version}`)
    const { id, schema } = (await answer.json()) as { id: number; schema: string }
    types.set(id, avsc.Type.forSchema(JSON.parse(schema)))
  }
  return types
}

interface Output {
  readonly i: number
  readonly id: number
  /** undefined: its schema has none. */
  readonly note: string | undefined
}

/** Of each order, which is once in the output, and whole. */
async function outputs(orders: Orders, count: number): Promise<Output[]> {
  const records = await waitFor(orders, orders.topic('enriched'), count)
  const types = await outputTypes(orders)
  const found = records.map(({ key, value }): Output => {
    const i = data.indexOf(String(key))
    const id = value!.readInt32BE(1)
    const got = JSON.parse(JSON.stringify(types.get(id)!.fromBuffer(value!.subarray(5))))
    const { note, ...others } = got
    const { method, amount, paid_at } = data.payment(i, AT + i)
    const { name: customer_name, segment, country } = data.customer(7)
    const { title, category, brand } = data.product(9)
    const row = { customer_name, segment, country, title, category, brand }
    const expected = { ...order(i), ...row, method, amount, paid_at }
    assert.deepEqual(others, JSON.parse(JSON.stringify(expected)))
    return { i, id, note }
  })
  assert.equal(records.length, count)
  assert.equal(new Set(found.map(({ i }) => i)).size, count)
  return found.sort((a, b) => a.i - b.i)
}

const between = (all: readonly Output[], from: number, to: number): Output[] =>
  all.filter(({ i }) => i >= from && i < to)

/** The pipeline of the orders with a registry, whose output evolves. */
function evolving(orders: Orders): string {
  const file = withRegistry(orders, registry.url)
  const text = readFileSync(file, 'utf8')
    .replace('kafka:\n', 'kafka:\n  sessionTimeout: 6s\n')
    .replace('output:\n', 'output:\n  schema: evolve\n')
  writeFileSync(file, text)
  return file
}

test('a rolling restart takes a new field over the window that is there, whoever dies in between', async () => {
  const orders = await Orders.create({ dimensions: false })
  try {
    const file = evolving(orders)
    const start = (folder: string): ServiceProcess =>
      orders.start({ STATE_DIR: join(orders.folder, folder) }, file)
    const plan = () =>
      spawnSync(process.execPath, ['dist/main.js', 'plan', file], {
        env: { ...process.env, ...orders.env() },
        encoding: 'utf8',
      }).stdout
    const writers = new Writers(orders, registry)
    await writers.registerAll()
    await writers.rows()
    let [one, two] = [start('one'), start('two')]
    await Promise.all([one.logged('"Task running"'), two.logged('"Task running"')])
    await writers.pairs([0, 100], [0, 20])
    await outputs(orders, 20)

    await writers.registerNewer()
    assert.match(plan(), /~ output schema .*compatible with the latest \(NONE\): note is new/)
    assert.match(plan(), /~ window .*records of earlier schemas, which come out with the defaults/)

    // The second is restarted: what the first has stored comes out with it, and the other way round.
    assert.equal(await two.stop(), 0)
    two = start('two')
    await two.logged('"Task running"')
    assert.ok(two.log.includes(EARLIER))
    await writers.pairs([100, 200], [20, 40])
    let all = await outputs(orders, 40)
    const [oldId, newId] = (await outputTypes(orders)).keys()
    const mixed = between(all, 20, 40)
    assert.deepEqual(new Set(mixed.map(({ id }) => id)), new Set([oldId, newId]))
    for (const { id, note } of mixed) assert.equal(note, id === newId ? '' : undefined)

    // It dies, and the first, which is not restarted yet, takes what it has stored.
    await two.kill()
    await writers.pairs([200, 200], [100, 140])
    all = await outputs(orders, 80)
    for (const { id, note } of between(all, 100, 140))
      assert.deepEqual([id, note], [oldId, undefined])
    assert.equal(one.log.includes('STATE_LAYOUT_CHANGED'), false)

    // One comes back with the store that it had, the other one without any.
    assert.equal(await one.stop(), 0)
    ;[one, two] = [start('lost'), start('two')]
    await Promise.all([one.logged('"Task running"'), two.logged('"Task running"')])
    await writers.pairs([200, 240], [140, 240])
    await writers.pairs([240, 240], [40, 100])
    all = await outputs(orders, 240)
    for (const { id, note } of between(all, 40, 100)) assert.deepEqual([id, note], [newId, ''])
    const later = between(all, 140, 240)
    assert.ok(later.every(({ id }) => id === newId))
    for (const { note } of between(all, 200, 240)) assert.equal(note, NEWER.note)
    assert.deepEqual(
      new Set(between(all, 140, 200).map(({ note }) => note)),
      new Set(['', NEWER.note]),
    )
    assert.equal((await read(orders, orders.topic('rejects'))).length, 0)
    assert.deepEqual(await Promise.all([one.stop(), two.stop()]), [0, 0])
    assert.match(plan(), /= window /)
  } finally {
    await orders.close()
  }
})

test('a newer schema that the window does not go together with ends the start, and pinned goes on without it', async () => {
  const orders = await Orders.create({ dimensions: false })
  try {
    const file = evolving(orders)
    const writers = new Writers(orders, registry)
    await writers.registerAll()
    await writers.rows()
    const first = orders.start({}, file)
    await writers.pairs([0, 40], [0, 20])
    await outputs(orders, 20)
    assert.equal(await first.stop(), 0)

    const payment = schemaOf('payment')
    const fields = payment.fields.map((f) => (f.name === 'method' ? { ...f, type: 'int' } : f))
    await writers.register('payment', { ...payment, fields })
    const refused = orders.start({}, file)
    assert.equal(await refused.ended, 1)
    assert.match(refused.log, /STATE_LAYOUT_CHANGED/)
    assert.match(refused.log, /method was .*, and is int/)
    for (const name of ['plan', 'check']) {
      const { stdout } = spawnSync(process.execPath, ['dist/main.js', name, file], {
        env: { ...process.env, ...orders.env() },
        encoding: 'utf8',
      })
      assert.match(stdout, /✗ window .*method was .*, and is int/)
    }
    assert.deepEqual(await outputVersions(orders, registry), [1])

    writeFileSync(file, readFileSync(file, 'utf8').replace('schema: evolve', 'schema: pinned'))
    await writers.register('payment', payment)
    const pinned = orders.start({}, file)
    await writers.pairs([40, 40], [20, 40])
    await outputs(orders, 40)
    assert.equal(await pinned.stop(), 0)
  } finally {
    await orders.close()
  }
})
