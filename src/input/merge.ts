import { SLICE } from '../batch.ts'
import type { Block, InputQueue } from './input-queue.ts'

/** The records of one side, `[from, end)` of its head. */
export interface SliceSide {
  block: Block | undefined
  from: number
  end: number
  /** Stream time just before record `from + i`. */
  readonly streamTimes: Float64Array
}

/** The records of both heads that come next by event time, and stream time after them. */
export interface Slice {
  readonly left: SliceSide
  readonly right: SliceSide
  streamTime: number
}

export function newSlice(): Slice {
  const side = (): SliceSide => ({
    block: undefined,
    from: 0,
    end: 0,
    streamTimes: new Float64Array(SLICE),
  })
  return { left: side(), right: side(), streamTime: Number.NEGATIVE_INFINITY }
}

/**
 * Chooses the next slice as Kafka Streams chooses its next record: the head with the smaller event
 * time first; when one side has nothing the other goes on only if that side is known to be caught
 * up, for a backlog on one side would push stream time past the other's records.
 * Only stream time depends on this order; so the sides of a slice can then be taken one after the
 * other, each with the stream time that the merge has noted for its records.
 * @returns whether there is anything to take
 */
export function merge(
  slice: Slice,
  left: InputQueue,
  right: InputQueue,
  streamTime: number,
): boolean {
  const l = left.head
  const r = right.head
  let i = l?.at ?? 0
  let j = r?.at ?? 0
  const leftLimit = l ? Math.min(l.columns.length, i + SLICE) : 0
  const rightLimit = r ? Math.min(r.columns.length, j + SLICE) : 0
  const leftAlone = right.caughtUp
  const rightAlone = left.caughtUp
  const leftFrom = i
  const rightFrom = j
  let now = streamTime
  for (;;) {
    const hasLeft = i < leftLimit && (j < rightLimit || leftAlone)
    const hasRight = j < rightLimit && (i < leftLimit || rightAlone)
    if (hasLeft && !(hasRight && r!.times[j] < l!.times[i])) {
      slice.left.streamTimes[i - leftFrom] = now
      now = Math.max(now, l!.times[i])
      i++
    } else if (hasRight) {
      slice.right.streamTimes[j - rightFrom] = now
      now = Math.max(now, r!.times[j])
      j++
    } else break
  }
  setSide(slice.left, l, leftFrom, i)
  setSide(slice.right, r, rightFrom, j)
  slice.streamTime = now
  return i > leftFrom || j > rightFrom
}

function setSide(side: SliceSide, block: Block | undefined, from: number, end: number): void {
  side.block = block
  side.from = from
  side.end = end
}
