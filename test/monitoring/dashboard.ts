/** helm/stream-enricher/files/dashboard.json, from a list of panels. */

interface Panel {
  readonly title: string
  readonly unit: string
  /** Query → legend. */
  readonly queries: Readonly<Record<string, string>>
  readonly kind?: 'stat' | 'heatmap'
  /** What to read from it, where that is not plain. */
  readonly about?: string
}

const OF = 'job=~"$job", namespace=~"$namespace", pod=~"$pod"'
const TOPIC = `${OF}, topic=~"$topic"`
const DIMENSION = `${OF}, dimension=~"$dimension"`
const RATE = '[$__rate_interval]'
/** Of what is rare: a rate would hardly be seen. */
const SINCE = 'Since the instances that run have started.'
const POD = 'namespace=~"$namespace", pod=~"$pod"'
/** Kubernetes' own metrics are of all pods of the cluster: of these, ours. */
const OURS = `and on (namespace, pod) group by (namespace, pod) (enricher_build_info{${OF}})`
const OUR_CLAIMS = `and on (namespace, persistentvolumeclaim) label_replace(group by (namespace, pod) (enricher_build_info{${OF}}), "persistentvolumeclaim", "state-$1", "pod", "(.+)")`

const quantiles = (metric: string, labels = OF): Record<string, string> =>
  Object.fromEntries(
    [50, 95, 99].map((p) => [
      `histogram_quantile(${p / 100}, sum by (le) (rate(enricher_${metric}_bucket{${labels}}${RATE})))`,
      `p${p}`,
    ]),
  )
const buckets = (metric: string, labels = OF): Record<string, string> => ({
  [`sum by (le) (increase(enricher_${metric}_bucket{${labels}}${RATE}))`]: '{{le}}',
})
const rate = (metric: string, by: string, labels = OF): Record<string, string> => ({
  [`sum by (${by}) (rate(enricher_${metric}{${labels}}${RATE}))`]: legend(by),
})
const sum = (metric: string, by: string, labels = OF): Record<string, string> => ({
  [`sum by (${by}) (enricher_${metric}{${labels}})`]: legend(by),
})
const legend = (by: string): string =>
  by
    .split(', ')
    .map((label) => `{{${label}}}`)
    .join(' ')
/** The part of the first result among all. */
const ratio = (metric: string, by: string, result: string, labels: string) => ({
  [`sum by (${by}) (rate(enricher_${metric}{${labels}, result="${result}"}${RATE})) / sum by (${by}) (rate(enricher_${metric}{${labels}}${RATE}))`]:
    legend(by),
})

/** Its panels are empty where the pipeline has none. */
const JOIN = 'Join and window, of pipelines that have one'

