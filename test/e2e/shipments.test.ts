/** The shipments example: two joins in one pipeline, of instances that die in a commit and between, each order once and complete. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Broker } from '../../src/broker/port.ts'
import { AvroJson } from '../../src/codec/avro/json-encoding.ts'
import { loadPipeline } from '../../src/config/load.ts'
import { inputsOf } from '../../src/config/topic-names.ts'
import { inputSchemas } from '../../src/plan/output-plan.ts'
import { createPipelineCodec, outputFrame, readSchemas } from '../../src/plan/pipeline-codec.ts'
import { testBroker } from '../support/kafka.ts'
import { connect, createTopic, PlainProducer, readAll } from '../support/topics.ts'
import { ServiceProcess } from './orders.ts'

const FILE = 'examples/shipments/pipeline.yaml'
const COUNT = 40_000
const PARTITIONS = 4
const EPOCH = Date.parse('2025-05-05T00:00:00Z')
const SECOND = 1000
const HOUR = 3600 * SECOND
const DAY = 24 * HOUR

/** Of an order, all that follows from its number. What is too late is sent, too. */
function orderOf(i: number) {
  const placedAt = EPOCH + i * 10 * SECOND
  const paidAt = i % 5 === 0 ? null : placedAt + ((i * 7919) % 70) * 60 * SECOND
  const isPaid = paidAt !== null && paidAt <= placedAt + HOUR
  const left = isPaid ? paidAt : placedAt
  const shippedAt = i % 7 === 0 ? null : placedAt + ((i * 104_729) % 192) * HOUR
  const isShipped = shippedAt !== null && shippedAt >= left && shippedAt <= left + 7 * DAY
  return { id: `order ${i}`, placedAt, paidAt, isPaid, shippedAt, isShipped }
}

const text = (...parts: unknown[]): string => parts.map((part) => part ?? 'null').join(' | ')

function expected(): Map<string, string> {
  const rows = new Map<string, string>()
  for (let i = 0; i < COUNT; i++) {
    const { id, paidAt, isPaid, shippedAt, isShipped } = orderOf(i)
    rows.set(
      id,
      text('Ann', isPaid ? paidAt : null, isPaid ? 'card' : null, isShipped ? shippedAt : null),
    )
  }
  return rows
}

async function send(address: string, tag: string): Promise<void> {
  const pipeline = loadPipeline(FILE, { PREFIX: tag })
  const schemas = inputSchemas(await readSchemas(pipeline, null))
  const topics = inputsOf(pipeline).map(({ config }) => config.topic)
  const json = schemas.map((schema) => new AvroJson(schema))
  const producer = new PlainProducer(address)
  await producer.connect(topics)
  const put = (
    topic: number,
    partition: number,
    time: number,
    key: string,
    value: object,
  ): void => {
    const fault = (_: unknown, message: string) => assert.fail(message)
    const bytes = Buffer.concat([outputFrame(1), json[topic].encode(value, fault)!])
    producer.put(topics[topic], partition, time, Buffer.from(key), bytes)
  }
  put(3, 0, EPOCH, '7', { customer_id: 7, name: 'Ann' })
  const orders = Array.from({ length: COUNT }, (_, i) => orderOf(i))
  const byTime = (of: 'paidAt' | 'shippedAt'): number[] =>
    [...orders.keys()]
      .filter((i) => orders[i][of] !== null)
      .sort((a, b) => orders[a][of]! - orders[b][of]!)
  const all: [number, readonly number[], (i: number) => [number, object]][] = [
    [
      0,
      [...orders.keys()],
      (i) => {
        const { id, placedAt } = orders[i]
        return [placedAt, { order_id: id, customer_id: 7, total: i, placed_at: placedAt }]
      },
    ],
    [
      1,
      byTime('paidAt'),
      (i) => {
        const { id, paidAt } = orders[i]
        return [paidAt!, { order_id: id, method: 'card', paid_at: paidAt }]
      },
    ],
    [
      2,
      byTime('shippedAt'),
      (i) => {
        const { id, shippedAt } = orders[i]
        return [shippedAt!, { order: id, carrier: 'post', shipped_at: shippedAt }]
      },
    ],
  ]
  for (const [topic, list, recordOf] of all) {
    for (const i of list) {
      const [time, value] = recordOf(i)
      put(topic, i % PARTITIONS, time, orders[i].id, value)
      if (producer.bytes > 400_000) await producer.flush()
    }
  }
  await producer.flush()
  await producer.close()
}

