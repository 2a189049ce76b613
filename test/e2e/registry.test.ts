import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, request as httpRequest } from 'node:http'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import avsc from 'avsc'
import * as data from '../../examples/orders/data.ts'
import { freePort } from '../support/kafka.ts'
import { type RunningRegistry, startRegistry } from '../support/registry.ts'
import { Orders } from './orders.ts'
import { frame, read, schemaOf, under, waitFor, withRegistry } from './registered.ts'

const AT = 1_735_689_600_000
let registry: RunningRegistry
before(async () => {
  registry = await startRegistry()
})
after(() => registry.stop())

/** Forwards to the registry while it is up; refuses connections like a dead one while it is down. */
async function outage() {
  const port = await freePort()
  let down = false
  const server = createServer((incoming, outgoing) => {
    if (down) {
      incoming.socket.destroy()
      return
    }
    const to = httpRequest(
      `${new URL(registry.url).origin}${incoming.url}`,
      { method: incoming.method, headers: incoming.headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode!, answer.headers)
        answer.pipe(outgoing)
      },
    )
    incoming.pipe(to)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${port}${new URL(registry.url).pathname}`,
    set down(value: boolean) {
      down = value
    },
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

test('writer schemas are resolved by their ids, an outage is waited out, unknown ids are rejected', async () => {
  const orders = await Orders.create({ dimensions: false })
  const path = await outage()
  try {
    const { producer } = orders
    const [topicO, topicP] = [orders.topic('orders'), orders.topic('payments')]
    const idOf = async (name: string): Promise<number> =>
      registry.register(`${orders.topic(`${name}s`)}-value`, schemaOf(name))
    const [customerId, productId, paymentId] = [
      await idOf('customer'),
      await idOf('product'),
      await idOf('payment'),
    ]
    // An old writer's orders lack the channel, and their quantity is an int in another place.
    const newer = schemaOf('order')
    const channel = newer.fields.find(({ name }) => name === 'channel')!
    channel.default = 'unknown'
    const older = {
      ...newer,
      fields: newer.fields.filter((field) => field !== channel).reverse(),
    }
    const olderId = await registry.register(`${topicO}-value`, older)
    const newerId = await registry.register(`${topicO}-value`, newer)
    const olderType = avsc.Type.forSchema(older as avsc.Schema)

    const put = (topic: string, i: number, at: number, value: Buffer): void =>
      producer.put(topic, i % 4, at, Buffer.from(data.orderId(i)), value)
    for (let id = 1; id <= 50; id++) {
      const key = Buffer.from(String(id))
      const c = under(customerId, data.encode('customer', data.customer(id)))
      const p = under(productId, data.encode('product', data.product(id)))
      producer.put(orders.topic('customers'), id % 4, AT, key, c)
      producer.put(orders.topic('products'), id % 4, AT, key, p)
    }
    const order = (i: number) => ({ ...data.order(i, AT + i), customer_id: 7, product_id: 9 })
    const send = async (from: number, to: number): Promise<void> => {
      for (let i = from; i < to; i++) {
        const { channel: _, ...old } = order(i)
        const isOld = i % 2 === 0
        const value = isOld
          ? frame(olderId, olderType.toBuffer(old))
          : under(newerId, data.encode('order', order(i)))
        put(topicO, i, AT + i, value)
        const payment = data.encode('payment', data.payment(i, AT + i))
        put(topicP, i, AT + i, under(paymentId, payment))
      }
      await producer.flush()
    }
    await send(0, 100)
    put(topicO, 1000, AT, under(987_654, data.encode('order', order(1000))))
    put(topicO, 1001, AT, frame(customerId, Buffer.from([2, 2, 2])))
    await producer.flush()

    const service = orders.start({}, withRegistry(orders, path.url))
    const enriched = await waitFor(orders, orders.topic('enriched'), 100)
    const rejects = await waitFor(orders, orders.topic('rejects'), 2)
    const reasons = rejects.map(({ headers }) =>
      String(headers.find(([name]) => name === 'enricher.reason')?.[1]),
    )
    assert.deepEqual(reasons.sort(), ['incompatible_schema', 'unknown_schema'])

    const subject = `${orders.topic('enriched')}-value`
    const latest = await fetch(`${registry.url}/subjects/${subject}/versions/latest`)
    const registered = (await latest.json()) as { id: number; schema: string }
    const type = avsc.Type.forSchema(JSON.parse(registered.schema))
    for (const { key, value } of enriched) {
      assert.equal(value!.readInt32BE(1), registered.id)
      const i = data.indexOf(String(key))
      const expected = i % 2 === 0 ? { ...order(i), channel: 'unknown' } : order(i)
      const got = JSON.parse(JSON.stringify(type.fromBuffer(value!.subarray(5))))
      assert.equal(got.customer_name, data.customer(7).name)
      assert.equal(got.title, data.product(9).title)
      for (const [name, field] of Object.entries(expected)) assert.equal(got[name], field)
    }

    // A writer's new schema comes while the registry is down: its records wait, none is lost.
    const newestId = await registry.register(`${topicO}-value`, {
      ...newer,
      fields: [...newer.fields, { name: 'note', type: 'string', default: '' }],
    })
    const newest = avsc.Type.forSchema({
      ...newer,
      fields: [...newer.fields, { name: 'note', type: 'string', default: '' }],
    } as avsc.Schema)
    path.down = true
    for (let i = 200; i < 210; i++) {
      put(topicO, i, AT + i, frame(newestId, newest.toBuffer({ ...order(i), note: 'hello' })))
      put(topicP, i, AT + i, under(paymentId, data.encode('payment', data.payment(i, AT + i))))
    }
    await producer.flush()
    await service.logged('does not answer; waiting for it')
    await sleep(500)
    assert.equal((await read(orders, orders.topic('enriched'))).length, 100)
    path.down = false
    await waitFor(orders, orders.topic('enriched'), 110)
    assert.equal((await read(orders, orders.topic('rejects'))).length, 2)
    assert.equal(await service.stop(), 0)
  } finally {
    path.close()
    await orders.close()
  }
})

test('of several types on a topic one is read, and the others are counted and passed over', async () => {
  const orders = await Orders.create({ dimensions: false })
  try {
    const file = withRegistry(orders, registry.url)
    const placed = { ...schemaOf('order'), name: `Placed${orders.tag.replace('-', '_')}` }
    const ids = new Map<string, number>()
    for (const name of ['customer', 'product', 'payment']) {
      ids.set(name, await registry.register(`${orders.topic(`${name}s`)}-value`, schemaOf(name)))
    }
    ids.set('order', await registry.register(`bench.${placed.name}`, placed))
    const cancelled = { ...placed, name: 'Cancelled' }
    ids.set('cancelled', await registry.register(`bench.Cancelled${orders.tag}`, cancelled))
    const run = (command: string) =>
      spawnSync(process.execPath, ['dist/main.js', command, file], {
        env: { ...process.env, ...orders.env() },
        encoding: 'utf8',
      })
    const missing = run('validate')
    assert.equal(missing.status, 78)
    const line = `type: bench.${placed.name}`
    assert.ok(missing.stderr.includes(`, as ${line}; or register`), missing.stderr)
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replace('facts:', `facts:\n  ${line}`))

    const service = orders.start({}, file)
    await service.logged('Task running')
    const put = (name: string, type: string, i: number, key: string, at: number, value: Buffer) =>
      orders.producer.put(
        orders.topic(name),
        i % 4,
        at,
        Buffer.from(key),
        under(ids.get(type)!, value),
      )
    for (let i = 0; i < 20; i++) {
      const value = data.encode('order', data.order(i, AT + i))
      put('orders', 'order', i, data.orderId(i), AT + i, value)
      // Their times would make all that follows late.
      put('orders', 'cancelled', i, 'x', AT + 3_600_000, value)
    }
    await orders.producer.flush()
    await sleep(500)
    for (let i = 0; i < 20; i++) {
      const value = data.encode('payment', data.payment(i, AT + i))
      put('payments', 'payment', i, data.orderId(i), AT + i, value)
    }
    await orders.producer.flush()
    await waitFor(orders, orders.topic('enriched'), 20)
    assert.deepEqual(await read(orders, orders.topic('rejects')), [])
    assert.match(
      run('check').stdout,
      /✓ records .*orders: the last 40 records can be read; 20 are of another type/,
    )
    assert.equal(await service.stop(), 0)
  } finally {
    await orders.close()
  }
})

test('a subject that is not Avro ends with a sentence, as a wrong file does', async () => {
  const orders = await Orders.create({ dimensions: false })
  try {
    const file = withRegistry(orders, registry.url)
    const body = {
      schemaType: 'PROTOBUF',
      schema: 'syntax = "proto3"; message A { string a = 1; }',
    }
    await fetch(`${registry.url}/subjects/${orders.topic('orders')}-value/versions`, {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      body: JSON.stringify(body),
    })
    const env = { ...process.env, ...orders.env() }
    const { status, stderr } = spawnSync(process.execPath, ['dist/main.js', 'validate', file], {
      env,
      encoding: 'utf8',
    })
    assert.equal(status, 78)
    assert.match(
      stderr,
      /pipeline\.yaml:\d+: facts\.topic: .*orders-value .*type PROTOBUF, .*write format: protobuf there/,
    )
  } finally {
    await orders.close()
  }
})

test('reset deletes nothing where the registry would refuse the output that follows', async () => {
  const orders = await Orders.create({ dimensions: false })
  try {
    const file = withRegistry(orders, registry.url)
    const subject = `${orders.topic('enriched')}-value`
    for (const name of ['order', 'payment', 'customer', 'product']) {
      await registry.register(`${orders.topic(`${name}s`)}-value`, schemaOf(name))
    }
    const service = orders.start({}, file)
    await service.logged('Task running')
    assert.equal(await service.stop(), 0)
    await fetch(`${registry.url}/config/${subject}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      body: JSON.stringify({ compatibility: 'BACKWARD' }),
    })
    const text = readFileSync(file, 'utf8')
    const env = { ...process.env, ...orders.env() }
    const run = (...args: string[]) =>
      spawnSync(process.execPath, ['dist/main.js', ...args], { env, encoding: 'utf8' })
    const window = join(orders.folder, 'state', 'window')
    // The payment's fields are of an inner join: without null there is no default for them.
    writeFileSync(
      file,
      text.replace(
        'select: [method, amount, paid_at]',
        'select: { method: method, amount: amount, paid_at: paid_at, paid_for: order_id }',
      ),
    )
    const dry = run('reset', file, '--dry-run')
    assert.equal(dry.status, 1)
    assert.match(
      dry.stdout,
      /would delete .*\noutput schema, which the registry would refuse: .*paid_for is new, and has no default/,
    )
    const refused = run('reset', file, '--yes')
    assert.equal(refused.status, 1)
    assert.match(refused.stderr, /nothing was deleted: .*paid_for is new/)
    assert.ok(existsSync(window))
    assert.match(run('check', file).stdout, /✗ registry .*paid_for is new, and has no default/)
    assert.match(run('plan', file).stdout, /✗ output schema .*paid_for is new, and has no default/)
    assert.equal(run('reset', file, '--yes', '--dry-run').status, 2)

    writeFileSync(
      file,
      text.replace('select: [title, category, brand]', 'select: [title, category]'),
    )
    const done = run('reset', file, '--yes')
    assert.equal(done.status, 0, done.stderr)
    assert.match(
      done.stdout,
      /output schema: registers a new version of .*, compatible with the latest/,
    )
    assert.equal(existsSync(window), false)
  } finally {
    await orders.close()
  }
})

test('commands read the registry; a subject that is not there is named with what to do', async () => {
  const orders = await Orders.create({ dimensions: false })
  try {
    const file = withRegistry(orders, registry.url)
    const run = (command: string) =>
      spawnSync(process.execPath, ['dist/main.js', command, file], {
        env: { ...process.env, ...orders.env() },
        encoding: 'utf8',
      })
    const missing = run('validate')
    assert.equal(missing.status, 78)
    assert.match(missing.stderr, /has no subject .*-value.* register the topic's schema/)
    for (const name of ['order', 'payment', 'customer', 'product']) {
      await registry.register(`${orders.topic(`${name}s`)}-value`, schemaOf(name))
    }
    assert.equal(run('validate').status, 0)
    const { fields } = JSON.parse(run('output-schema').stdout)
    assert.equal(fields[0].name, 'order_id')
    const output = await fetch(
      `${registry.url}/subjects/${orders.topic('enriched')}-value/versions`,
    )
    assert.equal(output.status, 404)
  } finally {
    await orders.close()
  }
})
