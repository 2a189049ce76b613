/**
 * A task without a join: a fact comes out as soon as it has its rows. The way of the data is `EnrichTask.process`,
 * top to bottom:
 *
 *     fetch → decode → enrich (dimensions) → write → epoch → commit
 *
 * It keeps no state, and the group's offsets alone say where it goes on; but where facts wait for a row, those that do.
 */
import { SLICE, type TaskId } from '../batch.ts'
import type { Fetched } from '../broker/port.ts'
import type { Block, InputQueue } from '../input/input-queue.ts'
import { tooLargeText, tooOldText } from '../output/batch-list.ts'
import { OutputHeaders } from '../output/output-headers.ts'
import type { ToldHeaders } from '../output/own-headers.ts'
import { NO_PARTS, TaskOutput } from '../output/task-output.ts'
import { TaskRejects } from '../output/task-rejects.ts'
import type { PageStore } from '../state/page-store.ts'
import { type StreamClock, TaskState } from '../state/task-state.ts'
import { Facts } from './facts.ts'
import { provenanceOf } from './provenance.ts'
import { RowWait } from './row-wait.ts'
import { NEEDS_KEY_SCHEMA, NEEDS_SCHEMA, TAKEN, WAITING } from './side.ts'
import {
  type RunnableTask,
  SLICES,
  type TaskContext,
  type TaskEpoch,
  type TaskFigures,
} from './task.ts'
import { WaitingFacts } from './waiting-facts.ts'
import { figuresOf } from './waiting-figures.ts'

const WHAT = 'The completed record'

export class EnrichTask implements RunnableTask {
  readonly number: number
  readonly stage: number
  readonly partition: number
  readonly queues: readonly [InputQueue]
  /** null: no fact waits. */
  readonly state: TaskState | null
  readonly queries = null
  readonly #context: TaskContext
  readonly #facts: Facts
  readonly #output: TaskOutput
  readonly #rejects: TaskRejects
  readonly #headers: ToldHeaders
  readonly rowWait: RowWait | null
  /** null: none of the pipeline's does. */
  readonly #waiting: WaitingFacts | null
  /** null: nobody asks for stream time. */
  readonly #clock: StreamClock | null
  #dirty = false
  /** Of no use, but that the look-ahead's reads are not optimized away. */
  ahead = 0

  /** @param pages of its state; null: it keeps none */
  constructor(id: TaskId, pages: PageStore | null, context: TaskContext) {
    const { number, stage, partition } = id
    const of = context.plan.stages[stage]
    const { sources, lookUps } = of
    this.number = number
    this.stage = stage
    this.partition = partition
    this.#context = context
    this.#rejects = new TaskRejects(partition, sources, context)
    this.#facts = new Facts(sources[0], partition, context, this.#rejects, lookUps)
    this.queues = [this.#facts.queue]
    this.#headers = provenanceOf(of, partition, this.#facts, context).headers[0]
    this.rowWait = RowWait.of(context, lookUps)
    this.#output = new TaskOutput(
      context.outputs,
      partition,
      NO_PARTS,
      this.#rejects,
      context.counts,
      new OutputHeaders('left', this.#headers, null),
    )
    this.state = pages && new TaskState(pages, () => context.memory.pageBytes)
    this.#clock = this.state?.clock ?? null
    this.#waiting = this.state && this.#waitingIn(this.state)
  }

  #waitingIn(state: TaskState): WaitingFacts {
    return new WaitingFacts({
      facts: this.#facts,
      state,
      heldMs: Number.POSITIVE_INFINITY,
      rowWait: this.rowWait,
      context: this.#context,
      way: {
        queues: this.queues,
        isIdle: () => true,
        isFull: () => this.full,
        process: (block, i, row) => this.#processFact(block, i, row),
      },
    })
  }

  offer(_source: number, fetched: Fetched): void {
    this.#facts.queue.offer(fetched)
  }

  /** Nothing here waits for silence. */
  restartIdle(): void {}

