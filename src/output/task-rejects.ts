import type { RecordColumns, RejectReason, Stage } from '../batch.ts'
import { readHeaders, recordAt } from '../broker/record-columns.ts'
import type { Counts } from '../counts/counts.ts'
import {
  BatchList,
  type Entry,
  type OutputRejects,
  type OutputTopic,
  type Rejected,
  tooLargeText,
  tooOldText,
  writeReject,
} from './task-output.ts'

const JOINED = 'The joined record'

interface RejectContext {
  readonly rejects: OutputTopic
  readonly output: OutputTopic
  readonly counts: Counts
}

/** What a task cannot process, counted and on its way to the rejects topic. */
export class TaskRejects implements OutputRejects {
  readonly batches: BatchList
  readonly #partition: number
  /** The topics of the sources. */
  readonly #topics: readonly string[]
  readonly #output: OutputTopic
  readonly #counts: Counts

  /** @param sources of the task's stage */
  constructor(
    partition: number,
    sources: readonly { readonly topic: string }[],
    { rejects, output, counts }: RejectContext,
  ) {
    this.batches = new BatchList(rejects, partition)
    this.#partition = partition
    this.#topics = sources.map(({ topic }) => topic)
    this.#output = output
    this.#counts = counts
  }

  /** Record `i` of a source. */
  record(
    source: number,
    columns: RecordColumns,
    i: number,
    stage: Stage,
    reason: RejectReason,
    error: string,
  ): void {
    const topic = this.#topics[source]
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
    this.#joined(left, left.time, 'too_large', tooLargeText(JOINED, this.#output, bytes))
  }

  tooOld(left: Entry, time: number): void {
    this.#joined(left, time, 'too_old', tooOldText(JOINED, this.#output, time))
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
