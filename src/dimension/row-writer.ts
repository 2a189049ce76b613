/** Where the rows of a dimension go, into its table and its store: each in the place of the one before, or as a version of it. */
import type { RejectReason } from '../batch.ts'
import type { Bytes } from '../bytes.ts'
import type { KeyReader, ValueReader } from '../codec/port.ts'
import type { DimensionStore } from './dimension-store.ts'
import type { RowHorizon } from './row-horizon.ts'
import type { RowTable } from './row-table.ts'
import type { RowTimes } from './row-times.ts'
import { partitionOf, takesPlace, writeStamp } from './stamp.ts'
import type { DimensionTable } from './table.ts'
import {
  isDeletedVersion,
  VERSION_STAMP_BYTES,
  partitionOf as versionPartition,
  versionTime,
  writeVersionStamp,
} from './version-stamp.ts'
import type { VersionTable } from './version-table.ts'

/**
 * done; or the row's schema has to be loaded first; or its key lies on another partition as well, and nobody can
 * tell which is newer, for the table has no times: it has to be read again, with times.
 */
export type Applied = 'done' | 'schema unknown' | 'times needed'

/** Where a row is. */
export type RowPlace = Pick<RowTable, 'rowBuffer' | 'rowStart' | 'rowEnd'>

export interface RowWriter {
  /** Bytes before the row's own. */
  readonly stampBytes: number
  /**
   * The time of the row that comes next. @param value null: it is a deletion
   * @returns why it cannot be taken; null: it can
   */
  readTime(timestamp: number, value: ValueReader | null): RejectReason | null
  /** Why the time could not be taken. */
  readonly fault: string
  /** Stamps the row, and puts it. @param end of the row, which begins behind the stamp; 0: its key is deleted */
  put(key: KeyReader, row: Bytes, end: number, partition: number): Applied
  /**
   * The key's row as it was before the one that comes next, until the next put; null: there is none. One of another partition
   * is none either: whether it is the one before depends on how far that partition is read.
   */
  former(key: KeyReader, partition: number): RowPlace | null
  /** Whether the key's latest version says already that it is deleted; where there are no versions one deletion more says nothing else. */
  isDeleted(key: KeyReader): boolean
}

/** Rows as they are now. */
export class LatestRows implements RowWriter {
  readonly #table: DimensionTable
  readonly #store: DimensionStore
  readonly fault = ''
  #time = 0

  constructor(table: DimensionTable, store: DimensionStore) {
    this.#table = table
    this.#store = store
  }

  get stampBytes(): number {
    return this.#table.stampBytes
  }

  /** Each is as good as any other. */
  readTime(timestamp: number): null {
    this.#time = timestamp
    return null
  }

  put(key: KeyReader, row: Bytes, end: number, partition: number): Applied {
    const { stampBytes } = this.#table
    if (stampBytes > 0) return this.#putStamped(key, row, end, partition)
    if (end === 0) {
      this.#table.delete(key.buffer, key.start, key.end)
      this.#store.delete(key.buffer, key.start, key.end)
    } else this.#put(key, row, end)
    return 'done'
  }

  isDeleted(): boolean {
    return false
  }

  former({ buffer, start, end }: KeyReader, partition: number): RowPlace | null {
    const table = this.#table
    const { stampBytes } = table
    if (stampBytes > 0) {
      const at = table.stampAt(buffer, start, end)
      if (at < 0 || partitionOf(table.rowBuffer, at, stampBytes) !== partition) return null
    }
    return table.find(table.hash(buffer, start, end), buffer, start, end) ? table : null
  }

  #putStamped(key: KeyReader, row: Bytes, end: number, partition: number): Applied {
    const { stampBytes } = this.#table
    writeStamp(row, stampBytes, partition, this.#time, end === 0)
    const at = this.#table.stampAt(key.buffer, key.start, key.end)
    if (at >= 0) {
      const takes = takesPlace(row, this.#table.rowBuffer, at, stampBytes)
      if (takes === undefined) return 'times needed'
      if (!takes) return 'done'
    }
    this.#put(key, row, Math.max(end, stampBytes))
    return 'done'
  }

  #put(key: KeyReader, row: Bytes, end: number): void {
    this.#table.put(key.buffer, key.start, key.end, row, 0, end)
    this.#store.put(key.buffer, key.start, key.end, row, 0, end)
  }
}

export interface VersionRowsPorts {
  readonly times: RowTimes
  readonly horizon: RowHorizon
  /** A row has come that a fact would have had, which was looked up before. */
  onLate(): void
}

/** Rows with what they were before. */
export class VersionRows implements RowWriter {
  readonly stampBytes = VERSION_STAMP_BYTES
  readonly #table: VersionTable
  readonly #store: DimensionStore
  readonly #ports: VersionRowsPorts

  constructor(table: VersionTable, store: DimensionStore, ports: VersionRowsPorts) {
    this.#table = table
    this.#store = store
    this.#ports = ports
  }

  get fault(): string {
    return this.#ports.times.fault
  }

  readTime(timestamp: number, value: ValueReader | null): RejectReason | null {
    return this.#ports.times.read(timestamp, value)
  }

  isDeleted({ buffer, start, end }: KeyReader): boolean {
    return this.#table.isDeleted(buffer, start, end)
  }

  former({ buffer, start, end }: KeyReader, partition: number): RowPlace | null {
    const { time } = this.#ports.times
    const found = this.#table
      .versionsOf(buffer, start, end)
      .findLast((version) => versionTime(version.buffer, version.stamp) <= time)
    if (found === undefined || isDeletedVersion(found.buffer, found.stamp)) return null
    if (versionPartition(found.buffer, found.stamp) !== partition) return null
    return { rowBuffer: found.buffer, rowStart: found.rowStart, rowEnd: found.rowEnd }
  }

  put(key: KeyReader, row: Bytes, end: number, partition: number): Applied {
    const { times, horizon, onLate } = this.#ports
    const { time } = times
    if (time <= this.#table.lookedUpTo[0]) onLate()
    writeVersionStamp(row, 0, time, partition, end === 0)
    const valueEnd = Math.max(end, VERSION_STAMP_BYTES)
    this.#table.put(key.buffer, key.start, key.end, row, 0, valueEnd)
    this.#store.put(key.buffer, key.start, key.end, row, 0, valueEnd)
    horizon.passed(partition, time)
    return 'done'
  }
}
