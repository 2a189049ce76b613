/** Whole instances on a Kafka in memory whose inputs are keyed otherwise: whatever happens, each row comes out once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { naiveJoin } from '../window/model.ts'
import { randomStreams, type StreamRecord } from '../window/random-streams.ts'
import { actions, FIRST } from './actions.ts'
import { MemoryInstances } from './memory-instances.ts'

const RUNS = Number(process.env.WORKER_RUNS ?? 8)

/** No grace: a record would be late where another source partition has moved stream time on. */
const streams = randomStreams({
  late: false,
  faults: [],
  silences: false,
  grace: { min: 0, max: 0 },
  maxLength: 120,
})

/** What happens, and for how many ms nothing else does. */
const steps = fc.array(fc.tuple(actions, fc.nat(40)), { minLength: 8, maxLength: 24, size: 'max' })

for (const repartition of ['facts', 'right', 'both'] as const) {
  test(`with another key on ${repartition}, instances that start, stop and are cut off write each row once`, async () => {
    await fc.assert(
      fc.asyncProperty(streams, steps, async ({ times, steps: stream }, list) => {
        const records = stream as readonly StreamRecord[]
        const expected = naiveJoin(records, times)
        const instances = await MemoryInstances.open(times, records, repartition)
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
}
