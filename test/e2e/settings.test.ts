/** Where a group begins, how far ahead a time may be, and what topics are created with, on a real broker. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import * as data from '../../examples/orders/data.ts'
import { Kafka, logLevel } from '../../src/broker/kafkajs.ts'
import { exposition } from '../support/scrape.ts'
import { PlainProducer, readAll } from '../support/topics.ts'
import { FILE, Orders } from './orders.ts'

const PARTITIONS = 4

/** The orders example with other sections. @param facts, output what is added to these */
function fileWith(
  { folder }: Orders,
  { facts = '', output = '', isJoined = false, more = '' },
): string {
  const text = readFileSync(FILE, 'utf8')
    .replace(isJoined ? /$^/ : /^join:\n(?: .*\n)+/m, '')
    .replace(/^facts:\n/m, `facts:\n${facts === '' ? '' : `  ${facts}\n`}`)
    .replace(/^output:\n/m, `output:\n${output === '' ? '' : `  ${output}\n`}`)
    .replaceAll('schema: ./', `schema: ${resolve(dirname(FILE))}/`)
  const file = join(folder, 'pipeline.yaml')
  writeFileSync(file, `${text}${more}`)
  return file
}

async function withOrders(body: (orders: Orders) => Promise<void>): Promise<void> {
  const orders = await Orders.create()
  try {
    await body(orders)
  } finally {
    await orders.close()
  }
}

/** The numbers of the orders that have come out, sorted; each as often as it has. */
async function ordersOut(orders: Orders): Promise<number[]> {
  const topic = orders.topic('enriched')
  const found: number[] = []
  if (!(await orders.broker.admin.describeTopics([topic])).has(topic)) return found
  await readAll(orders.broker, topic, ({ key }) => found.push(data.indexOf(String(key))))
  return found.sort((a, b) => a - b)
}

/** Waits for as many, and then for what is one too many. */
async function expectOut(orders: Orders, wanted: readonly number[]): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if ((await ordersOut(orders)).length >= wanted.length) break
    await sleep(300)
  }
  await sleep(1000)
  assert.deepEqual(await ordersOut(orders), wanted)
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, i) => from + i)

for (const isJoined of [false, true]) {
  const what = isJoined ? 'with a join' : 'without a join'
  test(`latest ${what}: what comes after the first start comes out once, though it dies before its first commit`, () =>
    withOrders(async (orders) => {
      const file = fileWith(orders, { facts: 'startAt: latest', isJoined })
      await orders.send(0, 1000)
      await orders.sendRest(1000)
      const first = orders.start({ ENRICHER_KILL_AFTER: '2:1' }, file)
      await first.logged('is read from where startAt says')
      await first.logged('Task running')
      await orders.send(1000, 2000)
      assert.equal(await first.ended, 'SIGKILL')
      assert.deepEqual(await ordersOut(orders), [], 'nothing was committed')
      await orders.send(2000, 3000)
      const second = orders.start({}, file)
      await orders.sendRest(3000)
      const wanted = range(1000, 3000).filter((i) => !isJoined || data.isPaid(i))
      await expectOut(orders, wanted)
      assert.doesNotMatch(second.log, /is read from where startAt says/)
      assert.equal(await second.stop(), 0)
    }))
}

test('a partition that is added to a pipeline that began at the end is read from its beginning', () =>
  withOrders(async (orders) => {
    const file = fileWith(orders, { facts: 'startAt: latest' })
    await orders.send(0, 100)
    const first = orders.start({}, file)
    await first.logged('is read from where startAt says')
    await first.logged('Task running')
    assert.equal(await first.stop(), 0)
    const kafka = new Kafka({
      brokers: orders.env().KAFKA_BROKERS.split(','),
      logLevel: logLevel.NOTHING,
    })
    const admin = kafka.admin()
    await admin.connect()
    const topicPartitions = ['orders', 'enriched'].map((name) => ({
      topic: orders.topic(name),
      count: PARTITIONS + 1,
    }))
    await admin.createPartitions({ topicPartitions })
    await admin.disconnect()
    // One that knows of the new partition.
    const producer = new PlainProducer(orders.env().KAFKA_BROKERS)
    await sleep(1000)
    await producer.connect([orders.topic('orders')])
    const put = (i: number, partition: number): void => {
      const value = data.encode('order', data.order(i, orders.orderedAt(i)))
      const key = Buffer.from(data.orderId(i))
      producer.put(orders.topic('orders'), partition, orders.orderedAt(i), key, value)
    }
    for (const i of range(200, 210)) put(i, PARTITIONS)
    put(300, 0)
    await producer.flush()
    await producer.close()
    orders.start({}, file)
    await expectOut(orders, [...range(200, 210), 300])
  }))

test('a time is where the topics are begun, by their records’ timestamps', () =>
  withOrders(async (orders) => {
    await orders.send(0, 1000)
    const startAt = new Date(orders.orderedAt(600)).toISOString()
    const file = fileWith(orders, { facts: `startAt: ${startAt}` })
    const planned = run(orders, 'plan', file)
    assert.match(planned.out, new RegExp(`orders is read from ${startAt}, by timestamps`))
    orders.start({}, file)
    await expectOut(orders, range(600, 1000))
  }))

