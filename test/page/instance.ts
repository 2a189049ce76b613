/** What an instance of three answers, and how it differs where something is wrong. */
import { REASONS, type Reason } from '../../src/watch/verdict/reasons.ts'

/** Ten past three, and all times are told from here. */
export const NOW = Date.UTC(2026, 2, 1, 3, 10)
export const MINUTE = 60_000
const START = NOW - 26 * 60 * MINUTE

type Json = Record<string, unknown>
type Level = 'works' | 'degraded' | 'down'

export interface State {
  readonly status: Json
  readonly group: Json
  readonly history: Json
  /** It answers once, and then not any more. */
  readonly gone?: boolean
}

export const pace = {
  facts: 50_012,
  right: 49_004,
  output: 48_997,
  rejects: 0,
  late: 0,
  unmatched: 0,
  enriched: 50_012,
  epochs: 9.8,
  latencyP50Ms: 131,
  latencyP99Ms: 402,
  lagRecords: 9120,
  lagMs: 180,
}
export type Pace = { [Name in keyof typeof pace]: number | null }

/** Of each dimension, look-ups a second, and facts that find no row. */
type Changed = Partial<Pace> & {
  readonly lookUps?: readonly number[]
  readonly missed?: readonly number[]
}

export const still = {
  facts: 0,
  right: 0,
  output: 0,
  enriched: 0,
  epochs: 0,
  latencyP50Ms: null,
  latencyP99Ms: null,
}

const works = {
  verdict: 'works',
  text: 'What comes is taken, and hardly any of it is lost',
  since: START,
  reasons: [],
}

export function because(
  level: Level,
  minutes: number,
  ...found: readonly (readonly [Reason, string, number?])[]
): Json {
  const since = NOW - minutes * MINUTE
  const [first, ...others] = found.map(([reason]) => REASONS[reason].title as string)
  const titles = [first, ...others.map((title) => title[0].toLowerCase() + title.slice(1))]
  const reasons = found.map(([reason, text, percent]) => {
    const { action } = REASONS[reason]
    return { reason, level, text, percent, since, action, runbook: `/runbook#${reason}` }
  })
  return { verdict: level, text: titles.join('; '), since, reasons }
}

export const warning = (minutes: number, level: string, event: string, text: string): Json => ({
  at: NOW - minutes * MINUTE,
  level,
  event,
  text,
})

export const task = (partition: number): Json => ({
  stage: 0,
  partition,
  state: 'running',
  streamTime: NOW - 150,
  lag: { facts: 1210, right: 1070 },
  offsets: { facts: 91_000_000, right: 89_000_000 },
  window: { left: 612_000, right: 598_000, segments: 8, bytes: 171_000_000 },
  waiting: null,
  restore: null,
})

export const dimension = (name: string, rows: number, misses = 0, hits = 182_000_000): Json => ({
  name,
  topic: `${name}s`,
  ready: true,
  rows,
  bytes: rows * 96,
  lastUpdateAt: NOW - 4200,
  stalenessMs: 900,
  partitions: 4,
  openTransaction: null,
  topMissing: misses === 0 ? [] : [{ key: '"C-000017"', count: misses / 4, error: 0 }],
  hits,
  misses,
  bootstrap: null,
})

export const epochsUntil = (lastAt: number): Json => {
  return { committed: 931_204, aborted: 2, lastAt, p50Ms: 34, p99Ms: 71 }
}

export const topology = {
  pipeline: 'order-enrichment',
  partitions: 12,
  facts: { topic: 'orders' },
  dimensions: ['customer', 'product'].map((name) => ({
    name,
    topic: `${name}s`,
    on: `${name}_id`,
  })),
  right: { topic: 'payments' },
  join: {
    kind: 'inner',
    on: { left: 'order_id', right: 'order_id' },
    beforeMs: 60_000,
    afterMs: 60_000,
    graceMs: 10_000,
  },
  stages: [{ number: 0, topics: ['orders', 'payments'], joins: ['right'], to: null }] as Json[],
  repartition: [] as Json[],
  changelog: { topic: 'order-enrichment-window-changelog' },
  output: { topic: 'orders.enriched' },
  outputs: [{ topic: 'orders.enriched' }],
  rejects: { topic: 'orders.rejects' },
}

export const MIB = 2 ** 20
const limits = {
  limit: 2048 * MIB,
  pages: 192 * MIB,
  fetch: 64 * MIB,
  epoch: 32 * MIB,
  dimensions: 900 * MIB,
}

