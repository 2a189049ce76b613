/**
 * A task that joins: one partition of facts and right streams, with a window of its own for each join. The way of the data is
 * `JoinTask.process`, top to bottom:
 *
 *     fetch → decode → enrich (dimensions) → put own side, probe other side (window) → concatenate → epoch → commit
 */
import type { TaskId } from '../batch.ts'
import type { Fetched } from '../broker/port.ts'
import type { Block, InputQueue } from '../input/input-queue.ts'
import { newSlice, type Slice } from '../input/merge.ts'
import { TaskRejects } from '../output/task-rejects.ts'
import type { PageStore } from '../state/page-store.ts'
import { TaskState } from '../state/task-state.ts'
import { UNTIMED } from './event-times.ts'
import { Horizons } from './horizons.ts'
import { IntervalRows } from './interval-rows.ts'
import { JoinChain } from './join-chain.ts'
import { JoinClosing } from './join-closing.ts'
import { joinFigures } from './join-figures.ts'
import { JoinRecords } from './join-records.ts'
import { JoinSides } from './join-sides.ts'
import { KeylessRecords } from './keyless-records.ts'
import { nextSlice } from './next-slice.ts'
import { provenanceOf } from './provenance.ts'
import { RowWait } from './row-wait.ts'
import { NEEDS_KEY_SCHEMA, NEEDS_SCHEMA, TAKEN, WAITING, WAITS } from './side.ts'
import { leadsOf, outputOf, type StageEnd } from './stage-end.ts'
import { StageSink } from './stage-sink.ts'
import {
  type RunnableTask,
  SLICES,
  type TaskContext,
  type TaskEpoch,
  type TaskFigures,
} from './task.ts'
import { WaitingFacts } from './waiting-facts.ts'

export class JoinTask implements RunnableTask {
  readonly number: number
  readonly stage: number
  readonly partition: number
  readonly state: TaskState
  readonly queues: readonly InputQueue[]
  readonly queries: JoinChain
  readonly #context: TaskContext
  readonly #chain: JoinChain
  readonly #sides: JoinSides
  readonly #output: StageEnd
  /** The same; null: what comes out of the task comes out. */
  readonly #onward: StageSink | null
  readonly #rejects: TaskRejects
  /** By join. */
  readonly #records: readonly JoinRecords[]
  /** null: no side is repartitioned. */
  readonly #horizons: Horizons | null
  readonly rowWait: RowWait | null
  readonly #slice: Slice
  /** By source, of the slice: its first record, the next one to take, and how many were on time. */
  readonly #first: Int32Array
  readonly #next: Int32Array
  readonly #onTime: Int32Array
  readonly #closing: JoinClosing
  /** undefined: no fact waits for a row. */
  readonly #waiting: WaitingFacts | undefined
  #dirty = false

  constructor(id: TaskId, pages: PageStore, context: TaskContext) {
    const { number, stage, partition } = id
    const { plan, interval, memory } = context
    const of = plan.stages[stage]
    const { sources, lookUps } = of
    const rejects = new TaskRejects(partition, sources, context)
    this.number = number
    this.stage = stage
    this.partition = partition
    this.#context = context
    this.#rejects = rejects
    this.#sides = new JoinSides(of, partition, context, rejects)
    const { facts, rights, queues } = this.#sides
    this.queues = queues
    this.#slice = newSlice(sources.length)
    this.#first = new Int32Array(sources.length)
    this.#next = new Int32Array(sources.length)
    this.#onTime = new Int32Array(sources.length)
    const { names, headers: told } = provenanceOf(of, partition, facts, context)
    const ends = { context, stage: of, partition, rejects, names }
    this.#onward = of.to === null ? null : new StageSink(ends)
    this.#output = this.#onward ?? outputOf(ends)
    const rows = this.#onward ?? IntervalRows.of(of, this.#output, interval)
    this.state = new TaskState(pages, () => memory.pageBytes)
    const { state } = this
    const chain = new JoinChain({ context, stage: of, state, rejects, rows, names })
    this.#onward?.connect(state.clock, chain.windows[chain.windows.length - 1])
    this.#chain = chain
    this.queries = chain
    this.rowWait = RowWait.of(context, lookUps)
    this.#horizons = Horizons.of(sources, leadsOf(of, plan), context.partitions, this.state)
    this.#closing = new JoinClosing(chain, this.queues, this.#horizons, context.elapsed)
    const { clock } = state
    const keyless = KeylessRecords.of(of, rows, told[0], context)
    const parts = { context, stage: of, facts, rights, clock, headers: told, keyless }
    this.#records = JoinRecords.of(chain, parts)
    const { heldMs } = chain.windows[0].times
    const parked = { facts, state, heldMs, rowWait: this.rowWait }
    const way = {
      queues: this.queues,
      isIdle: () => this.#horizons?.areIdle !== false,
      isFull: () => this.full || chain.coldFull,
      process: (block: Block, i: number, row: number) =>
        this.#records[0].processFact(block, i, row),
    }
    this.#waiting = WaitingFacts.of(lookUps, { ...parked, context, way })
  }

  offer(source: number, fetched: Fetched): void {
    const queue = this.queues[source]
    const own = this.#horizons?.sift(source, queue, fetched) ?? fetched
    // That a source partition is silent is no input.
    if (own.columns.length > 0) this.restartIdle()
    queue.offer(own)
  }

