/** Look-ups as of a time, in whole instances on a Kafka in memory: rows come while facts flow, and instances die. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AsOfInstances } from './as-of-instances.ts'

/** More of them where somebody has the time. */
const RUNS = Number(process.env.AS_OF_RUNS ?? 8)

const key = fc.constantFrom('x', 'y', 'z')
const be = <T extends string>(name: T) => fc.constant(name)
const instance = fc.constantFrom('a', 'b')
const actions = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: be('row'), key, isDeleted: fc.constantFrom(false, false, true) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: be('facts'),
      keys: fc.array(key, { maxLength: 6 }),
      back: fc.nat(60),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: be('transaction'), key }) },
  { weight: 1, arbitrary: fc.record({ do: be('start'), instance }) },
  { weight: 1, arbitrary: fc.record({ do: be('stop'), instance }) },
  { weight: 1, arbitrary: fc.record({ do: be('kill'), instance }) },
)
/** The same, and rows that are as old as facts that have been looked up. */
const withLate = fc.oneof(
  { weight: 3, arbitrary: actions },
  { weight: 1, arbitrary: fc.record({ do: be('late row'), key, back: fc.nat(60) }) },
)
type Action = typeof withLate extends fc.Arbitrary<infer T> ? T : never

async function run(instances: AsOfInstances, action: Action): Promise<void> {
  switch (action.do) {
    case 'row':
      return instances.putRow(action.key, action.isDeleted)
    case 'facts':
      return instances.putFacts(action.keys, action.back)
    case 'late row':
      return instances.putLateRow(action.key, action.back)
    case 'transaction':
      return instances.putRowInTransaction(action.key)
    case 'start':
      return instances.start(action.instance)
    case 'stop':
      return instances.stop(action.instance)
    case 'kill':
      return instances.kill(action.instance)
  }
}

async function played(waits: boolean, list: readonly Action[]): Promise<AsOfInstances> {
  const instances = await AsOfInstances.open(waits)
  try {
    await instances.start('a')
    for (const action of list) await run(instances, action)
    await instances.assertFinished()
    return instances
  } finally {
    await instances.close()
  }
}

const stepsOf = (of: fc.Arbitrary<Action>): fc.Arbitrary<Action[]> =>
  fc.array(of, { minLength: 10, maxLength: 25, size: 'max' })

test('rows come while facts flow, and instances die: each fact has the row of its time, once', async () => {
  let waitedMs = 0
  const property = fc.asyncProperty(stepsOf(actions), async (list) => {
    waitedMs += (await played(false, list)).waitedMs
  })
  await fc.assert(property, { numRuns: RUNS, endOnFailure: true, includeErrorInReport: true })
  assert.ok(waitedMs > 0)
})

test('the same of facts that wait: a row that comes late is had by those that lack one of their time, and whoever dies, each comes out once', async () => {
  let completed = 0
  const property = fc.asyncProperty(stepsOf(withLate), async (list) => {
    completed += (await played(true, list)).completed
  })
  await fc.assert(property, { numRuns: RUNS, endOnFailure: true, includeErrorInReport: true })
  assert.ok(completed > 0)
})
