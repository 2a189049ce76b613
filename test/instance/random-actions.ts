/** What may happen to instances, and to the broker that they are on. */
import fc from 'fast-check'
import type { Api, Fault, Order } from '../support/memory-broker/faults.ts'
import type { Action } from './memory-instances.ts'

export const NAMES = ['a', 'b', 'c'] as const

const instance = fc.constantFrom(...NAMES)
const rarely = fc.nat(5).map((n) => n === 0)
const be = <T extends Action['do']>(name: T) => fc.constant(name)

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

/** Of the requests of a commit, and of those that a rebalance is made of. */
const apis = fc.constantFrom<Api>(
  ...(['AddPartitionsToTxn', 'Produce', 'AddOffsetsToTxn', 'TxnOffsetCommit', 'EndTxn'] as const),
  ...(['InitProducerId', 'JoinGroup', 'SyncGroup', 'Heartbeat', 'OffsetFetch'] as const),
  ...(['Fetch', 'ListOffsets', 'LeaveGroup'] as const),
)

const orders: fc.Arbitrary<Order> = fc.oneof(
  fc.record({ api: apis, nth: fc.integer({ min: 1, max: 3 }), fault: faults }),
  commitFaults,
)

/** One that fails, at once or in a while. */
export const failedCommit = fc.record({ do: be('fault'), order: commitFaults })

/** Each kind of action; a test says how often it takes which. */
export const some = {
  put: fc.record({ do: be('put'), records: fc.nat(15) }),
  start: fc.record({ do: be('start'), instance, isStatic: fc.boolean(), isNew: rarely }),
  stop: fc.record({ do: be('stop'), instance }),
  cut: fc.record({ do: be('cut'), instance, isLong: fc.boolean() }),
  hear: fc.record({ do: be('hear'), instance }),
  fault: fc.record({ do: be('fault'), order: orders }),
  half: fc.record({ do: be('half'), markers: fc.nat(5) }),
  release: fc.record({ do: be('release') }),
  pause: fc.record({ do: be('pause'), instance }),
  resume: fc.record({ do: be('resume'), instance }),
  hold: fc.record({ do: be('hold'), instance, ms: fc.nat(20) }),
  rebuild: fc.record({ do: be('rebuild'), instance, partition: fc.nat(2) }),
} satisfies Record<Action['do'], fc.Arbitrary<Action>>

/** What happens, and for how many ms nothing else does. */
export type Step = readonly [Action, number]

/** @param weights how often each kind of action comes; none that is not named. @param mostMs between two of them */
export function stepsOf(
  weights: Partial<Record<Action['do'], number>>,
  mostMs: number,
): fc.Arbitrary<Step[]> {
  const weighted = Object.entries(weights).map(([name, weight]) => {
    return { weight, arbitrary: some[name as Action['do']] as fc.Arbitrary<Action> }
  })
  const step = fc.tuple(fc.oneof(...weighted), fc.nat(mostMs))
  return fc.array(step, { minLength: 10, maxLength: 30, size: 'max' })
}

/** These are there before anything goes wrong; the first one is a static member. */
export const started = (names: readonly string[]): Step[] =>
  names.map((name) => [
    { do: 'start', instance: name, isStatic: name === NAMES[0], isNew: false },
    20,
  ])
