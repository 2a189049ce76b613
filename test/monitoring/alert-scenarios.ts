/** What happens over hours to an alert: outages, crash loops and pauses as Prometheus sees them. */

export interface Scenario {
  readonly alert: string
  /** Of the series' values, in promtool's notation; `stale` is what a scrape without an answer, or a target's end, leaves. */
  readonly interval: string
  readonly series: Readonly<Record<string, string>>
  /** Time, in order → the labels with which the alert fires then. */
  readonly at: Readonly<Record<string, readonly string[]>>
}

const ON = '{job="e", instance="i"}'
const J = '{job="e", instance="j"}'
const E = '{job="e"}'
const I = '{instance="i", job="e"}'
/** A target that is gone, or never was. */
const NOTHING = 'stale _x12000'
/** Of an instance that is scraped every 15 s, lives for one scrape, and is started again after five minutes. */
const crashLoop = (starts: number, alive: string, dead: string): string =>
  Array.from({ length: starts }, (_, n) => `${alive.replace('$', String(n * 300))} ${dead}`).join(
    ' ',
  )

/** What a deployment without any history has: these alerts have nothing of yesterday to compare with. */
const ABSOLUTE = [
  'StreamEnricherAllRejected',
  'StreamEnricherNeverFound',
  'StreamEnricherNothingMatches',
  'StreamEnricherRejectRatioHigh',
  'StreamEnricherLateRecords',
  'StreamEnricherHeldUp',
]
const LOOKED_UP = 'enricher_dimension_lookups_total{job="e", instance="i", dimension="customer"'
const ORDERS = '{job="e", instance="i", topic="orders"}'
const REJECTED = '{job="e", instance="i", topic="orders", stage="decode", reason="malformed"}'
const UNMATCHED = '{job="e", instance="i", reason="unmatched"}'
const PROBED = '{job="e", instance="i", side="left", result="miss"}'
const WAITING = '{job="e", instance="i", reason="waiting"}'

/** Series that begin with the first scrape of a new instance: counts of each 15 s, then of none for as long. */
const newInstance = (each: {
  taken: number
  rejected: number
  late: number
  found: number
  missed: number
}): Readonly<Record<string, string>> => {
  const grows = (by: number): string => `_x4 0x4 ${by}+${by}x240 ${241 * by}x240`
  return {
    [`enricher_records_consumed_total${ORDERS}`]: grows(each.taken),
    [`enricher_records_late_total${ORDERS}`]: grows(each.late),
    // There is no series before the first of its kind.
    ...(each.rejected === 0
      ? {}
      : {
          [`enricher_rejects_total${REJECTED}`]: grows(each.rejected).replace('0x4', '_x4'),
        }),
    [`${LOOKED_UP}, result="hit"}`]: grows(each.found),
    [`${LOOKED_UP}, result="miss"}`]: grows(each.missed),
    [`enricher_window_probes_total${PROBED}`]: grows(each.taken - each.rejected - each.late),
    // Windows have not closed yet: whether anything matches is not known.
    [`enricher_degraded${UNMATCHED}`]: '_x4 0x484',
    // While it starts a task waits for a moment.
    [`enricher_degraded${WAITING}`]: '_x4 1x8 0x484',
  }
}

const sound: readonly Scenario[] = ABSOLUTE.map((alert) => ({
  alert,
  interval: '15s',
  series: newInstance({ taken: 1500, rejected: 3, late: 9, found: 600, missed: 888 }),
  at: Object.fromEntries([2, 5, 10, 15, 20, 30, 60, 65, 70, 90, 110].map((m) => [`${m}m`, []])),
}))

