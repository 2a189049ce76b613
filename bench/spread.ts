/** Median, least and most of some runs. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const median =
    sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  return { median, min: sorted[0], max: sorted[sorted.length - 1] }
}

/** With thousands separators; three digits count. */
export function number(value: number): string {
  if (Number.isNaN(value)) return '–'
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value) || 1)))
  return value.toLocaleString('en-US', {
    maximumFractionDigits: digits,
    minimumFractionDigits: digits,
  })
}

/** What the figures below are. */
export const describeRuns = (runs: number, flags: string): string =>
  `${runs === 1 ? '1 run' : `${runs} runs`} each: median (least–most); V8 flags ${flags || 'none'}`

/** `median (least–most)`; the median alone where all are the same. */
export function showSpread(values: readonly number[]): string {
  const { median, min, max } = spreadOf(values)
  return min === max || Number.isNaN(median)
    ? number(median)
    : `${number(median)} (${number(min)}–${number(max)})`
}

/** Aligned columns: the first to the left, figures to the right. */
export function printTable(rows: readonly (readonly string[])[]): void {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  for (const row of rows) {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]),
    )
    console.log(`  ${cells.join('   ')}`)
  }
}
