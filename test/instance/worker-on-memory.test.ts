/** Whole instances on a Kafka in memory: whatever happens to them and to it, each row comes out once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import type { Api, Fault, Order } from '../support/memory-broker/faults.ts'
import { naiveJoin } from '../window/model.ts'
import { randomStreams, type StreamRecord } from '../window/random-streams.ts'
import { type Action, MemoryInstances } from './memory-instances.ts'

/** Enough for every record to be in time, whatever waits for how long: the order of arrival is no matter then. */
const GRACE = { min: 2000, max: 2000 }
/** More of them where somebody has the time. */
const RUNS = Number(process.env.WORKER_RUNS ?? 12)
const NAMES = ['a', 'b', 'c']

const instance = fc.constantFrom(...NAMES)
const rarely = fc.nat(5).map((n) => n === 0)

/** Of the requests of a commit, and of those that a rebalance is made of. */
const apis = fc.constantFrom<Api>(
  ...(['AddPartitionsToTxn', 'Produce', 'AddOffsetsToTxn', 'TxnOffsetCommit', 'EndTxn'] as const),
  ...(['InitProducerId', 'JoinGroup', 'SyncGroup', 'Heartbeat', 'OffsetFetch'] as const),
  ...(['Fetch', 'ListOffsets', 'LeaveGroup'] as const),
)

const faults: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({
    refuse: fc.constantFrom(
      ...(['NOT_COORDINATOR', 'COORDINATOR_LOAD_IN_PROGRESS', 'REQUEST_TIMED_OUT'] as const),
    ),
  }),
  fc.record({ lose: fc.constantFrom('request' as const, 'answer' as const) }),
)

/** Of commits only: others wait for as long as it takes. */
const commitFaults: fc.Arbitrary<Order> = fc.record({
  api: fc.constantFrom<Api>('Produce', 'TxnOffsetCommit', 'EndTxn'),
  nth: fc.integer({ min: 1, max: 3 }),
  fault: fc.oneof(
    fc.record({ outOfTime: fc.constantFrom('request' as const, 'answer' as const) }),
    fc.record({ refuse: fc.constantFrom('UNKNOWN_SERVER_ERROR', 'ILLEGAL_GENERATION') }),
  ),
})

const orders: fc.Arbitrary<Order> = fc.oneof(
  fc.record({ api: apis, nth: fc.integer({ min: 1, max: 3 }), fault: faults }),
  commitFaults,
)

const weighted = (weight: number, arbitrary: fc.Arbitrary<Action>) => ({ weight, arbitrary })
const be = <T extends Action['do']>(name: T) => fc.constant(name)

const actions: fc.Arbitrary<Action> = fc.oneof(
  weighted(6, fc.record({ do: be('put'), records: fc.nat(15) })),
  weighted(2, fc.record({ do: be('start'), instance, isStatic: fc.boolean(), isNew: rarely })),
  weighted(2, fc.record({ do: be('stop'), instance })),
  weighted(1, fc.record({ do: be('cut'), instance, isLong: fc.boolean() })),
  weighted(1, fc.record({ do: be('hear'), instance })),
  weighted(5, fc.record({ do: be('fault'), order: orders })),
  weighted(1, fc.record({ do: be('half'), markers: fc.nat(5) })),
  weighted(1, fc.record({ do: be('release') })),
)

/** What happens, and for how many ms nothing else does. */
const steps = fc.array(fc.tuple(actions, fc.nat(40)), { minLength: 10, maxLength: 30, size: 'max' })

/** Two instances are there before anything goes wrong. */
const FIRST = ['a', 'b'].map((name): readonly [Action, number] => [
  { do: 'start', instance: name, isStatic: name === 'a', isNew: false },
  20,
])

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
