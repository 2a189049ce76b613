import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** Every metric: name, kind, labels, help. Names as Prometheus's naming practices want them. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const COUNTERS = {
  records_consumed_total: ['Records taken from a topic', ['topic']],
  records_produced_total: ['Joined records written and committed', ['topic']],
  records_dropped_total: ['Records dropped by policy', ['stage', 'reason']],
  rejects_total: ['Records sent to the rejects topic', ['topic', 'reason']],
  dimension_lookups_total: ['Look-ups of facts in a dimension', ['dimension', 'result']],
  window_probes_total: ['Probes of the other side of the window', ['side', 'result']],
  window_unmatched_total: ['Left records emitted without a match', ['side']],
  transactions_total: ['Epochs', ['result']],
  rebalances_total: ['Assignments received', []],
} as const
const GAUGES = {
  build_info: ['Version that runs', ['version', 'node_version']],
  state: ['1 for the state of the instance', ['state']],
  tasks: ['Tasks of this instance by state', ['state']],
  consumer_lag_records: ['Records behind the last stable offset', ['topic', 'partition']],
  stream_time_timestamp_seconds: ['Highest event time of a task', ['task']],
  window_records: ['Records in the window', ['side']],
  window_segments: ['Segments in the window', ['side']],
  memory_bytes: ['Memory that a part of the service holds', ['part']],
  memory_limit_bytes: ['What a part may hold; limit: all of it', ['part']],
  dimension_rows: ['Rows', ['dimension']],
  dimension_bytes: ['Memory of rows and index', ['dimension']],
  dimension_lag_records: ['Offsets of the bootstrap that are left', ['dimension']],
  dimension_last_update_timestamp_seconds: ['Wall clock of the last row', ['dimension']],
  restore_records_remaining: ['Changelog offsets left to restore', ['partition']],
  last_commit_timestamp_seconds: ['Wall clock of the last commit', []],
} as const

type Counters = Record<keyof typeof COUNTERS, Counter<string>>
type Gauges = Record<keyof typeof GAUGES, Gauge<string>>

export interface Metrics extends Counters, Gauges {
  readonly transaction_duration_seconds: Histogram
  readonly contentType: string
  text(): Promise<string>
}

/** @param collect fills what is sampled, before each scrape */
export function createMetrics(collect: (metrics: Metrics) => void): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const make = <T>(table: object, Kind: new (options: never) => T): Record<string, T> =>
    Object.fromEntries(
      Object.entries(table).map(([name, [help, labelNames]]) => [
        name,
        new Kind({
          name: `enricher_${name}`,
          help,
          labelNames: [...labelNames],
          registers: [registry],
        } as never),
      ]),
    )
  const metrics = {
    ...(make(COUNTERS, Counter) as unknown as Counters),
    ...(make(GAUGES, Gauge) as unknown as Gauges),
    transaction_duration_seconds: new Histogram({
      name: 'enricher_transaction_duration_seconds',
      help: 'Begin to end of an epoch’s commit',
      buckets: SECONDS,
      registers: [registry],
    }),
    contentType: registry.contentType,
    async text() {
      collect(metrics)
      return registry.metrics()
    },
  }
  return metrics
}
