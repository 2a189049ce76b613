import { USUAL_BATCH_BYTES } from '../broker/compression-room.ts'
import { RecordBatchWriter } from '../broker/record-batch-writer.ts'
import type { Compression } from '../config/pipeline.ts'
import { timeText } from './time-text.ts'

export interface OutputTopic {
  readonly topic: string
  readonly compression: Compression
  readonly partitions: number
  /** No record batch may be larger: what the topic takes. */
  readonly maxBatchBytes: number
}

/** What Kafka's format adds to a batch and, at most, to a record. */
const BATCH_OVERHEAD = 61
const RECORD_OVERHEAD = 40

/** Bytes of a batch with one record of so many bytes. */
export const batchOf = (recordBytes: number): number =>
  BATCH_OVERHEAD + RECORD_OVERHEAD + recordBytes

/** Why the topic does not take a record of so many bytes of key, value and headers. @param what it is */
export const tooLargeText = (what: string, to: OutputTopic, bytes: number): string =>
  `${what} has ${bytesText(bytes)}; ${to.maxBatchBytes} is the most that ${to.topic} takes (max.message.bytes)`

/** Infinite where nobody has counted to the end. */
const bytesText = (bytes: number): string =>
  Number.isFinite(bytes)
    ? `${bytes} bytes, in a batch of its own ${batchOf(bytes)}`
    : 'more bytes than are written for a record'

/** Why it does not take one of this time, in ms. */
export const tooOldText = (what: string, { topic }: OutputTopic, time: number): string =>
  `${what}’s time is ${timeText(time)}, longer ago than ${topic} takes (message.timestamp.before.max.ms, or difference.max.ms)`

/** What records are written into. */
export interface RecordSpace {
  /** Whether a record of this many bytes of key, value and headers can be written. */
  fits(recordBytes: number): boolean
  /** A batch with room for such a record. */
  writer(recordBytes: number): RecordBatchWriter
}

/** Batches of one topic-partition for one epoch; a new one is begun before the limit is passed. */
export class BatchList implements RecordSpace {
  readonly #output: OutputTopic
  readonly #partition: number
  #batches: RecordBatchWriter[] = []
  #open: RecordBatchWriter | undefined
  #lastBytes = 0
  bytes = 0
  records = 0

  /** @param partition in a topic that has fewer another one */
  constructor(output: OutputTopic, partition: number) {
    this.#output = output
    this.#partition = partition % output.partitions
  }

  fits(recordBytes: number): boolean {
    return batchOf(recordBytes) <= this.#output.maxBatchBytes
  }

  writer(recordBytes: number): RecordBatchWriter {
    const bytes = RECORD_OVERHEAD + recordBytes
    this.bytes += bytes
    this.records++
    const open = this.#open
    // Only a record that is larger makes a larger batch.
    const most = Math.min(USUAL_BATCH_BYTES, this.#output.maxBatchBytes)
    if (open !== undefined && open.bytes + bytes <= most) return open
    return this.#begin()
  }

  #begin(): RecordBatchWriter {
    const { topic, compression } = this.#output
    const batch = new RecordBatchWriter({
      topic,
      partition: this.#partition,
      transactional: true,
      compression,
      expectedBytes: Math.min(this.#lastBytes, USUAL_BATCH_BYTES, this.#output.maxBatchBytes),
    })
    this.#batches.push(batch)
    this.#open = batch
    return batch
  }

  drain(): RecordBatchWriter[] {
    const batches = this.#batches
    this.#batches = []
    this.#open = undefined
    this.#lastBytes = this.bytes
    this.bytes = 0
    this.records = 0
    return batches
  }
}
