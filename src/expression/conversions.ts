/** Casts: `int()`, `double()`, `string()`, `bool()`, `bytes()`. */
import { type Int, unary } from './frame.ts'
import type { Form } from './functions.ts'
import type { Make } from './part.ts'
import { OwnText, type Text, textOf } from './text.ts'
import type { Kind } from './types.ts'

const cast = (gives: Kind, takes: Kind, make: Make): Form => ({
  name: gives,
  isMethod: false,
  takes: [takes],
  gives,
  make,
})

const SAME: Make = ([a]) => a

const INT_OF_DOUBLE: Make = ([a], { ints, sentence }, at) => {
  const overflow = sentence(at, 'int: the number is beyond 64 bits, or none')
  return unary(a, (x: number, frame) => {
    if (Number.isFinite(x)) return ints.fromDouble(Math.trunc(x), frame, overflow)
    frame.fail(overflow)
    return undefined
  })
}

const WHOLE = /^[-+]?\d{1,20}$/

const INT_OF_TEXT: Make = ([a], { ints, sentence }, at) => {
  const none = sentence(at, 'int: the text is no whole number of 64 bits')
  return unary(a, (x: Text, frame): unknown => {
    const text = x.toString()
    const value = WHOLE.test(text) ? BigInt(text.replace('+', '')) : undefined
    if (value === undefined || BigInt.asIntN(64, value) !== value) {
      frame.fail(none)
      return undefined
    }
    const own = ints.of(value)
    if (own === undefined) frame.needsExact()
    return own
  })
}

const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/

const DOUBLE_OF_TEXT: Make = ([a], { sentence }, at) => {
  const none = sentence(at, 'double: the text is no number')
  return unary(a, (x: Text, frame) => {
    const text = x.toString()
    if (!NUMBER.test(text)) frame.fail(none)
    return Number(text)
  })
}

const BOOL_OF_TEXT: Make = ([a], { sentence }, at) => {
  const none = sentence(at, 'bool: the text is neither true nor false')
  return unary(a, (x: Text, frame) => {
    const text = x.toString()
    if (text !== 'true' && text !== 'false') frame.fail(none)
    return text === 'true'
  })
}

/** Text of what is not text: a string is made for each. */
const written = (of: (value: never) => string): Make => {
  return ([a]) => {
    const target = new OwnText()
    return unary(a, (x: never) => target.of(of(x)))
  }
}

const TEXT_OF_INT: Make = ([a], { ints }) => {
  const target = new OwnText()
  return unary(a, (x: Int) => ints.digits(x, target))
}

const TEXT_OF_BYTES: Make = ([a], { sentence }, at) => {
  const invalid = sentence(at, 'string: the bytes are no UTF-8')
  return unary(a, (x: Text, frame) => {
    if (!isUtf8(x)) frame.fail(invalid)
    return x
  })
}

function isUtf8({ buffer, start, end }: Text): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(start, end))
    return true
  } catch {
    return false
  }
}

const TRUE = textOf('true')
const FALSE = textOf('false')

export const CONVERSIONS: readonly Form[] = [
  cast('int', 'int', SAME),
  cast('int', 'double', INT_OF_DOUBLE),
  cast('int', 'string', INT_OF_TEXT),
  // Seconds since 1970, as CEL has it.
  cast('int', 'timestamp', ([a], { ints }) => unary(a, (x: Int) => ints.floorDivide(x, 1_000_000))),
  cast('double', 'double', SAME),
  cast('double', 'int', ([a], { ints }) => unary(a, (x: Int) => ints.toDouble(x))),
  cast('double', 'string', DOUBLE_OF_TEXT),
  cast('string', 'string', SAME),
  cast('string', 'int', TEXT_OF_INT),
  cast(
    'string',
    'double',
    written((x: number) => String(x)),
  ),
  cast('string', 'bool', ([a]) => unary(a, (x: boolean) => (x ? TRUE : FALSE))),
  cast('string', 'bytes', TEXT_OF_BYTES),
  cast('bool', 'bool', SAME),
  cast('bool', 'string', BOOL_OF_TEXT),
  cast('bytes', 'bytes', SAME),
  cast('bytes', 'string', SAME),
]
