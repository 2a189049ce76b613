/** The commands that connect, on a real broker, in right and in wrong situations. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import * as data from '../../../examples/orders/data.ts'
import { Kafka, logLevel } from '../../../src/broker/kafkajs.ts'
import { PARTITIONERS } from '../../../src/broker/partitioner.ts'
import { startKafka } from '../../support/kafka.ts'
import { startRegistry } from '../../support/registry.ts'
import { createTopic, deleteTopics } from '../../support/topics.ts'
import { FILE, Orders } from '../orders.ts'

const PARTITIONS = 4
const COUNT = 400
const [java] = PARTITIONERS

interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

function runWith(env: Record<string, string>, ...args: string[]): Ran {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/main.js', ...args], {
    env: { ...process.env, ...env },
    timeout: 120_000,
    encoding: 'utf8',
  })
  return { code: status, out: stdout, err: stderr }
}

const run = (orders: Orders, ...args: string[]): Ran => runWith(orders.env(), ...args)

/** Orders and payments where Java's producer would put them, and a few rows of compacted dimensions. */
async function filled(): Promise<Orders> {
  const orders = await Orders.create({ dimensions: false })
  await deleteTopics(orders.env().KAFKA_BROKERS, [
    orders.topic('customers'),
    orders.topic('products'),
  ])
  for (const name of ['customers', 'products']) {
    await createTopic(orders.broker, orders.topic(name), 2, { 'cleanup.policy': 'compact' })
  }
  const { producer } = orders
  for (let i = 0; i < COUNT; i++) {
    const at = orders.orderedAt(i)
    const key = Buffer.from(data.orderId(i))
    const partition = java.partition(key, PARTITIONS)
    producer.put(
      orders.topic('orders'),
      partition,
      at,
      key,
      data.encode('order', data.order(i, at)),
    )
    const payment = data.encode('payment', data.payment(i, at))
    producer.put(orders.topic('payments'), partition, at, key, payment)
  }
  for (let id = 1; id <= 20; id++) {
    const key = Buffer.from(String(id))
    producer.put(
      orders.topic('customers'),
      id % 2,
      0,
      key,
      data.encode('customer', data.customer(id)),
    )
    producer.put(orders.topic('products'), id % 2, 0, key, data.encode('product', data.product(id)))
  }
  await producer.flush()
  return orders
}

