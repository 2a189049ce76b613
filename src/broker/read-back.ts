/** Reads a topic from its end, for whoever wants its last records and cannot know how many offsets these take. */
import type { Broker } from './port.ts'
import { lastRanges, type Range, readTopic, type TopicRecord } from './read-topic.ts'

export interface BackBounds {
  /** Offsets of each partition that are read first; each step after it reads four times as many. */
  readonly offsets: number
  readonly records: number
  /** Of keys and values. */
  readonly bytes: number
  /** Milliseconds. */
  readonly ms: number
}

export interface ReadBack {
  /** Committed records: what compaction, aborted transactions and control records have left of the offsets. */
  readonly read: number
  /** Offsets that the topic has. */
  readonly all: number
  /** Whether it was read to its beginning. */
  readonly isWhole: boolean
}

const STEP = 4
/** What a step may hold, by what those before it held. */
const STEP_BYTES = 64 << 20

/**
 * Reads until it is enough, the topic's beginning is reached, or a bound ends it.
 * @param take is given the records of a step, each partition's in its order; those of the next step are older.
 *   @returns whether it is enough
 */
export async function readBack(
  broker: Broker,
  topic: string,
  bounds: BackBounds,
  take: (records: readonly TopicRecord[]) => boolean | Promise<boolean>,
): Promise<ReadBack> {
  const whole = await lastRanges(broker, topic, Number.POSITIVE_INFINITY)
  const all = whole.reduce((sum, { from, to }) => sum + to - from, 0)
  const began = performance.now()
  let read = 0
  let bytes = 0
  const isBeyond = (): boolean =>
    read >= bounds.records || bytes >= bounds.bytes || performance.now() - began >= bounds.ms
  let left = whole.filter(({ from, to }) => from < to)
  for (let count = bounds.offsets; left.length > 0; count *= STEP) {
    const room = Math.ceil((STEP_BYTES * read) / Math.max(1, bytes * left.length))
    if (read > 0) count = Math.min(count, room)
    const step = left.map(
      (range): Range => ({ ...range, from: Math.max(range.from, range.to - count) }),
    )
    const records: TopicRecord[] = []
    const see = (record: TopicRecord): void => {
      records.push(record)
      read++
      bytes += (record.key?.length ?? 0) + (record.value?.length ?? 0)
    }
    await readTopic(broker, topic, step, see, undefined, isBeyond)
    const isEnough = await take(records)
    left = left.flatMap((range, i) =>
      range.from < step[i].from ? [{ ...range, to: step[i].from }] : [],
    )
    if (isEnough || isBeyond()) break
  }
  return { read, all, isWhole: left.length === 0 && !isBeyond() }
}
