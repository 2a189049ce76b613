/** Look-ups as of a time, compared with `FOR SYSTEM_TIME AS OF` by the definition. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import fc from 'fast-check'
import type { RecordBytes } from '../../src/batch.ts'
import { NaiveVersions } from '../dimension/naive-versions.ts'
import {
  type AsOfFact,
  type AsOfOptions,
  AsOfPipelines,
  type Found,
  makerOf,
  type PriceRow,
  SHAPES,
  type Shape,
} from './as-of-run.ts'

const pipelines = new AsOfPipelines()
after(() => pipelines.close())

/** Nothing is ahead of the clock, nor out of the join's window. */
const BEGIN = Date.now() - 600_000
const KEYS = ['a', 'b', 'c']

const events = fc.array(
  fc.record({
    kind: fc.constantFrom('row', 'row', 'fact', 'fact', 'fetch', 'process', 'restart'),
    key: fc.constantFrom(...KEYS),
    step: fc.constantFrom(0, 0, 1, 2, 5),
    /** Of a row that is out of order: how much earlier it is. */
    back: fc.constantFrom(0, 0, 0, 3, 9),
    isDeleted: fc.constantFrom(false, false, false, true),
    partition: fc.nat(2),
    count: fc.nat(3),
  }),
  { minLength: 10, maxLength: 50, size: 'max' },
)
const makers = fc.array(
  fc.record({ m: fc.nat(2), step: fc.nat(30), isDeleted: fc.constantFrom(false, false, true) }),
  { maxLength: 8 },
)
const worlds = fc.record({
  events,
  makers,
  partitions: fc.integer({ min: 1, max: 3 }),
  timeField: fc.boolean(),
  provenance: fc.boolean(),
  /** Rows of a partition come in the order of their times; else they are read before facts are taken. */
  isInOrder: fc.boolean(),
})
type World = typeof worlds extends fc.Arbitrary<infer T> ? T : never

function makersOf({ makers: some }: World): PriceRow[] {
  let time = BEGIN
  return some.map(({ m, step, isDeleted }, i) => {
    time += step
    return { key: `m${m}`, time, partition: 0, row: isDeleted ? null : `maker ${i}` }
  })
}

/** A fact, and how many rows had been written when it was taken, which it is to be compared with. */
interface TakenFact extends AsOfFact {
  readonly rows: number
}

interface Outcome {
  readonly facts: readonly TakenFact[]
  readonly prices: readonly PriceRow[]
  readonly output: readonly RecordBytes[]
  readonly found: ReadonlyMap<string, Found>
  /** Rows that came too late, and how many do by the definition. */
  readonly late: number
  readonly expectedLate: number
  readonly waits: number
  readonly restarts: number
}

async function run(world: World, options: AsOfOptions): Promise<Outcome> {
  const on = await pipelines.run(options)
  await on.begin(world.partitions, makersOf(world))
  const prices: PriceRow[] = []
  const facts: TakenFact[] = []
  const seen = { waits: 0, restarts: 0, expectedLate: 0 }
  // Who starts anew does not know of what the one before has looked up.
  let lookedUpTo = 0
  let now = BEGIN + 20
  // What is written is known of before a later fact comes: no fact is ahead of what a fetch has told of.
  const announce = async (): Promise<void> => {
    for (let p = 0; p < world.partitions; p++) await on.fetch(p, 0)
  }
  for (const { kind, key, step, back, isDeleted, partition: p, count } of world.events) {
    now += step
    const partition = p % world.partitions
    if (kind === 'row') {
      const row = isDeleted ? null : `${prices.length}`.padEnd(1 + count, '.')
      const time = world.isInOrder ? now : now - back
      const version = { key, time, partition, row }
      if (time <= lookedUpTo) seen.expectedLate++
      prices.push(version)
      on.write(version)
      if (!world.isInOrder) await on.fetchAll()
      // So that what follows is later than every row before it.
      now++
    } else if (kind === 'fact') {
      await announce()
      const fact = { id: `${facts.length}`, key, time: now, rows: prices.length }
      facts.push(fact)
      lookedUpTo = now
      await on.offer(fact)
      await on.process()
      if (on.waits) seen.waits++
      now++
    } else if (kind === 'fetch') await on.fetch(partition, count)
    else if (kind === 'process') await on.process()
    else if (options.shape === 'enrich') {
      seen.restarts++
      lookedUpTo = 0
      await on.restart()
    }
  }
  await on.fetchAll()
  await on.process()
  await on.fallSilent()
  const { output } = on
  const found = on.found(output)
  const { late } = on
  await on.close()
  return { facts, prices, output, found, late, ...seen }
}

