import type { Bytes } from '../bytes.ts'

/** Digits and sign of any 64-bit integer. */
export const INTEGER_BYTES = 20

/**
 * Writes the decimal digits of a signed 64-bit integer so that they end at `end`, exactly and without an
 * object. `high` and `low` are its halves, each as a signed integer of 32 bits. @returns where they begin
 */
export function writeInteger(high: number, low: number, target: Bytes, end: number): number {
  let top = high
  let bottom = low
  if (high < 0) {
    bottom = -low | 0
    top = (~high + (bottom === 0 ? 1 : 0)) | 0
  }
  return writeMagnitude(high < 0, top, bottom, target, end)
}

/** The same with a sign, and the halves of an unsigned integer of up to 2^63. */
export function writeMagnitude(
  negative: boolean,
  top: number,
  bottom: number,
  target: Bytes,
  end: number,
): number {
  const at =
    top === 0 && bottom >= 0 ? writeInt(bottom, target, end) : writeLong(top, bottom, target, end)
  if (!negative) return at
  target[at - 1] = 45
  return at - 1
}

function writeInt(value: number, target: Bytes, end: number): number {
  let at = end
  let rest = value
  do {
    const tens = (rest / 10) | 0
    target[--at] = 48 + rest - 10 * tens
    rest = tens
  } while (rest > 0)
  return at
}

/** Four limbs of 16 bits are divided by 10,000, so that each step stays below 2^31. */
function writeLong(top: number, bottom: number, target: Bytes, end: number): number {
  let a = top >>> 16
  let b = top & 0xffff
  let c = bottom >>> 16
  let d = bottom & 0xffff
  for (let at = end; ; at -= 4) {
    let rest = a
    a = (rest / 10_000) | 0
    rest = ((rest - a * 10_000) << 16) | b
    b = (rest / 10_000) | 0
    rest = ((rest - b * 10_000) << 16) | c
    c = (rest / 10_000) | 0
    rest = ((rest - c * 10_000) << 16) | d
    d = (rest / 10_000) | 0
    rest -= d * 10_000
    if ((a | b | c | d) === 0) return writeInt(rest, target, at)
    for (let place = 1; place <= 4; place++) {
      const tens = (rest / 10) | 0
      target[at - place] = 48 + rest - 10 * tens
      rest = tens
    }
  }
}
