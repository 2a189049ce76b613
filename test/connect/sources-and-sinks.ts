/**
 * The demo's connectors, on a real Kafka Connect with the plugins of its image: a row that changes in
 * PostgreSQL changes the output, and the output stands in the stores. `npm run test:connect`.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { MongoClient } from 'mongodb'
import * as data from '../../examples/orders/data.ts'
import { Kafka, logLevel } from '../../src/broker/kafkajs.ts'
import { freePort, type RunningKafka, startKafka } from '../support/kafka.ts'
import { type RunningRegistry, startRegistry } from '../support/registry.ts'
import { fetchConnect, type RunningConnect, startConnect } from './connect.ts'
import { Service } from './service.ts'
import {
  type Postgres,
  type Redis,
  type Stopping,
  startMongo,
  startOpensearch,
  startPostgres,
  startRedis,
  until,
} from './stores.ts'

type Producer = ReturnType<InstanceType<typeof Kafka>['producer']>

const CONNECTORS = 'examples/compose/connectors'
const CUSTOMERS = 2500
const OUTPUT = 'orders.enriched'
const NAMES = ['order', 'payment', 'customer', 'product'] as const
const AT = Date.now()

let kafka: RunningKafka
let registry: RunningRegistry
let postgres: Postgres
let mongo: Stopping
let opensearch: Stopping
let redis: Redis
let connect: RunningConnect
let service: Service
let producer: Producer
const ids = {} as Record<(typeof NAMES)[number], number>
const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-connect-'))
const fromFile = (name: string): Record<string, string> =>
  JSON.parse(readFileSync(`${CONNECTORS}/${name}.json`, 'utf8'))

before(async () => {
  fetchConnect()
  kafka = await startKafka()
  registry = await startRegistry()
  postgres = await startPostgres()
  mongo = await startMongo()
  redis = await startRedis()
  opensearch = await startOpensearch()
  script('seed.ts', [folder], { CUSTOMERS: String(CUSTOMERS) })
  postgres.run(join(folder, 'customers.sql'))
  for (const name of NAMES)
    ids[name] = await registry.register(`${name}s-value`, data.schemaOf(name) as object)
  const client = new Kafka({ brokers: [kafka.address], logLevel: logLevel.NOTHING })
  const admin = client.admin()
  await admin.connect()
  // kafkajs gives up at the first answer of a broker that does not know them yet.
  const topics = NAMES.map((name) => ({ topic: `${name}s` }))
  await admin.createTopics({ waitForLeaders: false, topics })
  await admin.disconnect()
  producer = client.producer()
  await producer.connect()
  connect = await startConnect({
    KAFKA_BROKERS: kafka.address,
    APICURIO_URL: `${new URL(registry.url).origin}/apis/registry/v2`,
    POSTGRES_HOST: '127.0.0.1',
    POSTGRES_PORT: String(postgres.port),
    POSTGRES_PASSWORD: 'shop',
    SQLSERVER_HOST: '127.0.0.1',
    SQLSERVER_PORT: String(await freePort()),
    SQLSERVER_PASSWORD: 'none',
    MONGODB_HOST: '127.0.0.1',
    MONGODB_PORT: String(mongo.port),
    OPENSEARCH_HOST: '127.0.0.1',
    OPENSEARCH_PORT: String(opensearch.port),
    REDIS_HOST: '127.0.0.1',
    REDIS_PORT: String(redis.port),
  })
})
after(async () => {
  await producer?.disconnect()
  await service?.stop()
  await connect?.stop()
  mongo?.stop()
  redis?.stop()
  opensearch?.stop()
  await postgres?.stop()
  await registry?.stop()
  await kafka?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Runs a script of the demo as its service does. */
const script = (name: string, args: string[], env: Record<string, string>): string =>
  execFileSync(process.execPath, ['--import', 'tsx', `examples/compose/connect/${name}`, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  }).toString()

const apply = (...names: string[]): string =>
  script(
    'apply.ts',
    names.map((name) => `${CONNECTORS}/${name}.json`),
    { CONNECT_URL: connect.url },
  )

