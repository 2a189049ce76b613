/**
 * A task that brings the records of one side of the join to where their join key is: it reads a partition of an
 * input, takes the join field from each value, and writes the record as it is, under that key, to the partition of
 * the internal topic that the next stage's task of the key reads:
 *
 *     fetch → decode → write under the join key → epoch → commit
 *
 * It keeps no state. With each epoch it tells the next stage, in every partition, how far its stream time is.
 */
import { SLICE, type TaskId } from '../batch.ts'
import { partitionOf } from '../broker/partition-of.ts'
import type { Fetched } from '../broker/port.ts'
import type { Block, InputQueue } from '../input/input-queue.ts'
import { BatchList, type OutputTopic, tooLargeText } from '../output/batch-list.ts'
import { MARK_RECORD_BYTES, OriginHeaders, writeMark } from '../output/internal-records.ts'
import { TaskRejects } from '../output/task-rejects.ts'
import { NEEDS_KEY_SCHEMA, NEEDS_SCHEMA, Side, TAKEN } from './side.ts'
import {
  NO_FIGURES,
  type RunnableTask,
  SLICES,
  type TaskContext,
  type TaskEpoch,
  type TaskFigures,
} from './task.ts'

/** What a source partition's stream time is while it holds nothing back. */
export const IDLE = Number.POSITIVE_INFINITY
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
  readonly #to: OutputTopic
  /** By partition of the internal topic. */
  readonly #batches: readonly BatchList[]
  readonly #headers = new OriginHeaders()
  readonly #rejects: TaskRejects
  readonly #idleMs: number
  /** The highest event time that was written, in ms; IDLE: nothing has come for long, and nothing waits. */
  #streamTime = Number.NEGATIVE_INFINITY
  /** What was last told of it. */
  #told = Number.NEGATIVE_INFINITY
  /** When something was last written, by the clock for durations: what is rejected moves nothing, and is not waited for. */
  #lastWrittenAt: number
  #dirty = false

  constructor(id: TaskId, to: OutputTopic, idleMs: number, context: TaskContext) {
    const { number, stage, partition } = id
    const { sources } = context.plan.stages[stage]
    this.number = number
    this.stage = stage
    this.partition = partition
    this.#context = context
    this.#to = to
    this.#idleMs = idleMs
    this.#lastWrittenAt = context.elapsed()
    this.#rejects = new TaskRejects(partition, sources, context)
    this.#side = new Side(0, sources[0], partition, context, this.#rejects)
    this.queues = [this.#side.queue]
    this.#batches = Array.from({ length: to.partitions }, (_, p) => new BatchList(to, p))
  }

  offer(_source: number, fetched: Fetched): void {
    this.#side.queue.offer(fetched)
  }

  restartIdle(): void {
    this.#lastWrittenAt = this.#context.elapsed()
  }

  get epochBytes(): number {
    let bytes = this.#rejects.batches.bytes
    for (const batches of this.#batches) bytes += batches.bytes
    return bytes
  }

  get full(): boolean {
    return this.epochBytes >= this.#context.memory.epochBytes
  }

  async process(): Promise<boolean> {
    let taken = 0
    while (taken < SLICES && this.#processSlice()) taken++
    return taken > 0 || this.#fallIdle()
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
    const key = value.keyBuffer(0)
    const batches = this.#batches[partitionOf(key.subarray(start, end), this.#to.partitions)]
    const { columns, times } = block
    const { buffer, valueStarts, valueEnds } = columns
    const headerBytes = this.#headers.write(columns, i, this.partition)
    const valueBytes = valueEnds[i] - valueStarts[i]
    const bytes = end - start + valueBytes + headerBytes
    if (!batches.fits(bytes)) {
      const error = tooLargeText('The record on its way to the join', this.#to, bytes)
      return side.reject(block, i, 'output', 'too_large', error)
    }
    const time = times[i]
    const writer = batches.writer(bytes)
    writer.begin(time, key, start, end, valueBytes, headerBytes)
    writer.append(buffer, valueStarts[i], valueEnds[i])
    writer.end(this.#headers.buffer, 0, headerBytes)
    if (this.#streamTime === IDLE || time > this.#streamTime) this.#streamTime = time
    return TAKEN
  }

  /** A partition that is at its end, and has been silent for long, holds nothing back. @returns whether that is news */
  #fallIdle(): boolean {
    const { queue } = this.#side
    if (this.#streamTime === IDLE || !queue.caughtUp) return false
    if (this.#context.elapsed() - this.#lastWrittenAt < this.#idleMs) return false
    this.#streamTime = IDLE
    this.#dirty = true
    return true
  }

  get ended(): boolean {
    return !this.#dirty && this.#side.queue.ended
  }

  drain(passed = false): TaskEpoch | undefined {
    const hasPassed = passed && this.#side.queue.hasMoved
    if (!this.#dirty && !hasPassed) return undefined
    this.#dirty = false
    this.#tell()
    return {
      partition: this.partition,
      outputs: this.#batches.flatMap((batches) => batches.drain()),
      outputTimes: NO_TIMES,
      rejects: this.#rejects.batches.drain(),
      offsets: [this.#side.queue.taken],
      state: null,
    }
  }

  /** Behind all that the epoch has for a partition, where stream time is now. */
  #tell(): void {
    if (this.#streamTime === this.#told) return
    this.#told = this.#streamTime
    const mark = { partition: this.partition, time: this.#streamTime }
    const now = this.#context.now()
    for (const batches of this.#batches) writeMark(batches.writer(MARK_RECORD_BYTES), now, mark)
  }

  figures(): TaskFigures {
    return NO_FIGURES
  }
}
