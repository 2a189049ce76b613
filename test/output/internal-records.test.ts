import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RecordBatchWriter } from '../../src/broker/record-batch-writer.ts'
import { decodeRecordBatches, readHeaders, recordAt } from '../../src/broker/record-columns.ts'
import { Counts } from '../../src/counts/counts.ts'
import type { OutputTopic } from '../../src/output/batch-list.ts'
import {
  markAt,
  OriginHeaders,
  originAt,
  originalAt,
  ownHeaders,
  writeMark,
} from '../../src/output/internal-records.ts'
import { TaskRejects } from '../../src/output/task-rejects.ts'

const NOON = Date.parse('2025-01-01T12:00:00Z')
const batchOf = (partition: number): RecordBatchWriter =>
  new RecordBatchWriter({ topic: 't', partition, transactional: false, compression: 'none' })
const readBatch = async (batch: RecordBatchWriter) =>
  decodeRecordBatches(await batch.seal(1n, 0, 0), 0, [])

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))
const records = fc.record({
  key: fc.option(bytes),
  value: bytes,
  headers: fc.array(fc.tuple(fc.string({ maxLength: 5 }), fc.option(bytes)), { maxLength: 130 }),
  timestamp: fc.integer({ min: 0, max: 2 ** 40 }),
})

/** The records of an input as a stage writes them, under the key `joined`. */
async function carried(
  given: readonly (typeof records extends fc.Arbitrary<infer T> ? T : never)[],
) {
  const input = batchOf(3)
  for (const { timestamp, ...record } of given) input.recordOf(timestamp, record)
  const columns = await readBatch(input)
  const internal = batchOf(0)
  const headers = new OriginHeaders()
  const { buffer, valueStarts, valueEnds } = columns
  const key = Buffer.from('joined')
  for (let i = 0; i < columns.length; i++) {
    const section = headers.write(columns, i, 3)
    const value = buffer.subarray(valueStarts[i], valueEnds[i])
    const raw = Buffer.from(headers.buffer.subarray(0, section))
    internal.recordOf(NOON, { key, value: Buffer.from(value), headers: readHeaders(raw, 0) })
  }
  return { columns, internal: await readBatch(internal) }
}

test('a record on its way to the join says where it was, and is as it was without that', () =>
  fc.assert(
    fc.asyncProperty(fc.array(records, { minLength: 1, maxLength: 5 }), async (given) => {
      const { columns, internal } = await carried(given)
      for (const [i, { key, timestamp }] of given.entries()) {
        assert.equal(markAt(internal, i), undefined)
        const origin = originAt(internal, i)!
        assert.deepEqual(origin, { partition: 3, offset: i, timestamp, key })
        const section = internal.buffer.subarray(ownHeaders(internal, i), internal.headerEnds[i])
        const before = columns.buffer.subarray(columns.headerStarts[i], columns.headerEnds[i])
        assert.deepEqual(Buffer.from(section), Buffer.from(before))
        assert.deepEqual(originalAt(internal, i, origin), recordAt(columns, i))
        // Also where our header was taken away already.
        internal.headerStarts[i] = ownHeaders(internal, i)
        assert.deepEqual(originAt(internal, i), origin)
      }
    }),
  ))

test('a mark is told from a record, and a record that says nothing of where it was stays as it is', async () => {
  const batch = batchOf(0)
  writeMark(batch, NOON, { partition: 7, time: 12.5 })
  writeMark(batch, NOON, { partition: 8, time: Number.POSITIVE_INFINITY })
  const foreign = { key: Buffer.from('k'), value: Buffer.from('v'), headers: [] }
  batch.recordOf(NOON, foreign)
  batch.recordOf(NOON, { ...foreign, headers: [['marks', Buffer.from('x')]] })
  const columns = await readBatch(batch)
  const marks = Array.from({ length: 4 }, (_, i) => markAt(columns, i))
  assert.deepEqual(marks, [
    { partition: 7, time: 12.5 },
    { partition: 8, time: Number.POSITIVE_INFINITY },
    undefined,
    undefined,
  ])
  for (const i of [2, 3]) {
    assert.equal(originAt(columns, i), undefined)
    assert.equal(ownHeaders(columns, i), columns.headerStarts[i])
  }
})

test('what the join rejects is told, and written, as it was in its input', async () => {
  const given = { key: Buffer.from('c1'), value: Buffer.from('v'), timestamp: NOON - 5 }
  const { internal } = await carried([{ ...given, headers: [['trace', Buffer.from('t')]] }])
  const topic = (name: string): OutputTopic => {
    return { topic: name, compression: 'none', partitions: 1, maxBatchBytes: 1 << 20 }
  }
  const counts = new Counts([])
  const sources = [
    { topic: 'job-facts-repartition', origin: 'orders', isPrepared: false, isJoined: false },
  ]
  const out = { rejects: topic('rejects'), output: topic('output'), counts }
  const rejects = new TaskRejects(1, sources, out)
  rejects.record(0, internal, 0, 'window', 'late', 'It is late')
  const columns = await readBatch(rejects.batches.drain()[0])
  const { key, value, headers } = recordAt(columns, 0)
  assert.deepEqual([String(key), String(value)], ['c1', 'v'])
  const named = Object.fromEntries(headers.map(([name, text]) => [name, String(text)]))
  const { trace, origin } = named
  assert.deepEqual([trace, origin], ['t', undefined])
  assert.equal(
    `${named['enricher.topic']}-${named['enricher.partition']}@${named['enricher.offset']}`,
    'orders-3@0',
  )
  assert.equal(named['enricher.timestamp'], String(NOON - 5))
  assert.deepEqual([...counts.rejects], [['orders window late', 1]])
})
