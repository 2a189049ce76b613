import type { RecordBytes, RecordColumns, RejectReason, Stage } from '../batch.ts'
import { readHeaders, recordAt } from '../broker/record-columns.ts'
import type { Counts } from '../counts/counts.ts'
import { BatchList, type OutputTopic, tooLargeText, tooOldText } from './batch-list.ts'
import { originAt, originalAt } from './internal-records.ts'
import type { Completed } from './sink.ts'
import type { Entry, OutputRejects } from './task-output.ts'
import { type Rejected, writeReject } from './write-reject.ts'

const FACTS = 0
const JOINED = 'The joined record'
const PREPARED =
  'value: completed by an earlier stage; the topic has it, at this partition and offset'

/** A source of a task's stage. */
interface RejectSource {
  readonly topic: string
  /** The input that an earlier stage has taken the records from; null: the source is one. */
  readonly origin: string | null
  /** Whether that stage has completed them, so that their values are not those of the input any more. */
  readonly isPrepared: boolean
  /** Whether it has joined them: then they are nowhere in an input. */
  readonly isJoined: boolean
}

type Original = Pick<
  Rejected,
  'topic' | 'partition' | 'offset' | 'timestamp' | 'record' | 'omitted'
>

interface RejectContext {
  readonly rejects: OutputTopic
  readonly counts: Counts
}

/** What a task cannot process, counted and on its way to the rejects topic. */
export class TaskRejects implements OutputRejects {
  readonly batches: BatchList
  readonly #partition: number
  readonly #sources: readonly RejectSource[]
  readonly #counts: Counts

  /** @param sources of the task's stage */
  constructor(
    partition: number,
    sources: readonly RejectSource[],
    { rejects, counts }: RejectContext,
  ) {
    this.batches = new BatchList(rejects, partition)
    this.#partition = partition
    this.#sources = sources
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
    const { topic, origin, isPrepared, isJoined } = this.#sources[source]
    const from = origin === null ? undefined : originAt(columns, i)
    if (origin !== null && from !== undefined) {
      const { partition, offset, timestamp } = from
      const record = originalAt(columns, i, from)
      const place = { topic: origin, partition, offset, timestamp }
      if (isJoined) return { ...place, record: { ...record, key: recordAt(columns, i).key } }
      if (!isPrepared) return { ...place, record }
      return { ...place, record: { ...record, value: null }, omitted: PREPARED }
    }
    return {
      topic,
      partition: this.#partition,
      offset: columns.offsets[i],
      timestamp: columns.timestamps[i],
      record: recordAt(columns, i),
    }
  }

  /** What a join has completed, and the next one does not take: its parts are known, its coordinates are not. */
  completed(of: Entry, reason: RejectReason, error: string): void {
    const { topic, origin } = this.#sources[FACTS]
    this.#counts.reject(origin ?? topic, 'window', reason)
    this.#writePlaceless(FACTS, partsOf(of), of.time, 'window', reason, error)
  }

  tooLarge(to: OutputTopic, source: number, of: Entry, bytes: number): void {
    const error = tooLargeText(JOINED, to, bytes)
    this.#unplaced(to, source, partsOf(of), of.time, 'too_large', error)
  }

  tooOld(to: OutputTopic, source: number, of: Entry, time: number): void {
    this.#unplaced(to, source, partsOf(of), time, 'too_old', tooOldText(JOINED, to, time))
  }

  unwritten(to: OutputTopic, completed: Completed, reason: RejectReason, error: string): void {
    const { columns, key, keyStart, keyEnd, value, valueStart, valueEnd, time } = completed
    if (columns !== null) {
      this.record(FACTS, columns, completed.i, 'output', reason, error)
      return
    }
    const { buffer, headersStart, headersEnd } = completed.headers
    const parts = {
      key: keyEnd < 0 ? null : Buffer.from(key.subarray(keyStart, keyEnd)),
      value: Buffer.from(value.subarray(valueStart, valueEnd)),
      headers: headersEnd > headersStart ? readHeaders(buffer, headersStart) : [],
    }
    this.#unplaced(to, FACTS, parts, time, reason, error)
  }

  /** An output that its topic does not take: its parts are known, its coordinates are not. */
  #unplaced(
    to: OutputTopic,
    source: number,
    record: RecordBytes,
    timestamp: number,
    reason: RejectReason,
    error: string,
  ): void {
    this.#counts.reject(to.topic, 'output', reason)
    this.#writePlaceless(source, record, timestamp, 'output', reason, error)
  }

  #writePlaceless(
    source: number,
    record: RecordBytes,
    timestamp: number,
    stage: Stage,
    reason: RejectReason,
    error: string,
  ): void {
    const { topic, origin } = this.#sources[source]
    this.#write({
      topic: origin ?? topic,
      partition: origin === null ? this.#partition : -1,
      offset: -1,
      timestamp,
      stage,
      reason,
      error,
      record,
    })
  }

  #write(rejected: Rejected): void {
    this.#counts.lastRejects.add(rejected)
    writeReject(this.batches, rejected)
  }
}

const partsOf = (left: Entry): RecordBytes => {
  const { buffer, keyStart, keyEnd, bodyStart, bodyEnd, headersStart, headersEnd } = left
  return {
    key: keyEnd < 0 ? null : Buffer.from(buffer.subarray(keyStart, keyEnd)),
    value: Buffer.from(buffer.subarray(bodyStart, bodyEnd)),
    headers: headersEnd > headersStart ? readHeaders(buffer, headersStart) : [],
  }
}
