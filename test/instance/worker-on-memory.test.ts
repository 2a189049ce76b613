/** Whole instances on a Kafka in memory: whatever happens to them and to it, each row and each reject comes out once. */
import { test } from 'node:test'
import fc from 'fast-check'
import { randomStreams, type StreamRecord } from '../window/random-streams.ts'
import { played } from './memory-instances.ts'
import { started, stepsOf } from './random-actions.ts'

/** Enough for every record to be in time, whatever waits for how long: the order of arrival is no matter then. */
const GRACE = { min: 2000, max: 2000 }
/** More of them where somebody has the time. */
const RUNS = Number(process.env.WORKER_RUNS ?? 12)

const steps = stepsOf(
  {
    ...{ put: 6, start: 2, stop: 2, cut: 1, hear: 1, fault: 5, half: 1, release: 1 },
    rebuild: 1,
  },
  40,
)

const streams = randomStreams({
  late: false,
  faults: ['null_key', 'null_value', 'malformed', 'key_mismatch', 'missing_dimension'],
  silences: false,
  grace: GRACE,
  maxLength: 120,
})

test('instances that start, stop, are cut off and refused write each row of the join and each reject once', async () => {
  await fc.assert(
    fc.asyncProperty(streams, steps, async ({ times, steps: stream }, list) => {
      const instances = await played(times, stream as StreamRecord[], [
        ...started(['a', 'b']),
        ...list,
      ])
      await instances.close()
    }),
    { numRuns: RUNS, endOnFailure: true },
  )
})
