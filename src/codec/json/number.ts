/** JSON's numbers, exactly: https://www.rfc-editor.org/rfc/rfc8259#section-6 */
import type { JsonTransfer } from './transfer.ts'

const MINUS = 0x2d
const PLUS = 0x2b
const POINT = 0x2e
const ZERO = 0x30
const LOWER_E = 0x65

/** So many digits are a whole number that a double holds. */
export const EXACT_DIGITS = 15
/** The powers of ten that a double holds. */
const EXACT_POWERS = Float64Array.from({ length: 23 }, (_, power) => Number(`1e${power}`))
/** Exponents beyond are told as this one: no number of such is anything but zero, or beyond all types. */
const MOST_EXPONENT = 1e9
/** Of a decimal; as many as any money has, and few enough to reckon with. */
export const MOST_DIGITS = 10_000

/** The number that was read last: there is one that is used again and again. It is `value` × 10^`exponent`. */
export const read = {
  start: 0,
  end: 0,
  isNegative: false,
  /** The first digits, up to EXACT_DIGITS, from the first that is not zero. */
  value: 0,
  /** How many digits there are from the first that is not zero. */
  digits: 0,
  exponent: 0,
  /** Whether it is digits alone, with or without a sign. */
  isPlain: true,
}

/** The number at `at`, into `read`. */
export function readNumber(transfer: JsonTransfer): boolean {
  const { buffer, end } = transfer
  const start = transfer.at
  let at = start
  let value = 0
  let digits = 0
  let digit = 0
  read.start = start
  read.isNegative = buffer[at] === MINUS
  if (read.isNegative) at++
  const first = at
  while (at < end && (digit = buffer[at] - ZERO) >= 0 && digit <= 9) {
    if (digits > 0 || digit > 0) if (++digits <= EXACT_DIGITS) value = value * 10 + digit
    at++
  }
  if (at === first || (buffer[first] === ZERO && at > first + 1)) return noNumber(transfer, first)
  read.isPlain = true
  read.exponent = 0
  read.value = value
  read.digits = digits
  if (at < end) {
    const byte = buffer[at]
    if ((byte === POINT || (byte | 0x20) === LOWER_E) && (at = readRest(transfer, at)) < 0)
      return false
  }
  read.end = at
  transfer.at = at
  return true
}

/** Fraction and exponent. @returns the place behind them; -1: they are none */
function readRest(transfer: JsonTransfer, from: number): number {
  const { buffer, end } = transfer
  let { value, digits } = read
  let at = from
  let fraction = 0
  let digit = 0
  read.isPlain = false
  if (buffer[at] === POINT) {
    const first = ++at
    while (at < end && (digit = buffer[at] - ZERO) >= 0 && digit <= 9) {
      if (digits > 0 || digit > 0) if (++digits <= EXACT_DIGITS) value = value * 10 + digit
      at++
    }
    fraction = at - first
    if (fraction === 0) return missing(transfer, at, 'a digit behind the point')
    read.value = value
    read.digits = digits
  }
  let exponent = 0
  if (at < end && (buffer[at] | 0x20) === LOWER_E) {
    const sign = at + 1 < end ? buffer[at + 1] : 0
    at += sign === MINUS || sign === PLUS ? 2 : 1
    const first = at
    while (at < end && (digit = buffer[at] - ZERO) >= 0 && digit <= 9) {
      exponent = Math.min(exponent * 10 + digit, MOST_EXPONENT)
      at++
    }
    if (at === first) return missing(transfer, at, 'a digit of the exponent')
    if (sign === MINUS) exponent = -exponent
  }
  // Of more digits the last ones are not in `value`; who needs them reads the text.
  read.exponent = exponent - fraction
  return at
}

function missing(transfer: JsonTransfer, at: number, wanted: string): number {
  transfer.expect(at, wanted)
  return -1
}

