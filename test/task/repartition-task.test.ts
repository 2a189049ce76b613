/** What a stage before the join takes of its input, and what of that the join gets: expressions, times and headers are as without it. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { RecordBytes } from '../../src/batch.ts'
import type { Fetched } from '../../src/broker/port.ts'
import { RecordBatchWriter } from '../../src/broker/record-batch-writer.ts'
import { decodeRecordBatches, recordAt } from '../../src/broker/record-columns.ts'
import { taskOf } from '../../src/broker/task-number.ts'
import { AvroJson } from '../../src/codec/avro/json-encoding.ts'
import { parsePipeline } from '../../src/config/load.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'
import { PageStore } from '../../src/state/page-store.ts'
import { createTask } from '../../src/task/create-task.ts'
import { Disk } from '../commit/disk.ts'
import { taskContext } from '../support/task-context.ts'

const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-repartition-'))
after(() => rmSync(folder, { recursive: true }))

const schemas = {
  order: { id: 'string', quantity: 'int', at: 'long' },
  payment: { id: 'string', amount: 'int' },
}
type Name = keyof typeof schemas

const schemaOf = (name: Name): object => ({
  type: 'record',
  name,
  fields: Object.entries(schemas[name]).map(([field, type]) => ({ name: field, type })),
})
for (const name of Object.keys(schemas) as Name[]) {
  writeFileSync(join(folder, `${name}.avsc`), JSON.stringify(schemaOf(name)))
}

const pipeline = parsePipeline(
  `name: job
kafka: { brokers: "localhost:9092" }
facts:
  topic: orders
  schema: ./order.avsc
  where: quantity > 1
  fields: { half: quantity / 2, when: fromMillis(at) }
  time: when
  early: timestamp
join:
  topic: payments
  schema: ./payment.avsc
  on: id
  within: 60s
  kind: outer
  headers: merge
  repartition: facts
  select: [amount]
output: { topic: out, schemaId: 1 }
`,
  join(folder, 'pipeline.yaml'),
  {},
)

const NOON = Date.parse('2025-01-01T12:00:00Z')
const HOUR = 3_600_000
const TO = { compression: 'none', partitions: 1, maxBatchBytes: 1 << 20 } as const

function encoded(name: Name, value: object): Buffer {
  const faults: string[] = []
  const body = new AvroJson(schemaOf(name)).encode(value, (_path, fault) => faults.push(fault))
  assert.deepEqual(faults, [])
  return Buffer.concat([Buffer.from([0, 0, 0, 0, 1]), body!])
}

async function fetched(topic: string, records: readonly RecordBytes[]): Promise<Fetched> {
  const to = { topic, partition: 0, transactional: false, compression: 'none' } as const
  const writer = new RecordBatchWriter(to)
  for (const one of records) writer.recordOf(NOON, one)
  return answer(topic, writer)
}

async function answer(topic: string, batch: RecordBatchWriter): Promise<Fetched> {
  const columns = await decodeRecordBatches(Buffer.from(await batch.seal(-1n, -1, -1)), 0, [])
  const end = columns.nextOffset
  return { topic, partition: 0, columns, lastStableOffset: end, highWatermark: end }
}

const textsOf = ({ headers }: RecordBytes): string[] =>
  headers.map(([name, value]) => `${name}=${value}`)

test('a condition is asked before the internal topic; computed fields, times and headers come out of the join', async () => {
  const codec = createPipelineCodec(pipeline, await readSchemas(pipeline, null), null)
  const context = taskContext(pipeline, codec, {
    repartition: [{ ...TO, topic: 'job-facts-repartition' }],
    partitions: new Map([['orders', 1]]),
    now: () => NOON,
  })
  const order = (id: string, quantity: number, at: number): RecordBytes => ({
    key: Buffer.from('another'),
    value: encoded('order', { id, quantity, at }),
    headers: [['of', Buffer.from(id)]],
  })
  const first = createTask(taskOf(0, 2), null, context)
  const orders = [order('a', 4, NOON - 1000), order('b', 1, NOON), order('c', 8, NOON + HOUR)]
  first.offer(0, await fetched('orders', orders))
  while (await first.process());
  const told = first.drain()!
  assert.equal(told.rejects.length, 0)
  const internal = await answer('job-facts-repartition', told.outputs[0])
  const { columns } = internal
  // Two facts, and the mark behind them.
  assert.deepEqual(
    [0, 1].map((i) => [String(recordAt(columns, i).key), columns.timestamps[i]]),
    [
      ['a', NOON - 1000],
      ['c', NOON],
    ],
  )
  assert.equal(columns.length, 3)
  assert.equal(context.counts.filtered.get('orders'), 1)
  assert.equal(context.counts.timesReplaced.get('orders'), 1)

  const last = createTask(taskOf(1, 2), new PageStore(new Disk().open(), codec.layout), context)
  last.offer(0, internal)
  const payments = ['a', 'c'].map((id) => ({
    key: Buffer.from(id),
    value: encoded('payment', { id, amount: 5 }),
    headers: [['paid', Buffer.from(id)]] as [string, Buffer][],
  }))
  last.offer(1, await fetched('payments', payments))
  for (let turn = 0; turn < 20; turn++) await last.process()
  const epoch = last.drain()!
  assert.equal(epoch.rejects.length, 0)
  const out = (await answer('out', epoch.outputs[0])).columns
  const json = new AvroJson(JSON.parse(codec.outputSchema))
  const rows = Array.from({ length: out.length }, (_, i) => {
    const record = recordAt(out, i)
    const { id, half, amount } = json.decode(record.value!.subarray(5)) as Record<string, unknown>
    return [String(record.key), id, half, amount, ...textsOf(record)]
  })
  assert.deepEqual(rows.sort(), [
    ['a', 'a', 2, 5, 'of=a', 'paid=a'],
    ['c', 'c', 4, 5, 'of=c', 'paid=c'],
  ])
})
