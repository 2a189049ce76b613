import type { Admin } from '../broker/port.ts'
import { comesOutAlone } from '../config/join-kind.ts'
import type { Pipeline, TopicConfig } from '../config/pipeline.ts'
import { sourcesOf } from '../config/topic-names.ts'
import type { Interval, Offsets, Times } from '../input/interval.ts'
import { latenessOf } from '../window/lateness.ts'

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
  const found = await Promise.all(
    sources.map((config, s) => offsetsOf(config, times[s].from, overAt, aheadMs, admin)),
  )
  return {
    times,
    rows: facts,
    overAt,
    offsets: found.map(({ offsets }) => offsets),
    expected: found.map(({ expected }) => expected),
    undecided: found.flatMap(({ undecided }) => undecided),
    shortened: sources.filter((_, s) => found[s].isShortened).map(({ topic }) => topic),
  }
}

/** Of each source, and when it is over. Where nothing is joined nothing is late: the last fact may be of the interval. */
function timesOf({ joins }: Pipeline, facts: Times): Pick<Interval, 'times' | 'overAt'> {
  const [join] = joins
  if (join === undefined) return { times: [facts], overAt: Number.POSITIVE_INFINITY }
  const { beforeMs, afterMs, heldMs } = latenessOf(join)
  const right = { from: facts.from - beforeMs, to: facts.to + afterMs }
  // Those that right records of the interval match.
  const matching = { from: facts.from - afterMs, to: facts.to + beforeMs }
  const left = comesOutAlone(join.kind, 'right') ? matching : facts
  return { times: [left, right], overAt: Math.max(left.to, right.to) + heldMs }
}

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
