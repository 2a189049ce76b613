/** Whole instances on a Kafka in memory whose inputs are keyed otherwise: whatever happens, each row comes out once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { NOON, randomStreams, type StreamRecord } from '../window/random-streams.ts'
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

test('offsets of a repartitioned input that the broker has forgotten are told of, and those of a first start are not', async () => {
  const times = { beforeMs: 1000, afterMs: 1000, graceMs: 0, kind: 'inner' } as const
  const records = [0, 1].map((side): StreamRecord => {
    return { side, key: 'a', id: side, time: NOON, fault: undefined, isRejected: false }
  })
  const instances = await played(times, records, started(['b']), 'facts')
  try {
    const told = () => instances.events.filter((text) => text.includes(AGAIN))
    assert.deepEqual(told(), [])
    instances.kafka.deleteGroup('join')
    await instances.run({ do: 'start', instance: 'late', isStatic: false, isNew: false })
    for (let tries = 0; told().length < 2 && tries < 500; tries++) await sleep(10)
    assert.deepEqual(told().sort(), [
      `late ${AGAIN} topic=facts partition=0 internal=join-facts-repartition`,
      `late ${AGAIN} topic=facts partition=1 internal=join-facts-repartition`,
    ])
  } finally {
    await instances.close()
  }
})

const AGAIN = 'input_repartitioned_again'
