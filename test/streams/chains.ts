/** Chains of joins beside `stream.join(a).join(b)` of Kafka Streams: fact ⋈ a ⋈ b on one key, inner and left. */
import fc from 'fast-check'
import { windowTimes } from '../../src/window/segments.ts'
import type { ChainJoin, ChainRecord } from '../task/chain-model.ts'
import { chainRows } from '../task/chained-joins.ts'
import { NOON } from '../window/random-streams.ts'
import { type ChainSituation, chainSituations } from './chain-situations.ts'
import { type DriverOptions, type DriverRow, rowsOfKafkaStreams } from './driver.ts'

interface Chain {
  readonly joins: readonly ChainJoin[]
  readonly records: readonly ChainRecord[]
}

interface Options extends DriverOptions {
  readonly runs: number
  readonly seed: number
}

/** @param text the chain with which something is wrong */
type OnFault = (what: string, text: string) => void

/** What is so far ahead that all that is open closes, in each of their joins. */
const END_MS = 10_000_000
const MOST_GAP = 12
const SOURCES = [0, 1, 2]

/**
 * An unmatched fact comes to their second join when their first one has closed it, which takes a record there. So where the
 * first join is a left one there is a fact of another key at each time, and the second one's grace is as long as that takes.
 */
function randomChains(first: 'inner' | 'left'): fc.Arbitrary<Chain> {
  const step = fc.record({
    source: fc.nat(2),
    gap: fc.oneof({ weight: 3, arbitrary: fc.nat(3) }, { weight: 1, arbitrary: fc.nat(MOST_GAP) }),
    key: fc.constantFrom('a', 'a', 'b'),
  })
  const join = fc.record({
    before: fc.nat(8),
    after: fc.nat(8),
    grace: fc.integer({ min: 1, max: 6 }),
  })
  return fc.constantFrom(1, 7, 300, 10_000).chain((unit) =>
    fc
      .record({
        joins: fc.tuple(join, join),
        second: fc.constantFrom('inner' as const, 'left' as const),
        steps: fc.array(step, { maxLength: 60, size: 'max' }),
      })
      .map(({ joins: [one, other], second, steps }) => {
        const delay = first === 'left' ? one.before + one.after + one.grace + MOST_GAP : 0
        const later = { ...other, grace: other.grace + delay }
        const joins = [chainJoin(first, one, unit), chainJoin(second, later, unit)]
        let time = NOON
        const records: ChainRecord[] = []
        for (const { source, gap, key } of steps) {
          time += gap * unit
          if (first === 'left') records.push({ source: 0, time, key: 'tick', id: records.length })
          records.push({ source, time, key, id: records.length })
        }
        return { joins, records }
      }),
  )
}

function chainJoin(
  kind: 'inner' | 'left',
  { before, after, grace }: { before: number; after: number; grace: number },
  unit: number,
): ChainJoin {
  const times = { beforeMs: before * unit, afterMs: after * unit, graceMs: grace * unit }
  return { ...times, kind, late: ['drop', 'drop'], sliceMs: windowTimes(times).sliceMs }
}

/** Their rows of each chain, sorted; what closes the last windows is in none. */
async function rowsOfTheirs(chains: readonly Chain[], options: Options): Promise<string[][]> {
  const streams = chains.map(({ joins, records }) => {
    const time = Math.max(NOON, ...records.map((record) => record.time)) + END_MS
    const ends = SOURCES.map((source) => ({ source, time, key: `end ${source}`, id: -1 }))
    return {
      joins,
      records: [...records, ...ends].map(({ source: side, ...record }) => ({ side, ...record })),
    }
  })
  const theirs = await rowsOfKafkaStreams(streams, options)
  return theirs.map((rows) => rows.map(rowText).sort())
}

const rowText = ({ ids }: DriverRow): string => ids.map((id) => id ?? '').join('-')

const textOf = ({ joins, records }: Chain, theirs: readonly string[], ours: readonly string[]) =>
  [
    JSON.stringify(joins),
    ...records.map(({ source, key, time, id }) => `${'Lab'[source]}${id} ${key} @${time - NOON}`),
    `theirs: ${theirs.join(', ')}`,
    `ours: ${ours.join(', ')}`,
  ].join('\n    ')

export async function compareChains(options: Options, onFault: OnFault): Promise<void> {
  for (const first of ['inner', 'left'] as const) {
    const { runs, seed } = options
    const chains = fc.sample(randomChains(first), { seed, numRuns: runs })
    const theirs = await rowsOfTheirs(chains, options)
    let rows = 0
    let same = 0
    for (const [i, chain] of chains.entries()) {
      const ours = await chainRows(chain.joins, chain.records)
      rows += ours.length
      if (ours.join(' ') === theirs[i].join(' ')) {
        same++
        continue
      }
      onFault(`a chain whose first join is ${first} has other rows`, textOf(chain, theirs[i], ours))
    }
    console.log(
      `${first} join, then another: ${runs} chains in order, ${rows} rows of ours; ${same} chains the same`,
    )
  }
  await compareSituations(options, onFault)
}

/** Each has the rows that are written with it, on both sides. */
async function compareSituations(options: Options, onFault: OnFault): Promise<void> {
  const chains = chainSituations.map((one) => chainOf(one))
  const streams = chains.map(({ joins, records }) => ({
    joins,
    records: records.map(({ source: side, ...record }) => ({ side, ...record })),
  }))
  const theirs = await rowsOfKafkaStreams(streams, options)
  for (const [i, situation] of chainSituations.entries()) {
    const rows = theirs[i].map(rowText).sort()
    const ours = await chainRows(chains[i].joins, chains[i].records)
    const given = [...situation.theirs, '|', ...situation.ours].join(' ')
    if ([...rows, '|', ...ours].join(' ') === given) continue
    onFault(`other rows where ${situation.name}`, textOf(chains[i], rows, ours))
  }
  console.log(`Situations of chains of docs/joins.md: ${chainSituations.length}`)
}

function chainOf({ joins, records }: ChainSituation): Chain {
  return {
    joins: joins.map(([kind, before, after, grace]) =>
      chainJoin(kind, { before, after, grace }, 1000),
    ),
    records: records.map(([source, key, seconds], id) => {
      return { source, key, id, time: NOON + seconds * 1000 }
    }),
  }
}
