import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import * as data from '../../examples/orders/data.ts'
import { createTopic, type ReadRecord, readAll } from '../support/topics.ts'
import { FILE, Orders } from './orders.ts'

const AT = 1_735_689_600_000
const header = ({ headers }: ReadRecord, name: string): string =>
  String(headers.find(([key]) => key === `enricher.${name}`)?.[1])

async function rejectsOf(orders: Orders, count: number, log: () => string): Promise<ReadRecord[]> {
  let last: ReadRecord[] = []
  for (let tries = 0; tries < 100; tries++) {
    const found: ReadRecord[] = []
    const there = await orders.broker.admin.describeTopics([orders.topic('rejects')])
    if (there.size > 0) await readAll(orders.broker, orders.topic('rejects'), (r) => found.push(r))
    if (found.length >= count) return found
    last = found
    await sleep(200)
  }
  const came = last.map((r) => header(r, 'reason')).join(', ')
  assert.fail(`Of ${count} rejects came only: ${came}\n${log().slice(-3000)}`)
}

test('bad records go to the rejects topic with where they were and why; the others go on', async () => {
  const orders = await Orders.create()
  try {
    const { producer } = orders
    const topic = orders.topic('orders')
    await createTopic(orders.broker, orders.topic('enriched'), 4, { 'max.message.bytes': '200000' })
    const good = data.encode('order', data.order(0, AT))
    const key = Buffer.from(data.orderId(0))
    const framed = (bytes: number): Buffer =>
      Buffer.concat([Buffer.from([0, 0, 0, 0, 1]), Buffer.alloc(bytes, 0xff)])
    const bad: [string, Buffer | null, Buffer | null][] = [
      ['null_key', null, good],
      ['null_value', key, null],
      ['not_framed', key, Buffer.from('hello, this is not Avro')],
      ['malformed', key, framed(40)],
      ['malformed', key, good.subarray(0, good.length - 3)],
      ['malformed', key, Buffer.concat([good, Buffer.from([1])])],
      ['key_mismatch', Buffer.from('another'), good],
      [
        'too_large',
        key,
        data.encode('order', { ...data.order(0, AT), channel: 'x'.repeat(300_000) }),
      ],
    ]
    for (const [, k, v] of bad) {
      producer.put(topic, 0, AT, k, v, [['trace', Buffer.from('t1')]])
      await producer.flush()
    }
    producer.put(orders.topic('customers'), 1, AT, Buffer.from('1'), Buffer.from('no row'))
    await producer.flush()
    await orders.send(0, 1000)
    await orders.sendRest(1000)
    const service = orders.start()
    const rejects = await rejectsOf(orders, bad.length + 1, () => service.log)
    await orders.expect(1000, 'inner')

    const facts = rejects.filter((r) => header(r, 'topic') === topic)
    facts.sort((a, b) => Number(header(a, 'offset')) - Number(header(b, 'offset')))
    assert.deepEqual(
      facts.map((r) => header(r, 'reason')),
      bad.map(([reason]) => reason),
    )
    for (const [i, r] of facts.entries()) {
      assert.equal(header(r, 'partition'), '0')
      assert.equal(header(r, 'offset'), String(i))
      assert.ok(header(r, 'error').length > 10)
      assert.deepEqual(r.key, bad[i][1])
      assert.deepEqual(r.value, bad[i][2])
      assert.equal(String(r.headers.find(([name]) => name === 'trace')?.[1]), 't1')
    }
    // The row that cannot be decoded is rejected, and the one before it stays: `expect` has seen it.
    const rows = rejects.filter((r) => header(r, 'topic') === orders.topic('customers'))
    assert.deepEqual(
      rows.map((r) => header(r, 'reason')),
      ['not_framed'],
    )
    assert.equal(await service.stop(), 0)
  } finally {
    await orders.close()
  }
})

/** Runs the service to its end and returns its exit code and what it said. */
function runToEnd(env: Record<string, string>): { code: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/main.js', 'run', FILE], {
    env: { ...process.env, ...env },
    timeout: 120_000,
    encoding: 'utf8',
  })
  return { code: status, said: stdout + stderr }
}

test('bad rows of a dimension are all in the rejects topic before the first epoch, however many they are', async () => {
  const orders = await Orders.create({ dimensions: false })
  try {
    const { producer } = orders
    const count = 12_000
    for (let i = 0; i < count; i++) {
      const row = Buffer.alloc(2000, 0x2e)
      producer.put(orders.topic('customers'), i % 4, AT, Buffer.from(String(i)), row)
      if (producer.bytes > 800_000) await producer.flush()
    }
    await producer.flush()
    const service = orders.start()
    await service.logged('Task running')
    const [before] = service.log.split('"Dimensions read"')
    const written = [...before.matchAll(/"early_rejects_written","records":(\d+)/g)]
    assert.ok(written.length > 2, service.log)
    assert.equal(
      written.reduce((sum, [, records]) => sum + Number(records), 0),
      count,
    )
    const keys = new Set<string>()
    for (const { key } of await rejectsOf(orders, count, () => service.log)) keys.add(String(key))
    assert.equal(keys.size, count)
    assert.equal(await service.stop(), 0)
    let all = 0
    await readAll(orders.broker, orders.topic('rejects'), () => all++)
    assert.equal(all, count)
  } finally {
    await orders.close()
  }
})

test('a start that cannot succeed ends with one error that says what to do', async () => {
  const orders = await Orders.create()
  try {
    const missing = runToEnd({ ...orders.env(), TAG: 'nowhere' })
    assert.equal(missing.code, 1)
    assert.match(missing.said, /TOPIC_MISSING/)
    assert.match(missing.said, /nowhere\.orders, nowhere\.payments.*do not exist.*create them/)

    await createTopic(orders.broker, orders.topic('narrow'), 3)
    const narrow = runToEnd({ ...orders.env(), OUTPUT_TOPIC: orders.topic('narrow') })
    assert.equal(narrow.code, 1)
    assert.match(
      narrow.said,
      /narrow has 3 partitions and .*orders has 4.*--alter --topic .*narrow --partitions 4/,
    )

    const nobody = runToEnd({ ...orders.env(), KAFKA_BROKERS: '127.0.0.1:1' })
    assert.equal(nobody.code, 1)
    assert.match(nobody.said, /No Kafka broker answers at 127\.0\.0\.1:1.*check kafka\.brokers/)

    const file = join(orders.folder, 'a-file')
    writeFileSync(file, '')
    const unwritable = runToEnd({ ...orders.env(), STATE_DIR: join(file, 'state') })
    assert.equal(unwritable.code, 1)
    assert.match(unwritable.said, /STATE_UNWRITABLE/)
    assert.match(unwritable.said, /a-file is a file; name a folder in state\.dir/)

    mkdirSync(join(orders.folder, 'shared'))
    chmodSync(join(orders.folder, 'shared'), 0o755)
    const holder = orders.start({ STATE_DIR: join(orders.folder, 'shared') })
    await holder.logged('Dimensions read')
    const locked = runToEnd({ ...orders.env(), STATE_DIR: join(orders.folder, 'shared') })
    assert.equal(locked.code, 1)
    assert.match(locked.said, /is in use by another process/)
  } finally {
    await orders.close()
  }
})