export const rows: Readonly<Record<string, readonly Panel[]>> = {
  Overview: [
    {
      title: 'Records in',
      unit: 'cps',
      queries: rate('records_consumed_total', 'topic', TOPIC),
    },
    {
      title: 'Records out',
      unit: 'cps',
      about:
        'Committed: output, rejects, and a join’s changelog (one record for each task and epoch).',
      queries: rate('records_produced_total', 'topic'),
    },
    {
      title: 'End-to-end latency',
      unit: 's',
      about:
        'From the event time of an output, of a match the later one, to its commit. Long while old data is read.',
      queries: quantiles('record_e2e_latency_seconds'),
    },
    {
      title: 'Lag',
      unit: 's',
      queries: { [`max by (topic) (enricher_consumer_lag_seconds{${TOPIC}})`]: '{{topic}}' },
    },
    {
      title: 'Instances by state',
      unit: 'short',
      queries: { [`sum by (state) (enricher_state{${OF}}) > 0`]: '{{state}}' },
    },
    {
      title: 'Instances by verdict',
      unit: 'short',
      about: 'As on the status page of each: works, degraded or down.',
      queries: { [`sum by (verdict) (enricher_verdict{${OF}}) > 0`]: '{{verdict}}' },
    },
    {
      title: 'Why they are degraded or down',
      unit: 'short',
      about: 'Instances by reason; the runbook has a section for each.',
      queries: { [`sum by (reason) (enricher_degraded{${OF}}) > 0`]: '{{reason}}' },
    },
    { title: 'Tasks by state', unit: 'short', queries: sum('tasks', 'pod, state') },
    {
      title: 'Versions',
      unit: 'short',
      kind: 'stat',
      queries: {
        [`count by (version, revision, node_version) (enricher_build_info{${OF}})`]:
          '{{version}}, Node {{node_version}} {{revision}}',
      },
    },
    {
      title: 'Pipelines',
      unit: 'short',
      kind: 'stat',
      about: 'More than one hash of a pipeline: instances run different files.',
      queries: {
        [`count by (pipeline, config_hash) (enricher_config_info{${OF}})`]:
          '{{pipeline}} {{config_hash}}',
      },
    },
  ],
  'Kafka in': [
    {
      title: 'Lag by partition',
      unit: 'short',
      queries: {
        [`sum by (topic, partition) (enricher_consumer_lag_records{${TOPIC}})`]:
          '{{topic}} {{partition}}',
      },
    },
    {
      title: 'Undecided records',
      about: 'Of transactions that are open: in a join the other input waits for them.',
      unit: 'short',
      queries: {
        [`sum by (topic, partition) (enricher_undecided_records{${TOPIC}}) > 0`]:
          '{{topic}} {{partition}}',
      },
    },
    { title: 'Bytes in', unit: 'Bps', queries: rate('bytes_consumed_total', 'topic', TOPIC) },
    {
      title: 'Partitions by pod',
      unit: 'short',
      queries: {
        [`max by (pod) (enricher_assigned_partitions{${OF}})`]: '{{pod}}',
        [`max(enricher_topic_partitions{${OF}})`]: 'all',
        [`min by (topic) (enricher_read_partitions{${OF}})`]: 'read of {{topic}}',
      },
    },
    {
      title: 'Rebalances',
      unit: 'short',
      queries: { [`sum by (pod) (increase(enricher_rebalances_total{${OF}}[5m]))`]: '{{pod}}' },
    },
    {
      title: 'Rebalance duration, mean',
      unit: 's',
      about: 'Nothing is processed meanwhile.',
      queries: {
        [`sum by (pod) (enricher_rebalance_duration_seconds_sum{${OF}}) / sum by (pod) (enricher_rebalance_duration_seconds_count{${OF}})`]:
          '{{pod}}',
      },
    },
    {
      title: 'Since the last fetch',
      unit: 's',
      queries: { [`time() - enricher_last_poll_timestamp_seconds{${OF}}`]: '{{pod}}' },
    },
    {
      title: 'Requests to Kafka',
      unit: 'reqps',
      queries: rate('kafka_request_duration_seconds_count', 'api'),
    },
    {
      title: 'Time of a request, mean',
      unit: 's',
      about: 'A fetch, and a join of the group, wait at the broker.',
      queries: {
        [`sum by (api) (rate(enricher_kafka_request_duration_seconds_sum{${OF}}${RATE})) / sum by (api) (rate(enricher_kafka_request_duration_seconds_count{${OF}}${RATE}))`]:
          '{{api}}',
      },
    },
    { title: 'Connections', unit: 'short', queries: sum('kafka_connections', 'broker') },
  ],
  Dimensions: [
    {
      title: 'Dimension hit ratio',
      unit: 'percentunit',
      queries: ratio('dimension_lookups_total', 'dimension', 'hit', DIMENSION),
    },
    {
      title: 'Dimension misses',
      unit: 'cps',
      about: 'The status page of an instance lists the keys.',
      queries: rate('dimension_lookups_total', 'dimension', `${DIMENSION}, result="miss"`),
    },
    {
      title: 'Facts that wait for a row',
      unit: 'short',
      about: 'Where a dimension has missing.wait.',
      queries: { [`sum(enricher_facts_waiting{${OF}})`]: 'facts' },
    },
    {
      title: 'Oldest fact that waits',
      unit: 's',
      queries: { [`max(enricher_facts_waiting_oldest_seconds{${OF}})`]: 'oldest' },
    },
    {
      title: 'Facts that have waited',
      unit: 'cps',
      about:
        'completed: the rows have come; given_up: missing.then, when the wait was over; no_room: the same, at once.',
      queries: rate('facts_waited_total', 'outcome'),
    },
    {
      title: 'Age of the latest dimension record',
      unit: 's',
      queries: {
        [`time() - max by (dimension) (enricher_dimension_last_update_timestamp_seconds{${DIMENSION}})`]:
          '{{dimension}}',
      },
    },
    {
      title: 'Dimension lag',
      unit: 'short',
      queries: {
        [`max by (dimension) (enricher_dimension_lag_records{${DIMENSION}})`]: '{{dimension}}',
        [`max by (dimension) (enricher_dimension_undecided_records{${DIMENSION}})`]:
          '{{dimension}}, in open transactions',
      },
    },
    {
      title: 'Dimension behind the same open transaction',
      unit: 's',
      queries: {
        [`max by (dimension) (enricher_dimension_open_transaction_seconds{${DIMENSION}})`]:
          '{{dimension}}',
      },
    },
  ],
  'As of a time': [
    {
      title: 'Versions of rows',
      unit: 'short',
      queries: {
        [`max by (dimension) (enricher_dimension_versions{${DIMENSION}})`]: '{{dimension}}',
      },
    },
    {
      title: 'Rows that came late, and facts before the history',
      unit: 'cps',
      about: 'Of a late row, facts were looked up before it came.',
      queries: {
        [`max by (dimension) (rate(enricher_dimension_late_rows_total{${DIMENSION}}${RATE}))`]:
          '{{dimension}}, late',
        [`sum by (dimension) (rate(enricher_dimension_facts_before_history_total{${DIMENSION}}${RATE}))`]:
          '{{dimension}}, facts before it',
      },
    },
    {
      title: 'Time in which tasks wait for rows',
      unit: 'percentunit',
      about:
        'They had facts, and waited until a dimension was read past them. 100 % for each task that waits all the time.',
      queries: { [`sum(rate(enricher_row_wait_seconds_total{${OF}}${RATE}))`]: 'tasks' },
    },
  ],
  [JOIN]: [
    {
      title: 'Window probes that hit',
      unit: 'percentunit',
      about: 'Of two partners the second one hits: half of all records, where all of them match.',
      queries: ratio('window_probes_total', 'side', 'hit', OF),
    },
    {
      title: 'Match delay',
      unit: 's',
      kind: 'heatmap',
      about: 'Distance of the two event times. If the upper buckets are full the window is small.',
      queries: buckets('match_delay_seconds'),
    },
    {
      title: 'Match delay, by who was first',
      unit: 's',
      queries: {
        [`histogram_quantile(0.99, sum by (le, first) (rate(enricher_match_delay_seconds_bucket{${OF}}${RATE})))`]:
          'p99, {{first}} first',
      },
    },
    {
      title: 'Lateness, 99th percentile',
      unit: 's',
      about: 'How far behind stream time records are: what grace has to cover.',
      queries: {
        [`histogram_quantile(0.99, sum by (le, topic) (rate(enricher_record_lateness_seconds_bucket{${TOPIC}}${RATE})))`]:
          '{{topic}}',
      },
    },
    {
      title: 'Stream time behind the clock',
      unit: 's',
      queries: {
        [`time() - max by (task) (enricher_stream_time_timestamp_seconds{${OF}})`]: 'task {{task}}',
      },
    },
    { title: 'Window records', unit: 'short', queries: sum('window_records', 'side') },
    {
      title: 'Window pages and segments',
      unit: 'short',
      queries: {
        [`sum(enricher_window_pages{${OF}})`]: 'pages',
        [`sum by (side) (enricher_window_segments{${OF}})`]: 'segments: {{side}}',
      },
    },
    {
      title: 'Segments expired',
      unit: 'cps',
      queries: rate('window_segments_expired_total', 'side'),
    },
  ],
  Stores: [
    {
      title: 'Dimension rows',
      unit: 'short',
      queries: sum('dimension_rows', 'dimension, pod', DIMENSION),
    },
    {
      title: 'Memory by part',
      unit: 'bytes',
      queries: {
        ...sum('memory_bytes', 'part'),
        ...sum('dimension_bytes', 'dimension', DIMENSION),
        [`sum(enricher_memory_limit_bytes{${OF}, part="limit"})`]: 'limit',
      },
    },
    { title: 'Disk', unit: 'bytes', queries: sum('store_disk_bytes', 'store') },
    {
      title: 'Store operations',
      unit: 'ops',
      queries: rate('store_op_duration_seconds_count', 'store, op'),
    },
    {
      title: 'Store operations, 99th percentile',
      unit: 's',
      queries: {
        [`histogram_quantile(0.99, sum by (le, op) (rate(enricher_store_op_duration_seconds_bucket{${OF}}${RATE}))) >= 0`]:
          '{{op}}',
      },
    },
    {
      title: 'Restore: left to read',
      unit: 'short',
      queries: sum('restore_records_remaining', 'store, pod'),
    },
    {
      title: 'Restore: time left',
      unit: 's',
      queries: {
        [`max by (store, pod) (enricher_restore_eta_seconds{${OF}})`]: '{{store}} {{pod}}',
      },
    },
    {
      title: 'Restored records',
      unit: 'short',
      about: SINCE,
      queries: sum('restore_records_total', 'store'),
    },
    {
      title: 'Restored bytes',
      unit: 'bytes',
      about: SINCE,
      queries: sum('restore_bytes_total', 'store'),
    },
    {
      title: 'Restore duration, mean',
      unit: 's',
      queries: {
        [`sum by (store) (enricher_restore_duration_seconds_sum{${OF}}) / sum by (store) (enricher_restore_duration_seconds_count{${OF}})`]:
          '{{store}}',
      },
    },
  ],
  Transactions: [
    { title: 'Epochs', unit: 'cps', queries: rate('transactions_total', 'result') },
    { title: 'Commit duration', unit: 's', queries: quantiles('transaction_duration_seconds') },
    {
      title: 'Since the last commit',
      unit: 's',
      queries: {
        [`time() - enricher_last_commit_timestamp_seconds{${OF}}`]: '{{pod}}',
        [`enricher_epochs_failing_seconds{${OF}}`]: '{{pod}} failing',
      },
    },
    {
      title: 'Busy with slices, waiting for commits',
      unit: 'percentunit',
      about: 'Shares of the main thread’s time.',
      queries: {
        [`sum by (pod) (rate(enricher_slice_duration_seconds_sum{${OF}}${RATE}))`]: '{{pod}} busy',
        [`sum by (pod) (rate(enricher_backpressure_seconds_total{${OF}}${RATE}))`]:
          '{{pod}} waiting',
      },
    },
    { title: 'Bytes out', unit: 'Bps', queries: rate('bytes_produced_total', 'topic') },
    {
      title: 'Where an epoch’s time goes',
      unit: 'percentunit',
      about:
        'Seconds of each stage per second. An epoch is processed while the last one is committed.',
      queries: rate('stage_duration_seconds_sum', 'stage'),
    },
  ],
  'Errors and rejects': [
    {
      title: 'Rejects by reason',
      unit: 'short',
      about: SINCE,
      queries: sum('rejects_total', 'topic, stage, reason'),
    },
    {
      title: 'Dropped, late, unmatched',
      unit: 'cps',
      about: 'Late and unmatched are records of a join only.',
      queries: {
        ...rate('records_late_total', 'topic', TOPIC),
        [`sum by (reason) (rate(enricher_records_dropped_total{${OF}}${RATE}))`]:
          'dropped: {{reason}}',
        [`sum by (topic) (rate(enricher_records_filtered_total{${OF}}${RATE}))`]:
          'not taken by where: {{topic}}',
        [`sum by (topic) (rate(enricher_dimension_deletions_total{${OF}}${RATE}))`]:
          'rows deleted: {{topic}}',
        [`sum by (topic) (rate(enricher_record_times_replaced_total{${OF}}${RATE}))`]:
          'time replaced: {{topic}}',
        [`sum by (side) (rate(enricher_window_unmatched_total{${OF}}${RATE}))`]:
          'unmatched: {{side}}',
        [`sum(rate(enricher_window_closed_matches_total{${OF}}${RATE}))`]: 'matched after closing',
      },
    },
    { title: 'Not decoded', unit: 'cps', queries: rate('decode_errors_total', 'topic', TOPIC) },
    {
      title: 'Errors recovered from',
      unit: 'short',
      about: SINCE,
      queries: {
        ...sum('errors_total', 'component, code'),
        [`sum by (topic) (enricher_facts_read_again_total{${OF}})`]:
          'read from the beginning again: {{topic}}',
      },
    },
    {
      title: 'Failed requests to Kafka',
      unit: 'cps',
      queries: rate('kafka_request_errors_total', 'api, error'),
    },
    {
      title: 'Schema registry requests',
      unit: 'cps',
      queries: rate('schema_registry_requests_total', 'result'),
    },
    {
      title: 'Stores put aside',
      unit: 'short',
      about: SINCE,
      queries: sum('stores_quarantined_total', 'store, reason'),
    },
    { title: 'HTTP requests', unit: 'reqps', queries: rate('http_requests_total', 'route, code') },
    {
      title: 'HTTP, 99th percentile',
      unit: 's',
      queries: {
        [`histogram_quantile(0.99, sum by (le, route) (rate(enricher_http_request_duration_seconds_bucket{${OF}}${RATE})))`]:
          '{{route}}',
      },
    },
  ],
  'Node runtime': [
    {
      title: 'CPU',
      unit: 'short',
      about: 'Cores.',
      queries: {
        [`sum by (pod) (rate(process_cpu_seconds_total{${OF}}${RATE}) and on (job, instance) enricher_build_info)`]:
          '{{pod}}',
      },
    },
    {
      title: 'Resident memory',
      unit: 'bytes',
      queries: {
        [`sum by (pod) (process_resident_memory_bytes{${OF}} and on (job, instance) enricher_build_info)`]:
          '{{pod}}',
      },
    },
    {
      title: 'Heap',
      unit: 'bytes',
      queries: {
        [`sum by (pod) (nodejs_heap_size_used_bytes{${OF}} and on (job, instance) enricher_build_info)`]:
          '{{pod}} used',
        [`sum by (pod) (enricher_heap_limit_bytes{${OF}})`]: '{{pod}} limit',
      },
    },
    {
      title: 'Event loop lag, 99th percentile',
      unit: 's',
      queries: {
        [`max by (pod) (nodejs_eventloop_lag_p99_seconds{${OF}} and on (job, instance) enricher_build_info)`]:
          '{{pod}}',
      },
    },
    {
      title: 'Time in garbage collection',
      unit: 'percentunit',
      queries: {
        [`sum by (pod, kind) (rate(nodejs_gc_duration_seconds_sum{${OF}}${RATE}) and on (job, instance) enricher_build_info)`]:
          '{{pod}} {{kind}}',
      },
    },
  ],
  'Pods and volumes': [
    {
      title: 'CPU throttled',
      unit: 'percentunit',
      queries: {
        [`sum by (namespace, pod) (rate(container_cpu_cfs_throttled_periods_total{${POD}}${RATE})) / sum by (namespace, pod) (rate(container_cpu_cfs_periods_total{${POD}}${RATE})) ${OURS}`]:
          '{{pod}}',
      },
    },
    {
      title: 'Memory of the limit',
      unit: 'percentunit',
      queries: {
        [`max by (namespace, pod) (container_memory_working_set_bytes{${POD}, container!=""}) / max by (namespace, pod) (kube_pod_container_resource_limits{${POD}, resource="memory"}) ${OURS}`]:
          '{{pod}}',
      },
    },
    {
      title: 'Restarts',
      unit: 'short',
      queries: {
        [`sum by (namespace, pod) (increase(kube_pod_container_status_restarts_total{${POD}}[1h])) ${OURS}`]:
          '{{pod}}',
      },
    },
    {
      title: 'Volume used',
      unit: 'percentunit',
      queries: {
        [`1 - kubelet_volume_stats_available_bytes{namespace=~"$namespace"} / kubelet_volume_stats_capacity_bytes ${OUR_CLAIMS}`]:
          '{{persistentvolumeclaim}}',
      },
    },
  ],
}

