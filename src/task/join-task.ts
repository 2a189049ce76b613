/**
 * A task that joins: one partition of facts and right streams, with a window of its own for each join. The way of the data is
 * `JoinTask.process`, top to bottom:
 *
 *     fetch → decode → enrich (dimensions) → put own side, probe other side (window) → concatenate → epoch → commit
 */
import type { TaskId } from '../batch.ts'
import type { Fetched } from '../broker/port.ts'
import type { InputQueue } from '../input/input-queue.ts'
import { merge, newSlice, type Slice, type SliceSide } from '../input/merge.ts'
import { mergeMany } from '../input/merge-many.ts'
import { mergeByProgress } from '../input/merge-progress.ts'
import { TaskOutput } from '../output/task-output.ts'
import { TaskRejects } from '../output/task-rejects.ts'
import { LEFT, RIGHT } from '../state/page.ts'
import type { PageStore } from '../state/page-store.ts'
import { TaskState } from '../state/task-state.ts'
import { UNTIMED } from './event-times.ts'
import { Facts } from './facts.ts'
import { Horizons } from './horizons.ts'
import { IntervalRows } from './interval-rows.ts'
import { JoinChain } from './join-chain.ts'
import { joinFigures } from './join-figures.ts'
import { JoinRecords } from './join-records.ts'
import { NEEDS_KEY_SCHEMA, NEEDS_SCHEMA, Side, TAKEN, WAITS } from './side.ts'
import {
  type RunnableTask,
  SLICES,
  type TaskContext,
  type TaskEpoch,
  type TaskFigures,
} from './task.ts'

export class JoinTask implements RunnableTask {
  readonly number: number
  readonly stage: number
  readonly partition: number
  readonly state: TaskState
  readonly queues: readonly InputQueue[]
  readonly queries: JoinChain
  readonly #context: TaskContext
  readonly #chain: JoinChain
  readonly #facts: Facts
  /** Facts, and each join's right stream. */
  readonly #sides: readonly Side[]
  readonly #output: TaskOutput
  readonly #rejects: TaskRejects
  /** By join. */
  readonly #records: readonly JoinRecords[]
  /** null: no side is repartitioned. */
  readonly #horizons: Horizons | null
  readonly #slice: Slice
  /** By source, of the slice: its first record, the next one to take, and how many were on time. */
  readonly #first: Int32Array
  readonly #next: Int32Array
  readonly #onTime: Int32Array
  /** When something has last come, by the clock for durations. */
  #lastInputAt: number
  #dirty = false
  /** Of no use, but that the look-ahead's reads are not optimized away. */
  ahead = 0

  constructor(id: TaskId, pages: PageStore, context: TaskContext) {
    const { number, stage, partition } = id
    const { plan, outputs, codec, counts, interval, memory } = context
    const { sources } = plan.stages[stage]
    const rejects = new TaskRejects(partition, sources, context)
    this.number = number
    this.stage = stage
    this.partition = partition
    this.#context = context
    this.#lastInputAt = context.elapsed()
    this.#rejects = rejects
    const facts = new Facts(sources[0], partition, context, rejects)
    const rights = sources.slice(1).map((source, j) => {
      return new Side(1 + j, source, partition, context, rejects)
    })
    this.#facts = facts
    this.#sides = [facts, ...rights]
    this.queues = this.#sides.map(({ queue }) => queue)
    this.#slice = newSlice(sources.length)
    this.#first = new Int32Array(sources.length)
    this.#next = new Int32Array(sources.length)
    this.#onTime = new Int32Array(sources.length)
    const last = plan.joins.length - 1
    const { headers } = plan.joins[last]
    const missing = codec.missing[last]
    const at = rights.length
    this.#output = new TaskOutput(outputs, partition, missing, rejects, counts, headers, at)
    const rows = interval ? new IntervalRows(interval.rows, this.#output) : this.#output
    this.state = new TaskState(pages, () => memory.pageBytes)
    const { state } = this
    const chain = new JoinChain({ context, state, rejects, rows })
    this.#chain = chain
    this.queries = chain
    this.#horizons = Horizons.of(sources, context.partitions, this.state)
    this.#records = plan.joins.map(
      (join, j) =>
        new JoinRecords({
          context,
          join,
          facts,
          right: rights[j],
          window: chain.windows[j],
          clock: state.clock,
          counts: counts.windows[j],
          late: chain.lates[j],
          owed: j === last ? null : chain.owed,
        }),
    )
  }

