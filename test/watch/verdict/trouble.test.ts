import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Misses, MostMissed } from '../../../src/watch/verdict/misses.ts'
import { OVER_MS, type Report, Trouble } from '../../../src/watch/verdict/trouble.ts'

const MINUTE = 60_000

/** Steps between looks: time passed, records taken, how many of them are lost. */
const steps = fc.array(
  fc.record({
    ms: fc.integer({ min: 500, max: 40_000 }),
    taken: fc.nat(50),
    lost: fc.oneof(fc.constant(0), fc.constant(0), fc.nat(50)),
  }),
  { maxLength: 200 },
)

test('every loss is told once: the first at once, then one line a minute, and an end for each begin', () => {
  fc.assert(
    fc.property(steps, (script) => {
      const trouble = new Trouble({ at: 0, count: 0, among: 0 })
      const told: (Report & { at: number })[] = []
      let at = 0
      let count = 0
      let among = 0
      let lostAt = Number.NEGATIVE_INFINITY
      const look = (): void => {
        const report = trouble.look({ at, count, among })
        if (report !== undefined) told.push({ ...report, at })
      }
      for (const { ms, taken, lost } of script) {
        at += ms
        count += Math.min(lost, taken)
        among += taken
        const lines = told.length
        if (Math.min(lost, taken) > 0) {
          const wasOver = told.length === 0 || told.at(-1)!.what === 'ends'
          look()
          if (wasOver) assert.equal(told[lines]?.what, 'begins')
          lostAt = at
        } else look()
        assert.ok(told.length - lines <= 1)
        if (told.length > lines && told.at(-1)!.what === 'ends') assert.ok(at - lostAt >= OVER_MS)
      }
      for (let n = 0; n < 10; n++) {
        at += MINUTE
        look()
      }
      const lines = told.filter(({ what }) => what !== 'ends')
      assert.equal(
        lines.reduce((sum, line) => sum + line.count, 0),
        count,
      )
      for (const [i, line] of told.entries()) {
        assert.ok(line.count > 0 && line.count <= line.among)
        if (line.what === 'goes on') assert.ok(line.at - told[i - 1].at >= MINUTE)
        if (i > 0) assert.equal(line.what === 'begins', told[i - 1].what === 'ends')
      }
      assert.ok(told.length === 0 || told.at(-1)!.what === 'ends')
      const ended = told.filter(({ what }) => what === 'ends')
      assert.equal(
        ended.reduce((sum, line) => sum + line.count, 0),
        count,
      )
    }),
    { numRuns: 500 },
  )
})

/** What is told of look-ups, a look every two seconds with so many hits and misses. */
function tellsOf(looks: readonly (readonly [hits: number, misses: number])[]): string[] {
  const of = { dimension: 'customer', hits: 0, misses: 0, nulls: 0 }
  const misses = new Misses({ ...of }, 0)
  return looks.map(([hit, missed], i) => {
    of.hits += hit
    of.misses += missed
    const report = misses.look({ ...of }, (i + 1) * 2000)
    return report === undefined ? '' : `${report.what} ${report.count}/${report.among}`
  })
}

test('that all look-ups miss is told once they are some hundred, however slowly they come', () => {
  assert.deepEqual(tellsOf([[0, 5000]]), ['begins 5000/5000'])
  assert.deepEqual(
    tellsOf([
      [0, 100],
      [0, 99],
      [0, 1],
      [0, 100],
    ]),
    ['', '', 'begins 200/200', ''],
  )
  assert.deepEqual(tellsOf([[3, 497]]), ['begins 497/500'])
})

test('rows that some facts do not find are no trouble', () => {
  assert.deepEqual(
    tellsOf([
      [5000, 0],
      [100, 4900],
      [0, 199],
    ]),
    ['', '', ''],
  )
})

test('rows that are found again end it, silence does not', () => {
  const silent = Array.from({ length: 200 }, () => [0, 0] as const)
  const told = tellsOf([[0, 500], ...silent, [500, 2]])
  assert.deepEqual(
    told.filter((line) => line !== ''),
    ['begins 500/500', 'ends 500/500'],
  )
})

test('the keys that were missed since the last time come by how often, not those of before', () => {
  const missed = new MostMissed()
  const key = (name: string, count: number, error = 0) => ({ key: name, count, error })
  assert.deepEqual(missed.since([key('a', 90), key('b', 5), key('c', 91, 90)]), ['a', 'b', 'c'])
  assert.deepEqual(missed.since([key('a', 90), key('c', 93, 90), key('d', 94, 93)]), ['c', 'd'])
})
