import type { RecordColumns, RejectReason } from '../batch.ts'
import type { Bytes } from '../bytes.ts'
import type { KeyReader, ValueReader } from '../codec/port.ts'
import type { Applied, LatestRows, RowPlace, RowWriter } from './row-writer.ts'
import { MARK_BYTES, markAt, writeMark } from './snapshot-mark.ts'
import type { SnapshotNames } from './snapshot-name.ts'
import { OUTDATED, type Snapshots } from './snapshots.ts'
import { isDeleted } from './stamp.ts'
import type { DimensionTable } from './table.ts'

export interface SnapshotRowsPorts {
  readonly names: SnapshotNames
  readonly snapshots: Snapshots
  /** A row is of a snapshot that another one has replaced, or is there of one that began later. */
  onPassedOver(): void
}

/** Rows as they are now, each with the snapshot that it is of. What began later wins, whatever comes first. */
export class SnapshotRows implements RowWriter {
  readonly fault = ''
  readonly #rows: LatestRows
  readonly #table: DimensionTable
  readonly #ports: SnapshotRowsPorts
  #mark = OUTDATED

  constructor(rows: LatestRows, table: DimensionTable, ports: SnapshotRowsPorts) {
    this.#rows = rows
    this.#table = table
    this.#ports = ports
  }

  get stampBytes(): number {
    return this.#table.stampBytes + MARK_BYTES
  }

  readTime(
    timestamp: number,
    value: ValueReader | null,
    columns: RecordColumns,
    i: number,
  ): RejectReason | null {
    const { names, snapshots } = this.#ports
    const name = names.read(columns, i, value)
    this.#mark = snapshots.take(name, timestamp)
    if (name !== null && value?.completes === true) snapshots.say(timestamp)
    return this.#rows.readTime(timestamp)
  }

  put(key: KeyReader, row: Bytes, end: number, partition: number): Applied {
    if (this.#mark === OUTDATED || this.#isOlderThan(key)) {
      this.#ports.onPassedOver()
      return 'done'
    }
    if (end > 0) writeMark(row, this.#table.stampBytes, this.#mark)
    return this.#rows.put(key, row, end, partition)
  }

  isDeleted(): boolean {
    return false
  }

  former(key: KeyReader, partition: number): RowPlace | null {
    return this.#rows.former(key, partition)
  }

  /** Whether the row that is there is of what began later. */
  #isOlderThan({ buffer, start, end }: KeyReader): boolean {
    const table = this.#table
    const at = table.stampAt(buffer, start, end)
    if (at < 0) return false
    const { rowBuffer, stampBytes } = table
    if (stampBytes > 0 && isDeleted(rowBuffer, at)) return false
    const there = markAt(rowBuffer, at + stampBytes)
    const { snapshots } = this.#ports
    return there !== this.#mark && snapshots.beginOf(there) > snapshots.beginOf(this.#mark)
  }
}
