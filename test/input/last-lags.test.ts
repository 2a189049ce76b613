import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { RecordColumns } from '../../src/batch.ts'
import { InputQueue } from '../../src/input/input-queue.ts'
import { LastLags } from '../../src/input/last-lags.ts'

const NOTHING = new Int32Array(64)

/** An answer with these offsets that ends at `nextOffset`, of a partition that ends at `end`. */
function answer(offsets: readonly number[], nextOffset: number, end: number) {
  const columns = {
    buffer: Buffer.alloc(1),
    length: offsets.length,
    timestamps: new Float64Array(offsets.length).fill(1000),
    offsets: new Float64Array(offsets),
    keyStarts: NOTHING,
    keyEnds: NOTHING,
    valueStarts: NOTHING,
    valueEnds: NOTHING,
    headerStarts: NOTHING,
    headerEnds: NOTHING,
    nextOffset,
  } as unknown as RecordColumns
  return { topic: 't', partition: 0, columns, lastStableOffset: end, highWatermark: end }
}

/** Records of one partition, with control records in between, and when they are taken and committed. */
const acts = fc.array(
  fc.oneof(
    fc.record({ act: fc.constant('fetch' as const), records: fc.nat(4), control: fc.nat(2) }),
    fc.record({ act: fc.constant('take' as const), records: fc.nat(4) }),
    fc.record({ act: fc.constant('close' as const) }),
    fc.record({ act: fc.constant('commit' as const) }),
  ),
  { maxLength: 60 },
)

test('lag counts from what is committed: a record is in it until its epoch is, control records alone never', () => {
  fc.assert(
    fc.property(acts, fc.nat(5), (script, start) => {
      const queue = new InputQueue(false)
      queue.taken = start
      let end = start
      /** Offsets of records, and how many of them are taken, in a closed epoch, committed. */
      const records: number[] = []
      let taken = 0
      const epoch = { open: false, records: 0, offset: 0 }
      let committed = 0
      for (const one of script) {
        if (one.act === 'fetch') {
          const offsets = Array.from({ length: one.records }, (_, i) => end + i)
          end += one.records + one.control
          records.push(...offsets)
          queue.offer(answer(offsets, end, end))
        } else if (one.act === 'take' && queue.head !== undefined) {
          const { at, columns } = queue.head
          const upTo = Math.min(columns.length, at + one.records)
          if (upTo > at) queue.advance(upTo)
          taken += upTo - at
        } else if (one.act === 'close' && !epoch.open && taken > committed) {
          Object.assign(epoch, { open: true, records: taken, offset: queue.taken })
        } else if (one.act === 'commit' && epoch.open) {
          queue.committed(epoch.offset)
          committed = epoch.records
          epoch.open = false
        }
        if (!queue.lagKnown) continue
        // Answers come all the time, also where there is nothing.
        if (queue.head === undefined) queue.offer(answer([], end, end))
        const waits = committed < records.length
        if (waits) assert.ok(queue.lag >= end - records[committed] && queue.lag > 0)
        else assert.equal(queue.lag, 0)
        assert.ok(queue.lag >= queue.untaken)
        assert.ok(queue.lag <= end - start)
      }
    }),
    { numRuns: 2000 },
  )
})

/** A queue that has fetched ten records that were written at 1000 and are not taken. */
function behind(): InputQueue {
  const queue = new InputQueue(false)
  queue.taken = 0
  queue.offer(answer([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 10, 10))
  return queue
}

test('the lag of a task that is given up stays, gets older, and goes with its partition', () => {
  const lags = new LastLags()
  const fresh = new InputQueue(false)
  lags.keep(3, [behind(), fresh], 5000)
  assert.deepEqual(lags.of(3, 0, 5000), { records: 10, ms: 4000 })
  assert.deepEqual(lags.of(3, 0, 65_000), { records: 10, ms: 64_000 })
  assert.equal(lags.of(3, 1, 5000), undefined)
  // Taken anew, and given up again before it has seen where its input ends.
  lags.keep(3, [fresh, fresh], 70_000)
  assert.deepEqual(lags.of(3, 0, 70_000), { records: 10, ms: 69_000 })
  lags.retain([3, 4])
  assert.deepEqual(lags.tasks, [3])
  lags.retain([4])
  assert.equal(lags.of(3, 0, 70_000), undefined)
})

test('a task that had nothing to take has no lag while it is taken anew', () => {
  const lags = new LastLags()
  const queue = behind()
  queue.advance(10)
  queue.committed(10)
  lags.keep(0, [queue, queue], 5000)
  assert.deepEqual(lags.of(0, 0, 900_000), { records: 0, ms: 0 })
})
