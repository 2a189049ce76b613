/** Dates and times as ISO 8601, in JSON's quotes. Whatever the number is there is a text for it. */
import { type LongDays, readDays } from './avro-long.ts'
import { type AvroSource, readInt } from './avro-walk.ts'
import { writeCount, writeWhole } from './json-numbers.ts'
import type { TextBuffer } from './text-buffer.ts'

const QUOTE = 34
const PLUS = 43
const MINUS = 45
const POINT = 46
const COLON = 58
const T = 84
const Z = 90
/** Days of 400 years, after which all is the same again, and from March 1 of year 0 until 1970. */
const ERA_DAYS = 146_097
const TO_1970 = 719_468
const HOUR = 3600
const DAY_MS = 86_400_000

/** There is one that is used again and again. */
const split: LongDays = { days: 0, rest: 0 }

/** Days since 1970, an int: `"2026-01-31"`. */
export function writeDate(out: TextBuffer, source: AvroSource): void {
  out.byte(QUOTE)
  writeDay(out, readInt(source))
  out.byte(QUOTE)
}

/** `"2026-01-31T12:34:56.789Z"`. @param perSecond thousands of units; their digits are behind the point. @param isLocal without the zone */
export function writeTimestamp(
  out: TextBuffer,
  source: AvroSource,
  perSecond: number,
  isLocal: boolean,
): void {
  readDays(source, perSecond, split)
  out.byte(QUOTE)
  writeDay(out, split.days)
  out.byte(T)
  writeClock(out, 0, split.rest, perSecond)
  if (!isLocal) out.byte(Z)
  out.byte(QUOTE)
}

/** A point in time in whole ms since 1970, as `writeTimestamp` has it, without quotes. */
export function writeInstant(out: TextBuffer, ms: number): void {
  const days = Math.floor(ms / DAY_MS)
  writeDay(out, days)
  out.byte(T)
  writeClock(out, 0, ms - days * DAY_MS, 1000)
  out.byte(Z)
}

/** A time of day, `"12:34:56.789"`. Beyond a day the hours go on, and before it there is a sign: databases have durations so. */
export function writeTime(out: TextBuffer, source: AvroSource, perSecond: number): void {
  readDays(source, perSecond, split)
  let { days, rest } = split
  out.byte(QUOTE)
  if (days < 0) {
    out.byte(MINUS)
    // Days were rounded down.
    days = rest === 0 ? -days : -days - 1
    rest = rest === 0 ? 0 : 24 * HOUR * perSecond - rest
  }
  writeClock(out, 24 * days, rest, perSecond)
  out.byte(QUOTE)
}

/** @param hours that are added */
function writeClock(out: TextBuffer, hours: number, units: number, perSecond: number): void {
  const seconds = Math.floor(units / perSecond)
  const hour = Math.floor(seconds / HOUR)
  const minute = Math.floor((seconds - hour * HOUR) / 60)
  writeWhole(out, hours + hour, 2)
  out.byte(COLON)
  writeCount(out, minute, 2)
  out.byte(COLON)
  writeCount(out, seconds - hour * HOUR - minute * 60, 2)
  out.byte(POINT)
  writeCount(out, units - seconds * perSecond, Math.log10(perSecond))
}

/** Days as year, month and day of the Gregorian calendar: https://howardhinnant.github.io/date_algorithms.html#civil_from_days */
function writeDay(out: TextBuffer, days: number): void {
  const shifted = days + TO_1970
  const era = Math.floor(shifted / ERA_DAYS)
  const day = shifted - era * ERA_DAYS
  const year = Math.floor(
    (day - Math.floor(day / 1460) + Math.floor(day / 36_524) - Math.floor(day / 146_096)) / 365,
  )
  const ofYear = day - (365 * year + Math.floor(year / 4) - Math.floor(year / 100))
  // Months from March on, so that the day that a year may have more is the last one.
  const month = Math.floor((5 * ofYear + 2) / 153)
  writeYear(out, year + era * 400 + (month < 10 ? 0 : 1))
  out.byte(MINUS)
  writeCount(out, month < 10 ? month + 3 : month - 9, 2)
  out.byte(MINUS)
  writeCount(out, ofYear - Math.floor((153 * month + 2) / 5) + 1, 2)
}

/** Four digits; of other years a sign and six or more, as ECMAScript has it: `+010000`, `-000001`. */
function writeYear(out: TextBuffer, year: number): void {
  if (year >= 0 && year <= 9999) writeCount(out, year, 4)
  else {
    out.byte(year < 0 ? MINUS : PLUS)
    writeWhole(out, Math.abs(year), 6)
  }
}