/** A query as Grafana asks it with all variables at All, and rates over `interval`. */
export const withAll = (query: string, interval: string): string =>
  query
    .replaceAll('$__rate_interval', interval)
    .replaceAll(/\$(namespace|job|pod|topic|dimension)/g, ALL)

/** Also what has no such label: outside Kubernetes there is no namespace. */
const ALL = '.*'
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' }
const WIDTH = 24
const PANEL = { w: 8, h: 8 }

function variable(name: string, of: string) {
  const query = `label_values(${of}, ${name})`
  return {
    name,
    type: 'query',
    datasource: DATASOURCE,
    query: { query, refId: name },
    definition: query,
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: true,
    allValue: ALL,
    current: { selected: true, text: ['All'], value: ['$__all'] },
  }
}

const variables = [
  {
    name: 'datasource',
    type: 'datasource',
    query: 'prometheus',
    current: {},
    refresh: 1,
  },
  variable('namespace', 'enricher_build_info'),
  variable('job', 'enricher_build_info{namespace=~"$namespace"}'),
  variable('pod', 'enricher_build_info{namespace=~"$namespace", job=~"$job"}'),
  variable('topic', 'enricher_records_consumed_total{namespace=~"$namespace", job=~"$job"}'),
  variable('dimension', 'enricher_dimension_rows{namespace=~"$namespace", job=~"$job"}'),
]