/** All is there at the start, as where it is read from the beginning once more. */
async function replay(
  world: World,
  { facts, prices }: Outcome,
  options: AsOfOptions,
): Promise<readonly RecordBytes[]> {
  const on = await pipelines.run(options)
  await on.begin(world.partitions, makersOf(world), prices)
  for (const fact of facts) await on.offer(fact)
  await on.process()
  await on.fallSilent()
  assert.equal(on.late, 0)
  await on.close()
  return on.output
}

/** Where the rows of a fact were. @param price @param maker what they say */
function placesOf(
  prices: readonly PriceRow[],
  price: string | null,
  maker: string | null,
): (string | undefined)[] {
  const at = prices.findIndex(({ row }) => row === price)
  const of = ({ partition }: PriceRow): boolean => partition === prices[at].partition
  const offset = price === null ? 0 : prices.slice(0, at).filter(of).length
  return [
    price === null ? undefined : `prices-${prices[at].partition}@${offset}`,
    maker === null ? undefined : `makers-0@${maker.split(' ')[1]}`,
  ]
}

/** Facts that have no key to be joined by come out before those that wait for a match. */
const sorted = (records: readonly RecordBytes[]): RecordBytes[] =>
  [...records].sort((a, b) => Buffer.compare(a.value!, b.value!))

const WAYS: Record<Shape, string> = {
  enrich: 'without a join',
  join: 'with a join',
  joins: 'with two joins',
  right: 'with a join whose right stream is repartitioned',
  facts: 'with a join for which facts are repartitioned',
  column: 'with a join by a column of their rows',
}

for (const shape of SHAPES) {
  const runs = shape === 'enrich' || shape === 'join' ? 400 : 300
  test(`${runs} random streams find the row of each fact’s time, and once more where they are replayed, ${WAYS[shape]}`, async () => {
    const total = { waits: 0, restarts: 0, facts: 0, rows: 0, makers: 0, late: 0 }
    await fc.assert(
      fc.asyncProperty(worlds, async (world) => {
        const { timeField, provenance } = world
        const options = { shape, timeField, provenance }
        const outcome = await run(world, options)
        const { facts, prices, found, late, expectedLate } = outcome
        const names = new NaiveVersions()
        for (const maker of makersOf(world)) names.put(maker)
        for (const { id, key, time, rows } of facts) {
          const known = new NaiveVersions()
          for (const price of prices.slice(0, rows)) known.put(price)
          const price = known.rowAt(key, time)
          const maker = price === null ? null : names.rowAt(makerOf(price), time)
          const places = provenance ? placesOf(prices, price, maker) : [undefined, undefined]
          const expected = { price, maker, places }
          assert.deepEqual(found.get(id), expected, `the fact ${id}, ${key} at ${time}`)
          if (price !== null) total.rows++
          if (maker !== null) total.makers++
        }
        assert.equal(found.size, facts.length)
        assert.equal(late, expectedLate)
        if (world.isInOrder) {
          assert.equal(late, 0)
          const again = await replay(world, outcome, options)
          assert.deepEqual(sorted(again), sorted(outcome.output))
        }
        total.late += late
        total.waits += outcome.waits
        total.restarts += outcome.restarts
        total.facts += facts.length
      }),
      { numRuns: runs, includeErrorInReport: true },
    )
    if (shape !== 'enrich') total.restarts = runs
    const least = 0.3 * runs
    for (const [what, count] of Object.entries(total)) {
      assert.ok(count >= least, `${what}: ${count}`)
    }
  })
}