function noNumber(transfer: JsonTransfer, first: number): false {
  const { buffer, at, end } = transfer
  const word = buffer.toString('latin1', at, Math.min(end, at + 9))
  if (/^(NaN|-?Infinity)/.test(word)) {
    return transfer.expect(
      at,
      'a value (NaN and Infinity are none in JSON: write them as text, or null)',
    )
  }
  const isZero = buffer[first] === ZERO && first < end
  if (isZero) return transfer.expect(first, 'a number without zeros before it')
  return transfer.expect(first, first > at ? 'a digit' : 'a value')
}

/** The double that is nearest; infinite where it is beyond all. */
export function nearestDouble({ buffer }: JsonTransfer): number {
  const { value, digits, exponent, isNegative, start, end } = read
  // Both are exact, so that the one rounding is the right one: W. D. Clinger, How to read floating point numbers accurately.
  if (digits <= EXACT_DIGITS && exponent >= -22 && exponent <= 22) {
    const power = EXACT_POWERS[exponent < 0 ? -exponent : exponent]
    const magnitude = exponent < 0 ? value / power : value * power
    return isNegative ? -magnitude : magnitude
  }
  return Number(buffer.toString('latin1', start, end))
}

/** Writes it as a whole number of so many bits; false: it is none. */
export function writeWholeNumber(transfer: JsonTransfer, bits: number): boolean {
  const { value, digits, isPlain, isNegative } = read
  if (digits > EXACT_DIGITS || !isPlain) return writeUnusual(transfer, bits)
  const whole = isNegative ? -value : value
  if (bits === 32 && (whole > 2147483647 || whole < -2147483648)) return false
  return transfer.sink.int(whole)
}

const MOST_HIGH = 9_223_372_036
const MOST_LOW = 854_775_807

/** Of 16 to 19 digits, or with a fraction or an exponent. */
function writeUnusual(transfer: JsonTransfer, bits: number): boolean {
  const { digits, isPlain, isNegative, end } = read
  if (isPlain && bits === 64 && digits <= 19) {
    const high = digitsOf(transfer, end - digits, end - 9)
    const low = digitsOf(transfer, end - 9, end)
    const most = MOST_LOW + (isNegative ? 1 : 0)
    if (high > MOST_HIGH || (high === MOST_HIGH && low > most)) return false
    return writeHalves(transfer, high, low, isNegative)
  }
  const integer = unscaledOf(transfer, 0, 19)
  if (integer === undefined || BigInt.asIntN(bits, integer) !== integer) return false
  return transfer.sink.long(integer)
}

function digitsOf({ buffer }: JsonTransfer, from: number, to: number): number {
  let value = 0
  for (let at = from; at < to; at++) value = value * 10 + buffer[at] - ZERO
  return value
}

/** `high` × 10^9 + `low`, in steps that a double holds. */
function writeHalves(
  { sink }: JsonTransfer,
  high: number,
  low: number,
  isNegative: boolean,
): boolean {
  const upper = Math.floor(high / 65_536)
  const lower = (high - upper * 65_536) * 1e9 + low
  const middle = upper * 1e9 + Math.floor(lower / 65_536)
  let top = Math.floor(middle / 65_536)
  let bottom = (middle - top * 65_536) * 65_536 + (lower % 65_536)
  if (isNegative) {
    bottom = bottom === 0 ? 0 : 2 ** 32 - bottom
    top = -top - (bottom === 0 ? 0 : 1)
  }
  return sink.halves(top | 0, bottom | 0)
}

/**
 * The number × 10^`scale`, where that is whole; undefined: it is not, or has more than `most` digits. Not for what `read.value`
 * holds.
 */
export function unscaledOf(
  { buffer }: JsonTransfer,
  scale: number,
  most: number,
): bigint | undefined {
  const { start, end, isNegative, digits, exponent } = read
  if (digits === 0) return 0n
  const text = buffer.toString('latin1', start, end)
  const [mantissa] = text.split(/[eE]/)
  const all = mantissa.replace(/[-.]/g, '').replace(/^0+/, '')
  const kept = all.replace(/0+$/, '')
  const zeros = exponent + scale + all.length - kept.length
  if (zeros < 0 || kept.length + zeros > Math.min(most, MOST_DIGITS)) return undefined
  const magnitude = BigInt(kept + '0'.repeat(zeros))
  return isNegative ? -magnitude : magnitude
}
