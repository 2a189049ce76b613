/** What CEL's operators do, by the kinds of their operands. */
import { binary, type Evaluate, FAILED, type Frame, type Int, NULL, unary, VALUE } from './frame.ts'
import type { Integers } from './integers.ts'
import type { Make, Operation, Target } from './part.ts'
import { compare, concatenate, OwnText, same, type Text } from './text.ts'
import type { Kind, Type } from './types.ts'

const OVERFLOW = 'the whole number is beyond 64 bits'
const BY_ZERO = 'a whole number is divided by zero'

type Doubles = (a: number, b: number) => number
type IntsOf = (ints: Integers<Int>, overflow: number) => (a: Int, b: Int, frame: Frame) => Int

const ADD: IntsOf = (ints, overflow) => (a, b, frame) => ints.add(a, b, frame, overflow)
const SUBTRACT: IntsOf = (ints, overflow) => (a, b, frame) => ints.subtract(a, b, frame, overflow)
const MULTIPLY: IntsOf = (ints, overflow) => (a, b, frame) => ints.multiply(a, b, frame, overflow)

const whole = (of: IntsOf, takes: readonly Kind[], gives: Kind): Operation => ({
  takes,
  gives,
  make: ([a, b], { ints, sentence }, at) => binary(a, b, of(ints, sentence(at, OVERFLOW))),
})

/** Of whole numbers, whose second may be zero. */
const divided = (
  of: (ints: Integers<Int>, overflow: number) => (a: Int, b: Int, frame: Frame) => Int,
): Operation => ({
  takes: ['int', 'int'],
  gives: 'int',
  make([a, b], { ints, sentence }, at) {
    const byZero = sentence(at, BY_ZERO)
    const quotient = of(ints, sentence(at, OVERFLOW))
    return binary(a, b, (x, y, frame) => {
      if (!ints.isZero(y)) return quotient(x, y, frame)
      frame.fail(byZero)
      return x
    })
  },
})

const double =
  (of: Doubles): Make =>
  ([a, b]) =>
    binary(a, b, of)

/** A whole number beside a double becomes one, which CEL leaves to `double()`. */
const doubles = (of: Doubles): Operation[] => [
  { takes: ['double', 'double'], gives: 'double', make: double(of) },
  {
    takes: ['int', 'double'],
    gives: 'double',
    make: ([a, b], { ints }) => binary(a, b, (x: Int, y: number) => of(ints.toDouble(x), y)),
  },
  {
    takes: ['double', 'int'],
    gives: 'double',
    make: ([a, b], { ints }) => binary(a, b, (x: number, y: Int) => of(x, ints.toDouble(y))),
  },
]

const INTS: readonly Kind[] = ['int', 'int']

export const ARITHMETIC: Readonly<Record<string, readonly Operation[]>> = {
  '+': [
    whole(ADD, INTS, 'int'),
    ...doubles((a, b) => a + b),
    {
      takes: ['string', 'string'],
      gives: 'string',
      make([a, b], { sentence }, at) {
        const target = new OwnText()
        const tooLong = sentence(at, 'the text is longer than 16 MiB')
        return binary(a, b, (x: Text, y: Text, frame) => {
          if (x.length + y.length > LONGEST_TEXT) frame.fail(tooLong)
          return frame.state === VALUE ? concatenate(x, y, target) : x
        })
      },
    },
    whole(ADD, ['timestamp', 'duration'], 'timestamp'),
    whole(ADD, ['duration', 'timestamp'], 'timestamp'),
    whole(ADD, ['duration', 'duration'], 'duration'),
  ],
  '-': [
    whole(SUBTRACT, INTS, 'int'),
    ...doubles((a, b) => a - b),
    whole(SUBTRACT, ['timestamp', 'timestamp'], 'duration'),
    whole(SUBTRACT, ['timestamp', 'duration'], 'timestamp'),
    whole(SUBTRACT, ['duration', 'duration'], 'duration'),
  ],
  '*': [whole(MULTIPLY, INTS, 'int'), ...doubles((a, b) => a * b)],
  '/': [
    divided((ints, overflow) => (a, b, frame) => ints.divide(a, b, frame, overflow)),
    ...doubles((a, b) => a / b),
  ],
  '%': [divided((ints) => (a, b) => ints.remainder(a, b))],
}

const LONGEST_TEXT = 16 * 1024 * 1024

export const NEGATE: readonly Operation[] = [
  {
    takes: ['int'],
    gives: 'int',
    make([a], { ints, sentence }, at) {
      const overflow = sentence(at, OVERFLOW)
      const zero = ints.of(0n)!
      return unary(a, (x: Int, frame) => ints.subtract(zero, x, frame, overflow))
    },
  },
  { takes: ['double'], gives: 'double', make: ([a]) => unary(a, (x: number) => -x) },
]

