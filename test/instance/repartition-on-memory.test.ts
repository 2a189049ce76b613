/** Whole instances on a Kafka in memory whose inputs are keyed otherwise: whatever happens, each row comes out once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { type KeyedOtherwise, recordBytes } from '../cli/simulate/join/simulated-join.ts'
import { NOON, randomStreams, type StreamRecord } from '../window/random-streams.ts'
import { MemoryInstances, played } from './memory-instances.ts'
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

/** Of the row of each key; null: those facts meet nothing. */
const column = fc.record({ a: oneOf(), b: oneOf(), c: oneOf() })

function oneOf(): fc.Arbitrary<string | null> {
  return fc.constantFrom('a', 'b', 'c', null)
}

const whose: Readonly<Record<string, fc.Arbitrary<KeyedOtherwise>>> = {
  'with another key on facts': fc.constant('facts'),
  'with another key on right': fc.constant('right'),
  'with another key on both': fc.constant('both'),
  'with both sides joined by derived fields': fc.constant('derived'),
  'with facts that are joined by a column of their dimension': fc.record({ column }),
}

for (const [name, keyed] of Object.entries(whose)) {
  test(`${name}, instances that start, stop and are cut off write each row once`, async () => {
    await fc.assert(
      fc.asyncProperty(streams, steps, keyed, async ({ times, steps: stream }, list, by) => {
        const all = [...started(['a', 'b']), ...list]
        const instances = await played(times, stream as StreamRecord[], all, { keyed: by })
        await instances.close()
      }),
      { numRuns: RUNS, endOnFailure: true },
    )
  })
}

const recordOf = (side: number, key: string, id: number): StreamRecord => {
  return { side, key, id, time: NOON, fault: undefined, isRejected: false }
}
const TIMES = { beforeMs: 1000, afterMs: 1000, graceMs: 0, kind: 'outer' } as const

const SIDES = {
  facts: 'facts',
  right: 'right',
  both: 'both',
  'facts by a column': { column: { a: 'a', b: 'b' } },
} as const

for (const [name, keyed] of Object.entries(SIDES)) {
  test(`with ${name} keyed otherwise, latest leaves out of both sides what was there before the first start, also after a crash`, async () => {
    const records = [0, 1].flatMap((side) => ['a', 'b'].map((key, i) => recordOf(side, key, i)))
    const instances = await MemoryInstances.open(TIMES, records, {
      keyed,
      change: (pipeline) => ({
        ...pipeline,
        facts: { ...pipeline.facts, startAt: 'latest' },
        joins: pipeline.joins.map((one) => ({ ...one, startAt: 'latest' as const })),
      }),
    })
    try {
      for (const side of [0, 1]) {
        const early = { ...recordBytes(recordOf(side, 'a', 99)), headers: [], timestamp: NOON }
        const topic = side === 0 ? 'facts' : 'right'
        for (const partition of [0, 1]) await instances.kafka.append({ topic, partition }, [early])
      }
      await instances.run({ do: 'start', instance: 'a', isStatic: false, isNew: false })
      const decided = () => instances.events.filter((text) => text.includes('start_decided'))
      for (let tries = 0; decided().length < 2 && tries < 500; tries++) await sleep(10)
      assert.equal(decided().length, 2)
      await instances.run({ do: 'cut', instance: 'a', isLong: true })
      await instances.run({ do: 'put', records: records.length })
      await instances.run({ do: 'start', instance: 'b', isStatic: false, isNew: true })
      await instances.assertFinished()
    } finally {
      await instances.close()
    }
  })
}

test('offsets of a repartitioned input that the broker has forgotten are told of, and those of a first start are not', async () => {
  const records = [0, 1].map((side) => recordOf(side, 'a', side))
  const instances = await played(TIMES, records, started(['b']), { keyed: 'facts' })
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
