/** What Debezium has written of a table, on a real broker, as a dimension of the service. */
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
  ],
})

test('facts get the rows that PostgreSQL has after all that Debezium wrote, and deletions are counted', async () => {
  const orders = await Orders.create({ dimensions: false })
  const { broker, producer, folder } = orders
  const [facts, rows, out] = ['facts', 'rows', 'out'].map((name) => orders.topic(name))
  const write = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  try {
    write('facts.avsc', JSON.stringify(FACT))
    write('rows.avsc', JSON.stringify(schemaOf('Envelope')))
    write('key.avsc', JSON.stringify(schemaOf('Key')))
    const file = write(
      'events.yaml',
      `name: ${orders.tag}-events
kafka: { brokers: "\${KAFKA_BROKERS}" }
facts: { topic: ${facts}, schema: facts.avsc }
dimensions:
  customer:
    { topic: ${rows}, schema: rows.avsc, envelope: debezium, keyFormat: avro, keySchema: key.avsc, on: customer, select: [name, mood] }
output: { topic: ${out}, schemaId: 1 }
state: { dir: ${join(folder, 'events')} }
http: { port: 0 }
`,
    )
    for (const topic of [facts, rows]) await createTopic(broker, topic, 1)
    await producer.connect([facts, rows])
    const bytes = (base64: string | null): Buffer | null =>
      base64 === null ? null : Buffer.from(base64, 'base64')
    for (const { key, value, timestamp } of recorded.topics.customers)
      producer.put(rows, 0, timestamp, bytes(key), bytes(value))
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
        const { id, name, mood } = JSON.parse(text)
        return [id, { name, mood }]
      }),
    )
    const expected = ids.map((customer) => {
      return { customer, ...(there.get(customer) ?? { name: null, mood: null }) }
    })
    assert.deepEqual(JSON.parse(JSON.stringify(came)), expected)
    const series = await exposition(service)
    assert.match(series, /enricher_dimension_deletions_total\{[^}]*\} 4\n/)
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
