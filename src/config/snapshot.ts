/** Dimensions that are loaded again and again, as a whole: how their snapshots are told apart, and where one ends. */
import type { EnvelopeKind, SnapshotConfig } from './pipeline.ts'
import type { RawPipeline, RawSnapshot } from './raw-pipeline.ts'
import type { ReportAt } from './report.ts'
import { milliseconds } from './units.ts'

/** Half of the rows: what loses more of them at once is a broken load more often than not. */
const AT_LEAST = 0.5
/** Connectors that say of each row that goes that it goes. */
const TELLING: readonly (EnvelopeKind | undefined)[] = [
  'debezium',
  'mongodb',
  'dynamodb',
  'dynamodb-cdc',
]

export function snapshotOf(raw: RawSnapshot | undefined): SnapshotConfig | null {
  if (raw === undefined) return null
  const { by, complete, quiet, atLeast } = raw
  return {
    header: typeof by === 'object' ? by.header : null,
    field: typeof by === 'string' ? by : null,
    complete: complete ?? null,
    quietMs: quiet === undefined ? Number.POSITIVE_INFINITY : milliseconds(quiet),
    atLeast: atLeast ?? AT_LEAST,
  }
}

export function checkSnapshots({ dimensions = {} }: RawPipeline, report: ReportAt): void {
  for (const [name, { snapshot, asOf, envelope }] of Object.entries(dimensions)) {
    if (snapshot === undefined) continue
    const { by, complete, quiet } = snapshot
    const path = ['dimensions', name, 'snapshot']
    if (by === undefined && quiet === undefined) {
      const forms = 'by: load_id, by: { header: file.name }, or quiet: 5m'
      report(
        path,
        `says neither by what snapshots are told apart, nor how long is between two: write ${forms}`,
      )
    }
    if (complete !== undefined && by === undefined) {
      report([...path, 'complete'], 'needs by, which says what snapshot the record is of')
    } else if (complete !== undefined && quiet !== undefined) {
      report(
        [...path, 'quiet'],
        'stands beside complete, and a snapshot has one end; leave one of them out',
      )
    }
    if (asOf !== undefined) {
      const why = 'a row that a snapshot lacks was deleted at a time that nobody knows'
      report(
        path,
        `is not for rows as of a time: ${why}; leave asOf out, or have deletions written`,
      )
    }
    if (TELLING.includes(envelope)) {
      report(
        path,
        `is not for envelope: ${envelope}, whose connector writes deletions; leave it out`,
      )
    }
  }
}
