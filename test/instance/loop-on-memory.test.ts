/** The loop and its gate, in whole instances on a Kafka in memory: nothing is taken while somebody wants it so, and nothing is lost by that. */
import { test } from 'node:test'
import fc from 'fast-check'
import { alone } from '../commit/random-facts.ts'
import { played } from './memory-instances.ts'
import { started, stepsOf } from './random-actions.ts'

/** More of them where somebody has the time. */
const RUNS = Number(process.env.LOOP_RUNS ?? 20)

/** Rebalances, failures and stops come in between: each closes the gate in its own way. */
const steps = stepsOf(
  {
    ...{ put: 8, pause: 4, resume: 3, hold: 4, fault: 4 },
    ...{ start: 1, stop: 1, cut: 1, hear: 1, half: 1, release: 1 },
  },
  25,
)

test('whatever pauses, holds, rebalances, fails and stops, no slice is taken while it may not, and each fact comes out once', async () => {
  const property = fc.asyncProperty(alone(120), steps, async ({ records }, list) => {
    const instances = await played(null, records, [...started(['a']), ...list])
    await instances.close()
  })
  await fc.assert(property, { numRuns: RUNS, endOnFailure: true })
})
