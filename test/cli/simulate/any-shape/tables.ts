/** Small tables in which most keys meet. */
import type { Cell, Table, TimedRow } from '../../../support/sql-table.ts'
import type { Draw } from './shape.ts'

export const START = 1_735_689_600_000
const SPAN_MS = 3000
const KEYS = ['k0', 'k1', 'k2', 'k3']
const FACTS = 24
const RIGHTS = 18

export function tablesOf(draw: Draw) {
  const one = <T>(items: readonly T[]): T => items[draw(items.length)]
  const time = (): number => START + draw(SPAN_MS)
  const keyOrNull = (): Cell => one([...KEYS, 'k4', null])
  const rows = (count: number, row: (i: number) => TimedRow): TimedRow[] =>
    Array.from({ length: count }, (_, i) => row(i)).sort((a, b) => a.t - b.t)
  const table = (name: string, columns: Table['columns'], of: readonly TimedRow[]): Table => ({
    ...{ name, columns, rows: of, partitions: 1, isDeep: one([false, true]) },
    key: (row) => String(row.id ?? row.fk ?? row.key),
  })
  const row = (key: string, t: number): TimedRow => ({
    key,
    title: one(['x', 'y', 'z']),
    ref: keyOrNull(),
    t,
  })
  const columns = { key: 'string', title: 'string', ref: 'string?' } as const
  const dimension = (name: string): Table =>
    table(
      name,
      columns,
      KEYS.filter(() => draw(5) > 0).map((key) => row(key, START)),
    )
  return {
    facts: table(
      'facts',
      { rid: 'string', id: 'string', a: 'string?', b: 'string?', n: 'long' },
      rows(FACTS, (i) => ({
        rid: `f${i}`,
        id: one(KEYS),
        a: keyOrNull(),
        b: keyOrNull(),
        n: draw(10),
        t: time(),
      })),
    ),
    rights: ['r0', 'r1', 'r2'].map((name) =>
      table(
        name,
        { rid: 'string', fk: 'string', ref: 'string?', v: 'long' },
        rows(RIGHTS, (i) => ({
          rid: `${name}-${i}`,
          fk: draw(4) > 0 ? one(KEYS) : `${one(KEYS)}-${one(KEYS)}`,
          ref: keyOrNull(),
          v: draw(6),
          t: time(),
        })),
      ),
    ),
    dimensions: [dimension('places'), dimension('things')],
    // One row of a key at a time: which of two is the later one is another question.
    versions: table('versions', columns, [
      ...new Map(
        rows(12, () => row(one(KEYS), time())).map((one) => [`${one.key} ${one.t}`, one]),
      ).values(),
    ]),
  }
}
