/** Whole instances on a Kafka in memory whose inputs are keyed otherwise: whatever happens, each row comes out once. */
import { test } from 'node:test'
import fc from 'fast-check'
import { randomStreams, type StreamRecord } from '../window/random-streams.ts'
import { played } from './memory-instances.ts'
import { started, stepsOf } from './random-actions.ts'

const RUNS = Number(process.env.WORKER_RUNS ?? 8)

/** No grace: a record would be late where another source partition has moved stream time on. */
const streams = randomStreams({
  late: false,
  faults: [],
  silences: false,
  grace: { min: 0, max: 0 },
  maxLength: 120,
})

const steps = stepsOf(
  { put: 6, start: 2, stop: 2, cut: 1, hear: 1, fault: 5, half: 1, release: 1 },
  40,
)

const whose = {
  facts: 'with another key on facts',
  right: 'with another key on right',
  both: 'with another key on both',
  column: 'with facts that are joined by a column of their dimension',
  derived: 'with both sides joined by derived fields',
} as const

for (const keyed of ['facts', 'right', 'both', 'column', 'derived'] as const) {
  test(`${whose[keyed]}, instances that start, stop and are cut off write each row once`, async () => {
    await fc.assert(
      fc.asyncProperty(streams, steps, async ({ times, steps: stream }, list) => {
        const all = [...started(['a', 'b']), ...list]
        const instances = await played(times, stream as StreamRecord[], all, keyed)
        await instances.close()
      }),
      { numRuns: RUNS, endOnFailure: true },
    )
  })
}
