/** What Debezium has written (test/connect/record-change-events.ts), through the pipeline’s own codecs. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { AvroRecordSchema } from '../../src/codec/avro/reader.ts'
import { avroKeyReader } from '../../src/codec/keys/keys.ts'
import { keyPlanFor } from '../../src/codec/keys/plan.ts'
import { parsePipeline } from '../../src/config/load.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'
import { caughtUp, FakeTopic, inTurn, startOn } from '../dimension/fake-topic.ts'
import { rowsOf } from '../dimension/rows-of.ts'

interface Recorded {
  readonly schemas: Readonly<Record<string, AvroRecordSchema>>
  readonly topics: Readonly<
    Record<string, { key: string | null; value: string | null; timestamp: number }[]>
  >
  readonly rows: Readonly<Record<string, string[]>>
}

const recorded: Recorded = JSON.parse(
  readFileSync(new URL('../codec/debezium-postgres.json', import.meta.url), 'utf8'),
)
const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-debezium-'))
after(() => rmSync(folder, { recursive: true }))

const FACTS = { type: 'record', name: 'F', fields: [{ name: 'id', type: 'string' }] }

const schemaOf = (table: string, name: string): AvroRecordSchema =>
  Object.values(recorded.schemas).find(
    (one) => one.namespace === `shop.public.${table}` && one.name === name,
  )!

/** Reads all that there is of a table. @param line its dimension’s */
async function read(table: string, line: string) {
  writeFileSync(join(folder, 'rows.avsc'), JSON.stringify(schemaOf(table, 'Envelope')))
  writeFileSync(join(folder, 'facts.avsc'), JSON.stringify(FACTS))
  const text = `
name: test
kafka: { brokers: localhost:9092 }
facts: { topic: facts, schema: facts.avsc }
dimensions:
  row: { topic: customers, schema: rows.avsc, envelope: debezium, ${line} }
output: { topic: out, schemaId: 1 }
`
  const pipeline = parsePipeline(text, join(folder, 'pipeline.yaml'), {})
  const codec = createPipelineCodec(pipeline, await readSchemas(pipeline, null), null)
  const topic = new FakeTopic()
  const plan = keyPlanFor(schemaOf(table, 'Key'), null)
  assert.ok(typeof plan === 'object')
  const keys = avroKeyReader(plan)
  const bytes = (base64: string | null): Buffer | null =>
    base64 === null ? null : Buffer.from(base64, 'base64')
  for (const { key, value, timestamp } of recorded.topics[table]) {
    const text = bytes(value)?.toString('latin1') ?? null
    topic.write(0, bytes(key)?.toString('latin1') ?? null, text, timestamp)
  }
  const rejects: string[] = []
  const counted = { deletions: 0, passedOver: 0 }
  const ports = {
    config: pipeline.dimensions[0],
    codec: codec.dimensions[0],
    former: codec.formerRows[0],
    key: line.includes('key:') ? codec.dimensionKeys[0] : keys,
    layout: line,
    onReject: (...[, , , reason, error]: unknown[]) => void rejects.push(`${reason}: ${error}`),
    onDeleted: () => void counted.deletions++,
    onPassedOver: () => void counted.passedOver++,
  }
  const running = await startOn(topic, mkdtempSync(join(folder, 'store-')), inTurn, ports)
  await caughtUp(running, topic)
  const rows = new Map(
    [...rowsOf(running.dimension.table)].map(([key, row]) => [
      key,
      codec.views.dimensions[0](Buffer.from(row, 'latin1')),
    ]),
  )
  await running.dimension.close()
  return { rows, rejects, counted }
}

const truth = (table: string, columns: readonly string[], by = 'id') =>
  new Map(
    recorded.rows[table].map((text) => {
      const row = JSON.parse(text) as Record<string, unknown>
      const some = Object.fromEntries(columns.map((name) => [name, row[name]]))
      return [String(row[by]), some]
    }),
  )

test('after all that Debezium has written of a table the rows are those that PostgreSQL has', async () => {
  const columns = ['name', 'mood', 'page', 'token', 'vip', 'tags']
  const { rows, rejects, counted } = await read(
    'customers',
    `on: id, select: [${columns.join(', ')}]`,
  )
  assert.deepEqual(rejects, [])
  assert.deepEqual(rows, truth('customers', columns))
  // Two are deleted, each with a tombstone behind it, and one of them is there again under another key; one truncation.
  assert.deepEqual(counted, { deletions: 4, passedOver: 1 })
})

test('rows by another column than the primary key follow it, where PostgreSQL logs what a row was before', async () => {
  const { rows, rejects } = await read('accounts', 'on: id, key: code, select: [owner]')
  assert.deepEqual(rejects, [])
  assert.deepEqual(rows, truth('accounts', ['owner'], 'code'))
})

test('an event without a large value that was not changed has it from the row as it was', async () => {
  const { rows, rejects } = await read('customers', 'on: id, key: id, select: [name, story]')
  assert.deepEqual(rejects, [])
  assert.deepEqual(rows, truth('customers', ['name', 'story']))
})

test('it is rejected where the value matters before the row is there, and the row stays as it was', async () => {
  const line = 'on: id, key: id, select: [name], where: story != "x"'
  const { rows, rejects } = await read('customers', line)
  assert.equal(rejects.length, 1)
  assert.match(rejects[0], /^null_field: The field story is not in the event: it is large, and was/)
  assert.equal(rows.get('1')?.name, 'Ada')
})

test('columns of the types that connectors have names for are what they were in the event', async () => {
  const columns = ['price', 'score', 'born', 'wakes', 'seen', 'paid', 'span', 'doc', 'flags', 'raw']
  const { rows } = await read('customers', `on: id, key: id, select: [${columns.join(', ')}]`)
  const unscaled = (base64: unknown): number => Number(`0x${hexOf(base64)}`)
  const hexOf = (base64: unknown): string => Buffer.from(String(base64), 'base64').toString('hex')
  const { price, score, flags, raw, ...others } = rows.get('1')!
  const { scale, value } = score as { scale: number; value: string }
  assert.deepEqual(
    [unscaled(price), unscaled(value), scale, hexOf(flags), hexOf(raw)],
    [1250, 314_159, 5, '16', 'deadbeef'],
  )
  assert.deepEqual(others, {
    born: Date.UTC(2000, 1, 29) / 86_400_000,
    wakes: (((12 * 60 + 34) * 60 + 56) * 1000 + 789) * 1000,
    seen: Date.UTC(2026, 0, 31, 12) * 1000 + 123_456,
    paid: '2026-01-31T12:00:00.500000Z',
    span: 26 * 3_600_000_000,
    doc: '{"a": 1}',
  })
})
