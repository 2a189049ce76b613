/** Dates and times of JSON's texts as the whole numbers that Avro has: ISO 8601, as `times.ts` writes it and others do. */
import type { Bytes } from '../../bytes.ts'
import type { Logical } from '../avro/logical.ts'
import type { JsonTransfer } from './transfer.ts'

const DAY_SECONDS = 86_400
const NONE = Number.NaN
const [ZERO, NINE, MINUS, PLUS, COLON, POINT, SPACE, T, Z] = [...'09-+:. tz'].map((character) =>
  character.charCodeAt(0),
)
const LOWER = 0x20
/** Days of 400 years, and from March 1 of year 0 until 1970. */
const ERA_DAYS = 146_097
const TO_1970 = 719_468
const LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
/** No 64 bits of any unit are further away. */
const MOST_YEAR = 300_000_000

/** Where a text is read. There is one that is used again and again. */
const text = { buffer: undefined as unknown as Bytes, at: 0, end: 0, fraction: 0 }

/**
 * Writes the number of the text that was read last; false: it is none of the type, or beyond its bits. What is finer than the
 * unit is rounded down.
 */
export function readIso(transfer: JsonTransfer, logical: Logical, bits: number): boolean {
  text.buffer = transfer.text
  text.at = transfer.textStart
  text.end = transfer.textEnd
  const { family, perSecond } = logical
  if (family === null) {
    const days = readDay()
    if (Number.isNaN(days) || text.at !== text.end || days !== (days | 0)) return false
    return transfer.sink.int(days)
  }
  if (family === 'time') return writeTime(transfer, perSecond, bits)
  const days = readDay()
  const between = byteAt(text.at++)
  if (Number.isNaN(days) || (between !== SPACE && (between | LOWER) !== T)) return false
  const seconds = readClock(perSecond, 2)
  const ahead = family === 'timestamp' ? readZone() : 0
  if (Number.isNaN(seconds) || Number.isNaN(ahead) || seconds >= DAY_SECONDS) return false
  if (text.at !== text.end) return false
  return write(transfer, days, seconds - 60 * ahead, text.fraction, perSecond, bits)
}

function writeTime(transfer: JsonTransfer, perSecond: number, bits: number): boolean {
  const isNegative = byteAt(text.at) === MINUS
  if (isNegative) text.at++
  // Beyond a day the hours go on.
  const seconds = readClock(perSecond, 16)
  if (Number.isNaN(seconds) || text.at !== text.end) return false
  const { fraction } = text
  if (!isNegative) return write(transfer, 0, seconds, fraction, perSecond, bits)
  return fraction === 0
    ? write(transfer, 0, -seconds, 0, perSecond, bits)
    : write(transfer, 0, -seconds - 1, perSecond - fraction, perSecond, bits)
}

/** Days, seconds and units as units, in so many bits. */
function write(
  { sink }: JsonTransfer,
  days: number,
  seconds: number,
  units: number,
  perSecond: number,
  bits: number,
): boolean {
  const value = (days * DAY_SECONDS + seconds) * perSecond + units
  if (Math.abs(value) < 2 ** 52) {
    return (bits === 64 || value === (value | 0)) && sink.int(value)
  }
  const whole = BigInt(days) * BigInt(DAY_SECONDS) + BigInt(seconds)
  const exact = whole * BigInt(perSecond) + BigInt(units)
  return BigInt.asIntN(bits, exact) === exact && sink.long(exact)
}

const byteAt = (at: number): number => (at < text.end ? text.buffer[at] : 0)

/** The number of so many digits; NaN: there are fewer. */
function readDigits(least: number, most: number): number {
  let value = 0
  let count = 0
  for (; count < most; count++) {
    const byte = byteAt(text.at)
    if (byte < ZERO || byte > NINE) break
    value = value * 10 + byte - ZERO
    text.at++
  }
  return count < least ? NONE : value
}

function readMark(mark: number): boolean {
  if (byteAt(text.at) !== mark) return false
  text.at++
  return true
}

/** Days since 1970. Of four digits, or with a sign and six or more. */
function readDay(): number {
  const sign = byteAt(text.at)
  const isSigned = sign === MINUS || sign === PLUS
  if (isSigned) text.at++
  const digits = isSigned ? readDigits(6, 9) : readDigits(4, 4)
  const year = sign === MINUS ? -digits : digits
  if (Number.isNaN(year) || Math.abs(year) > MOST_YEAR || !readMark(MINUS)) return NONE
  const month = readDigits(2, 2)
  if (Number.isNaN(month) || !readMark(MINUS)) return NONE
  const day = readDigits(2, 2)
  if (!isDay(year, month, day)) return NONE
  return daysOf(year, month, day)
}

function isDay(year: number, month: number, day: number): boolean {
  if (!(month >= 1 && month <= 12 && day >= 1)) return false
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return day <= LENGTHS[month - 1] + (month === 2 && isLeap ? 1 : 0)
}

/** https://howardhinnant.github.io/date_algorithms.html#days_from_civil */
function daysOf(year: number, month: number, day: number): number {
  const y = month > 2 ? year : year - 1
  const era = Math.floor(y / 400)
  const ofEra = y - era * 400
  const ofYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1
  return (
    era * ERA_DAYS +
    ofEra * 365 +
    Math.floor(ofEra / 4) -
    Math.floor(ofEra / 100) +
    ofYear -
    TO_1970
  )
}

/** Whole seconds, and in `fraction` the units beyond; seconds and fraction may be left out. @param most digits of the hours */
function readClock(perSecond: number, most: number): number {
  text.fraction = 0
  const hours = readDigits(2, most)
  if (!readMark(COLON)) return NONE
  const minutes = readDigits(2, 2)
  let seconds = 0
  if (readMark(COLON)) {
    seconds = readDigits(2, 2)
    if (readMark(POINT)) {
      const first = text.at
      let unit = perSecond
      for (let byte = byteAt(text.at); byte >= ZERO && byte <= NINE; byte = byteAt(++text.at)) {
        unit = Math.floor(unit / 10)
        text.fraction += (byte - ZERO) * unit
      }
      if (text.at === first) return NONE
    }
  }
  return minutes < 60 && seconds < 60 ? hours * 3600 + minutes * 60 + seconds : NONE
}

/** Minutes that the zone is ahead of UTC: Z, +01, +0100 or +01:00. */
function readZone(): number {
  const sign = byteAt(text.at++)
  if ((sign | LOWER) === Z) return 0
  if (sign !== PLUS && sign !== MINUS) return NONE
  const hours = readDigits(2, 2)
  const isWhole = text.at === text.end
  if (!isWhole) readMark(COLON)
  const minutes = isWhole ? 0 : readDigits(2, 2)
  if (!(hours < 24 && minutes < 60)) return NONE
  return sign === PLUS ? hours * 60 + minutes : -(hours * 60 + minutes)
}
