import { bytesOf } from '../../bytes.ts'
import { type Logical, logicalText } from './logical.ts'
import { Incompatible, type Transcode } from './transfer.ts'
import { readInt } from './walk.ts'

/** More digits than any money has, and few enough to reckon with for each record. */
const MOST_DIGITS = 10_000
const MOST_BYTES = 5_000
const SHOWN = 60

/**
 * A decimal of another scale or precision: exactly, or not at all.
 * @param size of a fixed, in bytes, which the reader's has as well; -1: bytes
 */
export function compileDecimal(from: Logical, to: Logical, size: number): Transcode {
  if (Math.max(from.precision, to.precision) > MOST_DIGITS) {
    throw new Incompatible('', `is ${logicalText(from)}; the pipeline reads ${logicalText(to)}`)
  }
  const times = 10n ** BigInt(Math.max(0, to.scale - from.scale))
  const by = 10n ** BigInt(Math.max(0, from.scale - to.scale))
  const limit = 10n ** BigInt(to.precision)
  return (transfer) => {
    const { source, sink } = transfer
    const length = size < 0 ? readInt(source) : size
    const { at, buffer } = source
    if (!(length > 0 && at + length <= source.end)) return false
    source.at = at + length
    if (length > MOST_BYTES) return transfer.refuse('', `has ${length} bytes; ${tooLong(to)}`)
    const unscaled = unscaledOf(buffer.subarray(at, at + length))
    const converted = (unscaled * times) / by
    const isExact = unscaled * times === converted * by
    const bytes =
      isExact && fits(converted, limit) ? bytesFor(converted, length, size < 0) : undefined
    if (bytes === undefined) {
      return transfer.refuse('', `is ${decimalText(unscaled, from.scale)}; ${tooLong(to)}`)
    }
    return size < 0 ? sink.bytes(bytesOf(bytes)) : sink.copy(bytesOf(bytes), 0, size)
  }
}

const tooLong = (to: Logical): string => `${logicalText(to)} has too few digits for it`

const fits = (value: bigint, limit: bigint): boolean => value < limit && value > -limit

/** Two's complement, the highest byte first. */
const unscaledOf = (bytes: Buffer): bigint =>
  BigInt.asIntN(8 * bytes.length, BigInt(`0x${bytes.toString('hex')}`))

/** In as many bytes as it had, for a writer may have a width of its own; `grows`: in more where it needs them. */
function bytesFor(value: bigint, length: number, grows: boolean): Buffer | undefined {
  const digits = (value < 0n ? -value - 1n : value).toString(16).length
  // A hexadecimal digit is four bits, and the sign is one more.
  let bytes = Math.max(length, Math.ceil(digits / 2))
  if (BigInt.asIntN(8 * bytes, value) !== value) bytes++
  if (bytes > length && !grows) return undefined
  const hex = BigInt.asUintN(8 * bytes, value).toString(16)
  return Buffer.from(hex.padStart(2 * bytes, '0'), 'hex')
}

function decimalText(unscaled: bigint, scale: number): string {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0')
  const whole = digits.slice(0, digits.length - scale)
  const text = `${unscaled < 0n ? '-' : ''}${whole}${scale > 0 ? '.' : ''}${digits.slice(digits.length - scale)}`
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text
}
