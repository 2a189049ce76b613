/** Replays of pipelines whose joins are stages, on a Kafka in memory: the rows of an interval, however often they end in between. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Times } from '../../src/input/interval.ts'
import { NOON, type StreamRecord } from '../window/random-streams.ts'
import { chainPipeline, chainRows, type RandomChain, randomChains } from './chain-shape.ts'
import { type End, replayedRows } from './replayed-instances.ts'

const RUNS = Number(process.env.WORKER_RUNS ?? 6)
const LENGTH = 150

const chains = (...on: (readonly string[])[]): fc.Arbitrary<RandomChain> =>
  randomChains(on, (j) => (j === 0 ? [null, 'facts', 'right', 'both'] : [null, 'right']), LENGTH)

/** Of the stream's span, in hundredths; null: it is open. */
const interval = fc.record({
  from: fc.option(fc.integer({ min: 5, max: 70 }), { freq: 8 }),
  lasts: fc.option(fc.integer({ min: 5, max: 60 }), { freq: 8 }),
})

function timesOf(
  { records }: RandomChain,
  { from, lasts }: { from: number | null; lasts: number | null },
): Times {
  const span = (records.at(-1)?.time ?? NOON) - NOON
  const at = (hundredths: number): number => NOON + Math.round((hundredths * span) / 100)
  return {
    from: from === null ? Number.NEGATIVE_INFINITY : at(from),
    to: lasts === null ? Number.POSITIVE_INFINITY : at((from ?? 0) + lasts) + 1,
  }
}

const DAY_MS = 86_400_000

/** Of each key a fact long after all others, so that stream time passes the interval by far. */
function followed({ joins, records }: RandomChain): RandomChain {
  const time = (records.at(-1)?.time ?? NOON) + DAY_MS
  const later = ['a', 'b', 'c'].map((key, i): StreamRecord => {
    return { side: 0, key, id: records.length + i, time, fault: undefined, isRejected: false }
  })
  return { joins, records: [...records, ...later] }
}

const ends: fc.Arbitrary<End[]> = fc.array(
  fc.record({ how: fc.constantFrom('stops', 'dies'), commits: fc.integer({ min: 1, max: 12 }) }),
  { maxLength: 3 },
)

/** Whether nothing may come late, and whether something comes long after the others. */
const odds = fc.record({ isStrict: fc.boolean(), isFollowed: fc.boolean() })

const worlds = {
  'two joins on different keys': chains(['k'], ['x', 'j0.n']),
  'three joins, each on any key': chains(['k'], ['k', 'x', 'j0.n'], ['k', 'x', 'j0.n', 'j1.n']),
}

for (const [name, world] of Object.entries(worlds)) {
  test(`${name}: a replay of a part gives the rows of this part, once, however often it is stopped or killed`, async () => {
    const seen = { own: 0, others: 0, withoutFact: 0, unread: 0 }
    await fc.assert(
      fc.asyncProperty(world, interval, ends, odds, async (drawn, part, list, odd) => {
        const times = timesOf(drawn, part)
        const chain = odd.isFollowed ? followed(drawn) : drawn
        const own = chainRows(chain, times)
        // All is there before it begins, and so nothing is late.
        const pipeline = chainPipeline(chain.joins, odd.isStrict ? '0s' : '10m')
        const { rows, unread } = await replayedRows(pipeline, chain.records, times, list)
        assert.deepEqual(rows, own)
        seen.own += own.length
        seen.others += chainRows(chain).length - own.length
        seen.withoutFact += own.filter((text) => text.startsWith('-')).length
        seen.unread += unread
      }),
      { numRuns: RUNS, endOnFailure: true },
    )
    for (const count of Object.values(seen)) assert.ok(count > 0, JSON.stringify(seen))
  })
}