type Order = (a: number, b: number) => boolean

const ORDERS: Readonly<Record<string, Order>> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
}

const isOrdered = (kind: Kind): boolean => kind !== 'decimal' && kind !== 'null'
const isText = (kind: Kind): boolean => kind === 'string' || kind === 'bytes'
const isNumeric = (kind: Kind): boolean => kind === 'int' || kind === 'double'

/** Whether values of both kinds can be compared: of one kind, or both numbers. */
export const areAlike = (a: Kind, b: Kind): boolean => a === b || (isNumeric(a) && isNumeric(b))

/**
 * `<`, `<=`, `>` and `>=`; undefined: the kinds have no order. Numbers, bigints and booleans among one another are
 * JavaScript's, which is exact.
 */
export function ordering(operator: string, a: Type, b: Type): Make | undefined {
  if (!areAlike(a.kind, b.kind) || !isOrdered(a.kind)) return undefined
  const order = ORDERS[operator]
  return isText(a.kind)
    ? ([x, y]) => binary(x, y, (p: Text, q: Text) => order(compare(p, q), 0))
    : ([x, y]) => ORDERED[operator](x, y)
}

/** Each a function of its own, so that the comparison is in it, and no call. */
const ORDERED: Readonly<
  Record<string, (a: Evaluate<number>, b: Evaluate<number>) => Evaluate<boolean>>
> = {
  '<': (a, b) => binary(a, b, (x, y) => x < y),
  '<=': (a, b) => binary(a, b, (x, y) => x <= y),
  '>': (a, b) => binary(a, b, (x, y) => x > y),
  '>=': (a, b) => binary(a, b, (x, y) => x >= y),
}

/** `==` is CEL's: null is a value like others, so that the result is never null. A failure goes through. */
export function equality(kind: Kind, isEqual: boolean): Make {
  const equal: (x: never, y: never) => boolean = isText(kind)
    ? (x: Text, y: Text) => same(x, y)
    : // biome-ignore lint/suspicious/noDoubleEquals: a bigint and a double are compared by what they are
      (x: number, y: number) => x == y
  return ([a, b]) =>
    (frame) => {
      const x = a(frame)
      if (frame.state === FAILED) return false
      const isNull = frame.state === NULL
      frame.state = VALUE
      const y = b(frame)
      if (frame.state === FAILED) return false
      if (frame.state === VALUE && !isNull) return equal(x, y) === isEqual
      const both = isNull && frame.state === NULL
      frame.state = VALUE
      return both === isEqual
    }
}

/** `x == null` and `x != null`, of values that cannot be compared otherwise as well. */
export const nullness =
  (isEqual: boolean): Make =>
  ([a]) =>
  (frame) => {
    a(frame)
    if (frame.state === FAILED) return false
    const isNull = frame.state === NULL
    frame.state = VALUE
    return isNull === isEqual
  }

/**
 * `&&` where `decides` is false, `||` where it is true. What decides, does so whatever the other is, null and failures
 * as well, as CEL has it; else a failure comes before null, and null before the value.
 */
export const connective =
  (decides: boolean): Make =>
  ([a, b]: readonly Evaluate<boolean>[]) =>
  (frame) => {
    const x = a(frame)
    const { state, fault } = frame
    if (state === VALUE && x === decides) return decides
    frame.state = VALUE
    const y = b(frame)
    if (frame.state === VALUE && y === decides) return decides
    if (state === FAILED) {
      frame.state = FAILED
      frame.fault = fault
    } else if (state === NULL && frame.state === VALUE) frame.state = NULL
    return !decides
  }

export const NOT: Make = ([a]) => unary(a, (x: boolean) => !x)

/** `condition ? a : b`; where the condition is null, so is the result. */
export const CHOICE: Make =
  ([condition, a, b]: readonly Evaluate<unknown>[]) =>
  (frame) => {
    const isTrue = condition(frame)
    if (frame.state !== VALUE) return undefined
    return isTrue === true ? a(frame) : b(frame)
  }

/** `x in [a, b]`: whether one of them equals it. A null among them is passed over. */
export const membership =
  (kind: Kind): Make =>
  ([x, ...others]: readonly Evaluate<never>[], target: Target, at: number) => {
    const equal = equality(kind, true)
    const each = others.map((other) => equal([x, other], target, at) as Evaluate<boolean>)
    return (frame) => {
      for (const one of each) if (one(frame) || frame.state !== VALUE) return frame.state === VALUE
      return false
    }
  }

/** A whole number where a double is wanted. */
export const WIDEN: Make = ([a], { ints }) => unary(a, (x: Int) => ints.toDouble(x))
