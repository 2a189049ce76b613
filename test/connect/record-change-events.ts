/**
 * Records what Debezium writes of a table that changes: PostgreSQL, a Kafka Connect worker and a schema registry of this
 * machine, by `node --import tsx test/connect/record-change-events.ts`, into test/codec/debezium-postgres.json.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startKafka } from '../support/kafka.ts'
import { startRegistry } from '../support/registry.ts'
import { connect as connectTo, createTopic, type ReadRecord, readAll } from '../support/topics.ts'
import { fetchConnect, startConnect } from './connect.ts'
import { startPostgres } from './stores.ts'

const FILE = new URL('../codec/debezium-postgres.json', import.meta.url)
const TABLES = ['customers', 'accounts'] as const
const CONVERTER = 'io.apicurio.registry.utils.converter.AvroConverter'
/** How many records there are: of each table the changes below, and a tombstone behind each deletion. */
const EXPECTED = { customers: 11, accounts: 7 }

const COLUMNS = `
  id int PRIMARY KEY, name text NOT NULL, price numeric(10,2), score numeric, born date, wakes time,
  seen timestamp, paid timestamptz, span interval, mood mood, doc jsonb, page xml, token uuid, flags bit(5),
  vip boolean, raw bytea, tags text[], story text`
const ROW = `1, 'Ada', 12.50, 3.14159, '2000-02-29', '12:34:56.789', '2026-01-31 12:00:00.123456',
  '2026-01-31 13:00:00.5+01', '1 day 02:00:00', 'happy', '{"a": 1}', '<a>1</a>',
  '8d8ac610-566d-4ef0-9c22-186b2a5ed793', B'10110', true, '\\xdeadbeef', '{x,y}'`

const BEFORE = `
  CREATE TYPE mood AS ENUM ('happy', 'sad');
  CREATE TABLE customers (${COLUMNS});
  ALTER TABLE customers ALTER COLUMN story SET STORAGE EXTERNAL;
  INSERT INTO customers VALUES (${ROW}, repeat('long ', 600));
  INSERT INTO customers (id, name) VALUES (2, 'Bea'), (3, 'Cleo');
  CREATE TABLE accounts (id int PRIMARY KEY, code text UNIQUE, owner text NOT NULL);
  ALTER TABLE accounts REPLICA IDENTITY FULL;
  INSERT INTO accounts VALUES (1, 'a', 'Ada'), (2, 'b', 'Bea');`

const CHANGES = [
  `INSERT INTO customers (id, name, price) VALUES (4, 'Dora', -0.05)`,
  `UPDATE customers SET name = 'Ada L.' WHERE id = 1`,
  `UPDATE customers SET price = NULL, mood = 'sad' WHERE id = 2`,
  'DELETE FROM customers WHERE id = 3',
  'UPDATE customers SET id = 5 WHERE id = 4',
  `UPDATE accounts SET code = 'c' WHERE id = 1`,
  `INSERT INTO accounts VALUES (3, 'a', 'Cleo')`,
  'DELETE FROM accounts WHERE id = 2',
  `UPDATE accounts SET owner = 'Ada L.' WHERE id = 1`,
]

function connector(port: number): Record<string, string> {
  const converter = (side: 'key' | 'value') => ({
    [`${side}.converter`]: CONVERTER,
    [`${side}.converter.apicurio.registry.url`]: '${env:APICURIO_URL}',
    [`${side}.converter.apicurio.registry.auto-register`]: 'true',
    [`${side}.converter.apicurio.registry.artifact-resolver-strategy`]:
      'io.apicurio.registry.serde.strategy.TopicIdStrategy',
    [`${side}.converter.apicurio.registry.as-confluent`]: 'true',
    [`${side}.converter.apicurio.registry.use-id`]: 'contentId',
    [`${side}.converter.apicurio.registry.headers.enabled`]: 'false',
  })
  return {
    'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
    'database.hostname': '127.0.0.1',
    'database.port': String(port),
    'database.dbname': 'shop',
    'database.user': 'shop',
    'database.password': 'shop',
    'plugin.name': 'pgoutput',
    'topic.prefix': 'shop',
    'table.include.list': TABLES.map((table) => `public.${table}`).join(),
    'skipped.operations': 'none',
    ...converter('key'),
    ...converter('value'),
  }
}

const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-debezium-'))
fetchConnect()
const kafka = await startKafka()
const registry = await startRegistry()
const postgres = await startPostgres()
const broker = await connectTo(kafka.address)
for (const table of TABLES) await createTopic(broker, `shop.public.${table}`, 1)
const worker = await startConnect({
  KAFKA_BROKERS: kafka.address,
  APICURIO_URL: `${new URL(registry.url).origin}/apis/registry/v2`,
})

async function recordsOf(table: (typeof TABLES)[number]): Promise<ReadRecord[]> {
  for (let tries = 0; ; tries++) {
    const records: ReadRecord[] = []
    await readAll(broker, `shop.public.${table}`, (record) => records.push(record))
    if (records.length >= EXPECTED[table]) return records
    if (tries > 120) throw new Error(`${table} has ${records.length} records`)
    await sleep(500)
  }
}

const snapshot = async (): Promise<void> => {
  for (let tries = 0; tries < 240; tries++) {
    let count = 0
    for (const table of TABLES)
      await readAll(broker, `shop.public.${table}`, () => {
        count++
      })
    if (count >= 5) return
    await sleep(500)
  }
  throw new Error('There is no snapshot')
}

try {
  postgres.sql(BEFORE)
  const file = join(folder, 'shop.json')
  writeFileSync(file, JSON.stringify(connector(postgres.port)))
  const apply = ['--import', 'tsx', 'examples/compose/connect/apply.ts', file]
  const env = { ...process.env, CONNECT_URL: worker.url }
  execFileSync(process.execPath, apply, { env, stdio: 'inherit' })
  await snapshot()
  for (const change of CHANGES) postgres.sql(change)
  const rows = Object.fromEntries(
    TABLES.map((table) => [table, postgres.sql(`SELECT to_jsonb(t) FROM ${table} t ORDER BY id`)]),
  )
  postgres.sql('TRUNCATE customers')
  const topics: Record<string, object[]> = {}
  const schemas: Record<string, unknown> = {}
  for (const table of TABLES) {
    const records = await recordsOf(table)
    topics[table] = records.map(({ key, value, timestamp }) => ({
      key: key?.toString('base64') ?? null,
      value: value?.toString('base64') ?? null,
      timestamp,
    }))
    for (const framed of records.flatMap(({ key, value }) => [key, value])) {
      if (framed === null) continue
      const id = framed.readInt32BE(1)
      schemas[id] ??= JSON.parse(
        ((await (await fetch(`${registry.url}/schemas/ids/${id}`)).json()) as { schema: string })
          .schema,
      )
    }
  }
  const made = {
    by: `${worker.plugins.filter((name) => /debezium/.test(name)).join()}`,
    jars: readdirSync('.kafka/connect/plugins/debezium-connector-postgres').filter((name) =>
      /^debezium-(core|connector-postgres)-/.test(name),
    ),
    postgres: postgres.sql('SHOW server_version')[0],
  }
  writeFileSync(FILE, `${JSON.stringify({ made, schemas, topics, rows }, null, 1)}\n`)
} finally {
  await worker.stop()
  await broker.close()
  await postgres.stop()
  await registry.stop()
  await kafka.stop()
  rmSync(folder, { recursive: true, force: true })
}
