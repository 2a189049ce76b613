import type { RecordColumns, RejectReason, Stage } from '../batch.ts'
import { readHeaders, recordAt } from '../broker/record-columns.ts'
import type { Pipeline } from '../config/pipeline.ts'
import type { Counts } from '../counts/counts.ts'
import {
  type BatchList,
  batchOf,
  type Entry,
  type OutputRejects,
  type OutputTopic,
  type Rejected,
  writeReject,
} from './task-output.ts'
import { timeText } from './time-text.ts'

/** What a task cannot process, counted and on its way to the rejects topic. */
export class TaskRejects implements OutputRejects {
  readonly batches: BatchList
  readonly #partition: number
  /** The input topics, by side. */
  readonly #topics: readonly [string, string]
  readonly #output: OutputTopic
  readonly #counts: Counts

  constructor(
    batches: BatchList,
    partition: number,
    pipeline: Pipeline,
    output: OutputTopic,
    counts: Counts,
  ) {
    this.batches = batches
    this.#partition = partition
    this.#topics = [pipeline.facts.topic, pipeline.join.topic]
    this.#output = output
    this.#counts = counts
  }

  /** Record `i` of one side's input. */
  record(
    side: number,
    columns: RecordColumns,
    i: number,
    stage: Stage,
    reason: RejectReason,
    error: string,
  ): void {
    const topic = this.#topics[side]
    this.#counts.reject(topic, stage, reason)
    this.#write({
      topic,
      partition: this.#partition,
      offset: columns.offsets[i],
      timestamp: columns.timestamps[i],
      stage,
      reason,
      error,
      record: recordAt(columns, i),
    })
  }

  tooLarge(left: Entry, bytes: number): void {
    const { topic, maxBatchBytes } = this.#output
    const error = `The joined record has ${bytes} bytes, in a batch of its own ${batchOf(bytes)}; ${maxBatchBytes} is the most that ${topic} takes (max.message.bytes)`
    this.#joined(left, left.time, 'too_large', error)
  }

  tooOld(left: Entry, time: number): void {
    const error = `The joined record's time is ${timeText(time)}, longer ago than ${this.#output.topic} takes (message.timestamp.before.max.ms, or difference.max.ms)`
    this.#joined(left, time, 'too_old', error)
  }

  /** An output that the topic does not take: its parts are known, its coordinates are not. */
  #joined(left: Entry, timestamp: number, reason: RejectReason, error: string): void {
    const { buffer, keyStart, keyEnd, bodyStart, bodyEnd, headersStart, headersEnd } = left
    this.#counts.reject(this.#output.topic, 'output', reason)
    this.#write({
      topic: this.#topics[0],
      partition: this.#partition,
      offset: -1,
      timestamp,
      stage: 'output',
      reason,
      error,
      record: {
        key: Buffer.from(buffer.subarray(keyStart, keyEnd)),
        value: Buffer.from(buffer.subarray(bodyStart, bodyEnd)),
        headers: headersEnd > headersStart ? readHeaders(buffer, headersStart) : [],
      },
    })
  }

  #write(rejected: Rejected): void {
    this.#counts.lastRejects.add(rejected)
    writeReject(this.batches, rejected)
  }
}