  restartIdle(): void {
    this.#closing.restartIdle()
    this.#onward?.restartIdle()
  }

  get epochBytes(): number {
    return this.#output.bytes + this.#rejects.batches.bytes + this.state.log.epochBytes
  }

  get full(): boolean {
    return this.epochBytes >= this.#context.memory.epochBytes
  }

  async process(): Promise<boolean> {
    if (this.full || this.#sides.isLoading) return false
    const { now, behindMs, interval } = this.#context
    this.#output.oldest = now() - behindMs
    const { clock } = this.state
    if (clock.streamTime > (interval?.overAt ?? Number.POSITIVE_INFINITY) && !this.#isSliceOpen) {
      for (const queue of this.queues) queue.end()
    }
    if (!this.#sides.readHeads()) return false
    const isTold = this.#moveOn()

    const isAgain = this.#waiting !== undefined && (await this.#waiting.retake())
    const isHeldUp = this.#waiting?.isHeldUp === true
    if (isTold || isAgain || (this.#chain.isDue && !isHeldUp)) {
      await this.#close()
      return true
    }
    if (isHeldUp) return false
    if (!this.#processSlices()) {
      if (this.#waiting?.isEmpty === false || !this.#closing.fallIdle()) return this.#fallIdle()
    }
    await this.#close()
    return true
  }

  /** Nothing is held that may come out without anything coming. @returns whether the next stage is to be told */
  #fallIdle(): boolean {
    if (this.#onward === null || this.#waiting?.isEmpty === false) return false
    const { isCaughtUp, hasEnded } = this.#closing
    const isOver = this.#chain.pending === 0 && isCaughtUp
    if (!this.#onward.fallIdle(isOver, hasEnded)) return false
    this.#dirty = true
    return true
  }

  /** So many that a turn is some milliseconds of work. @returns whether there was one */
  #processSlices(): boolean {
    for (let taken = 0; taken < SLICES; taken++) {
      if (!this.#sides.readHeads()) return taken > 0
      if (taken > 0) this.#moveOn()
      if (!this.#isSliceOpen && !this.#nextSlice()) return taken > 0
      this.#processSlice()
      if (this.#isSliceOpen) return true
    }
    return true
  }

  #nextSlice(): boolean {
    return nextSlice(this.#slice, this.queues, this.#horizons, this.rowWait)
  }

  /** What is told of source partitions up to the next records moves stream time. @returns whether anything is */
  #moveOn(): boolean {
    if (!this.#horizons?.moveOn(this.queues, this.state.clock)) return false
    this.#dirty = true
    return true
  }

  /** The slice was not taken to its end: the epoch was full, a schema missing, pages to be read, or facts have waited for long enough. */
  get #isSliceOpen(): boolean {
    return this.#slice.at < this.#slice.length
  }

  /** Takes the slice's records in its order, or those of them that can be taken now. */
  #processSlice(): void {
    const { clock } = this.state
    const slice = this.#slice
    const { sides, order, length } = slice
    const { lateness, all } = this.#sides
    const first = this.#first
    const next = this.#next
    // Nearly all are: a call for each would box its number.
    const onTime = this.#onTime.fill(0)
    const records = this.#records
    const { owed, windows } = this.#chain
    for (let s = 0; s < sides.length; s++) {
      first[s] = next[s] = sides[s].block?.at ?? 0
      this.#sides.lookAhead(s, slice, windows)
    }
    let n = slice.at
    // Only where a side is repartitioned is there anything that stream time may not pass.
    const most = this.#horizons?.most(this.queues) ?? Number.POSITIVE_INFINITY
    for (; n < length && !this.#isHeldUp; n++) {
      if (owed?.isDue === true) break
      const source = order[n]
      const at = next[source]
      const block = sides[source].block!
      let fate =
        source === 0
          ? records[0].processFact(block, at, at - first[0])
          : records[source - 1].processRight(block, at, at - first[source])
      if (fate === WAITING) fate = this.#waiting!.park(block, at, at - first[0])
      if (fate === WAITS) break
      if (fate === NEEDS_SCHEMA || fate === NEEDS_KEY_SCHEMA) {
        all[source].loadFor(block, at, fate)
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
      all[s].taken(next[s] - first[s], next[s])
    }
  }

  /** What waits for its pages is completed; what stream time has passed by comes out, or goes: after the facts that had to be taken before. */
  #close(): Promise<void> {
    this.#dirty = true
    if (this.#waiting?.isOverdue === true) return this.#chain.closeOverdue()
    return this.#chain.close(() => this.full)
  }

  /** No record may be taken now: something else comes first. */
  get #isHeldUp(): boolean {
    return this.full || this.#chain.coldFull || this.#waiting?.isOverdue === true
  }

  get ended(): boolean {
    const isOpen = this.#chain.pending > 0 || this.#waiting?.isEmpty === false
    // The next stage has to be told before it ends.
    const isTold = this.#onward?.isIdle !== false
    return !this.#dirty && !this.#isSliceOpen && !isOpen && this.#closing.hasEnded && isTold
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
    return joinFigures(this.state, this.#chain.windows, this.#waiting)
  }
}
