import { type Evaluate, unary } from './frame.ts'
import type { Make } from './part.ts'
import { OwnText, type Text } from './text.ts'

/** Of these many bytes a double holds the digits, and powers of ten up to 10^22: a quotient of both is the nearest double. */
const EXACT_BYTES = 6
const EXACT_SCALE = 22

/** The double that is nearest to the decimal. */
export const doubleOfDecimal =
  (scale: number): Make =>
  ([a]: readonly Evaluate<never>[]) => {
    const divisor = 10 ** scale
    return unary(a, (x: Text) => {
      const { buffer, start, end, length } = x
      if (length > EXACT_BYTES || length === 0 || scale > EXACT_SCALE)
        return Number(digits(x, scale))
      let unscaled = buffer.view.getInt8(start)
      for (let at = start + 1; at < end; at++) unscaled = unscaled * 256 + buffer[at]
      return unscaled / divisor
    })
  }

/** All its digits. */
export const textOfDecimal =
  (scale: number): Make =>
  ([a]: readonly Evaluate<never>[]) => {
    const target = new OwnText()
    return unary(a, (x: Text) => target.of(digits(x, scale)))
  }

function digits({ buffer, start, end, length }: Text, scale: number): string {
  // Two's complement, the highest byte first.
  const hex = length === 0 ? '0' : buffer.toString('hex', start, end)
  const unscaled = BigInt.asIntN(8 * length, BigInt(`0x${hex}`))
  const all = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0')
  const point = all.length - scale
  return `${unscaled < 0n ? '-' : ''}${all.slice(0, point)}${scale > 0 ? '.' : ''}${all.slice(point)}`
}