async function rowsOf(
  broker: Broker,
  tag: string,
  topic = loadPipeline(FILE, { PREFIX: tag }).output.topic,
): Promise<[string, string][]> {
  const pipeline = loadPipeline(FILE, { PREFIX: tag })
  if (!(await broker.admin.describeTopics([topic])).has(topic)) return []
  const codec = createPipelineCodec(pipeline, await readSchemas(pipeline, null), null)
  const json = new AvroJson(JSON.parse(codec.outputSchema))
  const rows: [string, string][] = []
  const ms = (time: unknown): number | null => (time === null ? null : Date.parse(String(time)))
  await readAll(broker, topic, ({ value }) => {
    const { order_id, customer, method, paid_at, shipped_at } = json.decode(value!.subarray(5))
    rows.push([String(order_id), text(customer, ms(paid_at), method, ms(shipped_at))])
  })
  return rows
}

test('orders, payments and shipments of one pipeline: instances die in a commit and between, each order comes out once, complete', async () => {
  const address = await testBroker()
  const broker = await connect(address)
  const tag = `shipments-${process.pid}.`
  const folder = mkdtempSync(join(tmpdir(), 'shipments-'))
  const children: ChildProcess[] = []
  const own = { KAFKA_BROKERS: address, PREFIX: tag, NAME: `${tag}job`, STATE_DIR: folder }
  const start = (more: Record<string, string>): ServiceProcess => {
    const child = spawn(process.execPath, ['dist/main.js', 'run', FILE], {
      env: { ...process.env, HTTP_PORT: '0', ...own, ...more },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    children.push(child)
    return new ServiceProcess(child)
  }
  try {
    for (const name of ['orders', 'payments', 'shipments', 'customers']) {
      await createTopic(broker, `${tag}${name}`, name === 'customers' ? 1 : PARTITIONS)
    }
    await send(address, tag)
    const first = start({ ENRICHER_KILL_AFTER: '3:3' })
    assert.equal(await first.ended, 'SIGKILL', first.log)
    const second = start({})
    for (let tries = 0; (await rowsOf(broker, tag)).length < 3 * PARTITIONS; tries++) {
      assert.ok(tries < 300, second.log)
      await sleep(50)
    }
    await second.kill()
    // All has come, so that silence may close what is open.
    const third = start({ IDLE: '2s' })
    const wanted = expected()
    let rows: [string, string][] = []
    for (let tries = 0; rows.length < wanted.size && tries < 600; tries++) {
      await sleep(100)
      rows = await rowsOf(broker, tag)
    }
    assert.equal(await third.stop(), 0)
    rows = await rowsOf(broker, tag)
    assert.equal(rows.length, wanted.size, third.log.slice(-3000))
    const wrong = rows.filter(([id, row]) => wanted.get(id) !== row)
    assert.deepEqual(wrong.slice(0, 5), [])
    assert.equal(new Map(rows).size, wanted.size)
    const told = (command: string, ...args: string[]): string => {
      const { stdout, stderr } = spawnSync(process.execPath, ['dist/main.js', command, ...args], {
        env: { ...process.env, ...own },
      })
      return `${stdout}${stderr}`
    }
    assert.match(told('plan', FILE), /= window .*has it in this layout/)
    const again = `${tag}again`
    const [begin, end] = [10_000, 20_000].map((i) => String(orderOf(i).placedAt))
    const part = [FILE, '--output', again, '--from', begin, '--to', end]
    assert.match(told('replay', ...part), /10,000 facts read\n.*10,000 records written/)
    assert.deepEqual(
      new Map(await rowsOf(broker, tag, again)),
      new Map([...wanted].slice(10_000, 20_000)),
    )
    assert.match(told('check', FILE), /4 each: .*orders, .*payments, .*shipments/)
  } finally {
    for (const child of children) child.kill('SIGKILL')
    await broker.close()
    rmSync(folder, { recursive: true, force: true })
  }
})
