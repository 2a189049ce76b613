/** What an instance answers in each state in which somebody looks at its page at night. */
import { REASONS, type Reason } from '../../src/watch/reasons.ts'

/** Ten past three, and all times are told from here. */
export const NOW = Date.UTC(2026, 2, 1, 3, 10)
const MINUTE = 60_000
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

const pace = {
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
type Pace = { [Name in keyof typeof pace]: number | null }

const still = {
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

function because(
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

const warning = (minutes: number, level: string, event: string, text: string): Json => ({
  at: NOW - minutes * MINUTE,
  level,
  event,
  text,
})

const task = (partition: number): Json => ({
  partition,
  state: 'running',
  streamTime: NOW - 150,
  lag: { facts: 1210, right: 1070 },
  offsets: { facts: 91_000_000, right: 89_000_000 },
  window: { left: 612_000, right: 598_000, segments: 8, bytes: 171_000_000 },
  restore: null,
})

const dimension = (name: string, rows: number, misses = 0, hits = 182_000_000): Json => ({
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

const topology = {
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
  changelog: { topic: 'order-enrichment-window-changelog' },
  output: { topic: 'orders.enriched' },
  rejects: { topic: 'orders.rejects' },
}

const MIB = 2 ** 20
const limits = {
  limit: 2048 * MIB,
  pages: 192 * MIB,
  fetch: 64 * MIB,
  epoch: 32 * MIB,
  dimensions: 900 * MIB,
}

function statusOf(
  changes: Json = {},
  changedPace: Partial<Pace> = {},
  changedCounts: Json = {},
): Json {
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
      unmatched: 0,
      ...changedCounts,
    },
    topology,
    tasks: [0, 3, 6, 9].map(task),
    dimensions: [dimension('customer', 1_200_000), dimension('product', 20_000)],
    join: ['left', 'right'].map((side) => ({
      side,
      hits: 88_900_000,
      misses: 91_000_000,
      delays: [
        { uptoMs: 4096, count: 21_000_000 },
        { uptoMs: 65_536, count: 68_000_000 },
      ],
    })),
    epochs: { committed: 931_204, aborted: 2, lastAt: NOW - 60, p50Ms: 34, p99Ms: 71 },
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
function historyOf(minutes: number, changed: Partial<Pace> = {}): Json {
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

const OWNED = [
  [0, 3, 6, 9],
  [1, 4, 7, 10],
  [2, 5, 8, 11],
]

function memberOf(n: number, own: Json, partitions = OWNED[n]): Json {
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

function totalOf(instances: readonly Json[]): Json {
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
function groupOf(own: Json, others: readonly Json[], more: Json = {}): Json {
  const instances = [memberOf(0, own), ...others]
  return { known: true, instances, gone: [], unowned: [], total: totalOf(instances), ...more }
}

const healthy = statusOf()
const fine = [memberOf(1, healthy), memberOf(2, healthy)]

function stateOf(
  verdict: Json,
  minutes: number,
  changes: Json,
  changedPace: Partial<Pace> = {},
  counts: Json = {},
): State {
  const status = statusOf({ verdict, ...changes }, changedPace, counts)
  const all = [memberOf(1, status), memberOf(2, status)]
  return { status, group: groupOf(status, all), history: historyOf(minutes, changedPace) }
}

const rejected = {
  topic: 'orders',
  stage: 'decode',
  reason: 'unknown_schema',
  count: 35_400_000,
  last: {
    at: NOW - 210,
    partition: 6,
    offset: 91_204_118,
    key: '"O-88120431"',
    value: '0x00000001c412',
    error: 'The registry at http://registry:8081 does not know schema 452',
  },
}

const oneGone = (): State => {
  const status = statusOf({ rebalances: 4 })
  const [second] = fine
  const own = memberOf(0, status, [0, 2, 3, 5, 6, 9])
  const instances = [own, { ...second, partitions: [1, 4, 7, 8, 10, 11] }]
  const gone = [
    {
      name: 'enricher-2',
      address: 'enricher-2.enricher:8080',
      partitions: OWNED[2],
      lastSeenAt: NOW - 4 * MINUTE,
    },
  ]
  const group = { known: true, instances, gone, unowned: [], total: totalOf(instances) }
  return { status, group, history: historyOf(0) }
}

const restoring = (): State => {
  const secondsLeft = 96
  const restore = { remaining: 3_100_000, percent: 41, secondsLeft }
  const tasks = [task(0), ...[3, 6, 9].map((n) => ({ ...task(n), state: 'restoring', restore }))]
  const text = 'Tasks: restoring 3 of 4: 41 %, 9300000 offsets, about 96 s left'
  const verdict = because('degraded', 1, ['restoring', text, 41])
  const status = statusOf(
    { verdict, state: 'restoring', tasks, rebalances: 4 },
    {
      ...still,
      facts: 12_400,
      output: 12_020,
      enriched: 12_400,
      lagRecords: 3_912_000,
      lagMs: 74_000,
    },
  )
  return { status, group: groupOf(status, fine), history: historyOf(1, status.pace as Pace) }
}

/** By the names under which their texts and screenshots are kept. */
export const STATES: Readonly<Record<string, State>> = {
  healthy: { status: healthy, group: groupOf(healthy, fine), history: historyOf(0) },
  'all-rejected': stateOf(
    because('degraded', 12, [
      'rejects',
      '100 % of the records of orders were rejected, as unknown_schema: 3M of 3M in the last 60 s',
    ]),
    12,
    {
      rejectKinds: [rejected],
      warnings: [12, 11, 10, 9, 8, 1]
        .reverse()
        .map((minutes) =>
          warning(
            minutes,
            'warn',
            'records_rejected',
            'orders: 3,000,000 of 3,000,000 records rejected in 60 s, 100 %, as unknown_schema. The last one is orders-6 @ 91204118, key "O-88120431": The registry at http://registry:8081 does not know schema 452',
          ),
        ),
    },
    { output: 0, enriched: 0, rejects: 50_012, latencyP50Ms: null, latencyP99Ms: null },
    { rejects: 35_400_000 },
  ),
  'all-missed': stateOf(
    because('degraded', 34, [
      'missing_rows',
      '100 % of the look-ups in customer found no row: 3M of 3M in the last 60 s',
    ]),
    34,
    {
      dimensions: [
        dimension('customer', 1_200_000, 102_000_000, 0),
        dimension('product', 20_000, 1200),
      ],
      warnings: [
        warning(
          1,
          'warn',
          'lookups_missed',
          'customer: 3,000,000 of 3,000,000 look-ups by customer_id found no row in 60 s. Missed most often: "C-000017", "C-000921". Among the keys of its 1,200,000 rows are "17", "921"; where these are of another form, `keyFormat` or `on` is wrong: `stream-enricher check` compares them',
        ),
      ],
    },
  ),
  'late-storm': stateOf(
    because('degraded', 7, [
      'late',
      '62.4 % of the records of payments were late: 1.83M of 2.94M in the last 60 s',
    ]),
    7,
    {
      warnings: [
        warning(
          1,
          'warn',
          'records_late',
          'payments: 1,834,000 of 2,940,000 records late in 60 s, 62.4 %, up to 36 min behind, dropped',
        ),
      ],
    },
    { output: 18_400, late: 30_570 },
    { late: 12_800_000 },
  ),
  restoring: restoring(),
  paused: stateOf(
    because('degraded', 51, ['paused', 'Nothing is taken until it is resumed']),
    51,
    { state: 'paused' },
    { ...still, lagRecords: 304_000_000, lagMs: 3_060_000 },
  ),
  'broker-away': {
    ...stateOf(
      because(
        'down',
        6,
        ['broker_away', 'No Kafka broker has answered for 6.2 min'],
        [
          'epochs_failing',
          '12 epochs in a row could not be committed: connect ECONNREFUSED 10.2.0.40:9092',
        ],
      ),
      6,
      {
        state: 'rebalancing',
        kafka: { lastAnswerAt: NOW - 372_000 },
        warnings: [
          warning(
            1,
            'error',
            'epochs_failing',
            '12 epochs in a row could not be committed: connect ECONNREFUSED 10.2.0.40:9092',
          ),
          warning(
            6,
            'warn',
            'epoch_aborted',
            'Epoch aborted, its tasks are taken anew: connect ECONNREFUSED 10.2.0.40:9092',
          ),
        ],
        tasks: [],
      },
      { ...still, lagRecords: null, lagMs: null },
    ),
    group: { known: false, instances: [], gone: [], unowned: [], total: {} },
  },
  'disk-full': stateOf(
    because('degraded', 18, [
      'disk_full',
      '212 MiB of 10.0 GiB are free in /var/lib/stream-enricher',
    ]),
    18,
    { disk: { window: 9021 * MIB, 'dimension/customer': 140 * MIB } },
  ),
  'one-of-three-gone': oneGone(),
  gone: { status: healthy, group: groupOf(healthy, fine), history: historyOf(0), gone: true },
  // Records are for who has the token, and nobody has entered it.
  closed: stateOf(
    because('degraded', 12, [
      'rejects',
      '4.1 % of the records of orders were rejected, as malformed: 123,000 of 3M in the last 60 s',
    ]),
    12,
    {
      access: { records: 'token', shown: false, acts: false },
      rejectKinds: [{ ...rejected, last: { at: NOW - 210, partition: 6, offset: 91_204_118 } }],
    },
    { rejects: 2050 },
    { rejects: 1_470_000 },
  ),
}