/** Those whose plugins are there. */
const sinks = (): string[] => {
  const names = ['enriched-to-postgres', 'enriched-to-mongodb']
  for (const name of ['opensearch', 'redis'])
    if (connect.plugins.includes(name)) names.push(`enriched-to-${name}`)
  return names
}

/** An order and its payment, or another order of a payment that has come: one record of the output. */
async function sell(i: number, customer: number, quantity = 1): Promise<void> {
  const at = AT + i
  const put = (name: 'order' | 'payment', value: object) => {
    const framed = data.encode(name, value)
    framed.writeUInt32BE(ids[name], 1)
    const message = { key: data.orderId(i), value: framed, timestamp: String(at) }
    return producer.send({ topic: `${name}s`, messages: [message] })
  }
  await put('order', { ...data.order(i, at), customer_id: customer, quantity })
  if (quantity === 1) await put('payment', { ...data.payment(i, at), paid_at: at + 1 })
}

const customerOf = (i: number): string[] =>
  postgres.sql(`SELECT customer_name FROM orders_enriched WHERE order_id = '${data.orderId(i)}'`)

test('every configuration is what its connector takes; a wrong one is not', async () => {
  for (const name of ['customers-from-postgres', 'products-from-sqlserver', ...sinks()]) {
    const errors = await connect.validate(fromFile(name))
    const [only, ...more] = errors
    // No SQL Server is here: all that is wrong is that nobody answers.
    const nobody = name.includes('sqlserver') && only.startsWith('database.hostname: Unable to con')
    assert.deepEqual(nobody ? more : errors, [], name)
  }
  const mode = 'publication.autocreate.mode'
  const wrong = { ...fromFile('customers-from-postgres'), [mode]: 'some' }
  assert.match(
    (await connect.validate(wrong)).join(),
    /^publication\.autocreate\.mode: [^:]*invalid: Value must be/,
  )
})

test('rows of PostgreSQL are there before the first order, as the example’s generator makes them', async () => {
  assert.equal(apply('customers-from-postgres'), 'customers-from-postgres runs\n')
  service = await Service.start(kafka.address, registry.url, join(folder, 'state'))
  await until('all rows are read', async () => (await service.rows()) === CUSTOMERS)
  await sell(1, 7)
  await sell(2, CUSTOMERS)
  await until('both come out', async () => (await service.output(OUTPUT)).length === 2)
  for (const record of await service.output(OUTPUT)) {
    const { name, segment, country } = data.customer(Number(record.customer_id))
    assert.deepEqual(
      [record.customer_name, record.segment, record.country],
      [name, segment, country],
    )
  }
})

test('sinks begin with what is there already', async () => {
  apply(...sinks())
  await until(
    'PostgreSQL has both',
    () => postgres.sql('SELECT count(*) FROM orders_enriched')[0] === '2',
  )
})

test('an update, an insert and a delete change the output, and so what the stores have', async () => {
  postgres.sql("UPDATE customers SET name = 'Ann Ö.' WHERE customer_id = 7")
  postgres.sql("INSERT INTO customers VALUES (900001, 'New', 'smb', 'SE', 1)")
  postgres.sql('DELETE FROM customers WHERE customer_id = 8')
  await until('the update is read', async () => (await service.row(7))?.customer_name === 'Ann Ö.')
  await until('the insert is read', async () => (await service.row(900_001)) !== undefined)
  await until('the delete is read', async () => (await service.row(8)) === undefined)
  await sell(3, 7)
  await sell(4, 900_001)
  await sell(5, 8)
  await until('PostgreSQL has all', () => [3, 4, 5].every((i) => customerOf(i).length === 1))
  assert.deepEqual(
    [3, 4, 5].map((i) => customerOf(i)[0]),
    ['Ann Ö.', 'New', ''],
  )
})

