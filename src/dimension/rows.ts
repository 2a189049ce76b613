import type { DimensionStore } from './dimension-store.ts'
import type { DimensionPorts } from './ports.ts'
import { RowHorizon } from './row-horizon.ts'
import type { RowTable } from './row-table.ts'
import { RowTimes } from './row-times.ts'
import { LatestRows, type RowWriter, VersionRows } from './row-writer.ts'
import { DimensionTable } from './table.ts'
import { VersionTable } from './version-table.ts'

/** What a dimension has that is looked up as of a time. */
export interface Versions {
  readonly table: VersionTable
  readonly horizon: RowHorizon
}

/** A dimension's rows, and who puts them into table and store. */
export interface Rows {
  readonly table: RowTable
  readonly writer: RowWriter
  /** null: rows are looked up as they are now. */
  readonly versions: Versions | null
}

export function rowsOf(ports: DimensionPorts, store: DimensionStore): Rows {
  const { config, claim, now, onLate } = ports
  if (config.asOf === null) {
    const table = new DimensionTable(undefined, claim)
    return { table, writer: new LatestRows(table, store), versions: null }
  }
  const table = new VersionTable(config.historyMs, claim)
  const horizon = new RowHorizon()
  const times = new RowTimes(config, now)
  const writer = new VersionRows(table, store, { times, horizon, onLate })
  return { table, writer, versions: { table, horizon } }
}