export function statusOf(
  changes: Json = {},
  changedPace: Changed = {},
  changedCounts: Json = {},
): Json {
  const tasks = (changes.tasks ?? [0, 3, 6, 9].map(task)) as readonly { readonly lag: Json }[]
  const lagOf = (side: string): number =>
    tasks.reduce((sum, { lag }) => sum + Number(lag[side] ?? 0), 0)
  return {
    at: NOW,
    since: START,
    pipeline: 'order-enrichment',
    version: '0.1.0',
    node: 'v22.11.0',
    instance: 'enricher-0',
    state: 'running',
    verdict: works,
    warnings: [],
    pace: {
      ...pace,
      lookUps: [1, 1].map(() => changedPace.enriched ?? pace.enriched),
      missed: [0, 0],
      ...changedPace,
    },
    ready: true,
    checks: [],
    rebalances: 3,
    counts: {
      facts: 182_000_000,
      right: 178_000_000,
      output: 177_900_000,
      rejects: 0,
      late: 0,
      missing: 0,
      otherType: 0,
      filtered: 0,
      deletions: 0,
      passedOver: 0,
      unmatched: 0,
      ...changedCounts,
    },
    topology,
    repartition: [],
    tasks,
    kept: {},
    lags: { orders: lagOf('facts'), payments: lagOf('right') },
    dimensions: [dimension('customer', 1_200_000), dimension('product', 20_000)],
    join: ['left', 'right'].map((side) => ({
      side,
      hits: 88_900_000,
      misses: 91_000_000,
      unmatched: 0,
      delays: [
        { uptoMs: 4096, count: 21_000_000 },
        { uptoMs: 65_536, count: 68_000_000 },
      ],
    })),
    epochs: epochsUntil(NOW - 60),
    kafka: { lastAnswerAt: NOW - 4 },
    memory: {
      rss: 1240 * MIB,
      heapUsed: 88 * MIB,
      limits,
      parts: {
        dimensions: 112 * MIB,
        pages: 171 * MIB,
        index: 41 * MIB,
        fetch: 12 * MIB,
        epoch: 3 * MIB,
      },
    },
    disk: { window: 910 * MIB, 'dimension/customer': 140 * MIB, 'dimension/product': 3 * MIB },
    rejectKinds: [],
    config: { name: 'order-enrichment', http: { port: 8080, token: '<redacted>' } },
    access: { records: 'all', shown: true, acts: true },
    ...changes,
  }
}

/** An hour, of which the last minutes are as told. */
export function historyOf(minutes: number, changed: Partial<Pace> = {}): Json {
  const all = Array.from({ length: 360 }, (_, i) => i)
  const isChanged = (i: number): boolean => i >= 360 - minutes * 6
  const columns = Object.entries(pace).map(([name, value]) => {
    const then = (changed as Json)[name] as number | null | undefined
    const wave = (i: number): number => Math.round(value * (1 + 0.06 * Math.sin(i / 9)))
    return [name, all.map((i) => (then !== undefined && isChanged(i) ? then : wave(i)))]
  })
  return {
    everyMs: 10_000,
    at: all.map((i) => NOW - (360 - i) * 10_000),
    ...Object.fromEntries(columns),
  }
}

/** Of an instance that has run for so many samples, in which nothing came. */
export function shortHistory(samples: number): Json {
  const columns = Object.entries(historyOf(0)).filter(([name]) => name !== 'everyMs')
  const short = columns.map(([name, values]) => {
    const last = (values as number[]).slice(-samples)
    return [name, name === 'at' ? last : last.map(() => 0)]
  })
  return { everyMs: 10_000, ...Object.fromEntries(short) }
}

export const OWNED = [
  [0, 3, 6, 9],
  [1, 4, 7, 10],
  [2, 5, 8, 11],
]

export function memberOf(n: number, own: Json, partitions = OWNED[n]): Json {
  const { verdict, text, since } = own.verdict as Json
  const summary = {
    instance: `enricher-${n}`,
    version: '0.1.0',
    state: own.state,
    at: NOW,
    since: START,
    verdict: { verdict, text, since },
    tasks: partitions.length,
    pace: own.pace,
  }
  return {
    instance: `enricher-${n}`,
    address: `enricher-${n}.enricher:8080`,
    host: `10.2.0.${n + 4}`,
    version: '0.1.0',
    partitions,
    self: n === 0,
    summary,
    error: null,
  }
}

export function totalOf(instances: readonly Json[]): Json {
  const paces = instances.flatMap(({ summary }) =>
    summary === null ? [] : [(summary as { pace: Pace }).pace],
  )
  const sum = (name: keyof Pace): number =>
    paces.reduce((total, one) => total + (one[name] ?? 0), 0)
  const worst = (name: keyof Pace): number | null => {
    const known = paces.flatMap((one) => one[name] ?? [])
    return known.length === 0 ? null : Math.max(...known)
  }
  return {
    ...Object.fromEntries((Object.keys(pace) as (keyof Pace)[]).map((name) => [name, sum(name)])),
    latencyP99Ms: worst('latencyP99Ms'),
    lagMs: worst('lagMs'),
  }
}

/** @param own this instance's status; the other two are as told */
export function groupOf(own: Json, others: readonly Json[], more: Json = {}): Json {
  const instances = [memberOf(0, own), ...others]
  return { known: true, instances, gone: [], unowned: [], total: totalOf(instances), ...more }
}

export const healthy = statusOf()
export const fine = [memberOf(1, healthy), memberOf(2, healthy)]

export function stateOf(
  verdict: Json,
  minutes: number,
  changes: Json,
  changedPace: Changed = {},
  counts: Json = {},
): State {
  const status = statusOf({ verdict, ...changes }, changedPace, counts)
  const all = [memberOf(1, status), memberOf(2, status)]
  return { status, group: groupOf(status, all), history: historyOf(minutes, changedPace) }
}