export const scenarios: Readonly<Record<string, Scenario>> = {
  'an outage alerts for as long as it lasts, days too, and ends with it': {
    alert: 'StreamEnricherAbsent',
    interval: '5m',
    series: {
      [`up${ON}`]: '1x6 0x1000 1x10',
      [`enricher_build_info${ON}`]: '1x6 stale _x999 1x10',
    },
    at: {
      '30m': [],
      '45m': [E],
      '2h': [E],
      '25h': [E],
      '83h': [E],
      '5040m': [],
    },
  },
  'an outage with which the targets go, too, alerts for a week': {
    alert: 'StreamEnricherAbsent',
    interval: '5m',
    series: { [`enricher_build_info${ON}`]: `1x6 ${NOTHING}` },
    at: { '90m': [E], '6d': [E], '8d': [] },
  },
  'a pipeline that is gone is told from one that runs under the same Prometheus': {
    alert: 'StreamEnricherAbsent',
    interval: '5m',
    series: {
      [`enricher_build_info${ON}`]: `1x6 ${NOTHING}`,
      'enricher_build_info{job="other", instance="k"}': '1x3000',
    },
    at: { '3h': [E], '6d': [E], '8d': [] },
  },
  'the only pipeline, removed, warns after its week': {
    alert: 'StreamEnricherNothingScraped',
    interval: '5m',
    series: { [`enricher_build_info${ON}`]: `1x6 ${NOTHING}` },
    at: { '3h': [], '6d': [], '8d': ['{}'] },
  },
  'a crash loop of which some scrapes find a live process': {
    alert: 'StreamEnricherRestarting',
    interval: '15s',
    series: {
      [`up${ON}`]: `1x40 ${crashLoop(12, '1', '0x18')} 1x200`,
      [`process_start_time_seconds${ON}`]: `0x40 ${crashLoop(12, '$', 'stale _x17')} 9000x200`,
      [`enricher_build_info${ON}`]: `1x40 ${crashLoop(12, '1', 'stale _x17')} 1x200`,
    },
    at: { '10m': [], '33m': [I], '45m': [I], '65m': [I], '110m': [] },
  },
  'an instance that answers one scrape in twenty is down': {
    alert: 'StreamEnricherInstanceDown',
    interval: '15s',
    series: {
      [`up${ON}`]: `1x40 ${crashLoop(20, '1', '0x18')} 1x200`,
      [`up${J}`]: '1x900',
      [`enricher_build_info${J}`]: '1x900',
    },
    at: { '15m': [], '30m': [I], '90m': [I], '130m': [] },
  },
  'an instance that dies before it is scraped is down, for good': {
    alert: 'StreamEnricherInstanceDown',
    interval: '1m',
    series: {
      [`up${ON}`]: '1x30 0x1500',
      [`enricher_build_info${ON}`]: '1x30 stale',
      [`up${J}`]: '1x1600',
      [`enricher_build_info${J}`]: '1x1600',
    },
    at: { '35m': [], '50m': [I], '24h': [I] },
  },
  'an instance that is scaled away is not down, nor is one that is started anew': {
    alert: 'StreamEnricherInstanceDown',
    interval: '1m',
    series: {
      [`up${ON}`]: '1x30 0 stale',
      [`up${J}`]: '1x30 0x3 1x60',
      [`enricher_build_info${J}`]: '1x30 stale _x2 1x60',
      'up{job="e", instance="new"}': '_x31 0x4 1x60',
    },
    at: { '32m': [], '36m': [], '45m': [], '60m': [] },
  },
  'a pause is no lack of progress, and its end is none either': {
    alert: 'StreamEnricherNoProgress',
    interval: '1m',
    series: {
      'enricher_state{job="e", instance="i", state="paused"}': '0x10 1x180 0x20',
      'enricher_consumer_lag_records{job="e", instance="i", topic="orders", partition="0"}':
        '0x10 0+1000x180 90000x20',
      [`enricher_last_commit_timestamp_seconds${ON}`]: '0+60x10 600x179 11460+60x20',
    },
    at: { '5m': [], '30m': [], '3h': [], '200m': [] },
  },
  'the other instances are watched while one is paused': {
    alert: 'StreamEnricherNoProgress',
    interval: '1m',
    series: {
      'enricher_state{job="e", instance="j", state="paused"}': '1x60',
      'enricher_state{job="e", instance="i", state="paused"}': '0x60',
      'enricher_consumer_lag_records{job="e", instance="j", topic="orders", partition="0"}': '9x60',
      'enricher_consumer_lag_records{job="e", instance="i", topic="orders", partition="1"}': '9x60',
      [`enricher_last_commit_timestamp_seconds${J}`]: '60x60',
      [`enricher_last_commit_timestamp_seconds${ON}`]: '60x60',
    },
    at: { '30m': [I] },
  },
  'what gathers in a pause wakes nobody, nor does working it off': {
    alert: 'StreamEnricherLagGrowing',
    interval: '1m',
    series: {
      'enricher_state{job="e", instance="i", state="paused"}': '0x10 1x60 0x60',
      'enricher_consumer_lag_records{job="e", instance="i", topic="orders", partition="0"}':
        '0x10 0+1000x60 60000-1000x60',
      'enricher_consumer_lag_seconds{job="e", instance="i", topic="orders", partition="0"}':
        '0x10 0+60x60 3600-60x60',
    },
    at: Object.fromEntries([30, 60, 72, 75, 78, 81, 84, 90].map((minute) => [`${minute}m`, []])),
  },
  'a dimension that an instance reads at its start is not behind': {
    alert: 'StreamEnricherDimensionLag',
    interval: '1m',
    series: {
      'enricher_dimension_lag_records{job="e", instance="i", dimension="customer"}':
        '_x10 9000-1000x8 0x20',
    },
    at: { '11m': [], '12m': [], '15m': [], '30m': [] },
  },
  'a backlog that comes into sight as restores end, and is worked off, wakes nobody': {
    alert: 'StreamEnricherLagGrowing',
    interval: '1m',
    series: Object.fromEntries(
      [0, 1, 2, 3, 4].flatMap((p) => {
        const labels = `{job="e", instance="i", topic="orders", partition="${p}"}`
        const unseen = `_x${5 * p}`
        return [
          [`enricher_consumer_lag_records${labels}`, `${unseen} 90000-100x90`],
          [`enricher_consumer_lag_seconds${labels}`, `${unseen} 7200-10x90`],
        ]
      }),
    ),
    at: Object.fromEntries([12, 16, 20, 24, 28, 32, 40].map((minute) => [`${minute}m`, []])),
  },
  'input that outruns an instance pages though another one had it before': {
    alert: 'StreamEnricherLagGrowing',
    interval: '1m',
    series: {
      'enricher_consumer_lag_records{job="e", instance="i", topic="orders", partition="0"}':
        '5000-200x20 stale',
      'enricher_consumer_lag_seconds{job="e", instance="i", topic="orders", partition="0"}':
        '400-10x20 stale',
      'enricher_consumer_lag_records{job="e", instance="j", topic="orders", partition="0"}':
        '_x22 1000+1000x40',
      'enricher_consumer_lag_seconds{job="e", instance="j", topic="orders", partition="0"}':
        '_x22 400+20x40',
    },
    at: { '20m': [], '45m': ['{job="e", topic="orders"}'] },
  },
  ...Object.fromEntries(
    sound.map((one) => [
      `a new deployment of ${one.alert.slice(14)} that is right, and then has no input`,
      one,
    ]),
  ),
  'a new deployment that rejects all, and then has no input': {
    alert: 'StreamEnricherAllRejected',
    interval: '15s',
    series: newInstance({ taken: 1500, rejected: 1500, late: 0, found: 0, missed: 0 }),
    at: {
      '5m': [],
      '13m': ['{job="e", topic="orders"}'],
      '50m': ['{job="e", topic="orders"}'],
      '75m': [],
    },
  },
  'a new deployment whose records are all late': {
    alert: 'StreamEnricherAllRejected',
    interval: '15s',
    series: newInstance({ taken: 1500, rejected: 0, late: 1500, found: 0, missed: 0 }),
    at: { '5m': [], '13m': ['{job="e", topic="orders"}'], '75m': [] },
  },
  'a new deployment of which one in ten records is rejected': {
    alert: 'StreamEnricherRejectRatioHigh',
    interval: '15s',
    series: newInstance({ taken: 1500, rejected: 150, late: 0, found: 1300, missed: 0 }),
    at: { '5m': [], '15m': ['{job="e", topic="orders"}'], '90m': [] },
  },
  'a new deployment of which one in ten records is late': {
    alert: 'StreamEnricherLateRecords',
    interval: '15s',
    series: newInstance({ taken: 1500, rejected: 0, late: 150, found: 1300, missed: 0 }),
    at: { '5m': [], '15m': ['{job="e", topic="orders"}'], '90m': [] },
  },
  'a new deployment whose look-ups all miss': {
    alert: 'StreamEnricherNeverFound',
    interval: '15s',
    series: newInstance({ taken: 1500, rejected: 0, late: 0, found: 0, missed: 1500 }),
    at: { '5m': [], '10m': ['{dimension="customer", job="e"}'], '90m': [] },
  },
  'commits that fail from the first on, though all input was taken': {
    alert: 'StreamEnricherNoProgress',
    interval: '1m',
    series: {
      [`process_start_time_seconds${ON}`]: '0x60',
      'enricher_consumer_lag_records{job="e", instance="i", topic="orders", partition="0"}':
        '_ 900x60',
    },
    at: { '3m': [], '8m': [I], '50m': [I] },
  },
  'commits that fail after a day of work, and then work again': {
    alert: 'StreamEnricherNoProgress',
    interval: '1m',
    series: {
      [`process_start_time_seconds${ON}`]: '0x90',
      [`enricher_last_commit_timestamp_seconds${ON}`]: '0+60x20 1200x29 3000+60x30',
      'enricher_consumer_lag_records{job="e", instance="i", topic="orders", partition="0"}':
        '3x20 900+900x29 0x30',
    },
    at: { '20m': [], '24m': [], '28m': [I], '48m': [I], '52m': [], '70m': [] },
  },
}
