/** Whole instances on a Kafka in memory: whatever happens to them and to it, each row comes out once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { naiveJoin } from '../window/model.ts'
import { randomStreams, type StreamRecord } from '../window/random-streams.ts'
import { actions, FIRST } from './actions.ts'
import { MemoryInstances } from './memory-instances.ts'

/** Enough for every record to be in time, whatever waits for how long: the order of arrival is no matter then. */
const GRACE = { min: 2000, max: 2000 }
/** More of them where somebody has the time. */
const RUNS = Number(process.env.WORKER_RUNS ?? 12)
/** What happens, and for how many ms nothing else does. */
const steps = fc.array(fc.tuple(actions, fc.nat(40)), { minLength: 10, maxLength: 30, size: 'max' })

const streams = randomStreams({
  late: false,
  faults: [],
  silences: false,
  grace: GRACE,
  maxLength: 120,
})

test('instances that start, stop, are cut off and refused write each row of the join once', async () => {
  await fc.assert(
    fc.asyncProperty(streams, steps, async ({ times, steps: stream }, list) => {
      const records = stream as readonly StreamRecord[]
      const expected = naiveJoin(records, times)
      const instances = await MemoryInstances.open(times, records)
      try {
        for (const [action, ms] of [...FIRST, ...list]) {
          await instances.run(action)
          await sleep(ms)
        }
        assert.deepEqual(await instances.finish(expected.length), expected)
      } finally {
        await instances.close()
      }
    }),
    { numRuns: RUNS, endOnFailure: true },
  )
})
