import { SLICE } from '../batch.ts'
import type { Block, InputQueue } from './input-queue.ts'
import { ALL, type Slice, setSide } from './merge.ts'

/**
 * How far a side is whose records are not in the order of time, as they come, mixed, from several source partitions; in
 * ms. It changes with the marks among the records.
 */
export interface Progress {
  /** The slowest source partition's stream time; infinite: none holds anything back. */
  readonly horizon: number
  /** `horizon`, or where that is infinite how far the side had come. */
  readonly reached: number
  /** The offset of the next mark among what was fetched; infinite: there is none. */
  readonly nextMark: number
}

/**
 * `merge` where the records of some sides come from several source partitions. Such a side is as far as all of
 * these are; another one does not go further ahead of it than its lead, so that a backlog is not held in the window. The
 * slice is of one side, and has no mark in it; where two stand at the same place the first comes first.
 * @param progress by side; null: the side's records are in the order of time
 * @param leadMs by side. @param leftEnd the left head's records from there on are held back
 */
export function mergeByProgress(
  slice: Slice,
  queues: readonly InputQueue[],
  progress: readonly (Progress | null)[],
  leadMs: readonly number[],
  leftEnd = ALL,
): boolean {
  const places = queues.map((queue, side) => placeOf(queue, progress[side]))
  const inTurn = [...places.keys()].sort((a, b) =>
    places[a] === places[b] ? a - b : places[a] - places[b],
  )
  for (const side of inTurn) {
    const { head } = queues[side]
    if (head === undefined) continue
    const limit = limitBeside(side, queues, progress, leadMs[side])
    const most = side === 0 ? leftEnd : ALL
    const end = Math.min(endOf(head, progress[side], limit), most)
    if (end === head.at) continue
    take(slice, queues, side, end)
    return true
  }
  return false
}

/** Up to which time all others let a side go on, in ms. */
function limitBeside(
  side: number,
  queues: readonly InputQueue[],
  progress: readonly (Progress | null)[],
  leadMs: number,
): number {
  let limit = Number.POSITIVE_INFINITY
  for (let other = 0; other < queues.length; other++) {
    if (other === side) continue
    const lead = progress[other] === null ? 0 : leadMs
    limit = Math.min(limit, limitOf(queues[other], progress[other]) + lead)
  }
  return limit
}

/** Up to which time a side lets others go on, in ms: nothing older will come of it. */
export function limitOf(queue: InputQueue, progress: Progress | null): number {
  const { head } = queue
  const isIdle = head === undefined && queue.caughtUp
  if (progress !== null) {
    return progress.horizon === Number.POSITIVE_INFINITY && !isIdle
      ? progress.reached
      : progress.horizon
  }
  if (head === undefined) return isIdle ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY
  return head.timesRead ? head.times[head.at] : Number.NEGATIVE_INFINITY
}

/** Where a side stands in the order of time: at its next record, or as far as its source partitions are. */
function placeOf({ head }: InputQueue, progress: Progress | null): number {
  if (progress !== null) return progress.reached
  return head === undefined ? Number.POSITIVE_INFINITY : head.times[head.at]
}

/** Behind the head's records that may be taken now. */
function endOf({ columns, times, at }: Block, progress: Progress | null, limit: number): number {
  const most = Math.min(columns.length, at + SLICE)
  let end = at
  if (progress === null) while (end < most && times[end] <= limit) end++
  else if (progress.reached <= limit) {
    while (end < most && columns.offsets[end] < progress.nextMark) end++
  }
  return end
}

function take(slice: Slice, queues: readonly InputQueue[], side: number, end: number): void {
  for (const [s, { head }] of queues.entries()) {
    const at = head?.at ?? 0
    setSide(slice.sides[s], head, at, s === side ? end : at)
  }
  slice.length = end - queues[side].head!.at
  slice.order.fill(side, 0, slice.length)
  slice.at = 0
}
