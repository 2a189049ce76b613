import { SLICE } from '../batch.ts'
import type { Block, InputQueue } from './input-queue.ts'

/** The records of one side, `[from, end)` of its head. */
export interface SliceSide {
  block: Block | undefined
  from: number
  end: number
}

/** The records of all heads that come next by event time. */
export interface Slice {
  /** By source. */
  readonly sides: readonly SliceSide[]
  /** The source of each record, in the order in which they are to be taken; so many of them. */
  readonly order: Uint8Array
  length: number
  /** The next one to take. */
  at: number
}

export function newSlice(sources = 2): Slice {
  const sides = Array.from({ length: sources }, () => ({ block: undefined, from: 0, end: 0 }))
  return { sides, order: new Uint8Array(sources * SLICE), length: 0, at: 0 }
}

/** Of a head: no record of it is held back. */
export const ALL = 2 ** 30

/**
 * Chooses the next slice as Kafka Streams chooses its next record: the head with the smaller event
 * time first; when one side has nothing the other goes on only if that side is known to be caught
 * up, for a backlog on one side would push stream time past the other's records. So would records that
 * nobody can read yet, as the transaction that they are of is open, or that are held back.
 * @param leftEnd the left head's records from there on are held back
 * @returns whether there is anything to take
 */
export function merge(slice: Slice, left: InputQueue, right: InputQueue, leftEnd = ALL): boolean {
  const l = left.head
  const r = right.head
  let i = l?.at ?? 0
  let j = r?.at ?? 0
  const leftLimit = l ? Math.min(l.columns.length, i + SLICE, leftEnd) : 0
  const rightLimit = r ? Math.min(r.columns.length, j + SLICE) : 0
  const leftAlone = right.caughtUp
  const rightAlone = left.caughtUp
  const { order } = slice
  const leftFrom = i
  const rightFrom = j
  let n = 0
  for (;;) {
    const hasLeft = i < leftLimit && (j < rightLimit || leftAlone)
    const hasRight = j < rightLimit && (i < leftLimit || rightAlone)
    if (hasLeft && !(hasRight && r!.times[j] < l!.times[i])) {
      order[n++] = 0
      i++
    } else if (hasRight) {
      order[n++] = 1
      j++
    } else break
  }
  setSide(slice.sides[0], l, leftFrom, i)
  setSide(slice.sides[1], r, rightFrom, j)
  slice.length = n
  slice.at = 0
  return n > 0
}

export function setSide(
  side: SliceSide,
  block: Block | undefined,
  from: number,
  end: number,
): void {
  side.block = block
  side.from = from
  side.end = end
}
