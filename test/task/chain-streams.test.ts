/**
 * Chains of joins beside the naive model: every combination of kinds, windows with width and without, late records with every
 * fate, in turns, epochs and pages as they fall. `STREAM_RUNS` says how many.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { comesOutAlone, type JoinKind } from '../../src/config/join-kind.ts'
import { windowTimes } from '../../src/window/segments.ts'
import { NOON } from '../window/random-streams.ts'
import { type ChainJoin, type ChainRecord, chainText } from './chain-model.ts'
import { agree, type Burst, randomChains, storedTimes } from './chained-joins.ts'

const RUNS = Number(process.env.STREAM_RUNS ?? 500)

for (const joins of [2, 3]) {
  test(`${RUNS} random streams through ${joins} joins give the rows of the naive chain, whatever turns and commits are like`, async () => {
    const seen = { whole: 0, partly: 0, late: 0, closed: 0 }
    await fc.assert(
      fc.asyncProperty(
        randomChains(joins, 60, ['goes on', 'goes on', 'commits']),
        async (chain) => {
          const { rows, dropped, rejected, closedMatches } = await agree(chain)
          for (const { ids } of rows) {
            const known = ids.filter((id) => id !== undefined).length
            if (known === joins + 1) seen.whole++
            else seen.partly++
          }
          seen.late += dropped + rejected
          seen.closed += closedMatches
        },
      ),
      { numRuns: RUNS },
    )
    for (const count of Object.values(seen)) assert.ok(count > RUNS / 100, JSON.stringify(seen))
  })
}

const U = 1000
const at = (source: number, key: string, id: number, time: number): ChainRecord => {
  return { source, key, id, time: NOON + time * U }
}
const joined = (kind: JoinKind, before: number, after: number): ChainJoin => {
  const times = { beforeMs: before * U, afterMs: after * U, graceMs: 0 }
  const fate = (side: 'left' | 'right') => (comesOutAlone(kind, side) ? 'emit' : 'drop')
  return { ...times, kind, late: [fate('left'), fate('right')], ...windowTimes(times) }
}
/** The first burst is committed, so that its pages have to be read. */
const twoBursts = (...bursts: (readonly ChainRecord[])[]): Burst[] =>
  bursts.map((records) => ({ records, isSilent: false, fate: 'commits' }))

test('a right record that comes when a match has closed, whose page is still to be read, does not find it open', async () => {
  const model = await agree({
    joins: [joined('inner', 0, 5), joined('left', 20, 0)],
    isTight: false,
    bursts: twoBursts(
      [at(0, 'a', 0, 100)],
      [at(1, 'a', 1, 100), at(2, 'b', 2, 110), at(2, 'a', 3, 100)],
    ),
  })
  assert.deepEqual(
    model.rows.map((row) => chainText(row, 3)),
    ['0-1-'],
  )
  assert.equal(model.closedMatches, 1)
})

test('a late record that comes out at once comes after what its join owes, and finds what that has matched', async () => {
  const model = await agree({
    joins: [joined('left', 0, 5), joined('outer', 2, 20)],
    isTight: false,
    bursts: twoBursts(
      [at(0, 'a', 0, 100), at(2, 'a', 1, 98)],
      [at(1, 'a', 2, 100), at(0, 'b', 3, 108), at(0, 'a', 4, 99)],
    ),
  })
  assert.deepEqual(model.rows.map((row) => chainText(row, 3)).sort(), ['0-2-1', '3--', '4--1'])
})

test('300 chains whose task crashes, dies when it has committed, and stops give each row once', async () => {
  const fates = ['goes on', 'commits', 'crashes', 'dies when it has committed', 'stops'] as const
  const chains = fc.constantFrom(2, 3).chain((joins) => randomChains(joins, 60, fates))
  await fc.assert(
    fc.asyncProperty(chains, async (chain) => {
      await agree(chain)
    }),
    { numRuns: 300 },
  )
})

test('each source is asked for its own records: facts of the first window, right records of their join’s', async () => {
  const joins = [joined('left', 5, 5), joined('inner', 5, 5), joined('outer', 5, 5)]
  const records = [0, 1, 2, 3].map((source) => at(source, 'a', source, 100 + source))
  for (const { source, time } of records) {
    assert.deepEqual(await storedTimes(joins, records, source, 'a'), [time])
    assert.deepEqual(await storedTimes(joins, records, source, 'b'), [])
  }
})
