/** Times and keys of JSON without a schema: against whole numbers of any size, and Date. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bytesOf } from '../../src/bytes.ts'
import { scalarTime } from '../../src/codec/json/scalar-text.ts'

const SCALES = [
  { factor: 1000, divisor: 1 },
  { factor: 1, divisor: 1 },
  { factor: 1, divisor: 1000 },
  { factor: 1, divisor: 1_000_000 },
]

const timeOf = (text: string, scale: (typeof SCALES)[number]): number => {
  const bytes = bytesOf(Buffer.from(`,${text},`))
  return scalarTime(bytes, 1, bytes.length - 1, scale)
}

/** Rounded down. */
function floored(count: bigint, divisor: bigint): bigint {
  const quotient = count / divisor
  return count < 0n && quotient * divisor !== count ? quotient - 1n : quotient
}

test('a number is rounded down to the millisecond, exactly, however many digits it has', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n }),
        fc.bigInt({ min: -3000n, max: 3000n }),
      ),
      fc.constantFrom(...SCALES),
      (count, scale) => {
        const ms = floored(count, BigInt(scale.divisor)) * BigInt(scale.factor)
        const read = timeOf(String(count), scale)
        // What a double does not hold is no time that is taken.
        if (ms > -(2n ** 53n) && ms < 2n ** 53n) assert.equal(BigInt(read), ms)
        else assert.ok(Math.abs(read) >= 2 ** 52)
      },
    ),
    { numRuns: 2000 },
  )
})

test('a text is ISO 8601, and null no time', () => {
  const [, scale] = SCALES
  assert.equal(timeOf('"2026-01-31T12:00:00.5+01:00"', scale), Date.UTC(2026, 0, 31, 11, 0, 0, 500))
  for (const text of ['null', '"2026-01-31"', '"1769857200000"', '""']) {
    assert.ok(Number.isNaN(timeOf(text, scale)), text)
  }
  assert.equal(timeOf('1769857200e3', scale), 1_769_857_200_000)
  assert.equal(timeOf('1500.0', SCALES[2]), 1)
})
