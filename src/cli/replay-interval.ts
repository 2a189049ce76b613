import type { Admin } from '../broker/port.ts'
import { comesOutAlone } from '../config/join-kind.ts'
import type { Pipeline, TopicConfig } from '../config/pipeline.ts'
import { sourcesOf } from '../config/topic-names.ts'
import type { Interval, Offsets, Times } from '../input/interval.ts'
import { planOf } from '../plan/plan.ts'
import { latenessOf } from '../window/lateness.ts'

const ALWAYS: Times = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }

/** Offsets that may be read only once transactions have ended that are open now. */
export interface Undecided extends Offsets {
  readonly topic: string
  readonly partition: number
}

/** An interval, and how far reading will probably go. */
export interface ReplayInterval extends Interval {
  /** By source and partition, as `offsets`. */
  readonly expected: Interval['offsets']
  /** Topics whose beginning retention has deleted, where the interval may reach into it. */
  readonly shortened: readonly string[]
  /** What is of the interval, or may be, and is not read. */
  readonly undecided: readonly Undecided[]
}

/**
 * What has to be read so that each fact of `facts` meets all that it may match, and, where right records come out without
 * a match, each right record of that time does. The ends are those that the topics have now.
 * @param aheadMs how much later than its record's timestamp an event time may be
 */
export async function replayInterval(
  pipeline: Pipeline,
  facts: Times,
  aheadMs: number,
  admin: Admin,
): Promise<ReplayInterval> {
  const { times, overAt } = timesOf(pipeline, facts)
  const sources = sourcesOf(pipeline).map(({ config }) => config)
  // What is in internal topics is of the interval, and ends with the inputs.
  const internal = planOf(pipeline).sources.slice(sources.length)
  const found = await Promise.all(
    sources.map((config, s) => offsetsOf(config, times[s].from, overAt, aheadMs, admin)),
  )
  return {
    times: [...times, ...internal.map(() => ALWAYS)],
    rows: facts,
    overAt,
    offsets: [...found.map(({ offsets }) => offsets), ...internal.map(() => new Map())],
    expected: [...found.map(({ expected }) => expected), ...internal.map(() => new Map())],
    undecided: found.flatMap(({ undecided }) => undecided),
    shortened: sources.filter((_, s) => found[s].isShortened).map(({ topic }) => topic),
  }
}

/**
 * Of each input, and when it is over. Where nothing is joined nothing is late: the last fact may be of the interval.
 *
 * With B and A of each join, a fact at t is a left record of join k + 1 at up to t + A_1 + … + A_k, for a match has the later
 * of two times. Where a right record at r comes out alone, all left records are needed that it may match, from r − A to
 * r + B; and whatever makes those be what they are, join by join towards the facts.
 */
function timesOf({ joins }: Pipeline, rows: Times): Pick<Interval, 'times' | 'overAt'> {
  const rights: Times[] = []
  let laterMs = joins.reduce((sum, { afterMs }) => sum + afterMs, 0)
  /** Left records of the join behind this one that right ones may match; null: no right record comes out alone there. */
  let matching: Times | null = null
  for (const { kind, beforeMs, afterMs } of joins.toReversed()) {
    const matched = { from: rows.from - beforeMs, to: rows.to + laterMs }
    rights.unshift(both(matched, widened(matching, beforeMs, afterMs)))
    laterMs -= afterMs
    const own = comesOutAlone(kind, 'right') ? both(rows, matching) : matching
    matching = widened(own, afterMs, beforeMs)
  }
  const times = [both(rows, matching), ...rights]
  return { times, overAt: overAtOf(joins, times) }
}

/** When the last record of these times is late. */
function overAtOf(joins: Pipeline['joins'], times: readonly Times[]): number {
  if (joins.length === 0) return Number.POSITIVE_INFINITY
  let delayMs = 0
  const ends = joins.map((join, j) => {
    const { heldMs } = latenessOf(join)
    // Facts are as late as the right records of the first join.
    const to = j === 0 ? Math.max(times[0].to, times[1].to) : times[1 + j].to
    delayMs += heldMs
    return to + delayMs
  })
  return Math.max(...ends)
}

const both = (one: Times, other: Times | null): Times =>
  other === null ? one : { from: Math.min(one.from, other.from), to: Math.max(one.to, other.to) }

const widened = (times: Times | null, beforeMs: number, afterMs: number): Times | null =>
  times && { from: times.from - beforeMs, to: times.to + afterMs }

interface SourceOffsets {
  readonly offsets: Map<number, Offsets>
  readonly expected: Map<number, Offsets>
  readonly isShortened: boolean
  readonly undecided: readonly Undecided[]
}

/**
 * Brokers find records by their timestamps. Where a field carries the event time that is where they
 * probably are: reading begins earlier, and ends only when stream time is past the interval.
 */
async function offsetsOf(
  { topic, time }: TopicConfig,
  from: number,
  overAt: number,
  aheadMs: number,
  admin: Admin,
): Promise<SourceOffsets> {
  const heads = await admin.offsets(topic, 'earliest')
  // Before the stable ones: what comes meanwhile is not undecided.
  const lasts = await admin.offsets(topic, 'latest')
  const ends = await admin.offsets(topic, 'stable')
  const first = Math.floor(from - (time === null ? 0 : aheadMs))
  const starts = first > 0 ? await admin.offsets(topic, first) : heads
  const overs = Number.isFinite(overAt) ? await admin.offsets(topic, overAt + 1) : ends
  const offsets = new Map<number, Offsets>()
  const expected = new Map<number, Offsets>()
  const undecided: Undecided[] = []
  let isShortened = false
  /** -1: there is no such record. */
  const within = (offset: number | undefined, end: number): number =>
    offset === undefined || offset < 0 ? end : Math.min(offset, end)
  for (const [partition, end] of ends) {
    const start = within(starts.get(partition), end)
    const over = Math.max(start, within(overs.get(partition), end))
    if (start > 0 && start === heads.get(partition)) isShortened = true
    expected.set(partition, { from: start, to: over })
    const to = time === null ? over : end
    offsets.set(partition, { from: start, to })
    const last = lasts.get(partition) ?? end
    if (to === end && last > end) undecided.push({ topic, partition, from: end, to: last })
  }
  return { offsets, expected, isShortened, undecided }
}
