/** What instances answer whose pipeline has several joins, and one with a side that is keyed otherwise. */
import { fine, groupOf, historyOf, type State, statusOf, task, topology } from './instance.ts'

type Json = Record<string, unknown>

const shown = (status: Json): State => ({
  status,
  group: groupOf(status, fine),
  history: historyOf(0),
})

const HOUR = 3_600_000
const times = (afterMs: number) => ({ beforeMs: 0, afterMs, graceMs: 60_000 })

const JOINS = [
  { name: 'payment', topic: 'payments', kind: 'left', ...times(HOUR) },
  { name: 'shipment', topic: 'shipments', kind: 'inner', ...times(168 * HOUR) },
  { name: 'return', topic: 'returned-parcels-of-all-warehouses', kind: 'outer', ...times(HOUR) },
]

/** Of so many joins, one after the other. */
export function severalJoins(count: number): State {
  const joins = JOINS.slice(0, count)
  const named = (value: (j: number) => unknown): Json =>
    Object.fromEntries(joins.map(({ name }, j) => [name, value(j)]))
  const topics = ['orders', ...joins.map(({ topic }) => topic)]
  const own = {
    topology: {
      ...topology,
      joins,
      stages: [{ number: 0, topics, joins: joins.map(({ name }) => name), to: null }],
    },
    tasks: [0, 3, 6, 9].map((n) => ({
      ...task(n),
      lag: { facts: 1210, right: 1290, ...named((j) => 430 * (3 - j)) },
      offsets: { facts: 91_000_000, right: null, ...named((j) => 89_000_000 - j) },
      windows: joins.map(({ name }, j) => {
        return { join: name, left: 306_000 + j, right: 299_000 + j, segments: 8 }
      }),
    })),
    join: joins.flatMap(({ name, kind }, j) =>
      ['left', 'right'].map((side) => ({
        join: name,
        side,
        hits: 88_900_000 - j,
        misses: 91_000_000,
        unmatched: kind === 'outer' || kind === side ? 1_200_000 + j : 0,
        delays: [{ uptoMs: 65_536, count: 68_000_000 }],
      })),
    ),
  }
  return shown(statusOf(own, {}, { unmatched: 1_200_000 }))
}

/** The facts are keyed by something else than the join field. */
export function repartitioned(): State {
  const topic = 'order-enrichment-facts-repartition'
  const stages = [
    { number: 0, topics: ['orders'], joins: [], to: topic },
    { number: 1, topics: [topic, 'payments'], joins: ['right'], to: null },
  ]
  const before = [0, 3].map((n) => ({
    ...task(n),
    lag: { facts: 1210, right: null },
    offsets: { facts: 91_204_118, right: null },
    streamTime: null,
    window: null,
  }))
  const joining = [0, 3, 6, 9].map((n) => ({ ...task(n), stage: 1 }))
  return shown(
    statusOf({
      topology: { ...topology, stages, repartition: [{ side: 'left', topic }] },
      tasks: [...before, ...joining],
      repartition: [{ side: 'left', from: 'orders', topic, lag: { from: 2420, topic: 4840 } }],
    }),
  )
}
