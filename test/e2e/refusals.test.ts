/** What a broker refuses, on a real one: a record is rejected, limits are read anew, or the service ends with a sentence. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Admin } from 'kafkajs'
import { BROKER_ERRORS } from '../../src/broker/broker-errors.ts'
import { Kafka, logLevel } from '../../src/broker/kafkajs.ts'
import { createTopic, readAll } from '../support/topics.ts'
import { FILE, Orders, type ServiceProcess } from './orders.ts'

const JARS = fileURLToPath(new URL('../../.kafka/libs', import.meta.url))
const COUNT = 400
const PARTITIONS = 4
const DAY = '86400000'

interface Running {
  readonly orders: Orders
  readonly kafka: InstanceType<typeof Kafka>
  readonly admin: Admin
}

async function running(work: (running: Running) => Promise<void>): Promise<void> {
  const orders = await Orders.create()
  const brokers = orders.env().KAFKA_BROKERS.split(',')
  const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  try {
    await work({ orders, kafka, admin })
  } finally {
    await admin.disconnect()
    await orders.close()
  }
}

const setting = (admin: Admin, topic: string, name: string, value: string) =>
  admin.alterConfigs({
    validateOnly: false,
    resources: [{ type: 2, name: topic, configEntries: [{ name, value }] }],
  })

async function ends(service: ServiceProcess, seconds: number): Promise<number | string> {
  const timer = setTimeout(() => service.kill(), seconds * 1000)
  const code = await service.ended
  clearTimeout(timer)
  return code
}

async function reasonsOf(orders: Orders, wanted: number): Promise<Record<string, number>> {
  for (let tries = 0; ; tries++) {
    const reasons: Record<string, number> = {}
    let seen = 0
    await readAll(orders.broker, orders.topic('rejects'), ({ headers }) => {
      const reason = String(headers.find(([name]) => name === 'enricher.reason')?.[1])
      reasons[reason] = (reasons[reason] ?? 0) + 1
      seen++
    })
    if (seen >= wanted || tries > 100) return reasons
    await sleep(300)
  }
}

test('codes have the names that Kafka gives them, and what Kafka calls retriable is tried again', () => {
  const html = execFileSync('java', [
    '-cp',
    `${JARS}/*`,
    'org.apache.kafka.common.protocol.Errors',
  ]).toString()
  const rows = [...html.matchAll(/<td>(\w+)<\/td>\s*<td>(-?\d+)<\/td>\s*<td>(True|False)<\/td>/g)]
  assert.ok(rows.length > 100, html.slice(0, 500))
  const theirs = new Map(rows.map(([, name, code, again]) => [Number(code), { name, again }]))
  for (const { code, name, meaning } of BROKER_ERRORS.values()) {
    assert.equal(theirs.get(code)?.name, name, String(code))
    const isAgain = theirs.get(code)?.again === 'True'
    if (isAgain) assert.equal(meaning, 'again', name)
  }
  const known = [...theirs.keys()].filter((code) => code !== 0 && code <= 120)
  assert.deepEqual(
    known.filter((code) => !BROKER_ERRORS.has(code)),
    [],
  )
})

test('outputs that are older than the output topic takes are rejected, and the others come out', async () => {
  await running(async ({ orders, admin }) => {
    const before = 'message.timestamp.before.max.ms'
    await createTopic(orders.broker, orders.topic('enriched'), PARTITIONS, { [before]: DAY })
    await orders.send(0, COUNT)
    await orders.sendRest(COUNT)
    const service = orders.start()
    await orders.expectTaken()
    const { too_old: old } = await reasonsOf(orders, 100)
    assert.ok(old > 100, service.log)
    assert.doesNotMatch(service.log, /epoch_aborted/)
    assert.equal(await service.stop(), 0)

    // A limit that comes while the service runs is found when the broker refuses a batch.
    const other = { OUTPUT_TOPIC: orders.topic('later'), NAME: `${orders.tag}-later` }
    const later = orders.start({ ...other, STATE_DIR: `${orders.folder}/later` })
    await orders.expect(COUNT, 'inner', 120, orders.topic('later'))
    await setting(admin, orders.topic('later'), before, DAY)
    await orders.send(0, COUNT)
    await orders.sendRest(COUNT)
    await later.logged('limits_read', 60)
    assert.ok((await reasonsOf(orders, old + 100)).too_old > old, later.log)
    assert.equal(await later.stop(), 0, later.log)
  })
})

test('a size that is lowered while the service runs makes smaller batches, and nothing is lost', async () => {
  await running(async ({ orders, admin }) => {
    const service = orders.start()
    await service.logged('Task running')
    await setting(admin, orders.topic('enriched'), 'max.message.bytes', '3000')
    await setting(admin, `${orders.tag}-job-window-changelog`, 'max.message.bytes', '9000')
    await orders.send(0, COUNT)
    await orders.sendRest(COUNT)
    await orders.expect(COUNT, 'inner', 120)
    assert.match(service.log, /limits_read/)
    assert.equal(await service.stop(), 0, service.log)
  })
})

test('an output topic that is deleted ends the service with its name, and a restart makes it anew', async () => {
  await running(async ({ orders, admin }) => {
    const topic = orders.topic('enriched')
    const service = orders.start()
    await service.logged('Task running')
    await admin.deleteTopics({ topics: [topic] })
    await orders.send(0, COUNT)
    await orders.sendRest(COUNT)
    assert.equal(await ends(service, 90), 1, service.log)
    assert.match(service.log, RegExp(`TOPIC_MISSING.*The topic ${topic} does not exist any more`))
    const again = orders.start()
    await orders.expect(COUNT, 'inner', 120)
    assert.equal(await again.stop(), 0, again.log)
  })
})

test('a rejects topic that is compacted is told at the start, and ends the service at the first record without a key', async () => {
  await running(async ({ orders }) => {
    const rejects = orders.topic('rejects')
    await createTopic(orders.broker, rejects, PARTITIONS, { 'cleanup.policy': 'compact' })
    const service = orders.start()
    await service.logged('topic_compacted')
    await service.logged('Task running')
    orders.producer.put(orders.topic('orders'), 0, Date.now(), null, Buffer.from('no key'))
    await orders.producer.flush()
    assert.equal(await ends(service, 60), 1, service.log)
    assert.match(service.log, RegExp(`BROKER_REFUSED.*set cleanup.policy=delete on ${rejects}`))
  })
})

test('a group that another kind of client has ends a start, and check and plan say so', async () => {
  await running(async ({ orders, kafka }) => {
    const consumer = kafka.consumer({ groupId: `${orders.tag}-job` })
    await consumer.connect()
    await consumer.subscribe({ topics: [orders.topic('orders')] })
    const joined = new Promise((resolve) => consumer.on('consumer.group_join', resolve))
    await consumer.run({ eachMessage: async () => {} })
    await joined
    const service = orders.start()
    assert.equal(await ends(service, 60), 1, service.log)
    assert.match(service.log, /GROUP_TAKEN.*used by another kind of client/)
    for (const command of ['check', 'plan']) {
      const { status, stdout } = spawnSync(process.execPath, ['dist/main.js', command, FILE], {
        env: { ...process.env, ...orders.env() },
        timeout: 60_000,
        encoding: 'utf8',
      })
      assert.equal(status, 1)
      assert.match(stdout, /✗ group .*used by another kind of client/)
    }
    await consumer.disconnect()
  })
})
