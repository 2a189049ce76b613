/**
 * A task that joins: one partition of facts and right stream, with its own window. The way of the data is
 * `JoinTask.process`, top to bottom:
 *
 *     fetch → decode → enrich (dimensions) → put own side, probe other side (window) → concatenate → epoch → commit
 */
import type { TaskId } from '../batch.ts'
import type { Fetched } from '../broker/port.ts'
import type { InputQueue } from '../input/input-queue.ts'
import { newSlice, type SliceSide } from '../input/merge.ts'
import { TaskOutput } from '../output/task-output.ts'
import { TaskRejects } from '../output/task-rejects.ts'
import type { Join } from '../plan/plan.ts'
import { LEFT, RIGHT } from '../state/page.ts'
import type { PageStore } from '../state/page-store.ts'
import { TaskState } from '../state/task-state.ts'
import { JoinWindow } from '../window/join-window.ts'
import { windowTimes } from '../window/segments.ts'
import type { WindowQueries } from '../window/window-queries.ts'
import { UNTIMED } from './event-times.ts'
import { Facts } from './facts.ts'
import { Horizons } from './horizons.ts'
import { IntervalRows } from './interval-rows.ts'
import { joinFigures } from './join-figures.ts'
import { JoinRecords } from './join-records.ts'
import { nextSlice } from './next-slice.ts'
import { RowWait } from './row-wait.ts'
import { NEEDS_KEY_SCHEMA, NEEDS_SCHEMA, Side, TAKEN } from './side.ts'
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
  readonly queues: readonly [InputQueue, InputQueue]
  readonly window: JoinWindow
  readonly #context: TaskContext
  readonly #join: Join
  readonly #facts: Facts
  readonly #right: Side
  readonly #output: TaskOutput
  readonly #rejects: TaskRejects
  readonly #records: JoinRecords
  /** null: no side is repartitioned. */
  readonly #horizons: Horizons | null
  readonly rowWait: RowWait | null
  readonly #slice = newSlice()
  /** When something has last come, by the clock for durations. */
  #lastInputAt: number
  #dirty = false
  /** Of no use, but that the look-ahead's reads are not optimized away. */
  ahead = 0

  constructor(id: TaskId, pages: PageStore, join: Join, context: TaskContext) {
    const { number, stage, partition } = id
    const { plan, outputs, codec, counts, interval, memory } = context
    const { sources } = plan.stages[stage]
    const rejects = new TaskRejects(partition, sources, context)
    this.number = number
    this.stage = stage
    this.partition = partition
    this.#context = context
    this.#join = join
    this.#lastInputAt = context.elapsed()
    this.#rejects = rejects
    this.#facts = new Facts(sources[0], partition, context, rejects)
    this.#right = new Side(RIGHT, sources[RIGHT], partition, context, rejects)
    this.queues = [this.#facts.queue, this.#right.queue]
    this.#output = new TaskOutput(outputs, partition, codec.missing, rejects, counts, join.headers)
    const rows = interval ? new IntervalRows(interval.rows, this.#output) : this.#output
    this.state = new TaskState(pages, () => memory.pageBytes)
    const { log, clock } = this.state
    this.window = new JoinWindow({
      times: windowTimes(join),
      kind: join.kind,
      number: 0,
      log,
      clock,
      sink: rows,
      counts: counts.window,
    })
    this.state.add(this.window)
    this.rowWait = RowWait.of(context)
    this.#horizons = Horizons.of(sources, context.partitions, this.state)
    this.#records = new JoinRecords({
      context,
      join,
      facts: this.#facts,
      right: this.#right,
      window: this.window,
      clock,
      rows,
    })
  }

  get queries(): WindowQueries {
    return this.window.queries
  }

  offer(source: number, fetched: Fetched): void {
    if (fetched.columns.length > 0) this.restartIdle()
    const { queue } = this.#side(source)
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
    const [facts, right] = [this.#facts, this.#right]
    if (this.full || facts.loading || right.loading) return false
    const { now, behindMs, interval } = this.#context
    this.#output.oldest = now() - behindMs
    const { clock } = this.state
    if (clock.streamTime > (interval?.overAt ?? Number.POSITIVE_INFINITY) && !this.#isSliceOpen) {
      facts.queue.end()
      right.queue.end()
    }
    if (!this.#readHeads()) return false
    const isTold = this.#moveOn()

    if (isTold || this.window.outer.isDue) {
      await this.#close()
      return true
    }
    if (!this.#processSlices()) return this.#closeWhenIdle()
    await this.window.resolveCold()
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
    const { idleMs } = this.#join
    return nextSlice(this.#slice, this.queues, this.#horizons, this.rowWait, idleMs)
  }

  /** What is told of source partitions up to the next records moves stream time. @returns whether anything is */
  #moveOn(): boolean {
    if (!this.#horizons?.moveOn(this.queues, this.state.clock)) return false
    this.#dirty = true
    return true
  }

  /** The event times of both heads, which the merge needs. False: a schema is being loaded. */
  #readHeads(): boolean {
    return this.#facts.readTimes() && this.#right.readTimes()
  }

  /** The slice was not taken to its end: the epoch was full, a schema missing, or pages to be read. */
  get #isSliceOpen(): boolean {
    return this.#slice.at < this.#slice.length
  }

  /** Takes the slice's records in its order, or those of them that can be taken now. */
  #processSlice(): void {
    const { window } = this
    const { clock } = this.state
    const slice = this.#slice
    const { left, right, order, length } = slice
    const { lateness } = this.#context.counts
    const firstLeft = left.block?.at ?? 0
    const firstRight = right.block?.at ?? 0
    this.#lookAhead(this.#facts, left)
    this.#lookAhead(this.#right, right)
    let i = firstLeft
    let j = firstRight
    let n = slice.at
    // Only where a side is repartitioned is there anything that stream time may not pass.
    const most = this.#horizons?.most(this.queues) ?? Number.POSITIVE_INFINITY
    // Nearly all are: a call for each would box its number.
    const onTime = [0, 0]
    for (; n < length && !this.full && !window.coldFull; n++) {
      const side = order[n]
      const at = side === LEFT ? i : j
      const block = side === LEFT ? left.block! : right.block!
      const fate =
        side === LEFT
          ? this.#records.processFact(block, at, at - firstLeft)
          : this.#records.processRight(block, at, at - firstRight)
      if (fate === NEEDS_SCHEMA || fate === NEEDS_KEY_SCHEMA) {
        this.#side(side).loadFor(block, at, fate)
        break
      }
      if (side === LEFT) i++
      else j++
      const time = block.times[at]
      // A time that is not known has no lateness.
      if (time !== UNTIMED) {
        const behind = clock.streamTime - time
        if (behind > 0) lateness[side].add(behind)
        else onTime[side]++
      }
      if (fate === TAKEN && time > clock.streamTime) {
        if (time <= most) clock.streamTime = time
        else if (most > clock.streamTime) clock.streamTime = most
      }
    }
    lateness[LEFT].addNone(onTime[LEFT])
    lateness[RIGHT].addNone(onTime[RIGHT])
    slice.at = n
    this.#facts.taken(i - firstLeft, i)
    this.#right.taken(j - firstRight, j)
  }

  #side(index: number): Side {
    return index === LEFT ? this.#facts : this.#right
  }

  /** Reads the records to be taken, then brings near what they will be looked up in. */
  #lookAhead(side: Side, { block, end }: SliceSide): void {
    if (block === undefined || block.at === end) return
    const count = end - block.at
    const { enricher } = this.#facts
    const isFacts = side.index === LEFT
    side.lookAhead(block, end, isFacts ? enricher : undefined)
    if (isFacts) this.ahead ^= enricher.lookAhead(count, side.readers)
    this.ahead ^= this.window.ahead.touch(side.index, side.hashes, count, side.from, side.to)
  }

  /** What stream time has passed by comes out, or goes. */
  async #close(): Promise<void> {
    this.#dirty = true
    await this.window.outer.close(() => this.full)
    this.state.expire()
  }

  /**
   * Where records come out without a match, inputs that have ended, or have been silent for `join.idle`, close the windows.
   * Stream time moves with it and is part of the epoch, so that a replay decides the same.
   */
  async #closeWhenIdle(): Promise<boolean> {
    const { outer } = this.window
    if (outer.pending === 0) return false
    const [facts, right] = this.queues
    if (!facts.caughtUp || !right.caughtUp || this.#horizons?.areIdle === false) return false
    const ended = facts.ended && right.ended
    const silentMs = this.#context.elapsed() - this.#lastInputAt
    if (!ended && silentMs < this.#join.idleMs) return false
    const { clock } = this.state
    clock.streamTime = Math.max(clock.streamTime, outer.closedAt)
    await this.#close()
    return true
  }

  get ended(): boolean {
    const isOpen = this.window.outer.pending > 0
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
    return joinFigures(this.state, this.window)
  }
}
