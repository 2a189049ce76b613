/** What Debezium has written of a table, and DynamoDB's stream records of another one, on a real broker, as dimensions of the service. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import avsc from 'avsc'
import { exposition } from '../support/scrape.ts'
import { createTopic, readAll } from '../support/topics.ts'
import { Orders } from './orders.ts'

interface Recorded {
  readonly schemas: Readonly<Record<string, { name: string; namespace: string }>>
  readonly topics: { customers: { key: string | null; value: string | null; timestamp: number }[] }
  readonly rows: { customers: string[] }
}

const recorded: Recorded = JSON.parse(
  readFileSync(new URL('../codec/debezium-postgres.json', import.meta.url), 'utf8'),
)
const schemaOf = (name: string) =>
  Object.values(recorded.schemas).find(
    (one) => one.namespace === 'shop.public.customers' && one.name === name,
  )
const FACT = avsc.Type.forSchema({
  type: 'record',
  name: 'Order',
  fields: [{ name: 'customer', type: 'int' }],
})
const OUTPUT = avsc.Type.forSchema({
  type: 'record',
  name: 'Out',
  fields: [
    { name: 'customer', type: 'int' },
    { name: 'name', type: ['null', 'string'] },
    { name: 'mood', type: ['null', 'string'] },
    { name: 'story', type: ['null', 'string'] },
    { name: 'price', type: ['null', 'double'] },
  ],
})

/** Items of customers 1 and 2, of which one is changed and the other one deleted. */
const STREAM_RECORDS = [
  { eventName: 'INSERT', dynamodb: { NewImage: { id: { N: '1' }, price: { N: '1.5' } } } },
  { eventName: 'INSERT', dynamodb: { NewImage: { id: { N: '2' }, price: { N: '2' } } } },
  {
    eventName: 'MODIFY',
    dynamodb: {
      OldImage: { id: { N: '1' }, price: { N: '1.5' } },
      NewImage: { id: { N: '1' }, price: { N: '1.75' } },
    },
  },
  { eventName: 'REMOVE', dynamodb: { OldImage: { id: { N: '2' }, price: { N: '2' } } } },
]

test('facts get the rows that PostgreSQL and DynamoDB have after all that was written, and deletions are counted', async () => {
  const orders = await Orders.create({ dimensions: false })
  const { broker, producer, folder } = orders
  const [facts, rows, items, out] = ['facts', 'rows', 'items', 'out'].map((name) =>
    orders.topic(name),
  )
  const write = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  try {
    write('facts.avsc', JSON.stringify(FACT))
    write('rows.avsc', JSON.stringify(schemaOf('Envelope')))
    write('key.avsc', JSON.stringify(schemaOf('Key')))
    const fields = ['id', 'price'].map((name) => ({
      name,
      type: name === 'id' ? 'long' : 'double',
    }))
    write('items.avsc', JSON.stringify({ type: 'record', name: 'Item', fields }))
    const file = write(
      'events.yaml',
      `name: ${orders.tag}-events
kafka: { brokers: "\${KAFKA_BROKERS}" }
facts: { topic: ${facts}, schema: facts.avsc }
dimensions:
  customer:
    { topic: ${rows}, schema: rows.avsc, envelope: debezium, keyFormat: avro, keySchema: key.avsc, on: customer, select: [name, mood, story] }
  item:
    { topic: ${items}, format: json, schema: items.avsc, envelope: dynamodb, key: id, on: customer, select: [price] }
output: { topic: ${out}, schemaId: 1 }
state: { dir: ${join(folder, 'events')} }
http: { port: 0 }
`,
    )
    for (const topic of [facts, rows, items]) await createTopic(broker, topic, 1)
    await producer.connect([facts, rows, items])
    const bytes = (base64: string | null): Buffer | null =>
      base64 === null ? null : Buffer.from(base64, 'base64')
    for (const { key, value, timestamp } of recorded.topics.customers)
      producer.put(rows, 0, timestamp, bytes(key), bytes(value))
    for (const [n, event] of STREAM_RECORDS.entries()) {
      // By a hash of the primary key, as Kinesis has it.
      producer.put(items, 0, n, Buffer.from('3F434FB7'), Buffer.from(JSON.stringify(event)))
    }
    const ids = [1, 2, 3, 4, 5]
    for (const customer of ids) {
      const value = Buffer.concat([Buffer.alloc(5), FACT.toBuffer({ customer })])
      producer.put(facts, 0, Date.now(), null, value)
    }
    await producer.flush()
    const service = orders.start({}, file)
    const came: unknown[] = []
    for (let tries = 0; came.length < ids.length; tries++) {
      assert.ok(tries < 100, service.log)
      await sleep(300)
      came.length = 0
      if (!(await broker.admin.describeTopics([out])).has(out)) continue
      await readAll(broker, out, ({ value }) => came.push(OUTPUT.fromBuffer(value!.subarray(5))))
    }
    const there = new Map(
      recorded.rows.customers.map((text) => {
        const { id, name, mood, story } = JSON.parse(text)
        return [id, { name, mood, story }]
      }),
    )
    const expected = ids.map((customer) => {
      const row = there.get(customer) ?? { name: null, mood: null, story: null }
      return { customer, ...row, price: customer === 1 ? 1.75 : null }
    })
    assert.deepEqual(JSON.parse(JSON.stringify(came)), expected)
    const series = await exposition(service)
    const deletions = [rows, items].map((topic) => {
      const of = new RegExp(`enricher_dimension_deletions_total\\{[^}]*${topic}"[^}]*\\} (\\d+)`)
      return of.exec(series)?.[1]
    })
    assert.deepEqual(deletions, ['4', '1'])
    assert.match(series, /enricher_records_dropped_total\{[^}]*reason="no_row"[^}]*\} 1\n/)
    const command = ['dist/main.js', 'check', file]
    const env = { ...process.env, ...orders.env() }
    const { stdout } = spawnSync(process.execPath, command, { env, encoding: 'utf8' })
    assert.match(stdout, /are deletions, or of no row/)
    assert.match(stdout, /look-up customer .*find a row/)
    assert.equal(await service.stop(), 0)
  } finally {
    await orders.close()
  }
})