const TYPES = { stat: 'stat', heatmap: 'heatmap', lines: 'timeseries' } as const

function panelOf(panel: Panel, id: number, x: number, y: number) {
  const { title, unit, queries, kind, about = '' } = panel
  const targets = Object.entries(queries).map(([expr, legendFormat], i) => ({
    refId: String.fromCharCode(65 + i),
    datasource: DATASOURCE,
    expr,
    legendFormat,
    ...(kind === 'heatmap' ? { format: 'heatmap' } : {}),
    ...(kind === 'stat' ? { instant: true } : {}),
  }))
  return {
    id,
    type: TYPES[kind ?? 'lines'],
    title,
    description: about,
    datasource: DATASOURCE,
    gridPos: { ...PANEL, x, y },
    targets,
    fieldConfig: { defaults: { unit, ...(kind === undefined ? { min: 0 } : {}) }, overrides: [] },
    options: optionsOf(kind, unit),
  }
}

function optionsOf(kind: Panel['kind'], unit: string): object {
  if (kind === 'stat') return { textMode: 'value_and_name', colorMode: 'none' }
  if (kind === 'heatmap') return { calculate: false, yAxis: { unit }, cellGap: 1 }
  return { tooltip: { mode: 'multi', sort: 'desc' }, legend: { displayMode: 'list' } }
}

export function dashboard(): object {
  const panels: object[] = []
  let y = 0
  for (const [title, list] of Object.entries(rows)) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title,
      collapsed: false,
      panels: [],
      gridPos: { x: 0, y: y++, w: WIDTH, h: 1 },
    })
    const perLine = WIDTH / PANEL.w
    for (const [i, panel] of list.entries()) {
      const line = Math.floor(i / perLine)
      panels.push(panelOf(panel, panels.length + 1, (i % perLine) * PANEL.w, y + line * PANEL.h))
    }
    y += Math.ceil(list.length / perLine) * PANEL.h
  }
  return {
    uid: 'stream-enricher',
    title: 'stream-enricher',
    tags: ['stream-enricher', 'kafka'],
    schemaVersion: 39,
    version: 1,
    editable: true,
    graphTooltip: 1,
    refresh: '10s',
    time: { from: 'now-1h', to: 'now' },
    templating: { list: variables },
    panels,
  }
}
