/**
 * A task that brings the records of one side of the join to where their join key is: it reads a partition of an
 * input, takes the join field from each value, and writes the record as it is, under that key, to the partition of
 * the internal topic that the next stage's task of the key reads:
 *
 *     fetch → decode → write under the join key → epoch → commit
 *
 * It keeps no state.
 */
import { SLICE, type TaskId } from '../batch.ts'
import type { Fetched } from '../broker/port.ts'
import { NO_BYTES } from '../bytes.ts'
import type { Block, InputQueue } from '../input/input-queue.ts'
import { TaskRejects } from '../output/task-rejects.ts'
import type { InternalSink } from './internal-sink.ts'
import { NEEDS_KEY_SCHEMA, NEEDS_SCHEMA, Side, TAKEN } from './side.ts'
import {
  NO_FIGURES,
  type RunnableTask,
  SLICES,
  type TaskContext,
  type TaskEpoch,
  type TaskFigures,
} from './task.ts'

const NO_TIMES = new Float64Array(0)

export class RepartitionTask implements RunnableTask {
  readonly number: number
  readonly stage: number
  readonly partition: number
  readonly queues: readonly [InputQueue]
  readonly state = null
  readonly queries = null
  readonly rowWait = null
  readonly #context: TaskContext
  readonly #side: Side
  readonly #sink: InternalSink
  readonly #rejects: TaskRejects
  readonly #key = { buffer: NO_BYTES, start: 0, end: 0 }
  /** A bounded run takes nothing more once stream time has passed this, in ms. */
  readonly #overAt: number
  #dirty = false

  constructor(id: TaskId, sink: InternalSink, context: TaskContext) {
    const { number, stage, partition } = id
    const { sources } = context.plan.stages[stage]
    this.number = number
    this.stage = stage
    this.partition = partition
    this.#context = context
    this.#sink = sink
    this.#overAt = context.interval?.overAt ?? Number.POSITIVE_INFINITY
    this.#rejects = new TaskRejects(partition, sources, context)
    this.#side = new Side(0, sources[0], partition, context, this.#rejects)
    this.queues = [this.#side.queue]
  }

  offer(_source: number, fetched: Fetched): void {
    this.#side.queue.offer(fetched)
  }

  restartIdle(): void {
    this.#sink.restartIdle()
  }

  get epochBytes(): number {
    return this.#sink.bytes + this.#rejects.batches.bytes
  }

  get full(): boolean {
    return this.epochBytes >= this.#context.memory.epochBytes
  }

  async process(): Promise<boolean> {
    if (this.#sink.isPast(this.#overAt)) this.#side.queue.end()
    let taken = 0
    while (taken < SLICES && this.#processSlice()) taken++
    if (taken > 0) return true
    const isNews = this.#sink.fallIdle(this.#side.queue)
    if (isNews) this.#dirty = true
    return isNews
  }

  /** Takes the next records. @returns whether there was one */
  #processSlice(): boolean {
    const side = this.#side
    if (this.full || side.loading || !side.readTimes()) return false
    const block = side.queue.head
    if (block === undefined) return false
    const first = block.at
    const end = Math.min(block.columns.length, first + SLICE)
    side.lookAhead(block, end, undefined)
    let hasWritten = false
    let i = first
    for (; i < end; i++) {
      const fate = this.#processRecord(block, i, i - first)
      if (fate === NEEDS_SCHEMA || fate === NEEDS_KEY_SCHEMA) {
        side.loadFor(block, i, fate)
        break
      }
      hasWritten ||= fate === TAKEN
    }
    if (hasWritten) this.restartIdle()
    side.taken(i - first, i)
    if (i > first) this.#dirty = true
    return i > first
  }

  #processRecord(block: Block, i: number, row: number): number {
    const side = this.#side
    const value = side.open(block, i, row)
    if (typeof value === 'number') return value
    const start = value.keyStart(0)
    const end = value.keyEnd(0)
    if (end < 0) return side.reject(block, i, 'decode', 'null_field', 'The join field is null')
    const key = this.#key
    key.buffer = value.keyBuffer(0)
    key.start = start
    key.end = end
    const { columns, times } = block
    const { buffer, valueStarts, valueEnds } = columns
    const valueBytes = valueEnds[i] - valueStarts[i]
    const writer = this.#sink.begin(columns, i, times[i], key, valueBytes)
    if (writer === undefined) return side.reject(block, i, 'output', 'too_large', this.#sink.fault)
    writer.append(buffer, valueStarts[i], valueEnds[i])
    this.#sink.end(writer)
    return TAKEN
  }

  get ended(): boolean {
    return !this.#dirty && this.#sink.isIdle && this.#side.queue.ended
  }

  drain(passed = false): TaskEpoch | undefined {
    const hasPassed = passed && this.#side.queue.hasMoved
    if (!this.#dirty && !hasPassed) return undefined
    this.#dirty = false
    return {
      partition: this.partition,
      outputs: this.#sink.drain(),
      outputTimes: NO_TIMES,
      rejects: this.#rejects.batches.drain(),
      offsets: [this.#side.queue.taken],
      state: null,
    }
  }

  figures(): TaskFigures {
    return NO_FIGURES
  }
}
