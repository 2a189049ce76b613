import { SLICE } from '../batch.ts'
import type { InputQueue } from './input-queue.ts'
import { ALL, type Slice, setSide } from './merge.ts'

/**
 * `merge` of more than two sources: of equal times the earlier source's record comes first.
 * @param leftEnd the first source's head: its records from there on are held back
 */
export function mergeMany(slice: Slice, queues: readonly InputQueue[], leftEnd = ALL): boolean {
  const { order, sides } = slice
  for (const [s, { head }] of queues.entries()) {
    const at = head?.at ?? 0
    setSide(sides[s], head, at, at)
  }
  let n = 0
  for (
    let next = nextOf(slice, queues, leftEnd);
    next >= 0;
    next = nextOf(slice, queues, leftEnd)
  ) {
    order[n++] = next
    sides[next].end++
  }
  slice.length = n
  slice.at = 0
  return n > 0
}

/** The source whose record is the next; -1: that is not known, or there is none. */
function nextOf({ sides }: Slice, queues: readonly InputQueue[], leftEnd: number): number {
  let next = -1
  let earliest = Number.POSITIVE_INFINITY
  for (let s = 0; s < sides.length; s++) {
    const { block, from, end } = sides[s]
    const held = s === 0 ? leftEnd : ALL
    if (block === undefined || end === Math.min(block.columns.length, from + SLICE, held)) {
      if (!queues[s].caughtUp) return -1
      continue
    }
    const time = block.times[end]
    if (next < 0 || time < earliest) {
      next = s
      earliest = time
    }
  }
  return next
}
