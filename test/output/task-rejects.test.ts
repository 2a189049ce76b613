import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeHeaders, type RecordBatchWriter } from '../../src/broker/record-batch-writer.ts'
import { decodeRecordBatches, recordAt } from '../../src/broker/record-columns.ts'
import { bytesOf, NO_BYTES } from '../../src/bytes.ts'
import { Counts } from '../../src/counts/counts.ts'
import { BatchList, type OutputTopic } from '../../src/output/batch-list.ts'
import { type Entry, TaskOutput } from '../../src/output/task-output.ts'
import { TaskRejects } from '../../src/output/task-rejects.ts'
import { type Rejected, writeReject } from '../../src/output/write-reject.ts'
import { planOf } from '../../src/plan/plan.ts'
import { pipelineWith } from '../support/pipeline.ts'

const NOW = 1_735_689_600_000
const topic = (name: string, maxBatchBytes: number): OutputTopic => ({
  topic: name,
  compression: 'none',
  partitions: 6,
  maxBatchBytes,
})
/** Around an Avro record: a frame. */
const shape = { open: bytesOf(Buffer.alloc(5)), between: NO_BYTES, close: NO_BYTES }

async function recordsOf(written: { drain(): RecordBatchWriter[] }) {
  const records = []
  for (const batch of written.drain()) {
    const columns = await decodeRecordBatches(await batch.seal(1n, 0, 0), 0, [])
    for (let i = 0; i < columns.length; i++) records.push(recordAt(columns, i))
  }
  return records
}

const headersOf = ({ headers }: { headers: readonly (readonly [string, Buffer | null])[] }) =>
  Object.fromEntries(headers.map(([name, value]) => [name, String(value)]))

const rejected = (value: number, header: number, key: number): Rejected => ({
  topic: 'orders',
  partition: 3,
  offset: 7,
  timestamp: NOW,
  stage: 'window',
  reason: 'too_large',
  error: 'It is too large',
  record: {
    key: Buffer.alloc(key, 'k'),
    value: Buffer.alloc(value, 'v'),
    headers: [['trace', Buffer.alloc(header, 't')]],
  },
})

test('a reject leaves out no more than has to be: the value, then its headers, then the key', async () => {
  const write = async (...sizes: [number, number, number]) => {
    const batches = new BatchList(topic('rejects', 20_000), 0)
    writeReject(batches, rejected(...sizes))
    const [record] = await recordsOf(batches)
    const headers = headersOf(record)
    assert.equal(headers['enricher.offset'], '7')
    return {
      parts: [record.value?.length ?? 0, headers.trace?.length ?? 0, record.key?.length ?? 0],
      omitted: headers['enricher.omitted'],
    }
  }
  assert.deepEqual(await write(100, 10, 5), { parts: [100, 10, 5], omitted: undefined })
  const valueGone = { parts: [0, 10, 5], omitted: 'value: too large' }
  assert.deepEqual(await write(30_000, 10, 5), valueGone)
  const headersGone = { parts: [0, 0, 5], omitted: 'value and headers: too large' }
  assert.deepEqual(await write(10, 30_000, 5), headersGone)
  const allGone = { parts: [0, 0, 0], omitted: 'key, value and headers: too large' }
  assert.deepEqual(await write(10, 10, 30_000), allGone)
})

function entryOf(time: number, body: Buffer): Entry {
  const key = Buffer.from('o1')
  const headers = encodeHeaders([['trace', Buffer.from('t1')]])
  const buffer = bytesOf(Buffer.concat([key, headers, body]))
  const headersEnd = key.length + headers.length
  return {
    buffer,
    time,
    keyStart: 0,
    keyEnd: key.length,
    headersStart: key.length,
    headersEnd,
    bodyStart: headersEnd,
    bodyEnd: buffer.length,
  }
}

test('outputs that the topic does not take are rejected with key and headers, and the others come out', async () => {
  const output = topic('enriched', 5000)
  const counts = new Counts(['customer'])
  const { sources } = planOf(pipelineWith())
  const rejects = new TaskRejects(3, sources, { counts, rejects: topic('rejects', 20_000) })
  const out = new TaskOutput(
    { whole: output, shape, sinks: [] },
    3,
    [NO_BYTES, NO_BYTES],
    rejects,
    new Counts([]),
  )
  const body = Buffer.from('body')
  const right = entryOf(NOW, Buffer.from('right'))
  out.oldest = NOW - 1000

  out.match(entryOf(NOW - 5000, body), right)
  out.unmatched(0, entryOf(NOW - 1000, body))
  out.unmatched(0, entryOf(NOW - 1001, body))
  out.match(entryOf(NOW - 2000, body), entryOf(NOW - 1500, Buffer.from('right')))
  out.match(entryOf(NOW, Buffer.alloc(6000)), right)

  assert.equal((await recordsOf(out)).length, 2)
  const reasons = []
  for (const record of await recordsOf(rejects.batches)) {
    const headers = headersOf(record)
    assert.equal(String(record.key), 'o1')
    assert.equal(headers.trace, 't1')
    assert.equal(headers['enricher.stage'], 'output')
    reasons.push([headers['enricher.reason'], Number(headers['enricher.timestamp']) - NOW])
  }
  assert.deepEqual(reasons, [
    ['too_old', -1001],
    ['too_old', -1500],
    ['too_large', 0],
  ])
  assert.equal(counts.rejects.get('enriched output too_old'), 2)
})

const none = () => assert.fail()

test('a topic without a limit of age takes any', async () => {
  const output = topic('enriched', 5000)
  const rejects = { tooLarge: none, tooOld: none, unwritten: none }
  const out = new TaskOutput(
    { whole: output, shape, sinks: [] },
    3,
    [NO_BYTES, NO_BYTES],
    rejects,
    new Counts([]),
  )
  out.oldest = NOW - Number.POSITIVE_INFINITY
  out.unmatched(0, entryOf(-8.64e15, Buffer.alloc(4)))
  assert.equal((await recordsOf(out)).length, 1)
})
