import type { RecordColumns, RejectReason, Stage } from '../batch.ts'
import { readHeaders, recordAt } from '../broker/record-columns.ts'
import type { Counts } from '../counts/counts.ts'
import { originAt, originalAt } from './internal-records.ts'
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

/** A source of a task's stage. */
interface RejectSource {
  readonly topic: string
  /** The input that an earlier stage has taken the records from; null: the source is one. */
  readonly origin: string | null
}

type Original = Pick<Rejected, 'topic' | 'partition' | 'offset' | 'timestamp' | 'record'>

interface RejectContext {
  readonly rejects: OutputTopic
  readonly output: OutputTopic
  readonly counts: Counts
}

/** What a task cannot process, counted and on its way to the rejects topic. */
export class TaskRejects implements OutputRejects {
  readonly batches: BatchList
  readonly #partition: number
  readonly #sources: readonly RejectSource[]
  readonly #output: OutputTopic
  readonly #counts: Counts

  /** @param sources of the task's stage */
  constructor(
    partition: number,
    sources: readonly RejectSource[],
    { rejects, output, counts }: RejectContext,
  ) {
    this.batches = new BatchList(rejects, partition)
    this.#partition = partition
    this.#sources = sources
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
    const { topic, ...record } = this.#originalAt(source, columns, i)
    this.#counts.reject(topic, stage, reason)
    this.#write({ topic, ...record, stage, reason, error })
  }

  /** Record `i`, and where it was in the pipeline's input, whatever stages it has come through. */
  #originalAt(source: number, columns: RecordColumns, i: number): Original {
    const { topic, origin } = this.#sources[source]
    const from = origin === null ? undefined : originAt(columns, i)
    if (origin !== null && from !== undefined) {
      const { partition, offset, timestamp } = from
      return { topic: origin, partition, offset, timestamp, record: originalAt(columns, i, from) }
    }
    return {
      topic,
      partition: this.#partition,
      offset: columns.offsets[i],
      timestamp: columns.timestamps[i],
      record: recordAt(columns, i),
    }
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
    const { topic, origin } = this.#sources[0]
    this.#counts.reject(this.#output.topic, 'output', reason)
    this.#write({
      topic: origin ?? topic,
      partition: origin === null ? this.#partition : -1,
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
