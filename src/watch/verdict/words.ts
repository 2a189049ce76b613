/** Figures as sentences have them. */

/** Never 100 while one is left, nor 0 where there is one. */
export function percentOf(count: number, among: number): number {
  const percent = among === 0 ? 0 : (100 * count) / among
  return percent >= 1 ? Math.floor(percent * 10) / 10 : Number(percent.toPrecision(1))
}

const UNITS: readonly (readonly [number, string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
]

/** `90_000` → `90 s`, `9_000_000` → `2.5 h`: two of a unit at least. */
export function spanText(ms: number): string {
  const [size, unit] = UNITS.find(([one]) => ms >= 2 * one) ?? [1, 'ms']
  const value = ms / size
  return `${value < 10 ? Math.round(value * 10) / 10 : Math.round(value)} ${unit}`
}

/** `1_610_612_736` → `1.5 GiB`. */
export function bytesText(bytes: number): string {
  const unit = Math.min(3, Math.floor(Math.log2(Math.max(1, bytes)) / 10))
  const value = bytes / 1024 ** unit
  const digits = unit === 0 || value >= 100 ? 0 : 1
  return `${value.toFixed(digits)} ${['B', 'KiB', 'MiB', 'GiB'][unit]}`
}
