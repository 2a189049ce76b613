/** Why an instance does not work as it should. The names are stable: they are labels of a metric, and anchors of the runbook. */

/**
 * `title` is its heading in the runbook. `action` is what to do first. `downAfterMs`: for so long it is a matter of
 * working badly; after it, of not working at all. Without it, never.
 */
export const REASONS = {
  broker_away: {
    title: 'No broker answers',
    action: 'Look at the brokers, and at the network between; it goes on by itself.',
    downAfterMs: 0,
  },
  epochs_failing: {
    title: 'Commits fail',
    action: 'As the error says. All since the last commit is done again each time.',
    downAfterMs: 60_000,
  },
  name_shared: {
    title: 'Another pipeline has this name',
    action: 'Give one of the two another `name`: in one consumer group one of them gets all tasks.',
    downAfterMs: 0,
  },
  draining: {
    title: 'The instance is draining',
    action: 'Nothing: the others have its tasks. Stop the process, or start it anew.',
    downAfterMs: 0,
  },
  joining: {
    title: 'The instance joins its group',
    action: 'Wait; for longer than a minute, look at the brokers and at the other instances.',
    downAfterMs: 60_000,
  },
  bootstrapping: {
    title: 'Dimensions are being read',
    action: 'Wait: facts do so, too, until every dimension is there.',
    downAfterMs: null,
  },
  restoring: {
    title: 'Tasks are being restored',
    action: 'Wait: the other tasks go on.',
    downAfterMs: null,
  },
  paused: {
    title: 'An operator has paused it',
    action: 'Resume it, when it is to go on: the button below, or POST /admin/resume.',
    downAfterMs: null,
  },
  standstill: {
    title: 'Input waits, and nothing is taken',
    action: 'Look at the reasons beside this one, then in the log for what it waits for.',
    downAfterMs: 0,
  },
  waiting: {
    title: 'Some tasks take nothing, though input waits',
    action: 'Look at the reasons beside this one, then in the log for what they wait for.',
    downAfterMs: null,
  },
  open_transaction: {
    title: 'An open transaction holds records up',
    action: 'Find the producer that has not ended it: `kafka-transactions.sh find-hanging`.',
    downAfterMs: null,
  },
  partitions_not_read: {
    title: 'Partitions are read by nobody',
    action: 'They were added while it runs: the runbook says how to have them read.',
    downAfterMs: null,
  },
  disk_full: {
    title: 'The disk is nearly full',
    action:
      'Give `state.dir` a larger volume: where nothing can be written the process ends, and so does each start.',
    downAfterMs: null,
  },
  registry_away: {
    title: 'The schema registry does not answer',
    action: 'Look at the registry; topics whose schemas are known go on.',
    downAfterMs: null,
  },
  rejects: {
    title: 'Records are rejected',
    action:
      'Look at the rejects by reason below, mend the producer or the pipeline file, then retry them (rejects retry).',
    downAfterMs: null,
  },
  missing_rows: {
    title: 'Look-ups find no row',
    action: 'Compare the missed keys with the dimension’s: `stream-enricher check` does.',
    downAfterMs: null,
  },
  late: {
    title: 'Records are late',
    action: 'See whether a clock or a unit of time is wrong; else raise `join.grace`.',
    downAfterMs: null,
  },
  early: {
    title: 'Records are ahead of the clock',
    action: 'See whether a clock or a unit of time is wrong; else raise `join.ahead`.',
    downAfterMs: null,
  },
  other_type: {
    title: 'Records are of another type',
    action: 'Compare `type` with the names of the topic’s records.',
    downAfterMs: null,
  },
  unmatched: {
    title: 'Nothing matches',
    action: 'Compare keys and times of both sides: `stream-enricher check` does.',
    downAfterMs: null,
  },
} as const satisfies Record<string, ReasonLine>

interface ReasonLine {
  readonly title: string
  readonly action: string
  readonly downAfterMs: number | null
}

export type Reason = keyof typeof REASONS

/** The worst first. */
export const REASON_NAMES = Object.keys(REASONS) as Reason[]

/** What can only be where there is a join. */
export const JOIN_REASONS: ReadonlySet<Reason> = new Set([
  'restoring',
  'late',
  'early',
  'unmatched',
])

/** A reason of a moment, with a sentence that has its figures. */
export interface Finding {
  readonly reason: Reason
  /** What it is about, where there may be several at a time: a topic, a dimension, a task. */
  readonly of: string
  readonly text: string
  /** How far it is, where it has an end. */
  readonly percent?: number | undefined
}