test('a time too far ahead is taken with its record’s timestamp, rejected, or dropped, also without a join', async () => {
  for (const early of ['timestamp', 'reject', 'drop'] as const) {
    await withOrders(async (orders) => {
      const facts = `time: ordered_at\n  ahead: 1h\n  early: ${early}`
      const file = fileWith(orders, { facts })
      const now = Date.now()
      const { producer } = orders
      for (const i of range(0, 8)) {
        const at = now + (i % 2 === 0 ? 0 : 2 * 3_600_000)
        const value = data.encode('order', data.order(i, at))
        const key = Buffer.from(data.orderId(i))
        producer.put(orders.topic('orders'), i % PARTITIONS, now - 5, key, value)
      }
      await producer.flush()
      const service = orders.start({}, file)
      const isAll = early === 'timestamp'
      await expectOut(orders, isAll ? range(0, 8) : [0, 2, 4, 6])
      const times = new Set<number>()
      await readAll(orders.broker, orders.topic('enriched'), ({ timestamp }) =>
        times.add(timestamp),
      )
      assert.deepEqual([...times].sort(), isAll ? [now - 5, now] : [now])
      const rejected: string[] = []
      await readAll(orders.broker, orders.topic('rejects'), ({ headers }) => {
        rejected.push(String(headers.find(([name]) => name === 'enricher.error')?.[1]))
      })
      assert.equal(rejected.length, early === 'reject' ? 4 : 0)
      for (const error of rejected) assert.match(error, /facts\.ahead allows 3600000$/)
      const series = await exposition(service)
      const replaced = /^enricher_record_times_replaced_total\{.*\} (\d+)$/m.exec(series)?.[1]
      assert.equal(replaced, isAll ? '4' : undefined)
    })
  }
})

function run(orders: Orders, ...args: string[]): { out: string; code: number | null } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/main.js', ...args], {
    env: { ...process.env, ...orders.env() },
    timeout: 120_000,
    encoding: 'utf8',
  })
  return { code: status, out: stdout + stderr }
}

test('topics are created with what the file says; one that differs is told of, and left as it is', () =>
  withOrders(async (orders) => {
    const settings = (retention: string): string =>
      `topicConfig: { retention: ${retention}, minInsync: 1, replicationFactor: 1, settings: { segment.bytes: 32MiB } }\n  rejectsConfig: { partitions: 2, retention: 3d }`
    const more = 'state: { dir: /tmp, topicConfig: { settings: { segment.ms: 1h } } }\n'
    const fileOf = (retention: string): string => {
      const file = fileWith(orders, { output: settings(retention), isJoined: true })
      const text = readFileSync(file, 'utf8').replace(/^state: .*\n/m, more)
      writeFileSync(file, text)
      return file
    }
    const file = fileOf('30d')
    const planned = run(orders, 'plan', file)
    assert.match(
      planned.out,
      /\.enriched, 4 partitions, replication factor 1, cleanup\.policy delete, retention\.ms 30d, /,
    )
    assert.match(planned.out, /\.rejects, 2 partitions, .*retention\.ms 3d/)
    const created = run(orders, 'topics', 'create', file)
    assert.equal(created.code, 0, created.out)
    const names = [
      orders.topic('enriched'),
      orders.topic('rejects'),
      `${orders.tag}-job-window-changelog`,
    ]
    const found = await orders.broker.admin.describeTopics(names)
    const of = (topic: number, setting: string) => found.get(names[topic])?.config.get(setting)
    assert.deepEqual(
      [of(0, 'retention.ms'), of(0, 'segment.bytes'), of(0, 'min.insync.replicas')],
      [String(30 * 86_400_000), String(32 << 20), '1'],
    )
    assert.deepEqual(
      [found.get(names[1])?.partitions, of(1, 'retention.ms'), found.get(names[1])?.replicas],
      [2, String(3 * 86_400_000), 1],
    )
    assert.deepEqual([of(2, 'segment.ms'), of(2, 'retention.ms')], ['3600000', '-1'])

    assert.match(run(orders, 'check', file).out, /✓ own topics .*enriched: there, deletes records/)
    const other = fileOf('7d')
    const differs = /\.enriched has retention\.ms 30d and not 7d, as output\.topicConfig says/
    assert.match(run(orders, 'check', other).out, differs)
    assert.match(
      run(orders, 'plan', other).out,
      /retention\.ms 30d and not 7d; to change it: kafka/,
    )
    assert.match(run(orders, 'topics', 'create', other).out, /is left as it is, with retention/)
    const after = await orders.broker.admin.describeTopics(names)
    assert.deepEqual(
      after.get(names[0])?.config.get('retention.ms'),
      String(30 * 86_400_000),
      'it is left as it is',
    )
    const unlimited = run(orders, 'check', fileOf('unlimited'))
    assert.match(unlimited.out, /retention\.ms 30d and not unlimited/)
  }))

test('a setting that the broker does not take is told as that, and a topic that grows without limit is a warning', () =>
  withOrders(async (orders) => {
    const wrong = fileWith(orders, { output: 'topicConfig: { settings: { segment.bytes: 1 } }' })
    const refused = run(orders, 'topics', 'create', wrong)
    assert.equal(refused.code, 1)
    assert.match(refused.out, /do not take a setting that .*enriched would be .*topicConfig/)
    const plain = fileWith(orders, {})
    assert.equal(run(orders, 'topics', 'create', plain).code, 0)
    const { out } = run(orders, 'check', plain)
    assert.match(out, /! own topics .*enriched grows without limit/)
    assert.match(out, /✓ own topics .*rejects: there, deletes records after 14d/)
  }))
