/** For each alert: series, a value a minute in promtool's notation, with which it fires at `at`, and such with which it does not. */
export interface AlertCase {
  readonly fires: Readonly<Record<string, string>>
  readonly quiet: Readonly<Record<string, string>>
  readonly at: string
  /** Besides the severity. */
  readonly labels?: Readonly<Record<string, string>>
  /** The description. */
  readonly says: string
}

const ON = 'job="e", instance="i"'
const TOPIC = 'job="e", topic="orders"'
/** A day at one value, then an hour at another. */
const dayThen = (before: string, after: string): string => `${before}x1440 ${after}x60`

export const cases: Readonly<Record<string, AlertCase>> = {
  StreamEnricherAbsent: {
    fires: { [`enricher_build_info{${ON}}`]: '1x30 _x60' },
    quiet: {
      [`enricher_build_info{${ON}}`]: '1x90',
      'enricher_build_info{job="e", instance="j"}': '1x30 _x60',
    },
    at: '45m',
    labels: { job: 'e' },
    says: 'Job e has had no instance for 5 minutes. Nothing is enriched; the input waits in Kafka as long as its retention lasts.',
  },
  StreamEnricherNoProgress: {
    fires: {
      [`enricher_consumer_lag_records{${ON}, topic="orders", partition="0"}`]: '7x20',
      [`enricher_last_commit_timestamp_seconds{${ON}}`]: '60x20',
      [`process_start_time_seconds{${ON}}`]: '0x20',
    },
    quiet: {
      [`enricher_consumer_lag_records{${ON}, topic="orders", partition="0"}`]: '7x20',
      [`enricher_last_commit_timestamp_seconds{${ON}}`]: '0+60x20',
      'enricher_consumer_lag_records{job="e", instance="idle", topic="orders", partition="1"}':
        '0x20',
      'enricher_last_commit_timestamp_seconds{job="e", instance="idle"}': '0x20',
    },
    at: '10m',
    labels: { job: 'e', instance: 'i' },
    says: 'i has 7 records to take and has committed none for more than 5 minutes.',
  },
  StreamEnricherLagGrowing: {
    fires: {
      [`enricher_consumer_lag_records{${TOPIC}, partition="0"}`]: '0+1000x60',
      [`enricher_consumer_lag_seconds{${TOPIC}, partition="0"}`]: '0+30x60',
    },
    quiet: {
      [`enricher_consumer_lag_records{${TOPIC}, partition="0"}`]: '90000-1000x60',
      [`enricher_consumer_lag_seconds{${TOPIC}, partition="0"}`]: '1800-10x60',
    },
    at: '40m',
    labels: { job: 'e', topic: 'orders' },
    says: 'The oldest record of orders that waits is 20m 0s old, and there are more of them each minute.',
  },
  StreamEnricherRestarting: {
    fires: {
      [`process_start_time_seconds{${ON}}`]: '0x5 300x5 600x5 900x20',
      [`enricher_build_info{${ON}}`]: '1x40',
    },
    quiet: {
      [`process_start_time_seconds{${ON}}`]: '0x5 300x40',
      [`enricher_build_info{${ON}}`]: '1x40',
      'process_start_time_seconds{job="another", instance="k"}': '0x5 300x5 600x5 900x20',
    },
    at: '25m',
    labels: { job: 'e', instance: 'i' },
    says: 'i has started 3 times in 30 minutes. Its log ends with a line of level fatal that says why.',
  },
  StreamEnricherFenced: {
    fires: { [`enricher_transactions_total{${ON}, result="fenced"}`]: '0x5 1+1x4 5x10' },
    quiet: { [`enricher_transactions_total{${ON}, result="fenced"}`]: '0x5 1x20' },
    at: '15m',
    labels: { job: 'e', instance: 'i' },
    says: 'i was fenced again and again in 15 minutes; one fencing belongs to a rebalance, several mean that it is taken for lost each time.',
  },
  StreamEnricherUnassignedPartitions: {
    fires: {
      // Also where more have been added, which nobody reads.
      [`enricher_topic_partitions{${TOPIC}, instance="i"}`]: '9x20',
      [`enricher_read_partitions{${TOPIC}, instance="i"}`]: '8x20',
      [`enricher_assigned_partitions{${TOPIC}, instance="i"}`]: '4x20',
      [`enricher_assigned_partitions{${TOPIC}, instance="j"}`]: '4x3 1x20',
    },
    quiet: {
      [`enricher_read_partitions{${TOPIC}, instance="i"}`]: '8x20',
      [`enricher_assigned_partitions{${TOPIC}, instance="i"}`]: '4x20',
      [`enricher_assigned_partitions{${TOPIC}, instance="j"}`]: '4x6 0x2 4x20',
      // Added since the start: another alert's.
      'enricher_topic_partitions{job="grown", topic="orders", instance="i"}': '6x20',
      'enricher_read_partitions{job="grown", topic="orders", instance="i"}': '4x20',
      'enricher_assigned_partitions{job="grown", topic="orders", instance="i"}': '4x20',
    },
    at: '15m',
    labels: { job: 'e', topic: 'orders' },
    says: 'Of orders, 3 partitions have had no instance for 5 minutes.',
  },
  StreamEnricherPartitionsNotRead: {
    fires: {
      [`enricher_topic_partitions{${TOPIC}, instance="i"}`]: '4x3 6x20',
      [`enricher_topic_partitions{${TOPIC}, instance="j"}`]: '4x3 6x20',
      [`enricher_read_partitions{${TOPIC}, instance="i"}`]: '4x23',
      [`enricher_read_partitions{${TOPIC}, instance="j"}`]: '4x23',
    },
    quiet: {
      [`enricher_topic_partitions{${TOPIC}, instance="i"}`]: '4x23',
      [`enricher_read_partitions{${TOPIC}, instance="i"}`]: '4x23',
      'enricher_read_partitions{job="e", topic="customers", instance="i"}': '4x3 6x20',
    },
    at: '15m',
    labels: { job: 'e', topic: 'orders' },
    says: 'Of orders, 2 partitions were added since the pipeline started. Their records wait unread, and with a join the keys that have moved there find no partner.',
  },
  StreamEnricherNotJoined: {
    fires: {
      [`enricher_state{${ON}, state="rebalancing"}`]: '0x5 1x20',
      [`enricher_state{${ON}, state="running"}`]: '1x5 0x20',
    },
    quiet: {
      [`enricher_state{${ON}, state="rebalancing"}`]: '1 0x5 1x3 0x20',
      [`enricher_state{${ON}, state="running"}`]: '0 1x5 0x3 1x20',
    },
    at: '15m',
    labels: { job: 'e', instance: 'i', state: 'rebalancing' },
    says: 'i has been joining its consumer group for 5 minutes, and takes nothing meanwhile.',
  },
  StreamEnricherAllRejected: {
    fires: {
      [`enricher_rejects_total{${TOPIC}, stage="decode", reason="malformed"}`]: '_ 60+60x40',
      [`enricher_rejects_total{${TOPIC}, stage="decode", reason="null_key"}`]: '_ 40+40x40',
      [`enricher_records_consumed_total{${TOPIC}}`]: '0+100x41',
      // Nothing of it is late.
      [`enricher_records_late_total{${TOPIC}}`]: '0x41',
    },
    quiet: {
      [`enricher_rejects_total{${TOPIC}, stage="decode", reason="malformed"}`]: '_ 60+60x40',
      [`enricher_records_late_total{${TOPIC}}`]: '0+30x41',
      [`enricher_records_consumed_total{${TOPIC}}`]: '0+100x41',
    },
    at: '15m',
    labels: { job: 'e', topic: 'orders' },
    says: '100% of the records of orders are rejected, or come too late to be joined.',
  },
  StreamEnricherNeverFound: {
    fires: {
      'enricher_dimension_lookups_total{job="e", dimension="customer", result="hit"}': '0x40',
      'enricher_dimension_lookups_total{job="e", dimension="customer", result="miss"}': '0+90x40',
    },
    quiet: {
      'enricher_dimension_lookups_total{job="e", dimension="customer", result="hit"}': '0+1x40',
      'enricher_dimension_lookups_total{job="e", dimension="customer", result="miss"}': '0+90x40',
      // A few unknown ones, where little is looked up.
      'enricher_dimension_lookups_total{job="e", dimension="product", result="hit"}': '7x40',
      'enricher_dimension_lookups_total{job="e", dimension="product", result="miss"}': '0+1x40',
    },
    at: '20m',
    labels: { job: 'e', dimension: 'customer' },
    says: '900 look-ups in customer found nothing in 10 minutes, and none found a row.',
  },
  StreamEnricherNothingMatches: {
    fires: {
      [`enricher_degraded{${ON}, reason="unmatched"}`]: '0x5 1x40',
      'enricher_window_probes_total{job="e", side="left", result="miss"}': '0+1000x50',
    },
    quiet: {
      [`enricher_degraded{${ON}, reason="unmatched"}`]: '0x5 1x8 0x40',
      'enricher_window_probes_total{job="e", side="left", result="miss"}': '0+1000x50',
      // No more input: what is known of it may be old.
      'enricher_degraded{job="idle", reason="unmatched"}': '1x50',
      'enricher_window_probes_total{job="idle", side="left", result="miss"}': '9000x50',
    },
    at: '20m',
    labels: { job: 'e' },
    says: 'Job e takes records of both sides, of which none has a match. Of an inner join nothing comes out.',
  },
  StreamEnricherLagHigh: {
    fires: { [`enricher_consumer_lag_seconds{${TOPIC}, partition="0"}`]: '90x30' },
    quiet: { [`enricher_consumer_lag_seconds{${TOPIC}, partition="0"}`]: '90x5 3x5 90x5 3x20' },
    at: '15m',
    labels: { job: 'e', topic: 'orders' },
    says: 'The oldest record of orders that waits is 1m 30s old.',
  },
  StreamEnricherDimensionStale: {
    fires: {
      [`enricher_dimension_last_update_timestamp_seconds{${ON}, dimension="customer"}`]: '0x1600',
    },
    quiet: {
      [`enricher_dimension_last_update_timestamp_seconds{${ON}, dimension="customer"}`]:
        '0+60x1600',
    },
    at: '1500m',
    labels: { job: 'e', dimension: 'customer' },
    says: 'The latest record of dimension customer is 1d 1h 0m 0s old.',
  },
  StreamEnricherDimensionLag: {
    fires: { [`enricher_dimension_lag_records{${ON}, dimension="customer"}`]: '0x5 9x20' },
    quiet: { [`enricher_dimension_lag_records{${ON}, dimension="customer"}`]: '9x12 0 9x20' },
    at: '20m',
    labels: { job: 'e', instance: 'i', dimension: 'customer' },
    says: 'i has not reached the end of dimension customer for 10 minutes.',
  },
  StreamEnricherDimensionMissRatioHigh: {
    fires: {
      'enricher_dimension_lookups_total{job="e", dimension="customer", result="hit"}': dayThen(
        '0+90',
        '129690+90',
      ),
      'enricher_dimension_lookups_total{job="e", dimension="customer", result="miss"}': dayThen(
        '0+1',
        '1460+30',
      ),
    },
    quiet: {
      'enricher_dimension_lookups_total{job="e", dimension="customer", result="hit"}': dayThen(
        '0+90',
        '129690+90',
      ),
      'enricher_dimension_lookups_total{job="e", dimension="customer", result="miss"}': dayThen(
        '0+1',
        '1441+1',
      ),
    },
    at: '1495m',
    labels: { job: 'e', dimension: 'customer' },
    says: '25% of the look-ups in customer find nothing, more than twice as many as a day ago.',
  },
  StreamEnricherMatchRatioLow: {
    fires: {
      'enricher_match_delay_seconds_count{job="e", first="left"}': dayThen('0+90', '129600+20'),
      'enricher_window_probes_total{job="e", side="left", result="hit"}': dayThen(
        '0+100',
        '144100+100',
      ),
    },
    quiet: {
      'enricher_match_delay_seconds_count{job="e", first="left"}': dayThen('0+90', '129690+80'),
      'enricher_window_probes_total{job="e", side="left", result="hit"}': dayThen(
        '0+100',
        '144100+100',
      ),
    },
    at: '1495m',
    labels: { job: 'e' },
    says: 'There are 0.20 matches for each fact, less than half as many as a day ago.',
  },
  StreamEnricherRejects: {
    fires: {
      [`enricher_rejects_total{${TOPIC}, stage="decode", reason="malformed"}`]: '_x15 3x20',
    },
    quiet: { [`enricher_rejects_total{${TOPIC}, stage="decode", reason="malformed"}`]: '3x40' },
    at: '20m',
    labels: { job: 'e', topic: 'orders', reason: 'malformed' },
    says: '3 records of orders were rejected in 10 minutes: malformed.',
  },
  StreamEnricherRejectRatioHigh: {
    fires: {
      [`enricher_rejects_total{${TOPIC}, stage="decode", reason="malformed"}`]: '_ 10+10x40',
      [`enricher_records_consumed_total{${TOPIC}}`]: '0+100x41',
    },
    quiet: {
      [`enricher_rejects_total{${TOPIC}, stage="decode", reason="malformed"}`]: '_ 4+4x40',
      [`enricher_records_consumed_total{${TOPIC}}`]: '0+100x41',
    },
    at: '25m',
    labels: { job: 'e', topic: 'orders' },
    says: '10% of the records of orders are rejected.',
  },
  StreamEnricherAllOfOtherType: {
    fires: { [`enricher_degraded{${ON}, reason="other_type"}`]: '0x5 1x30' },
    quiet: { [`enricher_degraded{${ON}, reason="other_type"}`]: '0x5 1x8 0x2 1x8 0x30' },
    at: '20m',
    labels: { job: 'e' },
    says: 'Job e drops all records of a topic, as they are of another type than its file names.',
  },
  StreamEnricherDecodeErrors: {
    fires: {
      [`enricher_decode_errors_total{${TOPIC}, format="avro"}`]: '0+5x40',
      [`enricher_records_consumed_total{${TOPIC}}`]: '0+100x40',
    },
    quiet: {
      [`enricher_decode_errors_total{${TOPIC}, format="avro"}`]: '0+1x40',
      [`enricher_records_consumed_total{${TOPIC}}`]: '0+1000x40',
    },
    at: '30m',
    labels: { job: 'e', topic: 'orders' },
    says: '5% of the records of orders cannot be decoded; a producer has probably changed its schema or format.',
  },
  StreamEnricherLateRecords: {
    fires: {
      [`enricher_records_late_total{${TOPIC}}`]: '0+2x40',
      [`enricher_records_consumed_total{${TOPIC}}`]: '0+100x40',
    },
    quiet: {
      [`enricher_records_late_total{${TOPIC}}`]: '0+1x40',
      [`enricher_records_consumed_total{${TOPIC}}`]: '0+1000x40',
    },
    at: '30m',
    labels: { job: 'e', topic: 'orders' },
    says: '2% of the records of orders come after their window has closed and are not joined.',
  },
  StreamEnricherInstanceDown: {
    fires: {
      [`up{${ON}}`]: '0x40',
      'up{job="e", instance="j"}': '1x40',
      'enricher_build_info{job="e", instance="j"}': '1x40',
    },
    quiet: {
      [`up{${ON}}`]: '1x10 0x2 1x40',
      [`enricher_build_info{${ON}}`]: '1x10 stale _ 1x40',
      'up{job="another", instance="k"}': '0x40',
    },
    at: '30m',
    labels: { job: 'e', instance: 'i' },
    says: 'i of job e is a target, and has hardly answered a scrape for 10 minutes.',
  },
  StreamEnricherNothingScraped: {
    fires: { 'up{job="another", instance="k"}': '1x60' },
    quiet: { [`enricher_build_info{${ON}}`]: '1x10 stale' },
    at: '60m',
    says: 'In a week no instance of any pipeline was scraped, so the other alerts see nothing.',
  },
  StreamEnricherPaused: {
    fires: {
      [`enricher_state{${ON}, state="paused"}`]: '0x5 1x90',
      [`enricher_state{${ON}, state="running"}`]: '1x5 0x90',
    },
    quiet: {
      [`enricher_state{${ON}, state="paused"}`]: '0x5 1x50 0x50',
      [`enricher_state{${ON}, state="running"}`]: '1x5 0x50 1x50',
    },
    at: '80m',
    labels: { job: 'e', instance: 'i' },
    says: 'i was paused by an operator over an hour ago, and takes nothing until it is resumed.',
  },
  StreamEnricherHeldUp: {
    fires: { [`enricher_degraded{${ON}, reason="open_transaction"}`]: '0x5 1x30' },
    quiet: {
      [`enricher_degraded{${ON}, reason="waiting"}`]: '0x5 1x8 0x2 1x8 0x30',
      // Has an alert of its own.
      [`enricher_degraded{${ON}, reason="paused"}`]: '1x50',
    },
    at: '20m',
    labels: { job: 'e', instance: 'i', reason: 'open_transaction' },
    says: 'i has had input for 10 minutes that it does not take: open_transaction. Its status page says of which partitions.',
  },
  StreamEnricherRestoreStuck: {
    fires: {
      [`enricher_restore_records_remaining{${ON}, store="window", partition="2"}`]:
        '900-100x5 400x20',
    },
    quiet: {
      [`enricher_restore_records_remaining{${ON}, store="window", partition="2"}`]: '9000-100x40',
      [`enricher_restore_records_remaining{${ON}, store="window", partition="3"}`]: '0x40',
    },
    at: '20m',
    labels: { job: 'e', instance: 'i', store: 'window', partition: '2' },
    says: 'i has 400 offsets of window, partition 2, left to read, and has read none for 10 minutes.',
  },
  StreamEnricherTransactionsAborted: {
    fires: {
      [`enricher_transactions_total{${ON}, result="aborted"}`]: '0+5x40',
      [`enricher_transactions_total{${ON}, result="committed"}`]: '0+95x40',
    },
    quiet: {
      [`enricher_transactions_total{${ON}, result="aborted"}`]: '0x20 1x20',
      [`enricher_transactions_total{${ON}, result="committed"}`]: '0+600x40',
      'enricher_transactions_total{job="e", instance="idle", result="aborted"}': '0x20 1x20',
      'enricher_transactions_total{job="e", instance="idle", result="committed"}': '0+1x40',
    },
    at: '30m',
    labels: { job: 'e', instance: 'i' },
    says: '5% of the epochs of i are aborted and done again.',
  },
  StreamEnricherRebalanceStorm: {
    fires: { [`enricher_rebalances_total{${ON}}`]: '0+1x40' },
    quiet: { [`enricher_rebalances_total{${ON}}`]: '1x10 2x5 3x40' },
    at: '20m',
    labels: { job: 'e' },
    says: '15 rebalances in 15 minutes; each is a pause of all instances.',
  },
  StreamEnricherPartitionSkew: {
    fires: {
      [`enricher_assigned_partitions{${TOPIC}, instance="i"}`]: '7x40',
      [`enricher_assigned_partitions{${TOPIC}, instance="j"}`]: '1x40',
    },
    quiet: {
      [`enricher_assigned_partitions{${TOPIC}, instance="i"}`]: '5x40',
      [`enricher_assigned_partitions{${TOPIC}, instance="j"}`]: '3x40',
    },
    at: '30m',
    labels: { job: 'e', topic: 'orders' },
    says: 'The instances have up to 6 partitions of orders more than one another.',
  },
  StreamEnricherStoreDiskFull: {
    fires: {
      'kubelet_volume_stats_available_bytes{namespace="n", persistentvolumeclaim="state-e-0"}':
        '5x20',
      'kubelet_volume_stats_capacity_bytes{namespace="n", persistentvolumeclaim="state-e-0"}':
        '100x20',
      'enricher_build_info{job="e", namespace="n", pod="e-0"}': '1x20',
    },
    quiet: {
      'kubelet_volume_stats_available_bytes{namespace="n", persistentvolumeclaim="data-db-0"}':
        '5x20',
      'kubelet_volume_stats_capacity_bytes{namespace="n", persistentvolumeclaim="data-db-0"}':
        '100x20',
      'kubelet_volume_stats_available_bytes{namespace="n", persistentvolumeclaim="state-e-0"}':
        '50x20',
      'kubelet_volume_stats_capacity_bytes{namespace="n", persistentvolumeclaim="state-e-0"}':
        '100x20',
      'enricher_build_info{job="e", namespace="n", pod="e-0"}': '1x20',
    },
    at: '10m',
    labels: { namespace: 'n', persistentvolumeclaim: 'state-e-0' },
    says: 'state-e-0 has 5% of its space left.',
  },
  StreamEnricherStoreQuarantined: {
    fires: { [`enricher_stores_quarantined_total{${ON}, store="window"}`]: '_x10 1x60' },
    quiet: { [`enricher_stores_quarantined_total{${ON}, store="window"}`]: '1x200' },
    at: '65m',
    labels: { job: 'e', instance: 'i', store: 'window' },
    says: 'i has found a damaged store (window) and reads it from Kafka again.',
  },
  StreamEnricherRegistryUnavailable: {
    fires: { [`enricher_schema_registry_requests_total{${ON}, result="failed"}`]: '0+10x30' },
    quiet: { [`enricher_schema_registry_requests_total{${ON}, result="failed"}`]: '0x10 3x30' },
    at: '20m',
    labels: { job: 'e', instance: 'i' },
    says: 'Requests of i to the schema registry fail; topics with a new schema wait.',
  },
  StreamEnricherEventLoopLag: {
    fires: {
      [`nodejs_eventloop_lag_p99_seconds{${ON}}`]: '2x20',
      [`enricher_build_info{${ON}}`]: '1x20',
    },
    quiet: {
      [`nodejs_eventloop_lag_p99_seconds{${ON}}`]: '0.2x20',
      [`enricher_build_info{${ON}}`]: '1x20',
      'nodejs_eventloop_lag_p99_seconds{job="another", instance="k"}': '2x20',
    },
    at: '10m',
    labels: { job: 'e', instance: 'i' },
    says: "One turn in a hundred of i's event loop takes longer than 2s; heartbeats come late.",
  },
  StreamEnricherHeapNearLimit: {
    fires: {
      [`nodejs_heap_size_used_bytes{${ON}}`]: '95x20',
      [`enricher_heap_limit_bytes{${ON}}`]: '100x20',
    },
    quiet: {
      [`nodejs_heap_size_used_bytes{${ON}}`]: '95x3 60x3 95x2 60x20',
      [`enricher_heap_limit_bytes{${ON}}`]: '100x20',
    },
    at: '8m',
    labels: { job: 'e', instance: 'i' },
    says: 'i uses 95% of its heap; at the limit it ends.',
  },
  StreamEnricherMemoryNearLimit: {
    fires: {
      [`enricher_memory_bytes{${ON}, part="dimensions"}`]: '95x20',
      [`enricher_memory_limit_bytes{${ON}, part="dimensions"}`]: '100x20',
    },
    quiet: {
      [`enricher_memory_bytes{${ON}, part="dimensions"}`]: '50x20',
      [`enricher_memory_limit_bytes{${ON}, part="dimensions"}`]: '100x20',
    },
    at: '10m',
    labels: { job: 'e', instance: 'i' },
    says: 'The dimensions of i hold 95% of what they may; beyond it the service ends.',
  },
}
