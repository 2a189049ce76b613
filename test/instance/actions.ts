/** What happens to instances on a Kafka in memory. */
import fc from 'fast-check'
import type { Api, Fault, Order } from '../support/memory-broker/faults.ts'
import type { Action } from './memory-instances.ts'

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

export const actions: fc.Arbitrary<Action> = fc.oneof(
  weighted(6, fc.record({ do: be('put'), records: fc.nat(15) })),
  weighted(2, fc.record({ do: be('start'), instance, isStatic: fc.boolean(), isNew: rarely })),
  weighted(2, fc.record({ do: be('stop'), instance })),
  weighted(1, fc.record({ do: be('cut'), instance, isLong: fc.boolean() })),
  weighted(1, fc.record({ do: be('hear'), instance })),
  weighted(5, fc.record({ do: be('fault'), order: orders })),
  weighted(1, fc.record({ do: be('half'), markers: fc.nat(5) })),
  weighted(1, fc.record({ do: be('release') })),
)

/** Two instances are there before anything goes wrong. */
export const FIRST = ['a', 'b'].map((name): readonly [Action, number] => [
  { do: 'start', instance: name, isStatic: name === 'a', isNew: false },
  20,
])
