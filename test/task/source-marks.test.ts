import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RecordBatchWriter } from '../../src/broker/record-batch-writer.ts'
import { decodeRecordBatches, recordAt } from '../../src/broker/record-columns.ts'
import { writeMark } from '../../src/output/internal-records.ts'
import { IDLE } from '../../src/task/internal-sink.ts'
import { SourceMarks } from '../../src/task/source-marks.ts'

const PARTITIONS = 3
const NOW = 1_735_689_600_000

const times = fc.oneof(fc.nat(20), fc.constant(IDLE))
/** A record, or a mark of a source partition. */
type Entry = 'record' | { readonly partition: number; readonly time: number }
const mark = fc.record({ partition: fc.nat(PARTITIONS - 1), time: times })
const entries = fc.array(fc.oneof(fc.constant<Entry>('record'), mark), {
  minLength: 1,
  maxLength: 30,
})

async function fetchedOf(list: readonly Entry[]) {
  const to = { topic: 't', partition: 0, transactional: false, compression: 'none' as const }
  const batch = new RecordBatchWriter(to)
  for (const [i, entry] of list.entries()) {
    if (entry === 'record') {
      batch.recordOf(NOW, { key: Buffer.from(`${i}`), value: Buffer.from('v'), headers: [] })
    } else writeMark(batch, NOW, entry)
  }
  const columns = await decodeRecordBatches(await batch.seal(1n, 0, 0), 0, [])
  const end = list.length
  return { topic: 't', partition: 0, columns, lastStableOffset: end, highWatermark: end }
}

/** By definition: each source partition is where its marks have brought it, and the slowest counts. */
function naive(list: readonly Entry[]): number[] {
  const at: number[] = new Array(PARTITIONS).fill(Number.NEGATIVE_INFINITY)
  for (const entry of list) {
    if (entry === 'record') continue
    const { partition, time } = entry
    at[partition] = at[partition] === IDLE ? time : Math.max(at[partition], time)
  }
  return at
}

test('the horizon is the slowest source partition’s stream time, as told before what is taken', () =>
  fc.assert(
    fc.asyncProperty(entries, async (list) => {
      const marks = new SourceMarks(1, PARTITIONS)
      const { columns } = marks.sift(await fetchedOf(list))
      const keys = Array.from({ length: columns.length }, (_, i) => recordAt(columns, i).key)
      const records = list.flatMap((entry, i) => (entry === 'record' ? [`${i}`] : []))
      assert.deepEqual(keys.map(String), records)
      for (let taken = 0; taken <= list.length; taken++) {
        marks.pass(taken)
        const expected = naive(list.slice(0, taken))
        assert.deepEqual(marks.closedBefore, expected)
        assert.equal(marks.horizon, Math.min(...expected))
      }
    }),
  ))

test('a restart goes on from what was told, also where marks are read once more', () =>
  fc.assert(
    fc.asyncProperty(entries, fc.nat(30), fc.nat(30), async (list, a, b) => {
      const stored = Math.min(list.length, Math.max(a, b))
      const from = Math.min(stored, a, b)
      const before = new SourceMarks(1, PARTITIONS)
      before.sift(await fetchedOf(list))
      before.pass(stored)
      const after = new SourceMarks(1, PARTITIONS)
      after.restored(before.closedBefore)
      assert.equal(after.horizon, before.horizon)
      // What lies between the offset that was committed and the record that came next.
      after.sift(await fetchedOf(list.map((entry, i): Entry => (i < from ? 'record' : entry))))
      after.pass(list.length)
      assert.deepEqual(after.closedBefore, naive(list))
    }),
  ))
