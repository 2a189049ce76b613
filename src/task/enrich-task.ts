/**
 * A task without a join: a fact comes out as soon as it has its rows. The way of the data is `EnrichTask.process`,
 * top to bottom:
 *
 *     fetch → decode → enrich (dimensions) → write → epoch → commit
 *
 * It keeps no state: the group's offsets alone say where it goes on.
 */
import { SLICE, type TaskId } from '../batch.ts'
import type { Fetched } from '../broker/port.ts'
import type { Block, InputQueue } from '../input/input-queue.ts'
import { tooLargeText, tooOldText } from '../output/batch-list.ts'
import { OutputHeaders } from '../output/output-headers.ts'
import type { ToldHeaders } from '../output/provenance.ts'
import { NO_PARTS, TaskOutput } from '../output/task-output.ts'
import { TaskRejects } from '../output/task-rejects.ts'
import { Facts } from './facts.ts'
import { provenanceOf } from './provenance.ts'
import { RowWait } from './row-wait.ts'
import { NEEDS_KEY_SCHEMA, NEEDS_SCHEMA, REFUSED, TAKEN } from './side.ts'
import {
  NO_FIGURES,
  type RunnableTask,
  SLICES,
  type TaskContext,
  type TaskEpoch,
  type TaskFigures,
} from './task.ts'

const WHAT = 'The completed record'

export class EnrichTask implements RunnableTask {
  readonly number: number
  readonly stage: number
  readonly partition: number
  readonly queues: readonly [InputQueue]
  readonly state = null
  readonly queries = null
  readonly #context: TaskContext
  readonly #facts: Facts
  readonly #output: TaskOutput
  readonly #rejects: TaskRejects
  readonly #provenance: ToldHeaders | null
  readonly rowWait: RowWait | null
  #dirty = false
  /** Of no use, but that the look-ahead's reads are not optimized away. */
  ahead = 0

  constructor(id: TaskId, context: TaskContext) {
    const { number, stage, partition } = id
    const { sources, lookUps } = context.plan.stages[stage]
    this.number = number
    this.stage = stage
    this.partition = partition
    this.#context = context
    this.#rejects = new TaskRejects(partition, sources, context)
    this.#facts = new Facts(sources[0], partition, context, this.#rejects, lookUps)
    this.queues = [this.#facts.queue]
    const provenance = provenanceOf(sources, partition, this.#facts, context)
    this.#provenance = provenance?.headers[0] ?? null
    this.rowWait = RowWait.of(context, lookUps)
    this.#output = new TaskOutput(
      context.outputs,
      partition,
      NO_PARTS,
      this.#rejects,
      context.counts,
      new OutputHeaders('left', this.#provenance, null),
    )
  }

  offer(_source: number, fetched: Fetched): void {
    this.#facts.queue.offer(fetched)
  }

  /** Nothing here waits for silence. */
  restartIdle(): void {}

  get epochBytes(): number {
    return this.#output.bytes + this.#rejects.batches.bytes
  }

  get full(): boolean {
    return this.epochBytes >= this.#context.memory.epochBytes
  }

  async process(): Promise<boolean> {
    const { now, behindMs } = this.#context
    this.#output.oldest = now() - behindMs
    let taken = 0
    while (taken < SLICES && this.#processSlice()) taken++
    return taken > 0
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
    let i = first
    for (; i < end && !this.full; i++) {
      const fate = this.#processFact(block, i, i - first)
      if (fate === NEEDS_SCHEMA || fate === NEEDS_KEY_SCHEMA) {
        facts.loadFor(block, i, fate)
        break
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
    const rowBytes = facts.lookUp(value, block, i, row)
    if (rowBytes < 0) return REFUSED
    const { columns, times } = block
    if (this.#provenance !== null) this.#provenance.write(columns, times, i)
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
    return !this.#dirty && this.#facts.queue.ended
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
      state: null,
    }
  }

  figures(): TaskFigures {
    return NO_FIGURES
  }
}
