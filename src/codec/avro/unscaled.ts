import { bytesOf } from '../../bytes.ts'
import type { AvroSink } from './sink.ts'

/**
 * Writes a decimal's unscaled value as Avro has it: two's complement, the highest byte first, in as few bytes as it needs.
 * @param size of a fixed, which it fills; -1: bytes, with their length. @returns false: it does not fit
 */
export function writeUnscaled(sink: AvroSink, unscaled: number | bigint, size: number): boolean {
  return typeof unscaled === 'number'
    ? writeNumber(sink, unscaled, size)
    : writeBigInt(sink, unscaled, size)
}

/** Of up to 52 bits. */
function writeNumber(sink: AvroSink, value: number, size: number): boolean {
  let bytes = 1
  for (let limit = 128; value >= limit || value < -limit; limit *= 256) bytes++
  if (size >= 0 && bytes > size) return false
  const length = size < 0 ? bytes : size
  if (size < 0 && !sink.int(length)) return false
  if (!sink.reserve(length)) return false
  const { buffer, at } = sink
  let rest = value
  for (let i = at + length - 1; i >= at; i--) {
    const next = Math.floor(rest / 256)
    buffer[i] = rest - next * 256
    rest = next
  }
  sink.at = at + length
  return true
}

function writeBigInt(sink: AvroSink, value: bigint, size: number): boolean {
  const digits = (value < 0n ? -value - 1n : value).toString(16).length
  let bytes = Math.ceil(digits / 2)
  // A hexadecimal digit is four bits, and the sign is one more.
  if (BigInt.asIntN(8 * bytes, value) !== value) bytes++
  if (size >= 0 && bytes > size) return false
  const length = size < 0 ? bytes : size
  const hex = BigInt.asUintN(8 * length, value)
    .toString(16)
    .padStart(2 * length, '0')
  const whole = bytesOf(Buffer.from(hex, 'hex'))
  return size < 0 ? sink.bytes(whole) : sink.copy(whole, 0, length)
}
