/** Dates and times as ISO 8601, in JSON's quotes. Whatever the number is there is a text for it. */
import { type LongDays, readDays } from '../avro/long.ts'
import { type AvroSource, readInt } from '../avro/walk.ts'
import { type CalendarDay, readCalendar } from '../calendar.ts'
import type { TextBuffer } from '../text-buffer.ts'
import { writeCount, writeWhole } from './numbers.ts'

const QUOTE = 34
const PLUS = 43
const MINUS = 45
const POINT = 46
const COLON = 58
const T = 84
const Z = 90
const HOUR = 3600
const DAY_MS = 86_400_000

/** There is one of each that is used again and again. */
const split: LongDays = { days: 0, rest: 0 }
const calendar: CalendarDay = { year: 0, month: 0, day: 0 }

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

function writeDay(out: TextBuffer, days: number): void {
  readCalendar(days, calendar)
  writeYear(out, calendar.year)
  out.byte(MINUS)
  writeCount(out, calendar.month, 2)
  out.byte(MINUS)
  writeCount(out, calendar.day, 2)
}

/** Four digits; of other years a sign and six or more, as ECMAScript has it: `+010000`, `-000001`. */
function writeYear(out: TextBuffer, year: number): void {
  if (year >= 0 && year <= 9999) writeCount(out, year, 4)
  else {
    out.byte(year < 0 ? MINUS : PLUS)
    writeWhole(out, Math.abs(year), 6)
  }
}