test('a second output of a key replaces the first; a tombstone removes it; what was aborted never comes', async () => {
  await sell(6, 7, 1)
  await until('it is there', () => customerOf(6).length === 1)
  await sell(6, 7, 4)
  const abort = new Kafka({ brokers: [kafka.address], logLevel: logLevel.NOTHING }).producer({
    transactionalId: 'aborts',
    maxInFlightRequests: 1,
    idempotent: true,
  })
  await abort.connect()
  const [{ value }] = await service.raw(OUTPUT)
  const transaction = await abort.transaction()
  await transaction.send({ topic: OUTPUT, messages: [{ key: 'aborted', value }] })
  await transaction.abort()
  await abort.disconnect()
  await producer.send({ topic: OUTPUT, messages: [{ key: data.orderId(1), value: null }] })
  await sell(9, 7)
  await until(
    'the last is there, the first is gone',
    () => customerOf(9).length === 1 && customerOf(1).length === 0,
  )
  await until('it is replaced', () =>
    postgres
      .sql(
        `SELECT max(quantity), count(*) FROM orders_enriched WHERE order_id = '${data.orderId(6)}'`,
      )[0]
      .endsWith('4|1'),
  )
  assert.deepEqual(postgres.sql("SELECT 1 FROM orders_enriched WHERE order_id = 'aborted'"), [])
})

/** The topic as its reader sees it: the last value of each key, without what a tombstone removed. */
async function expected(): Promise<Map<string, Record<string, unknown>>> {
  const last = new Map((await service.output(OUTPUT)).map((row) => [String(row.order_id), row]))
  last.delete(data.orderId(1))
  return last
}

test('PostgreSQL has what a reader of the topic has, column by column', async () => {
  const last = await expected()
  const rows = postgres.sql('SELECT row_to_json(o) FROM orders_enriched o')
  assert.equal(rows.length, last.size)
  for (const { ordered_at, paid_at, ...row } of rows.map((text) => JSON.parse(text))) {
    const { ordered_at: at, paid_at: paid, ...record } = last.get(row.order_id)!
    assert.deepEqual(row, record)
    assert.equal(Date.parse(`${ordered_at}Z`), at)
    assert.equal(Date.parse(`${paid_at}Z`), paid)
  }
})

test('so has what stands in for MongoDB, by the key', async () => {
  const last = await expected()
  const client = await new MongoClient(`mongodb://127.0.0.1:${mongo.port}`).connect()
  try {
    const orders = client.db('shop').collection<{ _id: string }>('orders_enriched')
    await until('it has as many', async () => (await orders.countDocuments()) === last.size)
    for (const { _id, ...document } of await orders.find().toArray()) {
      const { ordered_at, paid_at, ...row } = document as Record<string, unknown>
      const times = { ordered_at: Number(ordered_at), paid_at: Number(paid_at) }
      assert.deepEqual({ ...row, ...times }, last.get(_id))
    }
  } finally {
    await client.close()
  }
})

test('so has OpenSearch, a document for each key', async (t) => {
  if (!connect.plugins.includes('opensearch')) return t.skip('its source cannot be had from here')
  const last = await expected()
  const search = async (): Promise<{ _id: string; _source: Record<string, unknown> }[]> => {
    const url = `http://127.0.0.1:${opensearch.port}/${OUTPUT}`
    await fetch(`${url}/_refresh`, { method: 'POST' })
    const answer = await fetch(`${url}/_search?size=100`)
    const { hits } = (await answer.json()) as { hits: { hits: Awaited<ReturnType<typeof search>> } }
    return hits.hits
  }
  await until('it has as many', async () => (await search()).length === last.size)
  for (const { _id, _source } of await search()) assert.deepEqual(_source, last.get(_id))
})

test('Redis has the value’s bytes under each key', async (t) => {
  if (!connect.plugins.includes('redis')) return t.skip('its source cannot be had from here')
  const last = new Map((await service.raw(OUTPUT)).map(({ key, value }) => [String(key), value]))
  await until('it has all', () =>
    [...last].every(([key, value]) => {
      const got = redis.get(key)
      return value === null ? got === null : got?.equals(value)
    }),
  )
  assert.equal(redis.get('aborted'), null)
})

test('a connector that fails says so with its own trace', () => {
  const broken = { CONNECT_URL: connect.url }
  assert.throws(
    () => script('apply.ts', [`${CONNECTORS}/products-from-sqlserver.json`], broken),
    /products-from-sqlserver.*[Uu]nable to connect/s,
  )
})
