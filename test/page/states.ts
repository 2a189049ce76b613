/** The states in which somebody looks at the page at night. */
import {
  because,
  dimension,
  epochsUntil,
  fine,
  groupOf,
  healthy,
  historyOf,
  MIB,
  MINUTE,
  memberOf,
  NOW,
  OWNED,
  type Pace,
  type State,
  shortHistory,
  stateOf,
  statusOf,
  still,
  task,
  totalOf,
  warning,
} from './instance.ts'
import { byColumn, otherKeys, repartitioned, severalJoins } from './joins.ts'
import { withoutJoin } from './without-join.ts'

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

const justStarted = (): State => {
  const old = { rejects: 0.4, latencyP50Ms: 2 ** 31, latencyP99Ms: 2 ** 31 }
  const counts = { facts: 900, right: 890, output: 880, rejects: 7, late: 3, unmatched: 0 }
  const status = statusOf({ since: NOW - 25_000 }, old, counts)
  return { status, group: groupOf(status, fine), history: shortHistory(2) }
}

/** Dead or cut off, and its session has not run out: the others do not have its tasks yet. */
const oneSilent = (): State => {
  const [second, third] = fine
  const silent = { ...third, summary: null, error: 'no answer: ECONNREFUSED' }
  return { status: healthy, group: groupOf(healthy, [second, silent]), history: historyOf(0) }
}

const alone = (): State => {
  const status = withoutJoin()
  const group = groupOf(status, [memberOf(1, status), memberOf(2, status)])
  return { status, group, history: historyOf(0) }
}

/** Facts of customers who are not there yet. */
const waitingForRows = (): State => {
  const { topology, tasks, ...rest } = withoutJoin() as {
    topology: { dimensions: object[] }
    tasks: object[]
  }
  const dimensions = topology.dimensions.map((one, d) => ({ ...one, waitMs: d === 0 ? 5000 : 0 }))
  const waiting = tasks.map((one, t) => ({
    ...one,
    streamTime: NOW,
    waiting: { facts: 40 * t, bytes: 8000 * t, oldestMs: t === 0 ? null : 1200 * t },
  }))
  const status = { ...rest, topology: { ...topology, dimensions }, tasks: waiting }
  const group = groupOf(status, [memberOf(1, status), memberOf(2, status)])
  return { status, group, history: historyOf(0) }
}

const restoring = (): State => {
  const secondsLeft = 96
  const restore = { remaining: 3_100_000, percent: 41, secondsLeft }
  const tasks = [task(0), ...[3, 6, 9].map((n) => ({ ...task(n), state: 'restoring', restore }))]
  const text = 'Tasks: restoring 3 of 4: 41 %, 9,300,000 offsets and about 96 s left'
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
  'without-join': alone(),
  'facts-wait': waitingForRows(),
  'two-joins': severalJoins(2),
  'three-joins': severalJoins(3),
  repartitioned: repartitioned(),
  'other-keys': otherKeys(),
  'by-column': byColumn(),
  'all-rejected': stateOf(
    because('degraded', 12, [
      'rejects',
      '100 % of the records of orders were rejected, as unknown_schema: 3,000,000 of 3,000,000 in the last 60 s',
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
      '100 % of the look-ups in customer found no row: 3,000,000 of 3,000,000 in the last 60 s',
    ]),
    34,
    {
      dimensions: [
        dimension('customer', 1_200_000, 102_000_000, 80_000_000),
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
    { missed: [50_012, 0] },
  ),
  'late-storm': stateOf(
    because('degraded', 7, [
      'late',
      '62.4 % of the records of payments were late: 1,834,000 of 2,940,000 in the last 60 s',
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
    {
      state: 'paused',
      epochs: epochsUntil(NOW - 51 * MINUTE),
      tasks: [0, 3, 6, 9].map((n) => ({
        ...task(n),
        lag: { facts: 38_000_000, right: 38_000_000 },
        streamTime: NOW - 51 * MINUTE,
      })),
    },
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
        epochs: epochsUntil(NOW - 372_000),
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
  // It reads records of last year; what came since the last sample is in the counts only.
  'just-started': justStarted(),
  'one-of-three-silent': oneSilent(),
  'one-of-three-gone': oneGone(),
  gone: { status: healthy, group: groupOf(healthy, fine), history: historyOf(0), gone: true },
  // Records are for who has the token, and nobody has entered it.
  closed: stateOf(
    because('degraded', 12, [
      'rejects',
      '4.1 % of the records of orders were rejected, as malformed: 123,000 of 3,000,000 in the last 60 s',
    ]),
    12,
    {
      access: { records: 'token', shown: false, acts: false },
      rejectKinds: [
        {
          ...rejected,
          reason: 'malformed',
          count: 1_470_000,
          last: { at: NOW - 210, partition: 6, offset: 91_204_118 },
        },
      ],
    },
    { rejects: 2050 },
    { rejects: 1_470_000 },
  ),
}
