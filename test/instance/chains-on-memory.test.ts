/** Whole instances on a Kafka in memory whose pipelines have several joins: whatever happens, each row comes out once. */
import { test } from 'node:test'
import fc from 'fast-check'
import type { JoinConfig } from '../../src/config/pipeline.ts'
import {
  chainBytes,
  chainPipeline,
  chainRowOf,
  chainRows,
  type RandomChain,
  randomChains,
} from './chain-shape.ts'
import { played, type Shape } from './memory-instances.ts'
import { started, stepsOf } from './random-actions.ts'

const RUNS = Number(process.env.WORKER_RUNS ?? 8)
const LENGTH = 120

const steps = stepsOf(
  { put: 6, start: 2, stop: 2, cut: 1, hear: 1, fault: 5, half: 1, release: 1 },
  40,
)

const shapeOf = (chain: RandomChain): Shape => ({
  pipeline: chainPipeline(chain.joins),
  bytesOf: chainBytes,
  rows: chainRows(chain),
  rowOf: chainRowOf,
})

const FIRST = [null, 'facts', 'right', 'both'] as const
const NEXT = [null, 'right'] as const

/** What comes from the left is carried where another key is compared: see `chainPipeline`. */
const keyedOtherwise = (join: number): readonly JoinConfig['repartition'][] =>
  join === 0 ? FIRST : NEXT

const chained = (...on: (readonly string[])[]) => randomChains(on, keyedOtherwise, LENGTH)

const worlds: Readonly<Record<string, fc.Arbitrary<RandomChain>>> = {
  'two joins on one key, any side of which is keyed otherwise': chained(['k'], ['k']),
  'three joins on one key, any side of which is keyed otherwise': chained(['k'], ['k'], ['k']),
  'two joins on different keys': chained(['k'], ['x', 'j0.n']),
  'three joins, each on any key': chained(['k'], ['k', 'x', 'j0.n'], ['k', 'x', 'j0.n', 'j1.n']),
}

for (const [name, chains] of Object.entries(worlds)) {
  test(`${name}: instances that start, stop and are cut off write each row once`, async () => {
    await fc.assert(
      fc.asyncProperty(chains, steps, async (chain, list) => {
        const all = [...started(['a', 'b']), ...list]
        const instances = await played(null, chain.records, all, { shape: shapeOf(chain) })
        await instances.close()
      }),
      { numRuns: RUNS, endOnFailure: true },
    )
  })
}
