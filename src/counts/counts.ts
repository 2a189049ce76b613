import type { RejectReason, Stage } from '../batch.ts'
import { EpochTimes } from './epoch-times.ts'
import { FailingEpochs } from './failing-epochs.ts'
import { LastRejects } from './last-rejects.ts'
import { type MissingKey, MissingKeys } from './missing-keys.ts'

/** Powers of two: the last one has all that is over 24 days. */
const BUCKETS = 33
/** In ms: of a time that is over it nothing more is known. */
export const LONGEST_MS = 2 ** (BUCKETS - 2)

/** How often which time came. Bucket `b` has the times over 2^(b-1) ms and up to 2^b ms, the first one all up to 1 ms, the last one all over `LONGEST_MS`. */
export class Distribution {
  readonly buckets = new Float64Array(BUCKETS)
  /** All times together, in ms. */
  sum = 0

  /** Cheap enough for a call per record. */
  add(ms: number): void {
    // clz32 has 32 bits of a number, and leaves the others out.
    if (ms > LONGEST_MS) this.buckets[BUCKETS - 1]++
    else this.buckets[ms > 1 ? 32 - Math.clz32(Math.ceil(ms) - 1) : 0]++
    this.sum += ms
  }

  /** Adds how long ago each of these times was at `now`, in ms; one that lies ahead counts as no time. */
  addSince(times: Float64Array, now: number): void {
    for (let i = 0; i < times.length; i++) this.add(Math.max(0, now - times[i]))
  }

  /** Adds so many times of 0 ms. */
  addNone(count: number): void {
    this.buckets[0] += count
  }

  get count(): number {
    return this.buckets.reduce((sum, count) => sum + count, 0)
  }
}

/**
 * Why there was an assignment: the first one; another member came, went or asked for it; this one was taken
 * for lost; or another producer had fenced this one's.
 */
export const REBALANCE_REASONS = ['start', 'group', 'lost', 'fenced'] as const
export type RebalanceReason = (typeof REBALANCE_REASONS)[number]

/** Counts by label values, which are joined by blanks. */
export class Tally extends Map<string, number> {
  get total(): number {
    return [...this.values()].reduce((sum, count) => sum + count, 0)
  }

  add(labels: string, count = 1): void {
    this.set(labels, (this.get(labels) ?? 0) + count)
  }
}

/** Distributions by label values, which are joined by blanks. */
export class Distributions extends Map<string, Distribution> {
  add(labels: string, ms: number): void {
    let distribution = this.get(labels)
    if (distribution === undefined) this.set(labels, (distribution = new Distribution()))
    distribution.add(ms)
  }
}

/** What the windows of one join count, in all tasks; arrays are by side. */
export class WindowCounts {
  readonly probeHits = [0, 0]
  readonly probeMisses = [0, 0]
  /** Distance of the two event times of each match, by the side whose record was first. */
  readonly matchDelays = [new Distribution(), new Distribution()]
  readonly segmentsExpired = [0, 0]
  /** Records that came out without a match: once they had closed, or at once as they were late. */
  readonly unmatched = [0, 0]
  /** Pairs that would have matched, had one of the two not come out without a match before. */
  closedMatches = 0

  probe(side: number, hit: boolean): void {
    const { probeHits, probeMisses } = this
    const probes = hit ? probeHits : probeMisses
    probes[side]++
  }

  get matches(): number {
    return this.matchDelays[0].count + this.matchDelays[1].count
  }
}

/**
 * What an instance has counted since its start; metrics and status read it. Plain numbers: the hot
 * path adds to them. Arrays are by side (facts, right stream) or by dimension, in the file's order.
 * What an aborted epoch has done is in here, and once more when it is done again; `produced` and
 * `latencies` are of committed epochs only.
 */
/** What has become of facts that lacked a row for which facts wait. */
export class WaitCounts {
  /** Those that were parked, one by one. */
  parked = 0
  /** Their rows have come. */
  completed = 0
  /** The wait was over: they were given up as the file says. */
  givenUp = 0
  /** There was no room for them: the same, at once. */
  noRoom = 0
}

