/**
 * Points in time as text: ISO 8601 with a zone, as RFC 3339, Java's ISO_OFFSET_DATE_TIME and databases write them.
 *
 *     2026-01-31T12:00:00.123456789+01:00
 *     2026-01-31 12:00Z
 *
 * Date and time of day, between them a T or a space; seconds and a fraction of any length may be left out; then the zone, Z or an
 * offset (+01, +0100, +01:00). Without a zone it is no point in time: it would be another one in each country.
 */
import type { Bytes } from '../bytes.ts'

const DAY_MS = 86_400_000
const NOT_A_TIME = Number.NaN
const [ZERO, NINE, DASH, PLUS, COLON, DOT, COMMA, SPACE] = [...'09-+:., '].map((character) =>
  character.charCodeAt(0),
)
/** Of a letter its lower case. */
const LOWER = 0x20
const [T, Z] = [...'tz'].map((letter) => letter.charCodeAt(0))
const LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** Whole milliseconds since 1970, rounded down, of the text in `buffer[start, end)`; NaN: it is no such text. */
export function isoTime(buffer: Bytes, start: number, end: number): number {
  // To the minute, and a zone of one character, it has 17.
  if (end - start < 17) return NOT_A_TIME
  const { view } = buffer
  if (view.getUint8(start + 4) !== DASH || view.getUint8(start + 7) !== DASH) return NOT_A_TIME
  const between = view.getUint8(start + 10)
  if (between !== SPACE && (between | LOWER) !== T) return NOT_A_TIME
  if (view.getUint8(start + 13) !== COLON) return NOT_A_TIME
  const year = 100 * two(view, start) + two(view, start + 2)
  const month = two(view, start + 5)
  const day = two(view, start + 8)
  const minutes = minutesOf(two(view, start + 11), two(view, start + 14))
  if (!(minutes >= 0) || !isDay(year, month, day)) return NOT_A_TIME
  let at = start + 16
  let ms = DAY_MS * daysSince1970(year, month, day) + 60_000 * minutes
  if (view.getUint8(at) === COLON) {
    if (at + 4 > end) return NOT_A_TIME
    const seconds = two(view, at + 1)
    if (!(seconds < 60)) return NOT_A_TIME
    ms += 1000 * seconds
    at += 3
    const mark = view.getUint8(at)
    if (mark === DOT || mark === COMMA) {
      const first = ++at
      for (; at < end && isDigit(view.getUint8(at)); at++) {
        const place = at - first
        if (place < 3) ms += (view.getUint8(at) - ZERO) * (place === 0 ? 100 : place === 1 ? 10 : 1)
      }
      if (at === first) return NOT_A_TIME
    }
  }
  return ms - 60_000 * zoneAt(view, at, end)
}

/** Minutes that the zone at the text's end is ahead of UTC; NaN: there is none. */
function zoneAt(view: DataView, at: number, end: number): number {
  const length = end - at
  if (length < 1) return NOT_A_TIME
  const sign = view.getUint8(at)
  if ((sign | LOWER) === Z) return length === 1 ? 0 : NOT_A_TIME
  if (sign !== PLUS && sign !== DASH) return NOT_A_TIME
  const hasColon = length === 6 && view.getUint8(at + 3) === COLON
  if (length !== 3 && length !== 5 && !hasColon) return NOT_A_TIME
  const ahead = minutesOf(two(view, at + 1), length === 3 ? 0 : two(view, end - 2))
  return sign === PLUS ? ahead : -ahead
}

/** Of a time of day, or of an offset; NaN: there is none of these hours and minutes. */
const minutesOf = (hours: number, minutes: number): number =>
  hours < 24 && minutes < 60 ? 60 * hours + minutes : NOT_A_TIME

const isDigit = (character: number): boolean => character >= ZERO && character <= NINE

/** The number of two digits; NaN: they are none. */
function two(view: DataView, at: number): number {
  const tens = view.getUint8(at)
  const ones = view.getUint8(at + 1)
  return isDigit(tens) && isDigit(ones) ? 10 * (tens - ZERO) + ones - ZERO : NOT_A_TIME
}

function isDay(year: number, month: number, day: number): boolean {
  if (!(year >= 0 && month >= 1 && month <= 12 && day >= 1)) return false
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return day <= LENGTHS[month - 1] + (month === 2 && isLeap ? 1 : 0)
}

/** Of the Gregorian calendar; years begin with March, so that a leap day is a year's last. */
function daysSince1970(year: number, month: number, day: number): number {
  const y = month > 2 ? year : year - 1
  const leaps = Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400)
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1
  return 365 * y + leaps + dayOfYear - 719_468
}
