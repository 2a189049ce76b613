/** A row of a dimension that somebody asks for. */
import { type Bytes, bytesOf } from '../../bytes.ts'
import type { RecordView } from '../../codec/port.ts'
import { RowPart, WHOLE } from '../../codec/row/parts.ts'
import type { Dimension } from '../../dimension/dimension.ts'
import type { Version } from '../../dimension/version-page.ts'
import { isDeletedVersion, versionTime } from '../../dimension/version-stamp.ts'
import type { RowVersion } from '../http/stores-api.ts'

/** Versions of one key that a query shows: the last ones. */
const MOST_VERSIONS = 500

interface Asked {
  readonly key: string
  /** In ms; undefined: now. */
  readonly at: number | undefined
  /** Which part of a row the columns are: see `PipelineCodec.rowParts`. */
  readonly part: number
  readonly view: RecordView
}

/** What was found. @returns null: there is no such key */
export function queryRow(
  dimension: Dimension,
  { key, at, part, view }: Asked,
): {
  readonly row: Record<string, unknown> | null
  readonly versions?: readonly RowVersion[]
  readonly more?: boolean
} | null {
  const { table, versions } = dimension
  const bytes = bytesOf(Buffer.from(key))
  const end = bytes.length
  if (versions !== null) versions.table.at[0] = at ?? Number.POSITIVE_INFINITY
  const isFound = table.find(table.hash(bytes, 0, end), bytes, 0, end)
  const { rowBuffer, rowStart, rowEnd } = table
  const row = isFound ? view(columnsOf(rowBuffer, rowStart, rowEnd, part)) : null
  if (versions === null) return row && { row }
  const all = versions.table.versionsOf(bytes, 0, end)
  if (all.length === 0) return null
  const shown = all.slice(-MOST_VERSIONS).map((version) => shownVersion(version, part, view))
  return { row, versions: shown, more: all.length > MOST_VERSIONS }
}

function shownVersion(version: Version, part: number, view: RecordView): RowVersion {
  const { buffer, stamp, rowStart, rowEnd } = version
  const from = versionTime(buffer, stamp)
  const isDeleted = isDeletedVersion(buffer, stamp)
  return { from, row: isDeleted ? null : view(columnsOf(buffer, rowStart, rowEnd, part)) }
}

function columnsOf(buffer: Bytes, start: number, end: number, part: number): Buffer {
  if (part === WHOLE) return buffer.subarray(start, end)
  const columns = new RowPart()
  columns.find(buffer, start, part)
  return buffer.subarray(columns.start, columns.end)
}