export class Counts {
  /** By source of the plan. */
  readonly consumed: number[]
  /** Bytes of the record batches that were fetched, decompressed. */
  readonly consumedBytes: number[]
  /** Records that were passed over because a bounded run (a replay) does not want their event time. */
  readonly outside: number[]
  /** By source; what comes late from one join to the next counts as the facts'. */
  readonly late: number[]
  /** How far behind stream time each record of a source was; 0 for those that moved it on. */
  readonly lateness: readonly Distribution[]
  /** By join; one where there is none. */
  readonly windows: readonly WindowCounts[]
  readonly lookupHits: number[]
  readonly lookupMisses: number[]
  /** Look-ups of facts whose field is null. */
  readonly lookupNulls: number[]
  /** Facts without a row as they are older than what is kept of a dimension, by dimension. */
  readonly beforeHistory: number[]
  /** Rows that came later than a fact that would have had them, by the first dimension that has their table. */
  readonly lateRows = new Tally()
  /** Whole ms in which a task had facts, and waited for the rows of their times: see `waitedForCommitMs`. */
  waitedForRowsMs = 0
  readonly missingKeys: readonly MissingKeys[]
  readonly waits = new WaitCounts()
  droppedMissing = 0
  /** Late records, and those too far ahead of the clock, that the pipeline file says to drop. */
  droppedLate = 0
  droppedEarly = 0
  /** Records too far ahead that were taken with their own timestamps, by topic. */
  readonly timesReplaced = new Tally()
  /** Records that are dropped because they are of another type than the pipeline file names, by topic. */
  readonly otherTypes = new Tally()
  /** Records that their topic's `where` does not take, by topic; of a dimension, rows that it deletes. */
  readonly filtered = new Tally()
  /** Records that are of no row as their envelopes say it, or of one that is deleted where only rows count, by topic. */
  readonly passedOver = new Tally()
  /** Records that have deleted a dimension's row, by topic. */
  readonly deletions = new Tally()
  /** Records that were committed, by topic. */
  readonly produced = new Tally()
  /** Their bytes before compression, by topic. */
  readonly producedBytes = new Tally()
  /** Records that were rejected, by `topic stage reason`. */
  readonly rejects = new Tally()
  readonly lastRejects = new LastRejects()
  /** How long each match took from the later of its two event times to its commit; without a join each fact, from its own. */
  readonly latencies = new Distribution()
  /** How long each slice of a task took through all stages: elapsed time, not the processor's. */
  readonly slices = new Distribution()
  /** Transactions that have ended, by result: committed, aborted, fenced. */
  readonly transactions = new Tally()
  readonly failing = new FailingEpochs()
  /** How long each transaction that was committed took, from its beginning. */
  readonly commits = new Distribution()
  /** How long epochs took in each stage of a commit, by stage. */
  readonly stages = new Distributions()
  readonly epochs = new EpochTimes()
  /** When records have last been fetched; wall clock in ms, 0 before the first. */
  lastFetchMs = 0
  /** Rebalances, by `RebalanceReason`. */
  readonly rebalances = new Tally()
  readonly rebalanceTimes = new Distribution()
  /**
   * Time in which a task had filled its epoch and waited for the commit. Whole ones: the first fraction would
   * change this object's hidden class, and throw away what V8 has optimized of all that counts.
   */
  waitedForCommitMs = 0
  /** Errors that were recovered from, by `component code`. */
  readonly errors = new Tally()
  /** How long operations of the stores took, by `store op`. */
  readonly storeOps = new Distributions()
  /** Stores that were put aside, by `store reason`: damage, an administrator's wish, or a dimension that is read again. */
  readonly quarantined = new Tally()
  /** Tasks that began with their first fact, though their output has records, by the facts' topic. */
  readonly readAgain = new Tally()
  /** Records that restores have read, by store; below it their bytes, and how long each restore took. */
  readonly restored = new Tally()
  readonly restoredBytes = new Tally()
  readonly restores = new Distributions()
  /** How long brokers took to answer, by the request’s name. */
  readonly kafkaRequests = new Distributions()
  /** When a broker has last answered anything; wall clock in ms, 0 before the first. */
  lastAnswerMs = 0
  /** Requests to brokers that have failed, by `api error`. */
  readonly kafkaErrors = new Tally()
  /** Open connections, by the broker’s address. */
  readonly kafkaConnections = new Tally()
  /** How long answers of the HTTP server took, by `route method code`. */
  readonly httpRequests = new Distributions()
  readonly #dimensions: readonly string[]

  /** @param dimensions their names, in the file's order. @param sources how many the plan has. @param joins as many */
  constructor(dimensions: readonly string[], sources = 2, joins = 1) {
    this.#dimensions = dimensions
    const zeros = (): number[] => Array.from({ length: sources }, () => 0)
    this.consumed = zeros()
    this.consumedBytes = zeros()
    this.outside = zeros()
    this.late = zeros()
    this.lateness = zeros().map(() => new Distribution())
    this.windows = Array.from({ length: Math.max(1, joins) }, () => new WindowCounts())
    this.lookupHits = dimensions.map(() => 0)
    this.lookupMisses = dimensions.map(() => 0)
    this.lookupNulls = dimensions.map(() => 0)
    this.beforeHistory = dimensions.map(() => 0)
    this.missingKeys = dimensions.map(() => new MissingKeys())
  }

  /** The first join's. */
  get window(): WindowCounts {
    return this.windows[0]
  }

  /** Late records of all sources. */
  get lateRecords(): number {
    return this.late.reduce((sum, count) => sum + count, 0)
  }

  /** Records that came out of a join without a match, of all joins. */
  get unmatched(): number {
    return this.windows.reduce((sum, { unmatched: [left, right] }) => sum + left + right, 0)
  }

  /** Records of so many right streams. */
  consumedRight(joins: number): number {
    return joins < 2
      ? this.consumed[1]
      : this.consumed.slice(1, 1 + joins).reduce((sum, records) => sum + records, 0)
  }

  /** A broker has answered a request. */
  answered(api: string, ms: number): void {
    this.kafkaRequests.add(api, ms)
    this.lastAnswerMs = Date.now()
  }

  reject(topic: string, stage: Stage, reason: RejectReason): void {
    this.rejects.add(`${topic} ${stage} ${reason}`)
  }

  /** The keys that facts have most often looked up in vain, the most frequent first. Throws where there is no such dimension. */
  topMissing(dimension: string): MissingKey[] {
    const d = this.#dimensions.indexOf(dimension)
    if (d < 0) throw new RangeError(`There is no dimension ${dimension}`)
    return this.missingKeys[d].top()
  }
}
