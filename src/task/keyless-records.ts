import { type Bytes, bytesOf, NO_BYTES } from '../bytes.ts'
import type { ValueReader } from '../codec/port.ts'
import type { WindowCounts } from '../counts/counts.ts'
import type { Block } from '../input/input-queue.ts'
import { LooseRecord } from '../output/loose-record.ts'
import type { ToldHeaders } from '../output/own-headers.ts'
import type { Stage } from '../plan/plan.ts'
import { LEFT } from '../state/page.ts'
import { RowMarks } from './interval-rows.ts'
import { REFUSED } from './side.ts'
import type { StageEnd } from './stage-end.ts'
import type { TaskContext } from './task.ts'

/**
 * Records of an earlier stage that lack what is compared in this one. A null equals nothing, as in SQL: they come out at
 * once, without a match in any of the stage's joins.
 */
export class KeylessRecords {
  readonly #end: Pick<StageEnd, 'unmatched'>
  readonly #counts: WindowCounts
  /** In place of all right records but the last join's. */
  readonly #instead: Bytes
  /** Of a bounded run, where the end knows rows by them; null: it does not. */
  readonly #marks: RowMarks | null
  readonly #record = new LooseRecord()
  readonly #headers: ToldHeaders

  /** null: what comes to the stage has its key. @param headers of the left side */
  static of(
    stage: Stage,
    end: Pick<StageEnd, 'unmatched'>,
    headers: ToldHeaders,
    context: TaskContext,
  ): KeylessRecords | null {
    if (!stage.sources[0].isPrepared) return null
    return new KeylessRecords(stage, end, headers, context)
  }

  private constructor(
    stage: Stage,
    end: Pick<StageEnd, 'unmatched'>,
    headers: ToldHeaders,
    { codec, outputs, counts, interval }: TaskContext,
  ) {
    const { joins, firstJoin } = stage
    const { between } = outputs.shape
    const rights = codec.missing.slice(firstJoin, firstJoin + joins.length - 1)
    this.#instead = bytesOf(
      Buffer.concat([NO_BYTES, ...rights.flatMap(([, right]) => [between, right])]),
    )
    this.#marks = joins.length > 1 ? RowMarks.of(stage, 0, interval) : null
    this.#end = end
    this.#counts = counts.windows[firstJoin]
    this.#headers = headers
  }

  /** @param value of record `i`. @returns its fate: it moves no stream time */
  take(value: ValueReader, { columns, times }: Block, i: number): number {
    this.#headers.write(columns, times, i)
    const record = this.#record
    const instead = this.#instead
    const bytes = value.projectedBytes + instead.length + (this.#marks?.bytes(record) ?? 0)
    record.begin(times[i], null, this.#headers, bytes)
    const { buffer, bodyStart } = record
    const at = this.#marks?.write(record, record, buffer, bodyStart) ?? bodyStart
    buffer.set(instead, value.project(buffer, at))
    this.#end.unmatched(LEFT, record)
    this.#counts.unmatched[LEFT]++
    return REFUSED
  }
}
