/** Whole instances on a Kafka in memory, half of whose facts wait for a row: whatever happens, each row comes out once. */
import { test } from 'node:test'
import fc from 'fast-check'
import { LEFT } from '../window/model.ts'
import { randomStreams, type StreamRecord } from '../window/random-streams.ts'
import { played } from './memory-instances.ts'
import { started, stepsOf } from './random-actions.ts'

/** More of them where somebody has the time. */
const RUNS = Number(process.env.WORKER_RUNS ?? 4)

const streams = randomStreams({
  late: false,
  faults: [],
  silences: false,
  grace: { min: 0, max: 0 },
  maxLength: 120,
})

const steps = stepsOf(
  {
    ...{ put: 6, start: 2, stop: 2, cut: 1, hear: 1, fault: 5, half: 1, release: 1 },
    rebuild: 1,
  },
  30,
)

/** Of the row of each key; facts of c meet nothing. */
const BY_COLUMN = { column: { a: 'b', b: 'a', c: null } }

const WAYS = [
  ['a join', null],
  ['a join with facts of another key', 'facts'],
  ['a join by a column of their rows', BY_COLUMN],
] as const

for (const [what, repartition] of WAYS) {
  test(`instances of ${what} whose facts wait, and that start, stop and are cut off, write each row once`, async () => {
    await fc.assert(
      fc.asyncProperty(streams, steps, async ({ times, steps: stream }, list) => {
        const all = [...started(['a', 'b']), ...list]
        const records = stream as StreamRecord[]
        const instances = await played(times, records, all, { keyed: repartition, waits: true })
        await instances.close()
      }),
      { numRuns: RUNS, endOnFailure: true },
    )
  })
}

test('the same without a join: a task that moves takes its waiting facts along', async () => {
  await fc.assert(
    fc.asyncProperty(streams, steps, async ({ steps: stream }, list) => {
      const records = (stream as StreamRecord[]).filter(({ side }) => side === LEFT)
      const instances = await played(null, records, [...started(['a', 'b']), ...list], {
        waits: true,
      })
      await instances.close()
    }),
    { numRuns: RUNS, endOnFailure: true },
  )
})
