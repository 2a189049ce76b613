/**
 * Whole numbers of 64 bits, in two forms: as doubles, for as long as a double holds them, and as bigints. An expression
 * runs in the first form; where that meets a number beyond it, the record is evaluated again in the second.
 */
import { readBigInt } from '../codec/avro/long.ts'
import type { AvroSink } from '../codec/avro/sink.ts'
import { readInt } from '../codec/avro/walk.ts'
import { INTEGER_BYTES, writeMagnitude } from '../codec/integer-text.ts'
import type { Frame, Int } from './frame.ts'
import type { OwnText, Text } from './text.ts'

export interface Integers<I> {
  /** undefined: this form does not hold it. */
  of(value: bigint): I | undefined
  /** The varint where `frame.source` is. */
  read(frame: Frame): I
  add(a: I, b: I, frame: Frame, overflow: number): I
  subtract(a: I, b: I, frame: Frame, overflow: number): I
  multiply(a: I, b: I, frame: Frame, overflow: number): I
  /** Towards zero. `b` is not 0. */
  divide(a: I, b: I, frame: Frame, overflow: number): I
  /** With the sign of `a`. `b` is not 0. */
  remainder(a: I, b: I): I
  isZero(a: I): boolean
  /** Rounded down; by a small positive number. */
  floorDivide(a: I, by: number): I
  /** What `floorDivide` leaves: from 0 up to `by`. */
  floorRemainder(a: I, by: number): number
  /** A double without a fraction. */
  fromDouble(value: number, frame: Frame, overflow: number): I
  /** The nearest double. */
  toDouble(a: I): number
  /** Written into `target`. */
  digits(a: I, target: OwnText): Text
  write(a: I, sink: AvroSink): boolean
}

/** A varint has been read exactly below this. */
const READ_EXACTLY = 2 ** 52
const WORD = 2 ** 32

export const numbers: Integers<number> = {
  of: (value) =>
    BigInt.asIntN(53, value) === value && Number.isSafeInteger(Number(value))
      ? Number(value)
      : undefined,
  read(frame) {
    const value = readInt(frame.source)
    if (value >= READ_EXACTLY || value < -READ_EXACTLY) frame.needsExact()
    return value
  },
  add: (a, b, frame) => safe(a + b, frame),
  subtract: (a, b, frame) => safe(a - b, frame),
  // There is no negative zero among whole numbers.
  multiply: (a, b, frame) => safe(a * b + 0, frame),
  // A quotient is rounded by less than what it is away from the next whole number.
  divide: (a, b) => Math.trunc(a / b) + 0,
  remainder: (a, b) => (a % b) + 0,
  isZero: (a) => a === 0,
  floorDivide: (a, by) => Math.floor(a / by),
  floorRemainder: (a, by) => a - Math.floor(a / by) * by,
  fromDouble: (value, frame) => safe(value + 0, frame),
  toDouble: (a) => a,
  digits(a, target) {
    const magnitude = Math.abs(a)
    const room = target.room(INTEGER_BYTES)
    const high = (magnitude / WORD) | 0
    target.start = writeMagnitude(a < 0, high, (magnitude - high * WORD) | 0, room, target.end)
    return target
  },
  write: (a, sink) => (a < READ_EXACTLY && a >= -READ_EXACTLY ? sink.int(a) : sink.long(BigInt(a))),
}

function safe(value: number, frame: Frame): number {
  if (value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER) frame.needsExact()
  return value
}

export const bigints: Integers<bigint> = {
  of: (value) => value,
  read: ({ source }) => readBigInt(source),
  add: (a, b, frame, overflow) => within(a + b, frame, overflow),
  subtract: (a, b, frame, overflow) => within(a - b, frame, overflow),
  multiply: (a, b, frame, overflow) => within(a * b, frame, overflow),
  divide: (a, b, frame, overflow) => within(a / b, frame, overflow),
  remainder: (a, b) => a % b,
  isZero: (a) => a === 0n,
  floorDivide(a, by) {
    const divisor = BigInt(by)
    const rest = a % divisor
    return (a - rest) / divisor - (rest < 0n ? 1n : 0n)
  },
  floorRemainder: (a, by) => (Number(a % BigInt(by)) + by) % by,
  fromDouble: (value, frame, overflow) =>
    // Of 2^63 and beyond there is no long, and of these doubles a bigint has far too many digits.
    Math.abs(value) > 2 ** 64 ? failed(frame, overflow) : within(BigInt(value), frame, overflow),
  toDouble: Number,
  digits: (a, target) => target.of(String(a)),
  write: (a, sink) => sink.long(a),
}

function within(value: bigint, frame: Frame, overflow: number): bigint {
  return BigInt.asIntN(64, value) === value ? value : failed(frame, overflow)
}

function failed(frame: Frame, fault: number): bigint {
  frame.fail(fault)
  return 0n
}

/** As the parts of an expression see them. */
export const asInts = (integers: Integers<number> | Integers<bigint>): Integers<Int> =>
  integers as unknown as Integers<Int>
