/** The functions that expressions may call. */
import { createHash } from 'node:crypto'
import { hashBytes } from '../bytes.ts'
import { binary, type Evaluate, FAILED, type Int, NULL, unary, VALUE } from './frame.ts'
import type { Make, Operation } from './part.ts'
import {
  codePoints,
  endsWith,
  find,
  OwnText,
  placeOf,
  replaced,
  shifted,
  startsWith,
  Text,
  trimmed,
} from './text.ts'
import type { Kind } from './types.ts'

/** A function, in one of its forms. */
export interface Form extends Operation {
  readonly name: string
  /** `text.trim()`: the first operand stands before the dot. */
  readonly isMethod: boolean
  /** Its last operand is a literal text, of which it is made once; a text: why that cannot be. */
  readonly prepare?: (literal: string) => Make | string
}

const call = (name: string, takes: readonly Kind[], gives: Kind, make: Make): Form => ({
  name,
  isMethod: false,
  takes,
  gives,
  make,
})
const method = (name: string, takes: readonly Kind[], gives: Kind, make: Make): Form => ({
  ...call(name, takes, gives, make),
  isMethod: true,
})

const test = (name: string, of: (whole: Text, part: Text) => boolean): Form =>
  method(name, ['string', 'string'], 'bool', ([a, b]) => binary(a, b, of))

const counted =
  (of: (text: Text) => number): Make =>
  ([a], { ints, sentence }, at) => {
    const overflow = sentence(at, '')
    return unary(a, (x: Text, frame) => ints.fromDouble(of(x), frame, overflow))
  }

const size = (isMethod: boolean): Form[] => [
  { ...call('size', ['string'], 'int', counted(codePoints)), isMethod },
  {
    ...call(
      'size',
      ['bytes'],
      'int',
      counted(({ length }) => length),
    ),
    isMethod,
  },
]

const made =
  (of: (text: Text, target: OwnText) => Text): Make =>
  ([a]) => {
    const target = new OwnText()
    return unary(a, (x: Text) => of(x, target))
  }

const A = 65
const LOWER_A = 97

/** By code points; from, and up to but without, the places. */
const SUBSTRING: Make = ([a, b, c]: readonly Evaluate<never>[], { ints, sentence }, at) => {
  const target = new Text()
  const outside = sentence(at, 'substring: the place is outside of the text')
  const from = (text: Text, place: Int): number => {
    const count = ints.toDouble(place)
    return count >= 0 ? placeOf(text, count) : -1
  }
  const until = c as Evaluate<Int> | undefined
  return binary(a, b, (text: Text, first: Int, frame) => {
    const { buffer, end } = text
    const start = from(text, first)
    let behind = end
    if (until !== undefined) {
      const last = until(frame)
      if (frame.state !== VALUE) return text
      behind = from(text, last)
    }
    if (start < 0 || behind < start) frame.fail(outside)
    return target.set(buffer, start, behind)
  })
}

const REPLACE: Make = ([a, b, c]: readonly Evaluate<never>[], { sentence }, at) => {
  const target = new OwnText()
  const empty = sentence(at, 'replace: what is to be replaced is empty')
  const by = c as Evaluate<Text>
  return binary(a, b, (text: Text, part: Text, frame) => {
    const other = by(frame)
    if (frame.state === VALUE && part.length === 0) frame.fail(empty)
    return frame.state === VALUE ? replaced(text, part, other, target) : text
  })
}

const rounded =
  (of: (value: number) => number): Make =>
  ([a]) =>
    unary(a, of)

/** Halves go away from zero, as CEL’s extension has it. */
const round = (value: number): number => {
  const magnitude = Math.abs(value)
  const floor = Math.floor(magnitude)
  return Math.sign(value) * (magnitude - floor >= 0.5 ? floor + 1 : floor)
}

const HASH: Make = ([a], { ints, sentence }, at) => {
  const overflow = sentence(at, '')
  return unary(a, ({ buffer, start, end }: Text, frame) =>
    ints.fromDouble(hashBytes(buffer, start, end) >>> 0, frame, overflow),
  )
}

const SHA256 = made(({ buffer, start, end }, target) =>
  target.of(createHash('sha256').update(buffer.subarray(start, end)).digest('hex')),
)

/** The first that is not null. */
export const COALESCE: Make = (operands: readonly Evaluate<unknown>[]) => (frame) => {
  for (const operand of operands) {
    frame.state = VALUE
    const value = operand(frame)
    if (frame.state !== NULL) return value
  }
  return undefined
}

/** Null in place of a failure. */
export const TRY: Make =
  ([a]: readonly Evaluate<unknown>[]) =>
  (frame) => {
    const value = a(frame)
    if (frame.state === FAILED) frame.state = NULL
    return value
  }

const extremes = (name: string, takes: (a: number, b: number) => boolean): Form[] =>
  (['int', 'double'] as const).map((kind) =>
    call(`math.${name}`, [kind, kind], kind, ([a, b]) =>
      binary(a, b, (x: number, y: number) => (takes(x, y) ? x : y)),
    ),
  )

const ABSOLUTE: Make = ([a], { ints, sentence }, at) => {
  const overflow = sentence(at, 'math.abs: the whole number is beyond 64 bits')
  const zero = ints.of(0n)!
  return unary(a, (x: Int, frame) => (x < zero ? ints.subtract(zero, x, frame, overflow) : x))
}

export const TEXT_FUNCTIONS: readonly Form[] = [
  ...size(false),
  ...size(true),
  test('contains', (whole, part) => find(whole, part, whole.start) >= 0),
  test('startsWith', startsWith),
  test('endsWith', endsWith),
  method(
    'lowerAscii',
    ['string'],
    'string',
    made((x, target) => shifted(x, A, 32, target)),
  ),
  method(
    'upperAscii',
    ['string'],
    'string',
    made((x, target) => shifted(x, LOWER_A, -32, target)),
  ),
  method('trim', ['string'], 'string', made(trimmed)),
  method('substring', ['string', 'int'], 'string', SUBSTRING),
  method('substring', ['string', 'int', 'int'], 'string', SUBSTRING),
  method('replace', ['string', 'string', 'string'], 'string', REPLACE),
  call('hash', ['string'], 'int', HASH),
  call('hash', ['bytes'], 'int', HASH),
  call('sha256', ['string'], 'string', SHA256),
  call('sha256', ['bytes'], 'string', SHA256),
  call('math.abs', ['int'], 'int', ABSOLUTE),
  call('math.abs', ['double'], 'double', rounded(Math.abs)),
  call('math.ceil', ['double'], 'double', rounded(Math.ceil)),
  call('math.floor', ['double'], 'double', rounded(Math.floor)),
  call('math.trunc', ['double'], 'double', rounded(Math.trunc)),
  call('math.round', ['double'], 'double', rounded(round)),
  ...extremes('least', (a, b) => a <= b),
  ...extremes('greatest', (a, b) => a >= b),
]
