/** Longs that a double does not hold: as two halves, so that no object is made for each. */
import type { Bytes } from '../../bytes.ts'
import { writeMagnitude } from '../integer-text.ts'
import { type AvroSource, readInt } from './walk.ts'

/** Below this the code of a varint has been read exactly: it has a bit more than the number. */
const EXACT = 2 ** 52

const WORD = 2 ** 32

/** Sign and magnitude of one long. There is one that is used again and again. */
class Long {
  negative = false
  high = 0
  low = 0

  /** Of the varint at `from`, which has been walked before. */
  read(buffer: Bytes, from: number): void {
    let low = 0
    let high = 0
    let at = from
    for (let shift = 0; ; shift += 7) {
      const bits = buffer[at] & 127
      if (shift < 28) low |= bits << shift
      else if (shift === 28) {
        low |= bits << 28
        high = bits >>> 4
      } else high |= bits << (shift - 32)
      if (buffer[at++] < 128) break
    }
    // Zigzag: the sign is the lowest bit.
    this.negative = (low & 1) === 1
    this.low = ((low >>> 1) | (high << 31)) >>> 0
    this.high = high >>> 1
    if (!this.negative) return
    this.low = (this.low + 1) >>> 0
    if (this.low === 0) this.high++
  }

  /** The magnitude's quotient by at most a million takes its place; @returns the remainder */
  divide(by: number): number {
    const high = this.high % by
    const rest = high * WORD + this.low
    this.high = Math.floor(this.high / by)
    this.low = Math.floor(rest / by)
    return rest % by
  }

  /** The double that is nearest. */
  get value(): number {
    const magnitude = this.high * WORD + this.low
    return this.negative ? -magnitude : magnitude
  }
}

const long = new Long()

/**
 * Writes the decimal digits of the varint at `from`, which has been walked before, so that they end
 * at `end`. @returns where they begin, at most 20 bytes before
 */
export function writeLongDigits(buffer: Bytes, from: number, target: Bytes, end: number): number {
  long.read(buffer, from)
  return writeMagnitude(long.negative, long.high | 0, long.low | 0, target, end)
}

/** A long as the double that is nearest to it; NaN where there is none. */
export function readNearest(source: AvroSource): number {
  const from = source.at
  const value = readInt(source)
  if (!(value >= EXACT || value < -EXACT)) return value
  long.read(source.buffer, from)
  return long.value
}

/**
 * A long divided by at most a million and rounded down: exactly, and then to the nearest double. NaN
 * where there is none. It has been walked before.
 */
export function readDivided(source: AvroSource, by: number): number {
  const from = source.at
  const value = readInt(source)
  // Below 2^52 the quotient's rounding never reaches the next whole number.
  if (!(value >= EXACT || value < -EXACT)) return Math.floor(value / by)
  long.read(source.buffer, from)
  if (long.divide(by) > 0 && long.negative) long.low++
  return long.value
}

/** Exactly; it has been walked before. */
export function readBigInt(source: AvroSource): bigint {
  const from = source.at
  const value = readInt(source)
  if (!(value >= EXACT || value < -EXACT)) return BigInt(value)
  long.read(source.buffer, from)
  const magnitude = (BigInt(long.high) << 32n) | BigInt(long.low)
  return long.negative ? -magnitude : magnitude
}

/** A number of 64 bits in two's complement, in halves of 32. */
export interface Halves {
  high: number
  low: number
}

/** Exactly; it has been walked before. */
export function readHalves(source: AvroSource, into: Halves): void {
  const from = source.at
  readInt(source)
  long.read(source.buffer, from)
  const { negative, high, low } = long
  into.low = negative ? -low | 0 : low | 0
  into.high = negative ? ~high + (into.low === 0 ? 1 : 0) : high | 0
}

/** Whole days, rounded down, and the units that are over. */
export interface LongDays {
  days: number
  rest: number
}

const DAY_SECONDS = 86_400

/** An int or a long as days, exactly. It has been walked before. @param perSecond how many units a second has: a power of a thousand */
export function readDays(source: AvroSource, perSecond: number, into: LongDays): void {
  const from = source.at
  const value = readInt(source)
  const perDay = DAY_SECONDS * perSecond
  if (!(value >= EXACT || value < -EXACT)) {
    into.days = Math.floor(value / perDay)
    into.rest = value - into.days * perDay
    return
  }
  long.read(source.buffer, from)
  let rest = 0
  for (let unit = 1; unit < perSecond; unit *= 1000) rest += long.divide(1000) * unit
  rest += long.divide(DAY_SECONDS) * perSecond
  const { value: days, negative } = long
  into.days = negative && rest > 0 ? days - 1 : days
  into.rest = negative && rest > 0 ? perDay - rest : rest
}
