/** Test cases of a pipeline whose facts, right stream and dimension are change events. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { envelopeSchema } from '../../codec/change-events.ts'

const scratch = mkdtempSync(join(tmpdir(), 'stream-enricher-events-'))
after(() => rmSync(scratch, { recursive: true }))

const write = (name: string, content: unknown): void =>
  writeFileSync(
    join(scratch, name),
    typeof content === 'string' ? content : JSON.stringify(content),
  )

write(
  'orders.avsc',
  envelopeSchema([
    { name: 'id', type: 'string' },
    { name: 'customer', type: 'int' },
  ]),
)
write(
  'payments.avsc',
  envelopeSchema([
    { name: 'order_id', type: 'string' },
    { name: 'amount', type: 'int' },
  ]),
)
write(
  'customers.avsc',
  envelopeSchema([
    { name: 'id', type: 'int' },
    { name: 'name', type: 'string' },
  ]),
)
write(
  'pipeline.yaml',
  `name: events
kafka: { brokers: localhost:9092 }
facts: { topic: orders, schema: orders.avsc, envelope: debezium, time: source.ts_ms }
dimensions:
  customer: { topic: customers, schema: customers.avsc, envelope: debezium, key: id, on: customer, select: [name] }
join:
  { topic: payments, schema: payments.avsc, envelope: debezium, time: source.ts_ms, on: { left: id, right: order_id }, within: 10s, select: [amount] }
output: { topic: out, schemaId: 1 }
`,
)

/** @returns what was printed */
function run(cases: string): { status: number | null; text: string } {
  write('events.test.yaml', `pipeline: pipeline.yaml\ncases: [{ name: one, ${cases} }]\n`)
  const command = ['--import', 'tsx', 'src/main.ts', 'test', join(scratch, 'events.test.yaml')]
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' })
  return { status, text: `${stdout}${stderr}` }
}

const ROW = 'row: { dimension: customer, key: null, value: '

test('rows, as they are or in envelopes, are joined by their own fields and the times of the database', () => {
  const { status, text } = run(`
  given: [
    { ${ROW} { id: 7, name: Ann } } },
    { ${ROW} { op: u, before: { id: 7, name: Ann }, after: { id: 8, name: Bea } } } },
    { fact: { timestamp: 20000, value: { id: a, customer: 8 } } },
    { fact: { timestamp: 20000, value: { id: b, customer: 7 } } },
    { fact: { key: a, timestamp: 20000, value: { op: d, before: { id: a, customer: 8 } } } },
    { fact: { key: a, value: null } },
    { right: { timestamp: 29000, value: { order_id: a, amount: 1 } } },
    { right: { key: b, timestamp: 29000, value: { op: u, after: { order_id: b, amount: 2 }, source: { ts_ms: 31000 } } } }],
  expect: {
    outputs: [{ key: a, timestamp: 29000, value: { id: a, customer: 8, name: Bea, amount: 1 } }],
    drops: [{ from: fact, key: a, reason: no_row }, { from: fact, key: a, reason: no_row }] }`)
  assert.equal(status, 0, text)
})

test('a case says where its time is missing, and which fields a row lacks', () => {
  const { status, text } = run(`
  given: [{ fact: { value: { id: a, customer: 8 } } }, { fact: { timestamp: 1, value: { id: a } } }],
  expect: {}`)
  assert.equal(status, 78, text)
  assert.match(text, /given\.0\.fact: needs timestamp, or source\.ts_ms in its envelope/)
  assert.match(text, /given\.1\.fact\.value\.after: .*customer/)
})

test('items of DynamoDB are written with their tags, and events as its streams or Confluent’s connector have them', () => {
  const record = (name: string, fields: object[]) => ({ type: 'record', name, fields })
  const price = { type: 'bytes', logicalType: 'decimal', precision: 38, scale: 2 }
  write(
    'items.avsc',
    record('Item', [
      { name: 'id', type: 'string' },
      { name: 'price', type: ['null', price] },
      { name: 'tags', type: { type: 'array', items: 'string' } },
    ]),
  )
  write(
    'sales.avsc',
    record('Sale', [
      { name: 'sale', type: 'string' },
      { name: 'item', type: 'string' },
    ]),
  )
  write(
    'pipeline.yaml',
    `name: items
kafka: { brokers: localhost:9092 }
facts:
  topic: sales
  format: json
  schema: sales.avsc
  envelope: dynamodb-cdc
  time: source.ts_ms
dimensions:
  item:
    topic: items
    format: json
    schema: items.avsc
    envelope: dynamodb
    key: id
    on: item
    select: [price, tags]
    asOf: event-time
    time: { field: dynamodb.ApproximateCreationDateTime, unit: s }
output: { topic: out, format: json }
`,
  )
  const item = 'row: { dimension: item, key: null, timestamp: '
  const { status, text } = run(`
  given: [
    { ${item} 1000, value: { id: a, price: 1.5, tags: [x, y] } } },
    { ${item} 5000, value: { eventName: REMOVE, dynamodb: { OldImage: { id: { S: a }, tags: { SS: [x] } } } } } },
    { ${item} 7000, value: { eventName: INSERT, dynamodb: { NewImage: { id: { S: a }, tags: { SS: [z] } } } } } },
    { fact: { key: null, timestamp: 4999, value: { sale: s1, item: a } } },
    { fact: { key: null, timestamp: 5000, value: { op: u, after: { document: { sale: { S: s2 }, item: { S: a } } } } } },
    { fact: { key: null, timestamp: 7000, value: { op: d, before: { document: { sale: { S: s3 }, item: { S: a } } } } } },
    { fact: { key: null, timestamp: 7001, value: { sale: s4, item: a } } }],
  expect: {
    outputs: [
      { key: null, value: { sale: s1, item: a, price: 1.50, tags: [x, y] } },
      { key: null, value: { sale: s2, item: a, price: null, tags: null } },
      { key: null, value: { sale: s4, item: a, price: null, tags: [z] } }],
    drops: [{ from: fact, key: null, reason: no_row }] }`)
  assert.equal(status, 0, text)
})
