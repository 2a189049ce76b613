import type { RecordColumns, RejectReason } from '../batch.ts'
import type { Admin, Reader, ReaderEvents } from '../broker/port.ts'
import type { KeyReader, TopicCodec } from '../codec/port.ts'
import type { DimensionConfig } from '../config/pipeline.ts'
import type { Log } from '../events.ts'
import type { Store } from '../level.ts'
import type { AnewReason } from './checkpoint.ts'

/** What a dimension is made of, and whom it tells. */
export interface DimensionPorts {
  readonly config: DimensionConfig
  readonly codec: TopicCodec
  readonly key: KeyReader
  readonly layout: string
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
  /**
   * Awaited after each fetched batch, so that rejects do not pile up.
   * @param all the store is about to be written up to here: what was rejected must not be lost any more
   */
  room(all: boolean): Promise<void>
  /** Whether all that was rejected is committed: only then may the store say that its rows are done with. */
  mayFlush(): boolean
  /** Called before the table takes memory, with its bytes; throws where there must not be more. */
  claim(bytes: number): void
  /** Rows that were there are of no use any more: the topic is read again, whole. */
  onUnusable(reason: AnewReason): void
  /** A broker does not know the topic, or not by its id. */
  onUnknownTopic(): void
  /** Runs `work` once no fact is being looked up, and none is until it has ended. */
  hold(work: () => Promise<void>): Promise<void>
  onFatal(error: unknown): void
  readonly log: Log
}
