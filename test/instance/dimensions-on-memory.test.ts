/** Dimensions from their topics, in whole instances on a Kafka in memory: they change while facts flow, and nothing else stands still either. */
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { type DimensionAction, DimensionInstances } from './dimension-instances.ts'
import { failedCommit, NAMES, some } from './random-actions.ts'

/** More of them where somebody has the time. */
const RUNS = Number(process.env.DIMENSION_RUNS ?? 12)

const instance = fc.constantFrom(...NAMES)
const key = fc.constantFrom('x', 'y', 'z')
const be = <T extends DimensionAction['do']>(name: T) => fc.constant(name)
const weighted = (weight: number, arbitrary: fc.Arbitrary<DimensionAction>) => ({
  weight,
  arbitrary,
})

const is = fc.constantFrom<'there' | 'deleted' | 'malformed'>(
  ...(['there', 'there', 'deleted', 'malformed', 'malformed'] as const),
)
const actions: fc.Arbitrary<DimensionAction> = fc.oneof(
  weighted(8, fc.record({ do: be('row'), key, is })),
  weighted(8, fc.record({ do: be('facts'), keys: fc.array(key, { maxLength: 8 }) })),
  weighted(4, fc.record({ do: be('read rows') })),
  weighted(2, fc.record({ do: be('take facts') })),
  weighted(2, fc.record({ do: be('start'), instance })),
  weighted(2, fc.record({ do: be('stop'), instance })),
  weighted(1, fc.record({ do: be('hear'), instance })),
  weighted(1, some.cut),
  weighted(2, some.fault),
  weighted(5, failedCommit),
)

const steps = fc.array(fc.tuple(actions, fc.nat(15)), { minLength: 10, maxLength: 40, size: 'max' })

test('rows that change while facts flow, and instances that come and go: each fact finds a row that was there, once', async () => {
  const property = fc.asyncProperty(steps, fc.boolean(), async (list, provenance) => {
    const instances = await DimensionInstances.open(provenance)
    try {
      await instances.run({ do: 'start', instance: 'a' })
      for (const [action, ms] of list) {
        await instances.run(action)
        await sleep(ms)
      }
      await instances.assertFinished()
    } finally {
      await instances.close()
    }
  })
  await fc.assert(property, { numRuns: RUNS, endOnFailure: true })
})
