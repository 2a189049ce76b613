/** Every request of a commit is refused, lost, unanswered or late, one at a time: each row and each reject comes out once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import fc from 'fast-check'
import type { Api, Fault, Order } from '../support/memory-broker/faults.ts'
import { begun } from './begun.ts'
import { MemoryWorld } from './memory-world.ts'
import { alone, type Facts, joined, ONCE } from './random-facts.ts'

/** Streams for each of them; more where somebody has the time. */
const RUNS = Number(process.env.EPOCHS_RUNS ?? 1)
/** More requests of one kind than any commit here has. */
const MOST = 20
/** For some turns of the process others may come first. */
const LATE_TURNS = 30

const APIS: readonly Api[] = [
  'AddPartitionsToTxn',
  'Produce',
  'AddOffsetsToTxn',
  'TxnOffsetCommit',
  'EndTxn',
]

const later = async (): Promise<void> => {
  for (let turn = 0; turn < LATE_TURNS; turn++) await nextTurn()
}

/** What may become of a request. A fault is made when it is ordered. */
const FAULTS: Readonly<Record<string, () => Fault>> = {
  'is refused for a moment': () => ({ refuse: 'COORDINATOR_LOAD_IN_PROGRESS' }),
  'is refused for good': () => ({ refuse: 'UNKNOWN_SERVER_ERROR' }),
  'is refused, as by one that is fenced': () => ({ refuse: 'INVALID_PRODUCER_EPOCH' }),
  'is lost': () => ({ lose: 'request' }),
  'has its answer lost': () => ({ lose: 'answer' }),
  'never comes': () => ({ outOfTime: 'request' }),
  'is done, and never answered': () => ({ outOfTime: 'answer' }),
  'comes late': () => ({ hold: 'request', until: later() }),
  'is answered late': () => ({ hold: 'answer', until: later() }),
}

const KINDS = [
  ['a join', joined(40)],
  ['facts that are joined with nothing', alone(40)],
] as const

/** @returns whether the commit has met it */
async function isMet(facts: Facts, order: Order): Promise<boolean> {
  const { world, owner } = await begun(facts)
  world.kafka.faults.order(order)
  await owner.commit()
  const isOver = world.kafka.faults.waiting > 0
  world.kafka.faults.clear()
  await world.assertFinished(owner)
  return !isOver
}

for (const [what, streams] of KINDS) {
  for (const [how, faultOf] of Object.entries(FAULTS)) {
    test(`any request of a commit of ${what} ${how}: each row and each reject comes out once`, async () => {
      const property = fc.asyncProperty(streams, async (facts) => {
        for (const api of APIS) {
          for (let nth = 1; nth <= MOST; nth++) {
            if (!(await isMet(facts, { api, nth, fault: faultOf() }))) break
            assert.ok(nth < MOST, `${api} does not end`)
          }
        }
      })
      await fc.assert(property, { numRuns: RUNS, ...ONCE })
    })
  }

  test(`after any number of its markers a commit of ${what} goes on late: whoever takes the tasks waits for the others`, async () => {
    const property = fc.asyncProperty(streams, fc.boolean(), async (facts, isFenced) => {
      let isAll = false
      for (let markers = 0; !isAll; markers++) {
        const { world, owner } = await begun(facts)
        let release = (): void => {}
        const until = new Promise<void>((resolve) => {
          release = resolve
        })
        world.kafka.faults.order({ api: 'EndTxn', fault: { markers, until } })
        await owner.commits.next(false)
        await later()
        isAll = world.kafka.transactions.stateOf('join-a') === 'CompleteCommit'
        const next = world.owner('b')
        let isTaken = false
        const taken = (isFenced ? next.fence('a') : Promise.resolve())
          .then(() => next.take())
          .then(() => {
            isTaken = true
          })
        // As far as it gets.
        for (let i = 0; i < 10; i++) await later()
        release()
        assert.ok(isAll || !isFenced || !isTaken, `taken behind ${markers} markers`)
        await taken
        await world.assertFinished(next)
        assert.ok(markers < MOST, 'the markers do not end')
      }
    })
    await fc.assert(property, { numRuns: 2 * RUNS, ...ONCE })
  })
}

/** Several at once, and one after the other, also while the tasks are taken anew. */
const orders = fc.array(
  fc.record({
    put: fc.nat(15),
    api: fc.constantFrom<Api>(...APIS, 'InitProducerId', 'OffsetFetch', 'ListOffsets', 'Fetch'),
    nth: fc.integer({ min: 1, max: 4 }),
    how: fc.constantFrom(...Object.keys(FAULTS)),
    isDisturbed: fc.nat(5).map((n) => n === 0),
  }),
  { minLength: 5, maxLength: 15, size: 'max' },
)

/** Those that every client repeats for as long as it takes. */
const CURABLE = [
  'is refused for a moment',
  'is lost',
  'has its answer lost',
  'comes late',
  'is answered late',
]

for (const [what, streams] of KINDS) {
  test(`whatever goes wrong with commits of ${what}, again and again, each row and each reject comes out once`, async () => {
    let failed = 0
    const property = fc.asyncProperty(streams, orders, async (facts, list) => {
      const world = await MemoryWorld.open(facts.times, facts.records)
      const owner = world.owner('a')
      const { clientId } = owner
      await owner.take()
      for (const { put, api, nth, how, isDisturbed } of list) {
        if (isDisturbed) await world.disturb()
        const isOfCommit = APIS.includes(api)
        if (isOfCommit || CURABLE.includes(how)) {
          world.kafka.faults.order({ api, clientId, nth, fault: FAULTS[how]() })
        }
        await world.put(put)
        await owner.process(true)
        await owner.commit()
      }
      world.kafka.faults.clear()
      failed += owner.failed
      await world.assertFinished(owner)
    })
    await fc.assert(property, { numRuns: 20 * RUNS, ...ONCE })
    assert.ok(failed > 0)
  })
}
