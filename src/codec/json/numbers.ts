/** Numbers as JSON, each exact. */
import { type Bytes, bytesOf } from '../../bytes.ts'
import { writeLongDigits } from '../avro/long.ts'
import { type AvroSource, readInt } from '../avro/walk.ts'
import { INTEGER_BYTES, writeInteger, writeMagnitude } from '../integer-text.ts'
import type { TextBuffer } from '../text-buffer.ts'

const ZERO = 48
const MINUS = 45
const POINT = 46
const INT_LIMIT = 2 ** 31

const digits = bytesOf(Buffer.alloc(INTEGER_BYTES))

/** An int or a long, which has been walked before; moves `source.at` behind it. */
export function writeLong(out: TextBuffer, source: AvroSource): void {
  const from = source.at
  const value = readInt(source)
  if (value > -INT_LIMIT && value < INT_LIMIT) {
    if (value < 0) out.byte(MINUS)
    writeCount(out, Math.abs(value), 1)
    return
  }
  out.copy(digits, writeLongDigits(source.buffer, from, digits, INTEGER_BYTES), INTEGER_BYTES)
}

/** A whole number from 0 to 2^31 - 1. @param width zeros come before it up to so many digits */
export function writeCount(out: TextBuffer, value: number, width: number): void {
  let count = 1
  for (let limit = 10; limit <= value; limit *= 10) count++
  const bytes = Math.max(count, width)
  out.reserve(bytes)
  const { buffer } = out
  const end = out.at + bytes
  for (let at = out.at; at < end - count; at++) buffer[at] = ZERO
  writeMagnitude(false, 0, value, buffer, end)
  out.at = end
}

/** A whole number from 0 to 2^53 - 1. @param width as with `writeCount` */
export function writeWhole(out: TextBuffer, value: number, width: number): void {
  if (value < INT_LIMIT) {
    writeCount(out, value, width)
    return
  }
  const high = Math.floor(value / 2 ** 32)
  const low = (value - high * 2 ** 32) | 0
  out.copy(digits, writeMagnitude(false, high, low, digits, INTEGER_BYTES), INTEGER_BYTES)
}

const NOT_A_NUMBER = bytesOf(Buffer.from('"NaN"'))
const INFINITE = bytesOf(Buffer.from('"Infinity"'))
const MINUS_INFINITE = bytesOf(Buffer.from('"-Infinity"'))

/** Of numbers with at most so many decimals, such as prices, the digits are had without a text of JavaScript's. */
const DECIMALS = 4
const SCALE = 10 ** DECIMALS
/** No two numbers with at most so many digits are the same float. */
const FLOAT_DIGITS = 6
const MOST_FLOAT_DIGITS = 9
const SMALLEST_NORMAL_FLOAT = 2 ** -126

/** As ECMAScript writes it, but for zero’s sign; as text where it is none that JSON has, which is Protobuf’s rule. */
export function writeDouble(out: TextBuffer, value: number): void {
  if (writeSpecial(out, value)) return
  const scaled = Math.round(Math.abs(value) * SCALE)
  // With so few digits no other number is as short.
  if (scaled < INT_LIMIT && scaled / SCALE === Math.abs(value)) writeScaled(out, value < 0, scaled)
  else out.ascii(String(value))
}

/** The shortest text that is read back as the same float, written as a double’s is. */
export function writeFloat(out: TextBuffer, value: number): void {
  if (writeSpecial(out, value)) return
  const magnitude = Math.abs(value)
  const scaled = Math.round(magnitude * SCALE)
  if (scaled < 10 ** FLOAT_DIGITS && Math.fround(scaled / SCALE) === magnitude) {
    writeScaled(out, value < 0, scaled)
    return
  }
  // Below that a float has fewer digits than others.
  let precision = magnitude < SMALLEST_NORMAL_FLOAT ? 1 : FLOAT_DIGITS
  while (precision < MOST_FLOAT_DIGITS && !isSameFloat(value, precision)) precision++
  out.ascii(String(Number(value.toPrecision(precision))))
}

const isSameFloat = (value: number, precision: number): boolean =>
  Math.fround(Number(value.toPrecision(precision))) === value

/** What has no digits, and zero. @returns whether it was one of them */
function writeSpecial(out: TextBuffer, value: number): boolean {
  if (value === 0) out.ascii(Object.is(value, -0) ? '-0' : '0')
  else if (Number.isFinite(value)) return false
  else if (Number.isNaN(value)) out.add(NOT_A_NUMBER)
  else out.add(value > 0 ? INFINITE : MINUS_INFINITE)
  return true
}

/** @param scaled how many ten-thousandths it is */
function writeScaled(out: TextBuffer, isNegative: boolean, scaled: number): void {
  if (isNegative) out.byte(MINUS)
  const whole = Math.floor(scaled / SCALE)
  writeCount(out, whole, 1)
  let decimals = scaled - whole * SCALE
  if (decimals === 0) return
  let width = DECIMALS
  for (; decimals % 10 === 0; decimals /= 10) width--
  out.byte(POINT)
  writeCount(out, decimals, width)
}

/** With more decimals a number is written with an exponent in their place: a schema may have any scale. */
const MOST_DECIMALS = 1000

/** The decimal whose unscaled value is `source[start, end)` in two’s complement, the highest byte first; with all its decimals. */
export function writeDecimal(
  out: TextBuffer,
  source: Bytes,
  start: number,
  end: number,
  scale: number,
): void {
  let from = start
  // A fixed has a number's sign in all bytes before it.
  while (end - from > 8 && isSignOnly(source, from)) from++
  const sign = from < end && source[from] > 127
  if (end - from > 8) {
    const unscaled = BigInt.asIntN(
      8 * (end - from),
      BigInt(`0x${source.toString('hex', from, end)}`),
    )
    const text = bytesOf(Buffer.from(String(sign ? -unscaled : unscaled), 'latin1'))
    writePointed(out, sign, text, 0, text.length, scale)
    return
  }
  let high = sign ? -1 : 0
  let low = high
  for (; from < end; from++) {
    high = (high << 8) | (low >>> 24)
    low = (low << 8) | source[from]
  }
  const first = writeInteger(high, low, digits, INTEGER_BYTES)
  writePointed(out, sign, digits, sign ? first + 1 : first, INTEGER_BYTES, scale)
}

/** Whether the byte says nothing that the next one's highest bit does not say. */
const isSignOnly = (source: Bytes, at: number): boolean =>
  source[at] === (source[at + 1] > 127 ? 255 : 0)

/** Digits, with a point before the last `scale` of them. */
function writePointed(
  out: TextBuffer,
  isNegative: boolean,
  source: Bytes,
  from: number,
  to: number,
  scale: number,
): void {
  if (isNegative) out.byte(MINUS)
  const point = scale > MOST_DECIMALS ? to : to - scale
  if (point > from) out.copy(source, from, point)
  else out.byte(ZERO)
  if (scale > MOST_DECIMALS) out.ascii(`e-${scale}`)
  else if (scale > 0) {
    out.byte(POINT)
    for (let zeros = from - point; zeros > 0; zeros--) out.byte(ZERO)
    out.copy(source, Math.max(from, point), to)
  }
}