  get epochBytes(): number {
    return this.#output.bytes + this.#rejects.batches.bytes + (this.state?.log.epochBytes ?? 0)
  }

  get full(): boolean {
    return this.epochBytes >= this.#context.memory.epochBytes
  }

  async process(): Promise<boolean> {
    const { now, behindMs } = this.#context
    this.#output.oldest = now() - behindMs
    const isAgain = this.#waiting !== null && (await this.#retake(this.#waiting))
    let taken = 0
    while (taken < SLICES && this.#processSlice()) taken++
    return taken > 0 || isAgain
  }

  /** Takes the facts that wait no longer. @returns whether there was one */
  async #retake(waiting: WaitingFacts): Promise<boolean> {
    if (this.#facts.loading || !(await waiting.retake())) return false
    this.state!.expire()
    this.#dirty = true
    return true
  }

  /** Takes the next records. @returns whether there was one */
  #processSlice(): boolean {
    const facts = this.#facts
    if (this.full || facts.loading || !facts.readTimes()) return false
    const block = facts.queue.head
    if (block === undefined) return false
    const first = block.at
    const most = Math.min(block.columns.length, first + SLICE)
    const end = this.rowWait === null ? most : this.rowWait.endOf(block, most)
    if (end === first) return false
    facts.lookAhead(block, end, facts.enricher)
    this.ahead ^= facts.enricher.lookAhead(end - first, facts.readers)
    const clock = this.#clock
    let i = first
    for (; i < end && !this.full; i++) {
      let fate = this.#processFact(block, i, i - first)
      if (fate === WAITING) fate = this.#waiting!.park(block, i, i - first)
      if (fate === NEEDS_SCHEMA || fate === NEEDS_KEY_SCHEMA) {
        facts.loadFor(block, i, fate)
        break
      }
      if (clock !== null && fate === TAKEN && block.times[i] > clock.streamTime) {
        clock.streamTime = block.times[i]
      }
    }
    facts.taken(i - first, i)
    if (i > first) this.#dirty = true
    return i > first
  }

  #processFact(block: Block, i: number, row: number): number {
    const facts = this.#facts
    const value = facts.open(block, i, row)
    if (typeof value === 'number') return value
    const rowBytes = facts.lookUp(value, row)
    if (rowBytes < 0) return facts.withoutRows(rowBytes, block, i)
    const { columns, times } = block
    this.#headers.write(columns, times, i)
    const bodyBytes = value.projectedBytes + rowBytes
    const batch = this.#output.beginFact(columns, times, i, bodyBytes)
    if (batch === undefined) return this.#refuse(block, i, bodyBytes)
    const at = value.project(batch.buffer, batch.position)
    this.#output.endFact(batch, facts.enricher.write(batch.buffer, at), columns, times, i)
    return TAKEN
  }

  /** The output topic does not take it. */
  #refuse(block: Block, i: number, bodyBytes: number): number {
    const { topic } = this.#output
    const { columns, times } = block
    const bytes = this.#output.recordBytes(columns, i, bodyBytes)
    return this.#output.fits(bytes)
      ? this.#facts.reject(block, i, 'output', 'too_old', tooOldText(WHAT, topic, times[i]))
      : this.#facts.reject(block, i, 'output', 'too_large', tooLargeText(WHAT, topic, bytes))
  }

  get ended(): boolean {
    return !this.#dirty && this.#facts.queue.ended && this.#waiting?.isEmpty !== false
  }

  drain(passed = false): TaskEpoch | undefined {
    if (!this.#dirty && !(passed && this.#facts.queue.hasMoved)) return undefined
    this.#dirty = false
    return {
      partition: this.partition,
      outputs: this.#output.drain(),
      outputTimes: this.#output.drainTimes(),
      rejects: this.#rejects.batches.drain(),
      offsets: [this.#facts.queue.taken],
      state: this.state?.drain() ?? null,
    }
  }

  figures(): TaskFigures {
    return figuresOf(this.state, this.#waiting)
  }
}
