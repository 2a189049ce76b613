/** Every metric: one line of one table. Names as Prometheus's naming practices want them. */
export type Line =
  | readonly ['counter' | 'gauge', readonly string[], string]
  /** The last figure is the highest bound, in seconds; ten more lie below, each half of the next. */
  | readonly ['histogram', readonly string[], string, number]

/** Kind, labels, meaning. A gauge without a value is absent, never 0. */
export const METRICS = {
  build_info: [
    'gauge',
    ['version', 'revision', 'node_version'],
    '1: the version that runs, and the commit that its image was built from',
  ],
  config_info: [
    'gauge',
    ['pipeline', 'config_hash'],
    '1: the pipeline, and a hash of its file without its secrets',
  ],
  state: [
    'gauge',
    ['state'],
    '1 for the state of the instance: starting, bootstrapping, rebalancing, restoring, running, paused or draining; 0 for the others. An error that nothing cures is no state: it ends the process with an exit code',
  ],
  verdict: [
    'gauge',
    ['verdict'],
    '1 for what the status page says of the instance: works, degraded or down; 0 for the others. The probes do not go by it',
  ],
  degraded: [
    'gauge',
    ['reason'],
    '1 for each reason why the instance is degraded or down, 0 for the others that there can be; the runbook has a section for each',
  ],
  tasks: ['gauge', ['state'], 'Tasks of this instance by state: restoring, running'],
  records_consumed_total: [
    'counter',
    ['topic'],
    'Records taken from a topic: facts, and a join’s right stream, when they are processed, dimensions when they are read. What an aborted epoch took counts again when it is done again',
  ],
  bytes_consumed_total: [
    'counter',
    ['topic'],
    'Bytes of the record batches that were fetched, decompressed',
  ],
  records_produced_total: [
    'counter',
    ['topic'],
    'Records committed to a topic: output, rejects, and a join’s changelog',
  ],
  bytes_produced_total: [
    'counter',
    ['topic'],
    'Bytes of the record batches that were committed, before compression',
  ],
  records_dropped_total: [
    'counter',
    ['stage', 'reason'],
    'Records dropped because the pipeline file says so: late ones, those too far ahead of the clock, facts without a dimension row (or, of an inner or right join, without the column that they are joined by), (other_type) records of another type than type names, (filtered) those that a where does not take, and (no_row) change events that are of no row, deletions where only rows count, and tombstones behind them',
  ],
  records_filtered_total: [
    'counter',
    ['topic'],
    'Records that the topic’s where does not take: facts, right records and, of the output topic, completed records are dropped, and rows of a dimension deleted. Only of topics with a where',
  ],
  dimension_deletions_total: [
    'counter',
    ['topic'],
    'Records that have deleted rows of a dimension: tombstones, and deletions by their envelopes. Of each dimension’s topic',
  ],
  records_late_total: [
    'counter',
    ['topic'],
    'Records further behind stream time than before, after and grace of the join together, the only way to be late; they come out without a match, are dropped or rejected. Those too far ahead are rejects_total, reason future_time. Only with a join',
  ],
  record_times_replaced_total: ['counter', ['topic'], 'Records taken with their timestamp (early)'],
  rejects_total: ['counter', ['topic', 'stage', 'reason'], 'Records sent to the rejects topic'],
  decode_errors_total: [
    'counter',
    ['topic', 'format'],
    'Rejects whose key or value could not be decoded',
  ],
  dimension_lookups_total: [
    'counter',
    ['dimension', 'result'],
    'Look-ups of facts in a dimension: hit, miss, or null where what is looked up is null, or a part of it, or the row that should have it is missing',
  ],
  facts_waiting: [
    'gauge',
    [],
    'Facts that wait for a row. Only where a dimension has missing.wait',
  ],
  facts_waiting_oldest_seconds: [
    'gauge',
    [],
    'For how long the oldest of them has waited; 0 while there is none. Only where a dimension has missing.wait',
  ],
  facts_waited_total: [
    'counter',
    ['outcome'],
    'Facts that wait no more: their rows have come (completed), or missing.then was applied when the wait was over (given_up), or at once, for there was no room for them (no_room). Only where a dimension has missing.wait',
  ],
  window_probes_total: [
    'counter',
    ['side', 'result', 'join'],
    'Records that found (hit) or did not find (miss) the 32-bit hash of their key on the other side of the window; in a few of a million the key is another. Only with a join',
  ],
  window_unmatched_total: [
    'counter',
    ['side', 'join'],
    'Records that came out without a match. Only with a join',
  ],
  window_closed_matches_total: [
    'counter',
    ['join'],
    'Matches that came too late: one of the two records had come out without one already. Only with a join',
  ],
  match_delay_seconds: [
    'histogram',
    ['first', 'join'],
    'Distance of the event times of two records that matched, by the side that was first. How much of the window is needed. Only with a join',
    0,
  ],
  record_lateness_seconds: [
    'histogram',
    ['topic'],
    'How far behind stream time records were; 0 for those in order. How much grace is needed. Only with a join',
    0,
  ],
  record_e2e_latency_seconds: [
    'histogram',
    ['topic'],
    'From an output’s event time, of a match the later of the two, to its commit; long where old data is read. The status page and the API tell times up to 24 days apart, and what is longer as over 24 d',
    16,
  ],
  slice_duration_seconds: [
    'histogram',
    [],
    'Wall time of one slice of a task, up to 2048 records of each input, through all stages',
    1,
  ],
  stage_duration_seconds: [
    'histogram',
    ['stage'],
    'What each stage of an epoch has taken. process: the slices of all its tasks; pack: its batches, with those of a join’s changelog; produce: sending records and offsets; commit: the end of the transaction; store: a join’s LevelDB. An epoch is processed while the last one is committed; of an aborted one counts what it has come through',
    4,
  ],
  consumer_lag_records: [
    'gauge',
    ['topic', 'partition'],
    'Offsets between what is committed and the last stable offset. While a task is taken anew, as after an epoch that failed, what was known last; absent until the partition is first restored',
  ],
  consumer_lag_seconds: [
    'gauge',
    ['topic', 'partition'],
    'Age of the next record to be taken; 0 where none is left. While a task is taken anew it grows from what was known last; absent until the partition is first restored',
  ],
  undecided_records: [
    'gauge',
    ['topic', 'partition'],
    'Offsets behind all that may be read: of transactions that are open. In a join the other side’s later records wait for them. 0 while there is something to read',
  ],
  assigned_partitions: [
    'gauge',
    ['topic'],
    'Partitions that this instance has, with those that are still to be restored',
  ],
  topic_partitions: [
    'gauge',
    ['topic'],
    'Partitions of the facts, and of a join’s right stream, that there are. Those added since the start are read by nobody',
  ],
  read_partitions: [
    'gauge',
    ['topic'],
    'Partitions that the pipeline reads, over all instances: of the facts, and of a join’s right stream, as many as there were at the start; of a dimension’s topic all',
  ],
  rebalances_total: [
    'counter',
    ['reason'],
    'Assignments received: the first (start), as the group changed (group), after the place in the group was lost (lost), after another producer had fenced this one (fenced)',
  ],
  rebalance_duration_seconds: [
    'histogram',
    [],
    'From the end of a generation, or the start, to the next assignment; nothing is processed meanwhile',
    60,
  ],
  last_poll_timestamp_seconds: [
    'gauge',
    [],
    'When the last fetch of facts, or of a join’s right stream, was answered',
  ],
  last_commit_timestamp_seconds: ['gauge', [], 'When the last epoch was committed'],
  transactions_total: [
    'counter',
    ['result'],
    'Epochs: committed, aborted, or fenced by another instance',
  ],
  epochs_failing_seconds: [
    'gauge',
    [],
    'How long epochs have failed, one after the other; 0: the last one was committed',
  ],
  transaction_duration_seconds: [
    'histogram',
    [],
    'Commit of an epoch, from its begin to the stores',
    4,
  ],
  backpressure_seconds_total: [
    'counter',
    ['reason'],
    'Time in which nothing was taken because an epoch was full and waited for its commit. There is no other reason: memory is full when the epoch is, and what waits for a store is in the time of its slice or stage',
  ],
  kafka_request_duration_seconds: [
    'histogram',
    ['api'],
    'From a request to its answer; a fetch and a join wait at the broker',
    1,
  ],
  kafka_request_errors_total: [
    'counter',
    ['api', 'error'],
    'Requests that failed as a whole: refused, not answered, or the connection broke',
  ],
  kafka_connections: ['gauge', ['broker'], 'Open connections'],
  dimension_rows: ['gauge', ['dimension'], 'Rows'],
  dimension_bytes: ['gauge', ['dimension'], 'Memory of rows and index'],
  dimension_lag_records: [
    'gauge',
    ['dimension'],
    'Offsets between what was read and the last stable offset',
  ],
  dimension_undecided_records: [
    'gauge',
    ['dimension'],
    'Offsets from the beginning of a transaction that is open to the end of its partition, which nobody may read yet',
  ],
  dimension_open_transaction_seconds: [
    'gauge',
    ['dimension'],
    'How long reading has stood before the same open transaction; 0 where it does not',
  ],
  dimension_last_update_timestamp_seconds: [
    'gauge',
    ['dimension'],
    'Timestamp of the latest record that was read: how fresh the rows are',
  ],
  dimension_versions: [
    'gauge',
    ['dimension'],
    'Versions of rows that are held, deletions included. Only with asOf',
  ],
  dimension_late_rows_total: [
    'counter',
    ['dimension'],
    'Rows that came after a fact of their time, or of a later one, had been looked up: had they come before, it might have another row. Only with asOf',
  ],
  dimension_facts_before_history_total: [
    'counter',
    ['dimension'],
    'Facts without a row that are older than what history keeps. They are among the misses. Only with asOf',
  ],
  row_wait_seconds_total: [
    'counter',
    [],
    'Time in which tasks had facts and waited until dimensions were read past their times, of all tasks together. Only with asOf',
  ],
  window_records: [
    'gauge',
    ['side', 'join'],
    'Records in the window, with those that wait for expiry. Only with a join',
  ],
  window_pages: ['gauge', [], 'Pages in the stores. Only with a join'],
  window_segments: ['gauge', ['side', 'join'], 'Segments in the window. Only with a join'],
  window_segments_expired_total: [
    'counter',
    ['side', 'join'],
    'Segments dropped because stream time has passed them. Only with a join',
  ],
  memory_bytes: [
    'gauge',
    ['part'],
    'Memory that a part holds: dimensions, fetch (waiting input), epoch, and with a join pages and index (of the window)',
  ],
  memory_limit_bytes: ['gauge', ['part'], 'What a part may hold; limit: all of it'],
  store_disk_bytes: [
    'gauge',
    ['store'],
    'Size of the files: dimension/ and its name, or, with a join, window',
  ],
  store_op_duration_seconds: [
    'histogram',
    ['store', 'op'],
    'Operations of LevelDB: get_many, write, clear',
    1,
  ],
  stores_quarantined_total: [
    'counter',
    ['store', 'reason'],
    'Stores that were put aside (window) or deleted (dimension), and read from Kafka again: damage was found (damaged), the admin API was asked to (asked), or a dimension’s rows could not be used any more: their columns are others (layout), the topic was made anew (recreated), got partitions (partitions), lost records that were not read (out_of_range), keys lie on several partitions (moved_keys), deletions may have been missed (stale)',
  ],
  restore_records_remaining: [
    'gauge',
    ['store', 'partition'],
    'Offsets left to read before a dimension, or, with a join, a task can be used',
  ],
  restore_eta_seconds: [
    'gauge',
    ['store'],
    'Time that the restore will still take at its pace so far: the longest of the partitions; 0 where none restores',
  ],
  restore_records_total: ['counter', ['store'], 'Records read to restore'],
  restore_bytes_total: [
    'counter',
    ['store'],
    'Bytes of record batches read to restore, decompressed',
  ],
  restore_duration_seconds: [
    'histogram',
    ['store'],
    'From the start of a dimension, or, with a join, from taking a task, to its use',
    600,
  ],
  stream_time_timestamp_seconds: [
    'gauge',
    ['task'],
    'Highest event time that a task has processed. Only with a join',
  ],
  facts_read_again_total: [
    'counter',
    ['topic'],
    'Tasks that began with their first fact as the group had no offset, though their output has records: offsets were forgotten, or the pipeline was reset. Only without a join, and of inputs that are repartitioned',
  ],
  errors_total: [
    'counter',
    ['component', 'code'],
    'Errors that were recovered from, by their code. All were worth another try: any other ends the process',
  ],
  schema_registry_requests_total: [
    'counter',
    ['result'],
    'ok; refused: the registry’s answer is no; failed: no answer',
  ],
  http_requests_total: ['counter', ['route', 'method', 'code'], 'Answers of this HTTP server'],
  http_request_duration_seconds: ['histogram', ['route', 'method', 'code'], 'Time to answer', 1],
  heap_limit_bytes: ['gauge', [], 'The most that the JavaScript heap may have'],
} as const satisfies Record<string, Line>
