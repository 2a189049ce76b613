import { type Bytes, NO_BYTES } from '../bytes.ts'
import { AvroSource } from '../codec/avro/walk.ts'

/** What the expression that was evaluated last has come to. */
export const VALUE = 0
export const NULL = 1
export const FAILED = 2

/**
 * What an expression is evaluated over: one record, by positions, and how far the evaluation has come. Whoever evaluates
 * a part looks at `state` before the part's result, which means something only where there is a VALUE.
 */
export class Frame {
  /** The record; its top fields begin at `starts`. */
  buffer: Bytes = NO_BYTES
  end = 0
  starts: Int32Array = new Int32Array(0)
  readonly source = new AvroSource()
  state = VALUE
  /** Of what has failed: which of the program's sentences says why. */
  fault = 0
  /** A whole number was met that a double does not hold: the evaluation counts for nothing, and is done again with bigints. */
  isInexact = false

  open(buffer: Bytes, end: number, starts: Int32Array): void {
    this.buffer = buffer
    this.end = end
    this.starts = starts
    this.source.open(buffer, 0, end)
    this.reset()
  }

  reset(): void {
    this.state = VALUE
    this.isInexact = false
  }

  fail(fault: number): void {
    this.state = FAILED
    this.fault = fault
  }

  /** Of no use to anybody but who evaluates the whole: it has to be done exactly. */
  needsExact(): void {
    this.state = FAILED
    this.isInexact = true
  }
}

/** A part of an expression, compiled. */
export type Evaluate<T> = (frame: Frame) => T

/**
 * A whole number in a part: a number in the fast form of an expression, a bigint in its exact form. Which one it is, is
 * known where `Integers` are made, and to nobody else.
 */
export type Int = never

/** Of one part; null and failure go through. */
export function unary<A, R>(a: Evaluate<A>, of: (x: A, frame: Frame) => R): Evaluate<R> {
  return (frame) => {
    const x = a(frame)
    return frame.state === VALUE ? of(x, frame) : (x as unknown as R)
  }
}

/** Of two parts, from left to right; null and failure go through. */
export function binary<A, B, R>(
  a: Evaluate<A>,
  b: Evaluate<B>,
  of: (x: A, y: B, frame: Frame) => R,
): Evaluate<R> {
  return (frame) => {
    const x = a(frame)
    if (frame.state !== VALUE) return x as unknown as R
    const y = b(frame)
    return frame.state === VALUE ? of(x, y, frame) : (x as unknown as R)
  }
}
