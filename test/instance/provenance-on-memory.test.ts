/** Headers that say what records were made of, on whole instances that come and go: each names exactly the records that the row has. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { MatchHeaders } from '../../src/config/pipeline.ts'
import { alone } from '../commit/random-facts.ts'
import { LEFT, RIGHT } from '../window/model.ts'
import { randomStreams, type StreamRecord } from '../window/random-streams.ts'
import { type MemoryInstances, played } from './memory-instances.ts'
import { started, stepsOf } from './random-actions.ts'
import { ROW_PLACE } from './start-worker.ts'

const RUNS = Number(process.env.WORKER_RUNS ?? 8)

/** With grace enough for every record to be in time; through internal topics they are without it. */
const streams = (grace: number) =>
  randomStreams({
    late: false,
    faults: [],
    silences: false,
    grace: { min: grace, max: grace },
    maxLength: 100,
  })
const steps = stepsOf({ put: 6, start: 2, stop: 2, cut: 1, hear: 1, fault: 3 }, 30)
const whose = fc.constantFrom<MatchHeaders>('left', 'right', 'merge')

/** @returns how many rows were made of two records */
async function assertTold(
  instances: MemoryInstances,
  records: readonly StreamRecord[],
  whose: MatchHeaders,
): Promise<number> {
  const { partition, offset } = ROW_PLACE
  const place = (side: number, id: unknown): string | undefined => {
    if (id === null || id === undefined) return undefined
    const { time } = records.find((one) => one.side === side && one.id === id)!
    return `${instances.places.get(`${side} ${id}`)} ${new Date(time).toISOString()}`
  }
  let matches = 0
  for (const { fact, right, headers } of await instances.outputs()) {
    const names = headers.map(([name]) => name as string)
    const of = new Map(headers as [string, string][])
    assert.equal(of.get('enricher.facts'), place(LEFT, fact))
    assert.equal(of.get('enricher.right'), place(RIGHT, right))
    const row = place(LEFT, fact) && `rows-${partition}@${offset}`
    assert.equal(of.get('enricher.dimension.d'), row)
    const isMatch = place(LEFT, fact) !== undefined && place(RIGHT, right) !== undefined
    if (isMatch) matches++
    const own = headers.filter(([name]) => name === 'of').map(([, text]) => text)
    const all = [place(LEFT, fact) && `${LEFT} ${fact}`, place(RIGHT, right) && `${RIGHT} ${right}`]
    const wanted = all.filter((_, side) => !isMatch || whose === 'merge' || side === sideOf(whose))
    assert.deepEqual(
      own,
      wanted.filter((text) => text !== undefined),
    )
    const earlier: string[] = names.filter((name) => name === 'enricher.dimension.other')
    assert.equal(earlier.length, own.length)
    const told = names.filter((name) => name.startsWith('enricher.') && !earlier.includes(name))
    assert.equal(told.length, new Set(told).size)
  }
  return matches
}

const sideOf = (whose: MatchHeaders): number => (whose === 'right' ? RIGHT : LEFT)

for (const repartition of [null, 'both'] as const) {
  const what = repartition === null ? 'joined records' : 'records that come through internal topics'
  test(`headers of ${what} name the records that they were made of, and no others`, async () => {
    let matches = 0
    await fc.assert(
      fc.asyncProperty(
        streams(repartition === null ? 2000 : 0),
        steps,
        whose,
        async ({ times, steps: stream }, list, told) => {
          const records = stream as StreamRecord[]
          const all = [...started(['a', 'b']), ...list]
          const instances = await played(times, records, all, { keyed: repartition, told })
          try {
            matches += await assertTold(instances, records, told)
          } finally {
            await instances.close()
          }
        },
      ),
      { numRuns: RUNS, endOnFailure: true },
    )
    assert.ok(matches > RUNS, `${matches} matches`)
  })
}

test('headers of facts that are joined with nothing name the fact and its row', async () => {
  await fc.assert(
    fc.asyncProperty(alone(100), steps, async ({ records }, list) => {
      const all = [...started(['a', 'b']), ...list]
      const instances = await played(null, records, all, { told: 'left' })
      try {
        await assertTold(instances, records, 'left')
      } finally {
        await instances.close()
      }
    }),
    { numRuns: RUNS, endOnFailure: true },
  )
})
