import type { RecordColumns, RejectReason } from '../batch.ts'
import type { Admin, Reader, ReaderEvents } from '../broker/port.ts'
import type { FormerRow } from '../codec/envelope/former-row.ts'
import type { KeyReader, TopicCodec } from '../codec/port.ts'
import type { DimensionConfig } from '../config/pipeline.ts'
import type { Log } from '../events.ts'
import type { Store } from '../state/level.ts'
import type { AnewReason } from './checkpoint.ts'

/** What a dimension is made of, and whom it tells. */
export interface DimensionPorts {
  readonly config: DimensionConfig
  readonly codec: TopicCodec
  readonly key: KeyReader
  /** Completes rows that come without what was not changed. */
  readonly former: Pick<FormerRow, 'complete' | 'mostBytes'>
  readonly layout: string
  /** Whether each row says where in the topic it was. */
  readonly keepsPlaces: boolean
  readonly store: Store
  readonly admin: Admin
  createReader(events: ReaderEvents): Reader
  onReject(
    columns: RecordColumns,
    i: number,
    partition: number,
    reason: RejectReason,
    error: string,
  ): void
  /** A record is of another type than the pipeline reads, and is passed over. */
  onOtherType(): void
  /** A record is none that the dimension's `where` takes: its key has no row. */
  onFiltered(): void
  /** A record has deleted a row, or would have if it were there. */
  onDeleted(): void
  /** A record is of no row: what an envelope says of a table, or once more. */
  onPassedOver(): void
  /** A row has come that a fact would have had, which was looked up before. */
  onLate(): void
  /** Rows have come that facts may wait for. */
  onRows(): void
  /** Awaited after each fetched batch, so that rejects do not pile up. */
  room(): Promise<void>
  /** Of this dimension: only once they are committed may the store say that the rows up to here are done with. */
  readonly rejects: {
    readonly areCommitted: boolean
    /** Resolves when they are, or there are no more commits. */
    untilCommitted(): Promise<void>
  }
  /** Called before the table takes memory, with its bytes; throws where there must not be more. */
  claim(bytes: number): void
  /** Rows that were there are of no use any more: the topic is read again, whole. */
  onUnusable(reason: AnewReason): void
  /** A broker does not know the topic, or not by its id. */
  onUnknownTopic(): void
  /** Runs `work` once no fact is being looked up, and none is until it has ended. */
  hold(work: () => Promise<void>): Promise<void>
  onFatal(error: unknown): void
  /** The wall clock, in ms: `Date.now`, or a simulation's. */
  now(): number
  readonly log: Log
}
