/** Keys and times of JSON of which nothing is declared: texts, whole numbers and nulls, which have been found to be such. */
import { type Bytes, bytesOf } from '../../bytes.ts'
import { isoTime } from '../../config/iso-time.ts'

export const QUOTE = 0x22
/** With which null begins. */
export const NULL_LETTER = 0x6e
const BACKSLASH = 0x5c
const MINUS = 0x2d
const ZERO = 0x30

/** Whether the text in quotes has no escapes. */
export function isTextAsItIs(buffer: Bytes, start: number, end: number): boolean {
  for (let at = start + 1; at < end; at++) if (buffer[at] === BACKSLASH) return false
  return true
}

/** Whether the number is digits alone, as each whole number is written in one way only. */
export function isWholeAsItIs(buffer: Bytes, start: number, end: number): boolean {
  const isNegative = buffer[start] === MINUS
  const first = isNegative ? start + 1 : start
  for (let at = first; at < end; at++) if (buffer[at] < ZERO || buffer[at] > ZERO + 9) return false
  return !(isNegative && buffer[first] === ZERO)
}

/** Of others, which are few: the text without its escapes, and the digits of a number with a fraction or an exponent. */
export function textOf(buffer: Bytes, start: number, end: number): Bytes {
  const value: string | number = JSON.parse(buffer.toString('utf8', start, end))
  return bytesOf(Buffer.from(String(value)))
}

/** More digits are beyond all times. */
const MOST_DIGITS = 30

/**
 * Whole milliseconds since 1970, rounded down; NaN: it is null, or text that is no time.
 * @param scale of a number: the milliseconds in a unit, and the units in a millisecond, as powers of ten
 */
export function scalarTime(
  buffer: Bytes,
  start: number,
  end: number,
  scale: { readonly factor: number; readonly divisor: number },
): number {
  const { factor, divisor } = scale
  const first = buffer[start]
  if (first === QUOTE) return isoTime(buffer, start + 1, end - 1)
  if (first === NULL_LETTER) return Number.NaN
  if (!isWholeAsItIs(buffer, start, end) || end - start > MOST_DIGITS) {
    // Of up to 15 digits, or beyond all times: a double is exact enough.
    return Math.floor(Number(buffer.toString('latin1', start, end)) / divisor) * factor
  }
  const isNegative = first === MINUS
  // What is behind a millisecond's last digit is cut off, so that a double holds the rest.
  const cut = Math.max(isNegative ? start + 1 : start, end - Math.log10(divisor))
  let value = 0
  for (let at = isNegative ? start + 1 : start; at < cut; at++) {
    value = value * 10 + buffer[at] - ZERO
  }
  let isOver = false
  for (let at = cut; at < end; at++) isOver ||= buffer[at] !== ZERO
  return (isNegative ? -value - (isOver ? 1 : 0) : value) * factor
}
