import type { SnapshotConfig } from '../config/pipeline.ts'
import type { DimensionStore } from './dimension-store.ts'
import type { DimensionPorts } from './ports.ts'
import { RowHorizon } from './row-horizon.ts'
import type { RowTable } from './row-table.ts'
import { RowTimes } from './row-times.ts'
import { LatestRows, type RowWriter, VersionRows } from './row-writer.ts'
import { SnapshotNames } from './snapshot-name.ts'
import { SnapshotRows } from './snapshot-rows.ts'
import { Snapshots } from './snapshots.ts'
import { Swaps } from './swaps.ts'
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
  /** null: only what deletes a row deletes it. */
  readonly swaps: Swaps | null
}

export function rowsOf(ports: DimensionPorts, store: DimensionStore): Rows {
  const { config, claim, now, onLate } = ports
  if (config.asOf === null) {
    const table = new DimensionTable(undefined, claim)
    const writer = new LatestRows(table, store)
    return config.snapshot === null
      ? { table, writer, versions: null, swaps: null }
      : inSnapshots(ports, config.snapshot, table, writer, store)
  }
  const table = new VersionTable(config.historyMs, claim)
  const horizon = new RowHorizon()
  const times = new RowTimes(config, now)
  const writer = new VersionRows(table, store, { times, horizon, onLate })
  return { table, writer, versions: { table, horizon }, swaps: null }
}

function inSnapshots(
  ports: DimensionPorts,
  config: SnapshotConfig,
  table: DimensionTable,
  rows: LatestRows,
  store: DimensionStore,
): Rows {
  const { snapshotKey, now, onPassedOver } = ports
  const snapshots = new Snapshots(config, now)
  const names = new SnapshotNames(config, snapshotKey)
  const writer = new SnapshotRows(rows, table, { names, snapshots, onPassedOver })
  const swaps = new Swaps(ports, config, { table, store, snapshots })
  return { table, writer, versions: null, swaps }
}
