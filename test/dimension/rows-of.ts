import type { RowTable } from '../../src/dimension/row-table.ts'

/** The table's entries as text, as look-ups see them: without stamps and what is deleted. */
export function rowsOf(table: RowTable): Map<string, string> {
  const keys: { buffer: Parameters<RowTable['find']>[1]; start: number; end: number }[] = []
  table.forSome(0, Number.POSITIVE_INFINITY, (buffer, start, end) => {
    keys.push({ buffer, start, end })
  })
  const rows = new Map<string, string>()
  for (const { buffer, start, end } of keys) {
    if (!table.find(table.hash(buffer, start, end), buffer, start, end)) continue
    const row = table.rowBuffer.toString('latin1', table.rowStart, table.rowEnd)
    rows.set(buffer.toString('latin1', start, end), row)
  }
  return rows
}
