/** What a number of a time field counts, judged by the times that it would be. */
import type { TimeUnit } from '../config/pipeline.ts'
import { UNIT_NAMES } from './avro/time.ts'
import type { TimeReading } from './port.ts'

/** From the coarsest to the finest; each is a thousandth of the one before. */
export const UNITS: readonly TimeUnit[] = ['s', 'ms', 'us', 'ns']
const IN_MS: Readonly<Record<TimeUnit, number>> = { s: 1000, ms: 1, us: 1e-3, ns: 1e-6 }

/** Events are of these days: so long a span that old data fits in, so short that the units' spans are far apart. */
const FIRST = Date.UTC(1980, 0)
const AHEAD_MS = 366 * 86_400_000

export const isOfOurDays = (ms: number, now: number): boolean => ms >= FIRST && ms <= now + AHEAD_MS

export const inMs = (count: number, unit: TimeUnit): number => count * IN_MS[unit]

/** The one unit in which the number is a time of our days; null: there is none. */
export const likelyUnit = (count: number, now: number): TimeUnit | null =>
  UNITS.find((unit) => isOfOurDays(inMs(count, unit), now)) ?? null

/** `time: { field: created_at, unit: us }` */
export const timeLine = (field: string, unit: TimeUnit): string =>
  `time: { field: ${field}, unit: ${unit} }`

/** What to do, where the value makes sense in another unit; '' where it does not. @param text the value's digits */
export function unitHint(field: string, text: string, read: TimeReading, now: number): string {
  if (read.unit === null) return ''
  const unit = likelyUnit(Number(text), now)
  if (unit === null || unit === read.unit) return ''
  const time = new Date(inMs(Number(text), unit)).toISOString()
  const looks = `It looks like ${UNIT_NAMES[unit]} (${time})`
  return read.fromSchema
    ? `. ${looks}, where the schema says ${UNIT_NAMES[read.unit]}: correct its producer`
    : `. ${looks}: write ${timeLine(field, unit)}`
}