  offer(source: number, fetched: Fetched): void {
    if (fetched.columns.length > 0) this.restartIdle()
    const { queue } = this.#sides[source]
    queue.offer(this.#horizons?.sift(source, queue, fetched) ?? fetched)
  }

  restartIdle(): void {
    this.#lastInputAt = this.#context.elapsed()
  }

  get epochBytes(): number {
    return this.#output.bytes + this.#rejects.batches.bytes + this.state.log.epochBytes
  }

  get full(): boolean {
    return this.epochBytes >= this.#context.memory.epochBytes
  }

  async process(): Promise<boolean> {
    if (this.full || this.#sides.some(({ loading }) => loading)) return false
    const { now, behindMs, interval } = this.#context
    this.#output.oldest = now() - behindMs
    const { clock } = this.state
    if (clock.streamTime > (interval?.overAt ?? Number.POSITIVE_INFINITY) && !this.#isSliceOpen) {
      for (const queue of this.queues) queue.end()
    }
    if (!this.#readHeads()) return false
    const isTold = this.#moveOn()

    if (isTold || this.#chain.isDue) {
      await this.#close()
      return true
    }
    if (!this.#processSlices()) return this.#closeWhenIdle()
    await this.#close()
    return true
  }

  /** So many that a turn is some milliseconds of work. @returns whether there was one */
  #processSlices(): boolean {
    for (let taken = 0; taken < SLICES; taken++) {
      if (!this.#readHeads()) return taken > 0
      if (taken > 0) this.#moveOn()
      if (!this.#isSliceOpen && !this.#nextSlice()) return taken > 0
      this.#processSlice()
      if (this.#isSliceOpen) return true
    }
    return true
  }

  #nextSlice(): boolean {
    const { queues } = this
    if (queues.length > 2) return mergeMany(this.#slice, queues)
    if (this.#horizons === null) return merge(this.#slice, queues[0], queues[1])
    const { idleMs } = this.#context.plan.joins[0]
    return mergeByProgress(this.#slice, queues, this.#horizons.sides, idleMs)
  }

  /** What is told of source partitions up to the next records moves stream time. @returns whether anything is */
  #moveOn(): boolean {
    if (!this.#horizons?.moveOn(this.queues, this.state.clock)) return false
    this.#dirty = true
    return true
  }

  /** The event times of all heads, which the merge needs. False: a schema is being loaded. */
  #readHeads(): boolean {
    for (const side of this.#sides) if (!side.readTimes()) return false
    return true
  }

  /** The slice was not taken to its end: the epoch was full, a schema missing, or pages to be read. */
  get #isSliceOpen(): boolean {
    return this.#slice.at < this.#slice.length
  }

  /** Takes the slice's records in its order, or those of them that can be taken now. */
  #processSlice(): void {
    const { clock } = this.state
    const slice = this.#slice
    const { sides, order, length } = slice
    const { lateness } = this.#context.counts
    const first = this.#first
    const next = this.#next
    // Nearly all are: a call for each would box its number.
    const onTime = this.#onTime.fill(0)
    const records = this.#records
    const chain = this.#chain
    const { owed } = chain
    for (let s = 0; s < sides.length; s++) {
      first[s] = next[s] = sides[s].block?.at ?? 0
      this.#lookAhead(s, sides[s])
    }
    let n = slice.at
    // Only where a side is repartitioned is there anything that stream time may not pass.
    const most = this.#horizons?.most(this.queues) ?? Number.POSITIVE_INFINITY
    for (; n < length && !this.full && !chain.coldFull; n++) {
      if (owed?.isDue === true) break
      const source = order[n]
      const at = next[source]
      const block = sides[source].block!
      const fate =
        source === 0
          ? records[0].processFact(block, at, at - first[0])
          : records[source - 1].processRight(block, at, at - first[source])
      if (fate === WAITS) break
      if (fate === NEEDS_SCHEMA || fate === NEEDS_KEY_SCHEMA) {
        this.#sides[source].loadFor(block, at, fate)
        break
      }
      next[source] = at + 1
      const time = block.times[at]
      // A time that is not known has no lateness.
      if (time !== UNTIMED) {
        const behind = clock.streamTime - time
        if (behind > 0) lateness[source].add(behind)
        else onTime[source]++
      }
      if (fate === TAKEN && time > clock.streamTime) {
        if (time <= most) clock.streamTime = time
        else if (most > clock.streamTime) clock.streamTime = most
      }
    }
    slice.at = n
    for (let s = 0; s < sides.length; s++) {
      lateness[s].addNone(onTime[s])
      this.#sides[s].taken(next[s] - first[s], next[s])
    }
  }

  /** Reads the records to be taken, then brings near what they will be looked up in. */
  #lookAhead(source: number, { block, end }: SliceSide): void {
    if (block === undefined || block.at === end) return
    const count = end - block.at
    const side = this.#sides[source]
    const { enricher } = this.#facts
    side.lookAhead(block, end, source === 0 ? enricher : undefined)
    if (source === 0) this.ahead ^= enricher.lookAhead(count, side.readers)
    const { ahead } = this.#chain.windows[source === 0 ? 0 : source - 1]
    this.ahead ^= ahead.touch(source === 0 ? LEFT : RIGHT, side.hashes, count, side.from, side.to)
  }

  /** What waits for its pages is completed; what stream time has passed by comes out, or goes. */
  #close(): Promise<void> {
    this.#dirty = true
    return this.#chain.close(() => this.full)
  }

  /**
   * Where records come out without a match, inputs that have ended, or have been silent for `idle`, close the windows.
   * Stream time moves with it and is part of the epoch, so that a replay decides the same.
   */
  async #closeWhenIdle(): Promise<boolean> {
    if (this.#chain.pending === 0) return false
    const { queues } = this
    if (!queues.every(({ caughtUp }) => caughtUp) || this.#horizons?.areIdle === false) return false
    const ended = queues.every((queue) => queue.ended)
    const silentMs = this.#context.elapsed() - this.#lastInputAt
    if (!this.#chain.moveIdle(ended ? Number.POSITIVE_INFINITY : silentMs)) return false
    await this.#close()
    return true
  }

  get ended(): boolean {
    const isOpen = this.#chain.pending > 0
    return !this.#dirty && !this.#isSliceOpen && !isOpen && this.queues.every((q) => q.ended)
  }

  drain(passed = false): TaskEpoch | undefined {
    const hasPassed = passed && this.queues.some(({ hasMoved }) => hasMoved)
    if (!this.#dirty && !hasPassed) return undefined
    this.#dirty = false
    // What lies before the offsets of the epoch is part of its state.
    this.#horizons?.pass(this.queues)
    return {
      partition: this.partition,
      outputs: this.#output.drain(),
      outputTimes: this.#output.drainTimes(),
      rejects: this.#rejects.batches.drain(),
      offsets: this.queues.map(({ taken }) => taken),
      state: this.state.drain(),
    }
  }

  figures(): TaskFigures {
    return joinFigures(this.state, this.#chain.windows)
  }
}
