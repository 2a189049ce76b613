import type { Fetched } from '../broker/port.ts'
import type { InputQueue } from '../input/input-queue.ts'
import { limitOf } from '../input/merge-progress.ts'
import type { Source } from '../plan/plan.ts'
import type { StreamClock, TaskState } from '../state/task-state.ts'
import { IDLE } from './internal-sink.ts'
import { SourceMarks } from './source-marks.ts'

/** How far the sides of joins are that come by internal topics: stream time goes no further than the slowest of their source partitions. */
export class Horizons {
  /** By side; null: the side is not repartitioned, and its records are in the order of time. */
  readonly sides: readonly (SourceMarks | null)[]
  /** By side: how far, in ms of event time, it may go ahead of one that is repartitioned. */
  readonly leadMs: readonly number[]

  private constructor(sides: readonly (SourceMarks | null)[], leadMs: readonly number[]) {
    this.sides = sides
    this.leadMs = leadMs
  }

  /** Those of a task's sources, which `state` keeps; null: no side is repartitioned. @param leadMs see the field. @param partitions of the inputs */
  static of(
    sources: readonly Source[],
    leadMs: readonly number[],
    partitions: ReadonlyMap<string, number>,
    state: TaskState,
  ): Horizons | null {
    const sides = sources.map(({ topic, origin, isJoined }) => {
      if (origin === null) return null
      // As many tasks have joined them.
      const marks = new SourceMarks(state.nextStore, partitions.get(isJoined ? topic : origin)!)
      state.add(marks)
      return marks
    })
    return sides.every((side) => side === null) ? null : new Horizons(sides, leadMs)
  }

  /** Of what was fetched for a side, the records of the input as they were, but for their keys; the marks are kept. */
  sift(side: number, queue: InputQueue, fetched: Fetched): Fetched {
    const marks = this.sides[side]
    if (marks === null || fetched.columns.length === 0) return fetched
    // Where only marks come, they are what is read.
    if (queue.taken < 0) queue.taken = fetched.columns.offsets[0]
    return marks.sift(fetched)
  }

  /** Takes the marks before the records that come next. @returns whether there was one */
  pass(queues: readonly InputQueue[]): boolean {
    let isNews = false
    for (const [side, marks] of this.sides.entries()) {
      const { head, taken } = queues[side]
      if (marks?.pass(head === undefined ? taken : head.columns.offsets[head.at])) isNews = true
    }
    return isNews
  }

  /** How far stream time may go now, in ms. */
  most(queues: readonly InputQueue[]): number {
    let most = Number.POSITIVE_INFINITY
    for (const [side, marks] of this.sides.entries()) {
      if (marks === null) continue
      const limit = limitOf(queues[side], marks)
      if (limit < most) most = limit
    }
    return most
  }

  /** Both of these. @returns whether a mark was taken, or the clock has moved */
  moveOn(queues: readonly InputQueue[], clock: StreamClock): boolean {
    const isTold = this.pass(queues)
    return this.#move(queues, clock) || isTold
  }

  /** Moves the clock on to what all sides have passed. @returns whether it has moved */
  #move(queues: readonly InputQueue[], clock: StreamClock): boolean {
    let reached = Number.NEGATIVE_INFINITY
    let most = Number.POSITIVE_INFINITY
    for (const [side, marks] of this.sides.entries()) {
      const limit = limitOf(queues[side], marks)
      if (limit < most) most = limit
      if (marks !== null && marks.reached > reached) reached = marks.reached
    }
    const time = Math.min(reached, most)
    if (time <= clock.streamTime) return false
    clock.streamTime = time
    return true
  }

  /** No source partition holds anything back. */
  get areIdle(): boolean {
    return this.sides.every((marks) => marks === null || marks.horizon === IDLE)
  }
}
