import { setTimeout as sleep } from 'node:timers/promises'
import type { RecordBytes } from '../batch.ts'
import type { Broker } from './port.ts'
import { recordAt } from './record-columns.ts'

export interface TopicRecord extends RecordBytes {
  readonly partition: number
  readonly offset: number
  /** Milliseconds since 1970. */
  readonly timestamp: number
}

/** Offsets of one partition: the first to read, and the one before which to stop. */
export interface Range {
  readonly partition: number
  readonly from: number
  readonly to: number
}

const LIMITS = { maxBytesPerPartition: 1 << 20, maxBytes: 16 << 20, minBytes: 1, maxWaitMs: 100 }
/** A reader waits outages out; a command does not wait for ever. */
const SILENCE_MS = 15_000

/** The last `count` offsets of every partition; all of them with Infinity. */
export async function lastRanges(broker: Broker, topic: string, count: number): Promise<Range[]> {
  const ends = await broker.admin.offsets(topic, 'stable')
  const heads = await broker.admin.offsets(topic, 'earliest')
  return [...ends].map(([partition, to]) => {
    const from = Math.max(heads.get(partition) ?? 0, to - count)
    return { partition, from, to }
  })
}

/**
 * Whether there is a committed record: what aborted transactions have left is none, though it takes offsets.
 * @param partition undefined: any
 */
export async function hasRecords(
  broker: Broker,
  topic: string,
  partition?: number,
): Promise<boolean> {
  const all = await lastRanges(broker, topic, Number.POSITIVE_INFINITY)
  const ranges = all.filter((range) => partition === undefined || range.partition === partition)
  let found = false
  const see = (): void => {
    found = true
  }
  await readTopic(broker, topic, ranges, see, undefined, () => found)
  return found
}

/**
 * Reads the committed records of some ranges, each partition's in its order.
 * @param onRead called with how many offsets are behind
 * @param isEnough whether the rest need not be read
 */
export async function readTopic(
  broker: Broker,
  topic: string,
  ranges: readonly Range[],
  each: (record: TopicRecord) => void,
  onRead: (offsets: number) => void = () => {},
  isEnough: () => boolean = () => false,
): Promise<void> {
  const open = new Map(ranges.filter(({ from, to }) => from < to).map((r) => [r.partition, r]))
  const at = new Map([...open].map(([partition, { from }]) => [partition, from]))
  let behind = 0
  let moved = performance.now()
  let fault: unknown
  const reader = broker.reader(LIMITS, {
    onFetched: ({ partition, columns }) => {
      const { to } = open.get(partition)!
      for (let i = 0; i < columns.length && columns.offsets[i] < to; i++) {
        const offset = columns.offsets[i]
        each({ ...recordAt(columns, i), partition, offset, timestamp: columns.timestamps[i] })
      }
      const next = Math.min(columns.nextOffset, to)
      behind += next - at.get(partition)!
      at.set(partition, next)
      columns.release?.()
      moved = performance.now()
      onRead(behind)
      if (next < to && !isEnough()) return
      reader.remove({ topic, partition })
      open.delete(partition)
    },
    onError: (_partition, error) => {
      fault = error
    },
  })
  try {
    for (const { partition, from } of open.values()) reader.add({ topic, partition }, from)
    while (open.size > 0 && fault === undefined && !isEnough()) {
      if (performance.now() - moved > SILENCE_MS)
        throw new Error(`${topic} could not be read to its end`)
      await sleep(5)
    }
    if (fault !== undefined) throw fault
  } finally {
    await reader.close()
  }
}
