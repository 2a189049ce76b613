/** Every event that the service logs: one entry of one table. The name is stable; users search and alert by it. */

/** What the log prints with an error: its type, message, stack and causes; one of ours has `code` and `fields` too. */
const err = 'the error'
const partition = 'the task, which is the partition of each of its inputs'
const dimension = 'the dimension’s name'
const reason = 'why, in a word'
const why = 'the same as a sentence'

/**
 * `message` may have fields in braces; an error's own message is put behind it. `means` says what has
 * happened, `action` what to do. An event is logged with exactly its `fields`.
 */
export const EVENTS = {
  memory_limits: {
    level: 'info',
    message: 'Memory limits, in bytes',
    fields: {
      limit: 'all of it',
      pages: 'committed pages of the window',
      fetch: 'fetched records that wait',
      epoch: 'what the next commits write',
      dimensions: 'rows of all dimensions',
    },
    means: 'The start has divided the container’s memory.',
    action: '',
  },
  listening: {
    level: 'info',
    message: 'Listening',
    fields: { port: 'the HTTP port', pipeline: 'the pipeline’s name' },
    means: 'Probes, metrics, API and status page answer.',
    action: '',
  },
  topics_created: {
    level: 'info',
    message: 'Topics created',
    fields: { topics: 'their names', partitions: 'how many each has' },
    means: 'Output, rejects or changelog topic were missing.',
    action:
      'Nothing; `plan` shows their settings, and `output.topicConfig` and `rejectsConfig` of the file are what they are created with.',
  },
  start_decided: {
    level: 'info',
    message: '{topic} is read from where startAt says: the group had never committed',
    fields: { topic: 'the input', offsets: 'of each partition' },
    means:
      '`facts.startAt` or `join.startAt`; the place is committed, and a later start goes on from it.',
    action: '',
  },
  topic_settings_hidden: {
    level: 'warn',
    message: 'The settings of topics may not be seen: Kafka’s defaults are assumed',
    fields: { topics: 'their names' },
    means:
      'This user lacks DescribeConfigs on them. Limits of size and time are found only when the broker refuses a batch, and retention and compaction are not checked.',
    action: 'Give this user DescribeConfigs on them.',
  },
  topic_compacted: {
    level: 'error',
    message: '{topic} is compacted, and will refuse records',
    fields: { topic: 'the rejects or changelog topic' },
    means:
      'A compacted topic takes no record without a key: the first such record ends the process with BROKER_REFUSED.',
    action: 'Set `cleanup.policy=delete` on it.',
  },
  limits_read: {
    level: 'warn',
    message: '{topic} does not take what it was sent: its limits are read anew',
    fields: {
      err,
      topic: 'its name',
      batchBytes: 'the most bytes of a batch from now on',
      aheadMs: 'how far ahead of the clock a timestamp may be; null: any',
      behindMs: 'how far behind; null: any',
    },
    means:
      'Its `max.message.bytes` or `message.timestamp` limits were changed, or clocks differ. The epoch is done again; what the topic does not take goes to the rejects topic, as `too_large` or `too_old`.',
    action: 'Raise the limit where records should not be rejected.',
  },
  limits_raised: {
    level: 'info',
    message: '{topic} takes more again',
    fields: {
      topic: 'its name',
      batchBytes: 'the most bytes of a batch from now on',
      aheadMs: 'how far ahead of the clock a timestamp may be; null: any',
      behindMs: 'how far behind; null: any',
    },
    means: 'After `limits_read` the limits are looked at once a minute, and one was raised.',
    action: '',
  },
  dimensions_read: {
    level: 'info',
    message: 'Dimensions read',
    fields: { rows: 'rows by dimension', ms: 'how long it took' },
    means: 'Every dimension has reached the end that its topic had at the start.',
    action: '',
  },
  early_rejects_written: {
    level: 'warn',
    message: '{records} rows of dimensions are rejected',
    fields: { records: 'how many', bytes: 'of their batches' },
    means:
      'While dimensions are first read there are no epochs, so their rejects are written by themselves: every 8 MiB, and at the end.',
    action: 'Look at them with `rejects`; `rejects_total` counts them by reason.',
  },
  dimension_store_unusable: {
    level: 'warn',
    message: 'The stored dimension {dimension} is read from its topic again: {why}',
    fields: { dimension, reason, why },
    means: 'The start takes longer.',
    action:
      'None for `layout`, `partitions`, `stale` and `moved_keys`. For `recreated` and `out_of_range`: see whether somebody meant to delete the topic, or its records; for `damaged`, check the disk.',
  },
  dimension_read_anew: {
    level: 'warn',
    message: '{topic} is read again, whole, for dimension {dimension}: {why}',
    fields: { dimension, topic: 'its topic', reason, why },
    means:
      'Facts wait until the rows are there, as at a start; then they find what the topic has now.',
    action:
      'None for `partitions` and `moved_keys`. For `recreated` and `out_of_range`: see whether somebody meant to delete the topic, or its records.',
  },
  dimension_partitions_added: {
    level: 'info',
    message:
      '{topic} has {partitions} partitions now; dimension {dimension} reads the new ones, too',
    fields: {
      dimension,
      topic: 'its topic',
      before: 'how many it had',
      partitions: 'how many it has',
    },
    means:
      'They are read from their heads. Of a key that lies on several partitions the newest row counts.',
    action: '',
  },
  dimension_waits_for_transaction: {
    level: 'warn',
    message:
      'Dimension {dimension} waits for a transaction on {topic}-{partition} that is open since offset {offset}; {behind} offsets lie behind it',
    fields: {
      dimension,
      topic: 'its topic',
      partition: 'of the topic',
      offset: 'where the transaction begins',
      behind: 'offsets from there to the end',
      ms: 'for how long it has waited',
    },
    means:
      'Rows that were committed before the start lie behind the beginning of a transaction, and nobody may read them before it ends; facts wait.',
    action:
      'An open transaction ends by itself within its producer’s `transaction.timeout.ms`. One that does not hangs: `kafka-transactions.sh find-hanging --broker-id …` shows it, `kafka-transactions.sh abort --topic … --partition … --start-offset …` ends it.',
  },
  topic_gone: {
    level: 'warn',
    message: 'The topic {topic} does not exist any more, or may not be described',
    fields: { topic: 'an input, or a dimension’s topic' },
    means: 'Nothing comes from it. A dimension keeps its rows. Said again every 5 minutes.',
    action:
      'Make it anew: a dimension reads it whole then; for an input of the join the service ends with OFFSETS_CHANGED, and says what to do.',
  },
  topic_there_again: {
    level: 'info',
    message: 'The topic {topic} is there again',
    fields: { topic: 'that of `topic_gone`' },
    means: 'The end of `topic_gone`.',
    action: '',
  },
  partitions_not_read: {
    level: 'warn',
    message:
      '{topic} has {partitions} partitions, and had {read} when the pipeline started: nobody reads the new ones',
    fields: {
      topic: 'the input',
      partitions: 'how many it has',
      read: 'how many are read',
    },
    means:
      'Partitions were added to the facts’ topic, or to a join’s. Records on them wait unread, and in a join keys that have moved there no longer meet what was written before. Said again every 5 minutes.',
    action:
      'Without a join: give the output as many, and start all instances anew. With one, both inputs, the output and the changelog topic need the same number: stop all instances once they have no lag, add partitions to the other topics (the changelog is made anew), `reset`, and start; or make new topics, and give the pipeline another name. The records on the new partitions are read then.',
  },
  dimension_store_damaged: {
    level: 'error',
    message: 'The stored dimension is damaged and read from its topic',
    fields: { err, folder: 'the store’s folder' },
    means: 'LevelDB cannot open the store; it was deleted.',
    action: 'Check the disk where it comes again.',
  },
  tasks_assigned: {
    level: 'info',
    message: 'Tasks assigned',
    fields: {
      partitions: 'the tasks that this instance has now',
      stages: 'the same by stage, where there are several; `partitions` are those of the last',
      generation: 'of the group',
    },
    means: 'The group has been balanced.',
    action: '',
  },
  task_running: {
    level: 'info',
    message: 'Task running',
    fields: {
      partition,
      stage: 'its number, where there are several',
      starts: 'the offsets that it goes on at: facts, right stream',
      records: 'records in its window; 0 without a join',
      ms: 'how long taking it took',
    },
    means: 'With a join the task’s window is restored; records are taken.',
    action: '',
  },
  window_store_damaged: {
    level: 'error',
    message: 'The store of task {partition} is damaged',
    fields: { err, partition },
    means: 'LevelDB cannot open or read the store.',
    action: 'Check the disk where it comes again.',
  },
  window_store_put_aside: {
    level: 'error',
    message: 'The store is put aside and restored',
    fields: { partition, folder: 'where it lies now' },
    means: 'The damaged store is kept beside, and the window restored from the changelog.',
    action: 'Delete the folder once nobody wants to look at it.',
  },
  window_store_behind: {
    level: 'warn',
    message: 'What memory held of task {partition} could not be written to its store',
    fields: { err, partition },
    means: 'Nothing is lost: the next restore reads it from the changelog.',
    action: 'Look at the disk’s space and health.',
  },
  window_store_late: {
    level: 'warn',
    message: 'Task {partition} was given up before {bytes} bytes of its window were in its store',
    fields: { partition, bytes: 'not written in the time that there was' },
    means: 'Nothing is lost: the next restore reads them from the changelog.',
    action:
      'Nothing, unless it happens at each stop: then the disk is too slow, or `memory.pages` too large for it.',
  },
  epoch_aborted: {
    level: 'warn',
    message: 'Epoch aborted, its tasks are taken anew',
    fields: { err },
    means: 'A commit failed, or a task; all since the last commit is done again.',
    action: 'None for a single one. Again and again: as the error says.',
  },
  epochs_failing: {
    level: 'error',
    message: '{epochs} epochs in a row could not be committed',
    fields: { err, epochs: 'how many', ms: 'since the first of them' },
    means:
      'For minutes nothing has been committed, and each epoch is done again: its input waits, and nothing is lost. Said once a minute.',
    action: 'As the error of the last one says; look at the brokers.',
  },
  epochs_work: {
    level: 'info',
    message: 'An epoch is committed, after {epochs} that were not',
    fields: { epochs: 'how many', ms: 'since the first of them' },
    means: 'What made epochs fail is over.',
    action: '',
  },
  last_epoch_not_committed: {
    level: 'warn',
    message: 'Last epoch not committed',
    fields: { err },
    means: 'A stop could not commit what was taken last; who has the tasks next does it again.',
    action: '',
  },
  membership_lost: {
    level: 'warn',
    message: 'Lost the place in the group; its tasks are given up',
    fields: {},
    means: 'The instance was silent for longer than `kafka.sessionTimeout`; it joins again.',
    action: 'Again and again: more CPU, or a longer `kafka.sessionTimeout`.',
  },
  former_member_not_fenced: {
    level: 'warn',
    message: 'Cannot end what a member that is gone may have left open',
    fields: { err: 'why', transactionalId: 'the member’s' },
    means:
      'If it died in a commit, its tasks wait until the broker aborts its transaction: 20 seconds at the longest.',
    action: 'None, where it does not come again and again: see the error.',
  },
  name_shared: {
    level: 'warn',
    message: 'Another pipeline has this name: it reads {topics}, and this one {read}',
    fields: {
      topics: 'those that members of the group read, and not just these',
      haveAll: 'whether they have all tasks, and this pipeline none',
      read: 'what this pipeline reads',
    },
    means:
      'The name is the consumer group, and one that reads several pipelines’ topics has tasks of one only: of the member that has joined first.',
    action: 'Give one of the pipelines another `name`. `check` shows it before a start.',
  },
  leave_failed: {
    level: 'warn',
    message: 'Could not leave the group',
    fields: { err },
    means: 'The others get the tasks once `kafka.sessionTimeout` has passed.',
    action: '',
  },
  facts_begin_to_wait: {
    level: 'warn',
    message:
      'The pipeline has run without facts that wait for rows; going on from the group’s offsets',
    fields: {
      topic: 'the input',
      partition,
      committed: 'the group’s offset',
      stored: '-1',
    },
    means:
      'missing.wait was added to a pipeline without a join, whose tasks kept nothing before; from now on they keep the facts that wait.',
    action: '',
  },
  changelog_gone: {
    level: 'warn',
    message:
      '{topic}-{partition} has no epoch any more, and held no fact that waits; going on from the group’s offsets',
    fields: { topic: 'the changelog', partition },
    means: 'Somebody has deleted the topic, or its records. Nothing is lost this time.',
    action:
      'See who deletes there: the topic needs `retention.ms=-1`, `retention.bytes=-1` and `cleanup.policy=delete`.',
  },
  changelog_cut: {
    level: 'warn',
    message:
      '{topic}-{partition} begins at {head}, and the state needs it from {needed} on; only this instance’s store has the rest',
    fields: {
      topic: 'the changelog',
      partition,
      head: 'its first offset',
      needed: 'the offset from which on it is needed',
    },
    means:
      'Somebody has deleted records of the topic that are still needed. Where the store is lost as well, or another instance gets the task, it ends with `STATE_LOST`.',
    action:
      'Keep the state folder, and this instance running, until the windows and waits of now are over. See who deletes there: the topic needs `retention.ms=-1`, `retention.bytes=-1` and `cleanup.policy=delete`.',
  },
  offsets_forgotten: {
    level: 'warn',
    message: 'The group has no offset any more; going on where the changelog ends',
    fields: {
      topic: 'the input',
      partition,
      committed: '-1',
      stored: 'the offset that the window was written up to',
    },
    means: 'The broker has deleted the offsets of a group that was away for long.',
    action: 'None; `offsets.retention.minutes` of the broker says how long it keeps them.',
  },
  facts_read_again: {
    level: 'warn',
    message:
      'The group has no offset of {topic}-{partition}, though {output} has records: each fact comes out once more',
    fields: { topic: 'the facts', partition, output: 'the output topic' },
    means:
      'The group was away for longer than the broker’s `offsets.retention.minutes`, the pipeline was reset or has got another name, or others write to the output. Without a join the group’s offsets are all that says what was done. Where this user may not read the output, aborted records count, too.',
    action:
      'None where that was meant. Else see that whatever reads the output bears records twice, and raise `offsets.retention.minutes`.',
  },
  input_repartitioned_again: {
    level: 'warn',
    message:
      'The group has no offset of {topic}, though {internal} was written: the records of {topic}-{partition} are joined once more',
    fields: { topic: 'the input', partition, internal: 'the internal topic' },
    means:
      'The group was away for longer than the broker’s `offsets.retention.minutes`. How far an input that is repartitioned was read is in the group’s offsets alone; what was joined of it before is in the output already. Where this user may not read the internal topic, aborted records count, too.',
    action:
      'See that whatever reads the output bears records twice, or run `stream-enricher reset` and write to another output topic; raise `offsets.retention.minutes`.',
  },
  records_deleted_unread: {
    level: 'warn',
    message:
      'Retention has deleted {lost} records of {topic}-{partition} before they were read; going on at the earliest',
    fields: {
      topic: 'the input',
      partition,
      offset: 'the next one to read',
      earliest: 'the first that is still there',
      lost: 'offsets between them',
    },
    means: 'The pipeline was away for longer than the topic keeps its records.',
    action: 'Give the topic more retention.',
  },
  changelog_not_shortened: {
    level: 'warn',
    message: 'Could not delete the head of the changelog',
    fields: {
      err,
      topic: 'the changelog topic',
      partition,
      offset: 'what lies before it may go',
    },
    means: 'What has expired stays in the topic until the next time.',
    action: 'Again and again: give the service the right to delete on the topic.',
  },
  internal_topic_not_shortened: {
    level: 'warn',
    message: 'Could not delete what was read of a repartition topic',
    fields: {
      err,
      topic: 'the internal topic',
      partition,
      offset: 'what lies before it may go',
    },
    means: 'What the join has read stays in the topic until the next time.',
    action: 'Again and again: give the service the right to delete on the topic.',
  },
  broker_failing: {
    level: 'warn',
    message: '{what} fails and is tried again',
    fields: { err, what: 'what is tried', ms: 'for how long it has failed' },
    means: 'A request to Kafka has failed for a second or more; a reminder every 30 s.',
    action: 'Look at the brokers, and at the network between.',
  },
  broker_works: {
    level: 'info',
    message: '{what} works again',
    fields: { what: 'what was tried', ms: 'how long it had failed' },
    means: 'The end of `broker_failing`.',
    action: '',
  },
  registry_failing: {
    level: 'warn',
    message: 'The schema registry does not answer; waiting for it',
    fields: { err, url: 'its address', path: 'what is asked for' },
    means: 'Topics whose schemas are known go on, the others wait.',
    action: 'Look at the registry.',
  },
  registry_works: {
    level: 'info',
    message: 'The schema registry answers again',
    fields: { url: 'its address' },
    means: 'The end of `registry_failing`.',
    action: '',
  },
  newer_schema_not_read: {
    level: 'warn',
    message: '{topic} has a newer schema, whose new fields are not read',
    fields: {
      topic: 'the input',
      id: 'the schema that is read with',
      latestId: 'the latest in the registry; -1: it has none',
      fault:
        'why records written with the latest cannot be read and are rejected; null: they are read',
    },
    means:
      'The window was stored with the earlier schema, so the start goes on with it, and with the output’s schema as it was.',
    action:
      'To take the new fields: `output.schema: evolve`, another name, or `reset`. Where `fault` says something, the topic’s writers have to be changed.',
  },
  window_of_earlier_schemas: {
    level: 'info',
    message: 'The window in {topic} was stored with earlier schemas, and is kept',
    fields: {
      topic: 'the changelog',
      schemaIds:
        'of the inputs, in the order facts, right streams, dimensions: what it was stored with',
    },
    means:
      'The output’s schema evolves (`output.schema`): its records come out in the one of now, with the defaults of new fields.',
    action: '',
  },
  key_schema_not_read: {
    level: 'warn',
    message: 'Keys of {topic} with its latest key schema {id} cannot be read',
    fields: {
      topic: 'the input',
      id: 'the latest schema of its keys in the registry',
      fault: 'why it is not a key that is read',
    },
    means:
      'Somebody has registered another key schema. The pipeline goes on with the keys that it can read, and rejects the others as `bad_key`.',
    action: 'Have the topic’s writers use a key that is read; `fault` says which are.',
  },
  key_bytes_differ: {
    level: 'warn',
    message: '{facts} and {right} do not write their keys alike: {cause}',
    fields: {
      facts: 'the fact topic',
      right: 'the topic of the right stream',
      cause: 'what differs',
    },
    means:
      'Producers choose the partition by a key’s bytes. Where these differ, records of one key lie on different partitions and do not meet, unless a partitioner of your own looks at what the key says.',
    action:
      'Write both topics’ keys with one serializer and one key schema. `check` looks at where the keys lie.',
  },
  records_rejected: {
    level: 'warn',
    message:
      '{topic}: {count} of {taken} records rejected in {seconds} s, {percent} %, as {reason}. The last one is {place}, key {key}: {fault}',
    fields: {
      topic: 'where they came from; the output, of joined records that are too large',
      stage: 'where they failed',
      reason: 'why',
      count: 'how many since the line before',
      taken: 'of how many',
      percent: 'how many that are of a hundred',
      seconds: 'in which they came',
      place: 'topic-partition @ offset of the last of them',
      key: 'what its key looks like; null: it has none',
      fault: 'what was wrong with it',
    },
    means:
      'Records went to the rejects topic: a line at once for each topic and reason, then one a minute while more come. `losses_over` ends it.',
    action: 'As the fault says; `rejects` shows them. They can be written again once it is mended.',
  },
  records_late: {
    level: 'warn',
    message:
      '{topic}: {count} of {taken} records late in {seconds} s, {percent} %, and {fate}. They were up to {behind} behind stream time',
    fields: {
      topic: 'the input',
      count: 'how many since the line before',
      taken: 'of how many',
      percent: 'how many that are of a hundred',
      seconds: 'in which they came',
      fate: 'what became of them',
      behind: 'the most that records were behind stream time, up to a factor of two',
    },
    means:
      'Records came after their window had closed: a line at once, then one a minute while more come. `losses_over` ends it.',
    action:
      'All of one side, by the same time: a clock, or the unit or field of `time`, is wrong. Some: raise `join.grace`; `record_lateness_seconds` says how far.',
  },
  records_early: {
    level: 'warn',
    message:
      '{topics}: {count} of {taken} records dropped in {seconds} s, {percent} %, as their times are too far ahead of the clock',
    fields: {
      topics: 'the inputs',
      count: 'how many since the line before',
      taken: 'of how many',
      percent: 'how many that are of a hundred',
      seconds: 'in which they came',
    },
    means:
      '`early: drop`, and records that are further ahead than `ahead`: a line at once, then one a minute while more come. `losses_over` ends it.',
    action:
      'Look for a clock, or a field or unit of `time`, that is wrong; `early: reject` keeps them in the rejects topic, `early: timestamp` takes them with their own timestamp.',
  },
  records_of_other_type: {
    level: 'info',
    message:
      '{topic}: {count} of {taken} records dropped in {seconds} s, {percent} %, as they are of another type than `type` names',
    fields: {
      topic: 'the input, or a dimension’s topic',
      count: 'how many since the line before',
      taken: 'of how many',
      percent: 'how many that are of a hundred',
      seconds: 'in which they came',
    },
    means:
      'The topic has records of several types, and the pipeline file takes one of them: a line at once, then one a minute while more come. `losses_over` ends it.',
    action: 'None where that is wanted. Where it is all of them, `type` is wrong.',
  },
  facts_dropped: {
    level: 'info',
    message:
      '{dimension}: {count} of {taken} facts dropped in {seconds} s, {percent} %, as they have no row. Missed most often: {keys}',
    fields: {
      dimension,
      count: 'how many since the line before',
      taken: 'of how many',
      percent: 'how many that are of a hundred',
      seconds: 'in which they came',
      keys: 'that were missed most since the line before',
    },
    means:
      '`missing: drop`, as the pipeline file has it: a line at once, then one a minute while more come. `losses_over` ends it.',
    action: 'None where that is wanted.',
  },
  losses_over: {
    level: 'info',
    message: '{of}: {reason} is over, none for {quiet} s; {count} came in {seconds} s before',
    fields: {
      of: 'the topic, or dimension',
      stage: 'where they were lost',
      reason: 'why',
      quiet: 'seconds since the last',
      count: 'how many there were',
      seconds: 'from the first to the last',
    },
    means:
      'The end of `records_rejected`, `records_late`, `records_early`, `records_of_other_type` or `facts_dropped`.',
    action: '',
  },
  lookups_missed: {
    level: 'warn',
    message:
      '{dimension}: {count} of {taken} look-ups by {on} found no row in {seconds} s. Missed most often: {keys}. {hint}',
    fields: {
      dimension,
      on: 'the fact’s field',
      count: 'look-ups without a row since the line before',
      taken: 'all look-ups',
      percent: 'how many that are of a hundred',
      seconds: 'in which they came',
      keys: 'that were missed most since the line before',
      rows: 'rows that the dimension has',
      hint: 'some keys of these, and what to compare',
    },
    means:
      'Of some hundred look-ups (nearly) all have missed: a line at once, then one a minute while it goes on.',
    action:
      'Compare the keys. Equal in form: is the topic filled, and from the right source? Else the topic’s `keyFormat`, or `on`.',
  },
  lookups_work: {
    level: 'info',
    message: '{dimension}: look-ups find rows again',
    fields: { dimension, seconds: 'how long (nearly) all had missed' },
    means: 'The end of `lookups_missed`.',
    action: '',
  },
  nothing_matches: {
    level: 'warn',
    message:
      'Nothing matches: {left} facts and {right} records of the right stream without one match, though their windows have closed; {hint}',
    fields: {
      kind: 'of the join',
      left: 'facts since the last match, or the start',
      right: 'records of the right stream since then',
      hint: 'whether keys were found, and so what to look at',
    },
    means:
      'Thousands of records of both sides have come and gone without a match. A line at once, then one a minute.',
    action: 'As the hint says: `check` compares keys and times of both sides.',
  },
  matches_again: {
    level: 'info',
    message: 'Records match again',
    fields: { seconds: 'how long none did' },
    means: 'The end of `nothing_matches`.',
    action: '',
  },
  input_held_up: {
    level: 'warn',
    message: '{why}. {remedy}',
    fields: { reason, why, remedy: 'what to do first' },
    means:
      'Input has waited for half a minute: `standstill` of all tasks, `waiting` of some, `open_transaction` where nobody may read on before a transaction has ended.',
    action: 'See the runbook’s chapter of the same name.',
  },
  input_goes_on: {
    level: 'info',
    message: 'Input goes on',
    fields: { reason, seconds: 'since it was said to be held up' },
    means: 'The end of `input_held_up`.',
    action: '',
  },
  paused: {
    level: 'info',
    message: 'Paused by an operator',
    fields: {},
    means: '`POST /admin/pause`: nothing is taken until it is resumed.',
    action: '',
  },
  resumed: {
    level: 'info',
    message: 'Resumed by an operator',
    fields: {},
    means: '`POST /admin/resume`',
    action: '',
  },
  drained: {
    level: 'info',
    message: 'Drained by an operator',
    fields: {},
    means: '`POST /admin/drain`: it commits and leaves the group for good.',
    action: 'Stop the process.',
  },
  dimension_rebuild_begun: {
    level: 'info',
    message: 'The dimension is read anew for an operator',
    fields: { dimension },
    means: '`POST /admin/stores/{name}/rebuild`; facts wait.',
    action: '',
  },
  dimension_rebuilt: {
    level: 'info',
    message: 'The dimension has been read anew',
    fields: { dimension },
    means: 'The end of `dimension_rebuild_begun`.',
    action: '',
  },
  otlp_on: {
    level: 'info',
    message: 'Metrics are sent by OTLP',
    fields: { url: 'the receiver', intervalMs: 'time between two exports' },
    means: '`OTEL_EXPORTER_OTLP_ENDPOINT` or `OTEL_EXPORTER_OTLP_METRICS_ENDPOINT` is set.',
    action: '',
  },
  otlp_unsupported: {
    level: 'warn',
    message: 'Metrics are not sent by OTLP: {protocol} is not spoken',
    fields: { protocol: 'what the environment asks for' },
    means: '`OTEL_EXPORTER_OTLP_PROTOCOL` is another than `http/json`.',
    action:
      'Set `OTEL_EXPORTER_OTLP_METRICS_PROTOCOL=http/json` and an HTTP endpoint, or `OTEL_METRICS_EXPORTER=none`.',
  },
  otlp_failing: {
    level: 'warn',
    message: 'Metrics could not be sent by OTLP',
    fields: { err, url: 'the receiver' },
    means: 'The receiver does not answer, or refuses; every export has all that was counted.',
    action: 'Look at the receiver. `/metrics` has the same.',
  },
  otlp_works: {
    level: 'info',
    message: 'Metrics are sent by OTLP again',
    fields: { url: 'the receiver' },
    means: 'The end of `otlp_failing`.',
    action: '',
  },
  stopping: {
    level: 'info',
    message: 'Stopping',
    fields: { signal: 'the signal that came' },
    means: 'It commits, leaves the group (unless it is a static member) and closes the stores.',
    action: '',
  },
  stopped: {
    level: 'info',
    message: 'Stopped',
    fields: {},
    means: 'All is committed and closed; the process ends with 0.',
    action: '',
  },
  failed: {
    level: 'fatal',
    message: 'The service cannot go on',
    fields: { err },
    means: 'The process ends with 1.',
    action: 'As the error says.',
  },
} as const satisfies Record<string, EventLine>

export interface EventLine {
  readonly level: 'info' | 'warn' | 'error' | 'fatal'
  readonly message: string
  /** What each is. */
  readonly fields: Readonly<Record<string, string>>
  readonly means: string
  /** Empty: nothing. */
  readonly action: string
}

export type EventName = keyof typeof EVENTS
export type EventFields<Name extends EventName> = {
  readonly [Field in keyof (typeof EVENTS)[Name]['fields']]: unknown
}

export interface Log {
  event<Name extends EventName>(name: Name, fields: EventFields<Name>): void
}
