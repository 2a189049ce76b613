import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { likelyUnit, unitHint } from '../../src/codec/likely-unit.ts'
import type { TimeUnit } from '../../src/config/pipeline.ts'

const NOW = Date.UTC(2026, 5)
const COUNTS: Readonly<Record<TimeUnit, (ms: number) => number>> = {
  s: (ms) => ms / 1000,
  ms: (ms) => ms,
  us: (ms) => ms * 1000,
  ns: (ms) => ms * 1e6,
}
const units = fc.constantFrom<TimeUnit>('s', 'ms', 'us', 'ns')

test('a time of our days is known in any unit', () => {
  const times = fc.integer({ min: Date.UTC(1980, 1), max: NOW })
  fc.assert(
    fc.property(times, units, (ms, unit) => {
      assert.equal(likelyUnit(COUNTS[unit](ms), NOW), unit)
    }),
  )
})

test('numbers that are no time of our days in any unit tell nothing', () => {
  const sentinels = [0, -1, 1, 86_400, 1e6, Date.UTC(9999, 11, 31), 2 ** 31 - 1, 2 ** 63]
  for (const count of sentinels) assert.equal(likelyUnit(count, NOW), null, String(count))
})

test('the hint says what to write, or that the producer is wrong where the schema says the unit', () => {
  const text = '1760000000000000'
  const plain = { unit: 'ms', fromSchema: false } as const
  assert.equal(
    unitHint('created_at', text, plain, NOW),
    '. It looks like microseconds (2025-10-09T08:53:20.000Z): write time: { field: created_at, unit: us }',
  )
  assert.match(
    unitHint('created_at', text, { ...plain, fromSchema: true }, NOW),
    /microseconds .*where the schema says milliseconds: correct its producer$/,
  )
  assert.equal(unitHint('created_at', '1760000000000', plain, NOW), '')
  assert.equal(unitHint('created_at', '253402214400000', plain, NOW), '')
})
