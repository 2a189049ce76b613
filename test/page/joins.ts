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
    lags: {
      orders: 4840,
      ...Object.fromEntries(joins.map(({ topic }, j) => [topic, 4 * 430 * (3 - j)])),
    },
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
      lags: { orders: 2420, [topic]: 4840, payments: 4280 },
      kept: { [topic]: 61_300 },
      repartition: [{ side: 'left', from: 'orders', topic, lag: { from: 2420, topic: 4840 } }],
    }),
  )
}

/** A later join compares a column of the first one's right record, and its own topic is keyed by something else. */
export function otherKeys(): State {
  const [payment, shipment] = JOINS
  const [left, right] = ['shipment-left', 'shipment'].map(
    (of) => `order-enrichment-${of}-repartition`,
  )
  const stages = [
    { number: 0, topics: ['orders', 'payments'], joins: ['payment'], to: left },
    { number: 1, topics: ['shipments'], joins: [], to: right },
    { number: 2, topics: [left, right], joins: ['shipment'], to: null },
  ]
  const windows = (j: number) => [
    { join: [payment, shipment][j].name, left: 306_000, right: 299_000, segments: 8 },
  ]
  const tasks = stages.map(({ number, joins }, s) => ({
    ...task(3),
    stage: number,
    lag: { facts: s === 1 ? null : 1210, right: 1290, payment: 1290, shipment: 860 },
    ...(joins.length === 0
      ? { streamTime: null, window: null }
      : { windows: windows(s === 0 ? 0 : 1) }),
  }))
  const on = [
    { left: 'order_id', right: 'order_id' },
    { left: 'payment.parcel_id', right: 'parcel_id' },
  ]
  const own = {
    topology: {
      ...topology,
      joins: [payment, shipment].map((join, j) => ({ ...join, on: on[j] })),
      stages,
      repartition: [{ side: 'shipment', topic: right }],
    },
    tasks,
    lags: { orders: 1210, payments: 1290, shipments: 860, [left]: 7340, [right]: 0 },
    kept: { [left]: 1_212_480, [right]: 30_400 },
    repartition: [
      { side: 'shipment', from: 'shipments', topic: right, lag: { from: 860, topic: 0 } },
    ],
    join: [payment, shipment].flatMap(({ name, kind }) =>
      ['left', 'right'].map((side) => ({
        join: name,
        side,
        hits: 88_900_000,
        misses: 91_000_000,
        unmatched: kind === side ? 1_200_000 : 0,
        delays: [],
      })),
    ),
  }
  return shown(statusOf(own, {}, { unmatched: 1_200_000 }))
}

/** Facts are joined by a column of their rows, which they get before. */
export function byColumn(): State {
  const { status, ...rest } = repartitioned()
  const { topology: of, ...others } = status as { topology: Json; tasks: unknown }
  const on = { left: 'customer.region', right: 'region' }
  const topologyOf = { ...of, join: { ...topology.join, on } }
  return { ...rest, status: { ...others, topology: topologyOf } }
}
