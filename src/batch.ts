/** The types that flow between the stages. */
import type { Bytes } from './bytes.ts'

/**
 * Records of one side that the stages take at once, at most: what the look-ahead has brought near, of both
 * sides, is to be in the processor's cache still when its turn comes. What is noted by row has room for as many.
 */
export const SLICE = 256

/** A task: one partition of all sources of a stage. */
export interface TaskId {
  /** Its number among all tasks of the pipeline: see `taskOf`. */
  readonly number: number
  /** The number of its stage, in the plan's order. */
  readonly stage: number
  readonly partition: number
}

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/**
 * Records of one topic-partition as columns: positions over one buffer, no object per record.
 * Record `i` has its key in `buffer[keyStarts[i], keyEnds[i])` and its value in
 * `buffer[valueStarts[i], valueEnds[i])`; an end of -1 means null. Its headers are the raw header
 * section of Kafka's record format v2 (a varint count, then the pairs) in
 * `buffer[headerStarts[i], headerEnds[i])`; without headers that is the single byte 0.
 * Control records and records of aborted transactions are not in here, but `nextOffset` counts them.
 */
export interface RecordColumns {
  readonly buffer: Bytes
  readonly length: number
  /** Milliseconds since 1970. */
  readonly timestamps: Float64Array
  readonly offsets: Float64Array
  readonly keyStarts: Int32Array
  readonly keyEnds: Int32Array
  readonly valueStarts: Int32Array
  readonly valueEnds: Int32Array
  readonly headerStarts: Int32Array
  readonly headerEnds: Int32Array
  /** Where the next fetch has to begin. */
  readonly nextOffset: number
  /** Nobody refers to the records any more: their memory may be used again. Not calling it is no leak. */
  release?(): void
}

/** Bytes that a record occupies before it is written: a key, raw headers and a value. */
export interface RecordBytes {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly (readonly [string, Buffer | null])[]
}

export type Stage = 'decode' | 'enrich' | 'window' | 'output'

/** Why a record went to the rejects topic; the values of the `reason` label and header. */
export type RejectReason =
  | 'null_key'
  | 'null_value'
  | 'bad_key'
  | 'key_mismatch'
  | 'not_framed'
  | 'unknown_schema'
  | 'incompatible_schema'
  | 'malformed'
  | 'null_field'
  | 'expression_failed'
  | 'unwritable'
  | 'bad_time'
  | 'future_time'
  | 'missing_dimension'
  | 'late'
  | 'too_large'
  | 'too_old'
