/** Durations and sizes of the pipeline file, as numbers. */
import type { Duration } from './raw-pipeline.ts'

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

export function milliseconds(duration: Duration): number {
  const [, count, unit] = /^(\d+)(\D*)$/.exec(String(duration))!
  return Number(count) * (UNITS[unit as keyof typeof UNITS] ?? 1)
}

const SIZES = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 }

export function bytesOf(size: string | number | undefined): number | null {
  if (size === undefined) return null
  const [, count, unit] = /^(\d+)(\D*)$/.exec(String(size))!
  return Number(count) * (SIZES[unit as keyof typeof SIZES] ?? 1)
}
