import type { RecordColumns, RejectReason, Stage } from '../batch.ts'
import { recordAt } from '../broker/record-columns.ts'
import type { Pipeline } from '../config/pipeline.ts'
import type { Counts } from '../counts.ts'
import {
  type BatchList,
  type Entry,
  type OutputTopic,
  type Rejected,
  writeReject,
} from './task-output.ts'

/** What a task cannot process, counted and on its way to the rejects topic. */
export class TaskRejects {
  readonly batches: BatchList
  readonly #partition: number
  /** By side. */
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

  /** A match whose value is over the output topic's limit: its parts are known, its coordinates are not. */
  output(left: Entry, bytes: number): void {
    const { topic, maxBatchBytes } = this.#output
    this.#counts.reject(topic, 'output', 'too_large')
    this.#write({
      topic: this.#topics[0],
      partition: this.#partition,
      offset: -1,
      timestamp: left.time,
      stage: 'output',
      reason: 'too_large',
      error: `The joined record has ${bytes} bytes; max.message.bytes of ${topic} is ${maxBatchBytes}`,
      record: {
        key: Buffer.from(left.buffer.subarray(left.keyStart, left.keyEnd)),
        value: Buffer.from(left.buffer.subarray(left.bodyStart, left.bodyEnd)),
        headers: [],
      },
    })
  }

  #write(rejected: Rejected): void {
    this.#counts.lastRejects.add(rejected)
    writeReject(this.batches, rejected)
  }
}
