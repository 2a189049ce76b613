/** Two joins of records that come in time, beside SQLite: what it says of the same tables is what comes out. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { comesOutAlone, type JoinKind } from '../../src/config/join-kind.ts'
import { windowTimes } from '../../src/window/segments.ts'
import { queried, type Table } from '../support/sql-table.ts'
import { NOON } from '../window/random-streams.ts'
import type { ChainJoin, ChainRecord } from './chain-model.ts'
import { chainRows } from './chained-joins.ts'

const KEYS = 20
const RECORDS = 600

const joined = (kind: JoinKind, beforeMs: number, afterMs: number): ChainJoin => {
  const times = { beforeMs, afterMs, graceMs: 0 }
  const fate = (side: 'left' | 'right') => (comesOutAlone(kind, side) ? 'emit' : 'drop')
  return { ...times, kind, late: [fate('left'), fate('right')], ...windowTimes(times) }
}

/** The same for each run: a generator of Park and Miller. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state * 48_271) % 2_147_483_647
    return state % below
  }
}

/** In the order of time, of all sources. */
function randomRecords(seed: number): ChainRecord[] {
  const below = numbers(seed)
  let time = NOON
  return Array.from({ length: RECORDS }, (_, id) => {
    time += 100 * below(5)
    return { source: below(3), time, key: `k${below(KEYS)}`, id }
  })
}

/** One join as SQL has it: pairs, then what is on one side only. The time of a pair is the later one. */
const joinSql = (
  left: string,
  right: string,
  columns: readonly string[],
  join: ChainJoin,
): string => {
  const { kind, beforeMs, afterMs } = join
  const on = `l.k = r.k and r.t between l.t - ${beforeMs} and l.t + ${afterMs}`
  const of = (what: (name: string) => string) => columns.map(what).join(', ')
  const pairs = `select l.k, max(l.t, r.t) as t, ${of((name) => `l.${name}`)}, r.id as ${right} from ${left} l join ${right}s r on ${on}`
  const alone = `select l.k, l.t, ${of((name) => `l.${name}`)}, null from ${left} l where not exists (select 1 from ${right}s r where ${on})`
  const rights = `select r.k, r.t, ${of(() => 'null')}, r.id from ${right}s r where not exists (select 1 from ${left} l where ${on})`
  const parts = [pairs]
  if (comesOutAlone(kind, 'left')) parts.push(alone)
  if (comesOutAlone(kind, 'right')) parts.push(rights)
  return parts.join(' union all ')
}

async function sqlite(
  records: readonly ChainRecord[],
  joins: readonly ChainJoin[],
): Promise<string[]> {
  const tables = ['facts', 'r0s', 'r1s'].map((name, of): Table => {
    const rows = records
      .filter(({ source }) => source === of)
      .map(({ key, time, id }) => ({ k: key, id, t: time }))
    return { name, columns: { k: 'string', id: 'long' }, partitions: 1, key: String, rows }
  })
  const facts = 'select k, t, id as fact from facts'
  const first = joinSql('f', 'r0', ['fact'], joins[0])
  const second = joinSql('j', 'r1', ['fact', 'r0'], joins[1])
  const query = `with f as (${facts}), j as (${first}), o as (${second}) select fact, r0, r1 from o`
  const found = (await queried(tables, query)).map((row) => JSON.parse(row) as (number | null)[])
  return found.map((row) => row.map((id) => id ?? '').join('-')).sort()
}

for (const kinds of [
  ['left', 'left'],
  ['inner', 'left'],
  ['outer', 'left'],
  ['right', 'outer'],
] as const) {
  const title = `${kinds.join(', then ')}: row by row what SQLite says of the same tables`
  test(title, async () => {
    for (const [seed, first, second] of [
      [1, [0, 20_000], [0, 60_000]],
      [2, [7000, 3000], [20_000, 0]],
      [3, [400, 0], [5000, 5000]],
      [4, [30_000, 30_000], [1000, 90_000]],
    ] as [number, [number, number], [number, number]][]) {
      const joins = [joined(kinds[0], ...first), joined(kinds[1], ...second)]
      const records = randomRecords(seed)
      const wanted = await sqlite(records, joins)
      assert.ok(wanted.length > 5)
      assert.deepEqual(await chainRows(joins, records), wanted)
    }
  })
}
