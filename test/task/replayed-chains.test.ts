/**
 * A replay of an interval beside the naive chain over the whole stream: what it reads is enough to give the rows of the interval
 * and no others, wherever it begins and ends, and is killed.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Times } from '../../src/input/interval.ts'
import { NOON } from '../window/random-streams.ts'
import { type ChainJoin, ChainModel, type ChainRecord, chainText } from './chain-model.ts'
import { type Burst, merged, type RandomChain, randomJoin, replayedRows } from './chained-joins.ts'

const RUNS = Number(process.env.STREAM_RUNS ?? 300)

interface Replayed {
  readonly chain: RandomChain
  readonly rows: Times
}

/** Nothing comes later than every join's grace, so that what comes out does not depend on when a reader has begun. */
function randomReplays(joins: number): fc.Arbitrary<Replayed> {
  const step = fc.record({
    source: fc.nat(joins),
    gap: fc.oneof({ weight: 3, arbitrary: fc.nat(3) }, { weight: 1, arbitrary: fc.nat(12) }),
    back: fc.nat(6),
    key: fc.constantFrom('a', 'a', 'a', 'b'),
    ends: fc.nat(4).map((n) => n === 0),
    fate: fc.constantFrom('goes on', 'commits', 'crashes', 'dies when it has committed', 'stops'),
  })
  return fc.constantFrom(1, 7, 300, 10_000).chain((unit) =>
    fc
      .record({
        joins: fc.array(randomJoin(unit), { minLength: joins, maxLength: joins }),
        isTight: fc.boolean(),
        steps: fc.array(step, { minLength: 20, maxLength: 100, size: 'max' }),
        from: fc.option(fc.nat(150), { freq: 8 }),
        lasts: fc.option(fc.integer({ min: 1, max: 60 }), { freq: 8 }),
      })
      .map(({ joins, isTight, steps, from, lasts }) => {
        const most = Math.min(...joins.map(({ graceMs }) => graceMs))
        let base = NOON
        let records: ChainRecord[] = []
        const bursts: Burst[] = []
        for (const [id, { source, gap, back, key, ends, fate }] of steps.entries()) {
          base += gap * unit
          records.push({ source, key, id, time: base - Math.min(back * unit, most) })
          if (!ends) continue
          bursts.push({ records, isSilent: false, fate: fate as Burst['fate'] })
          records = []
        }
        bursts.push({ records, isSilent: false, fate: 'commits' })
        const begin = from === null ? Number.NEGATIVE_INFINITY : NOON + from * unit
        const end = (from ?? 0) + (lasts ?? Number.POSITIVE_INFINITY)
        const rows = { from: begin, to: NOON + end * unit }
        return { chain: { joins, isTight, bursts }, rows }
      }),
  )
}

/** Each row belongs to the time of its fact, one without to that of its right record of the earliest join. */
function expected(joins: readonly ChainJoin[], bursts: readonly Burst[], { from, to }: Times) {
  const model = new ChainModel(joins)
  const times = new Map<number, number>()
  for (const { records } of bursts) {
    for (const record of merged(records, joins.length + 1)) {
      times.set(record.id, record.time)
      model.take(record)
    }
  }
  model.closeAll()
  const own = model.rows.filter(({ ids }) => {
    const time = times.get(ids.find((id) => id !== undefined)!)!
    return from <= time && time < to
  })
  return { own: own.map((row) => chainText(row, joins.length + 1)).sort(), all: model.rows.length }
}

for (const joins of [1, 2, 3]) {
  test(`${RUNS} replays of a part of random streams through ${joins} joins give the rows of this part, however often they are killed`, async () => {
    const seen = { own: 0, others: 0, withoutFact: 0, unread: 0 }
    await fc.assert(
      fc.asyncProperty(randomReplays(joins), async ({ chain, rows: times }) => {
        const { own, all } = expected(chain.joins, chain.bursts, times)
        const { rows, ended, interval } = await replayedRows(chain, times)
        assert.deepEqual(rows, own)
        assert.ok(ended)
        seen.own += own.length
        seen.others += all - own.length
        seen.withoutFact += own.filter((text) => text.startsWith('-')).length
        for (const offsets of interval.offsets) seen.unread += offsets.get(0)!.from
      }),
      { numRuns: RUNS },
    )
    for (const count of Object.values(seen)) assert.ok(count > RUNS, JSON.stringify(seen))
  })
}