test('check finds nothing where all is well, and creates nothing', async () => {
  const orders = await filled()
  try {
    const { code, out } = run(orders, 'check', FILE)
    assert.equal(code, 0, out)
    assert.match(out, /0 ✗/)
    assert.match(out, /✓ key hash +\d+ keys .*murmur2, Java's default/)
    assert.match(out, /✓ dimension customer .*customers is compacted/)
    assert.match(out, /✓ permissions/)
    assert.match(out, /✓ records +\S+orders: the last \d+ records can be read/)
    assert.match(out, /✓ memory/)
    const own = await orders.broker.admin.describeTopics([orders.topic('enriched')])
    assert.equal(own.size, 0)
    assert.equal(existsSync(join(orders.folder, 'state')), false)
  } finally {
    await orders.close()
  }
})

test('check names every fault with its remedy: a missing topic, partitions, compaction, retention, keys', async () => {
  const orders = await filled()
  try {
    const address = orders.env().KAFKA_BROKERS
    const [customers, products, payments] = ['customers', 'products', 'payments'].map((name) =>
      orders.topic(name),
    )
    await deleteTopics(address, [customers, products, payments])
    await createTopic(orders.broker, customers, 2, { 'retention.ms': '86400000' })
    await createTopic(orders.broker, payments, 3, { 'retention.ms': '60000' })
    const { code, out } = run(orders, 'check', FILE)
    assert.equal(code, 1)
    assert.match(out, new RegExp(`✗ inputs +${products} does not exist\n +→ create it`))
    assert.match(out, new RegExp(`✗ partitions +${payments} has 3, .*orders has 4`))
    assert.match(out, new RegExp(`✗ dimension customer +${customers} is not compacted: deletes`))
    assert.match(out, /→ set cleanup\.policy=compact on/)
    assert.match(out, /✗ retention .*keeps records for 1m, window and grace are 70s/)
    assert.match(out, /! key hash +\S+payments has no records/)
  } finally {
    await orders.close()
  }
})

test('check finds keys that do not meet, and records that would be rejected', async () => {
  const orders = await filled()
  try {
    const payments = orders.topic('payments')
    const key = Buffer.from(data.orderId(COUNT - 1))
    const wrong = (java.partition(key, PARTITIONS) + 1) % PARTITIONS
    const value = data.encode('payment', data.payment(COUNT - 1, 0))
    orders.producer.put(payments, wrong, orders.orderedAt(COUNT), key, value)
    orders.producer.put(payments, wrong, orders.orderedAt(COUNT), key, Buffer.from('{}'))
    await orders.producer.flush()
    const { code, out } = run(orders, 'check', FILE)
    assert.equal(code, 1)
    assert.match(out, new RegExp(`✗ key hash +the key "${key}" is on partition`))
    assert.match(
      out,
      /! records +\S+payments: 1 of the last \d+ records would be rejected \(not_framed/,
    )
  } finally {
    await orders.close()
  }
})

test('a broker that is down is one line with what to do, for each command that connects', () => {
  const env = { KAFKA_BROKERS: '127.0.0.1:1' }
  const check = runWith(env, 'check', FILE)
  assert.equal(check.code, 1)
  assert.match(check.out, /✗ brokers +No Kafka broker answers at 127\.0\.0\.1:1.*\n +→ check kafka/)
  for (const args of [['plan'], ['topics', 'create'], ['reset'], ['rejects']]) {
    const { code, err } = runWith(env, ...args, FILE)
    assert.equal(code, 1)
    assert.match(err, /^No Kafka broker answers at 127\.0\.0\.1:1[^\n]*\n$/)
  }
})

test('plan, topics create and reset, from nothing to a run and back', async () => {
  const orders = await filled()
  const own = ['enriched', 'rejects'].map((name) => orders.topic(name))
  const changelog = `${orders.tag}-job-window-changelog`
  try {
    const first = run(orders, 'plan', FILE)
    assert.equal(first.code, 0, first.err)
    for (const topic of [...own, changelog])
      assert.ok(first.out.includes(`+ topic               ${topic}`))
    assert.match(first.out, /\+ offsets .*orders is read from its beginning, 400 records/)

    assert.match(run(orders, 'topics', 'create', FILE, '--dry-run').out, /would create .*enriched/)
    assert.equal((await orders.broker.admin.describeTopics(own)).size, 0)
    assert.match(run(orders, 'topics', 'create', FILE).out, /^created .*, 4 partitions, /)
    assert.equal((await orders.broker.admin.describeTopics(own)).size, 2)
    assert.equal(run(orders, 'topics', 'create', FILE).out, 'All topics are there\n')

    const service = orders.start({ INSTANCE_ID: 'a' })
    await service.logged('Task running')
    await orders.expectTaken()
    const active = run(orders, 'reset', FILE, '--yes')
    assert.equal(active.code, 1)
    assert.match(active.err, /-job is running: 1 member .*Stop all instances first/)
    assert.equal(await service.stop(), 0)

    await left(orders)
    const kept = run(orders, 'plan', FILE)
    assert.equal(kept.code, 0, kept.out)
    assert.match(kept.out, /= local windows +of partition 0, 1, 2, 3\n/)
    assert.match(kept.out, /= dimension customer +the stored rows/)
    assert.match(kept.out, /= offsets .*orders goes on where the group was, 0 behind/)

    const changed = runWith(orders.env({ WITHIN: '90s' }), 'plan', FILE)
    assert.equal(changed.code, 1)
    assert.match(changed.out, /✗ window .*STATE_LAYOUT_CHANGED/)
    assert.match(changed.out, /~ dimension customer/)

    // With topics that are not there nothing is wrong with what is stored.
    const mistyped = runWith(
      orders.env({ TAG: `${orders.tag}-mistyped`, WITHIN: '90s' }),
      'check',
      FILE,
    )
    assert.match(
      mistyped.out,
      /✗ inputs +\S+orders does not exist\n +→ create it, or correct its name/,
    )
    assert.doesNotMatch(mistyped.out, /reset/)

    const shown = run(orders, 'reset', FILE)
    assert.match(shown.out, /would delete topic .*changelog/)
    assert.match(shown.out, /with its offsets \(8 partitions\)/)
    assert.ok(existsSync(join(orders.folder, 'state', 'window')))
    assert.equal(run(orders, 'reset', FILE, '--yes').code, 0)
    assert.equal(existsSync(join(orders.folder, 'state', 'window')), false)
    assert.deepEqual(await orders.broker.administration.groupOffsets(`${orders.tag}-job`), [])
    assert.match(run(orders, 'reset', FILE).out, /^Nothing is stored/)
    assert.equal(runWith(orders.env({ WITHIN: '90s' }), 'plan', FILE).code, 0)
  } finally {
    await orders.close()
  }
})

/** A static member stays one until its session has timed out. */
async function left(orders: Orders): Promise<void> {
  for (let tries = 0; tries < 150; tries++) {
    const group = await orders.broker.administration.describeGroup(`${orders.tag}-job`)
    if (group.members.length === 0) return
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error('The member is still there')
}

test('rejects shows each with its place, reason and decoded value, filtered and as JSON', async () => {
  const orders = await filled()
  try {
    assert.match(run(orders, 'rejects', FILE).err, /does not exist yet: nothing was rejected/)
    const topic = orders.topic('orders')
    const good = data.encode('order', data.order(1, orders.orderedAt(1)))
    orders.producer.put(topic, 1, orders.orderedAt(1), Buffer.from('other'), good, [
      ['trace', Buffer.from('abc')],
    ])
    orders.producer.put(topic, 2, orders.orderedAt(1), null, good)
    orders.producer.put(topic, 2, orders.orderedAt(1), Buffer.from('k'), Buffer.from('no avro'))
    await orders.producer.flush()
    const end = (await orders.broker.admin.offsets(topic, 'stable')).get(1)!
    const service = orders.start()
    await orders.expectTaken()
    await service.stop()

    const all = run(orders, 'rejects', FILE)
    assert.equal(all.code, 0, all.err)
    assert.match(all.out, new RegExp(`${topic}-1 @ ${end - 1}  key_mismatch`))
    assert.match(all.out, /key {4}none\n {2}value {2}\{"order_id":"o0+1",/)
    assert.match(all.out, /value {2}no avro/)
    assert.match(all.out, /3 rejects of/)
    const json = run(orders, 'rejects', FILE, '--json', '--reason', 'key_mismatch')
    const reject = JSON.parse(json.out)
    assert.deepEqual(
      [reject.topic, reject.partition, reject.offset, reject.key, reject.headers],
      [topic, 1, end - 1, 'other', { trace: 'abc' }],
    )
    assert.equal(reject.value.order_id, data.orderId(1))
    const one = run(orders, 'rejects', FILE, '--json', '--from-beginning', '--limit', '1')
    assert.equal(one.out.trim().split('\n').length, 1)
    assert.match(run(orders, 'rejects', FILE, '--reason', 'lat').out, /no rejects with reason lat/)
  } finally {
    await orders.close()
  }
})

test('init writes a file that validates and checks, from schema files and from a registry', async () => {
  const orders = await filled()
  const registry = await startRegistry()
  try {
    const names = {
      order: 'orders',
      payment: 'payments',
      customer: 'customers',
      product: 'products',
    }
    const brokers = orders.env().KAFKA_BROKERS
    const topics = [
      '--brokers',
      brokers,
      '--facts',
      orders.topic('orders'),
      '--join',
      orders.topic('payments'),
    ]
    const dimensions = ['customer', 'product'].flatMap((name) => [
      '--dimension',
      `${name}=${orders.topic(`${name}s`)}`,
    ])
    const file = join(orders.folder, 'first.yaml')
    const unknown = run(orders, 'init', ...topics, '--out', file)
    assert.equal(unknown.code, 78)
    assert.match(unknown.err, /name a registry with --registry, or put it in .*orders\.avsc/)
    for (const [schema, name] of Object.entries(names)) {
      const source = `examples/orders/schemas/${schema}.avsc`
      copyFileSync(source, join(orders.folder, `${orders.topic(name)}.avsc`))
      await registry.register(
        `${orders.topic(name)}-value`,
        JSON.parse(readFileSync(source, 'utf8')),
      )
    }
    assert.equal(run(orders, 'init', ...topics, ...dimensions, '--out', file).code, 0)
    const text = readFileSync(file, 'utf8')
    assert.match(text, /on: order_id # the key of \d+ of the last \d+ records/)
    assert.match(text, /on: customer_id/)
    assert.equal(run(orders, 'validate', file).code, 0)
    const checked = runWith({ ...orders.env() }, 'check', file)
    assert.match(checked.out, /✓ key hash/)
    assert.doesNotMatch(checked.out, /✗ (?!state folder)/)
    assert.match(run(orders, 'init', ...topics, '--out', file).err, /is there already/)

    const { code, out } = run(orders, 'init', ...topics, ...dimensions, '--registry', registry.url)
    assert.equal(code, 0)
    assert.match(out, /url: \$\{SCHEMA_REGISTRY_URL:-http/)
    const missing = run(orders, 'init', '--brokers', brokers, '--facts', 'nowhere', '--join', 'x')
    assert.equal(missing.code, 1)
    assert.match(missing.err, /No such topic: nowhere, x/)
  } finally {
    await registry.stop()
    await orders.close()
  }
})

test('commands name what this user may not do, where the broker has an authorizer', async () => {
  const kafka = await startKafka({
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'allow.everyone.if.no.acl.found': 'true',
  })
  const orders = await Orders.create({ dimensions: false, broker: kafka.address })
  const admin = new Kafka({ brokers: [kafka.address], logLevel: logLevel.NOTHING }).admin()
  try {
    await admin.connect()
    // A resource with any rule is closed to whom none allows it. Types: topic 2, group 3, transactional id 5.
    const rule = (
      resourceType: number,
      resourceName: string,
      operation: string,
      allow: boolean,
    ) => ({
      resourceType,
      resourceName,
      operation: { read: 3, describe: 8, describeConfigs: 10 }[operation]!,
      permissionType: allow ? 3 : 2,
      principal: 'User:ANONYMOUS',
      host: '*',
      resourcePatternType: 3,
    })
    const job = `${orders.tag}-job`
    await admin.createAcls({
      acl: [
        rule(2, orders.topic('payments'), 'describe', true),
        rule(2, orders.topic('payments'), 'describeConfigs', true),
        rule(2, orders.topic('products'), 'read', false),
        rule(2, orders.topic('rejects'), 'read', false),
        rule(3, job, 'read', false),
        rule(5, `${job}-any`, 'describe', false),
      ],
    })
    const { code, out } = run(orders, 'check', FILE)
    assert.equal(code, 1)
    assert.match(out, /✗ inputs +\S+products may not be described/)
    assert.match(out, /✗ permissions +topic \S+payments: no read\n/)
    assert.match(out, /✗ permissions +group \S+-job: no read/)
    assert.match(out, /✗ permissions +transactional id \S+-job-any: no write/)
    assert.doesNotMatch(out, /permissions +topic \S+orders/)
    const hidden = /may not describe the group \S+-job; give it describe and read/
    for (const command of ['plan', 'reset']) {
      const refused = run(orders, command, FILE)
      assert.equal(refused.code, 1)
      assert.match(refused.err, hidden)
    }
    const rejects = run(orders, 'rejects', FILE)
    assert.equal(rejects.code, 1)
    assert.match(rejects.err, /may not describe \S+rejects; give it describe and read/)
  } finally {
    await admin.disconnect()
    await orders.close()
    await kafka.stop()
  }
})
