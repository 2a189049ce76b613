import { Distribution } from '../counts/counts.ts'
import type { InputQueue } from '../input/input-queue.ts'
import type { Slice } from '../input/merge.ts'
import type { TaskRejects } from '../output/task-rejects.ts'
import type { Stage } from '../plan/plan.ts'
import { LEFT, RIGHT } from '../state/page.ts'
import type { JoinWindow } from '../window/join-window.ts'
import { Facts } from './facts.ts'
import { Side } from './side.ts'
import type { TaskContext } from './task.ts'

/** The sources of a task that joins: facts, or what an earlier stage has joined, and each join's right stream. */
export class JoinSides {
  readonly facts: Facts
  /** By join. */
  readonly rights: readonly Side[]
  /** By source. */
  readonly all: readonly Side[]
  readonly queues: readonly InputQueue[]
  /** By source: how far behind stream time records are; of what was joined nobody asks. */
  readonly lateness: readonly Distribution[]
  /** Of no use, but that the look-ahead's reads are not optimized away. */
  ahead = 0

  constructor(
    { sources, lookUps }: Stage,
    partition: number,
    context: TaskContext,
    rejects: TaskRejects,
  ) {
    this.facts = new Facts(sources[0], partition, context, rejects, lookUps)
    this.rights = sources.slice(1).map((source, j) => {
      return new Side(1 + j, source, partition, context, rejects)
    })
    this.all = [this.facts, ...this.rights]
    this.queues = this.all.map(({ queue }) => queue)
    this.lateness = sources.map(({ isJoined, input }) =>
      isJoined ? new Distribution() : context.counts.lateness[input],
    )
  }

  /** A schema is being loaded. */
  get isLoading(): boolean {
    return this.all.some(({ loading }) => loading)
  }

  /** The event times of all heads, which the merge needs. False: a schema is being loaded. */
  readHeads(): boolean {
    for (const side of this.all) if (!side.readTimes()) return false
    return true
  }

  /** Reads the slice's records of a source, then brings near what they will be looked up in. @param windows by join */
  lookAhead(source: number, { sides }: Slice, windows: readonly JoinWindow[]): void {
    const { block, end } = sides[source]
    if (block === undefined || block.at === end) return
    const count = end - block.at
    const side = this.all[source]
    const { enricher } = this.facts
    side.lookAhead(block, end, source === 0 ? enricher : undefined)
    if (source === 0) this.ahead ^= enricher.lookAhead(count, side.readers)
    const { ahead } = windows[source === 0 ? 0 : source - 1]
    this.ahead ^= ahead.touch(source === 0 ? LEFT : RIGHT, side.hashes, count, side.from, side.to)
  }
}
