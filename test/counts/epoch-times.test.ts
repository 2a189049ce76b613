import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EpochTimes } from '../../src/counts/epoch-times.ts'

test('a wall clock that is set back does not change how long ago the last commit was', ({
  mock,
}) => {
  const times = new EpochTimes()
  assert.equal(times.sinceLastMs, null)
  mock.timers.enable({ apis: ['Date'], now: 2_000_000 })
  times.add(5)
  assert.equal(times.lastAt, 2_000_000)
  mock.timers.setTime(1_000_000)
  const since = times.sinceLastMs
  assert.ok(since !== null && since >= 0 && since < 60_000, `${since} ms`)
})

test('quantiles are those of the last 512 epochs', () => {
  const times = new EpochTimes()
  assert.equal(times.quantile(0.5), null)
  for (let ms = 1; ms <= 1024; ms++) times.add(ms)
  assert.equal(times.quantile(0), 513)
  assert.equal(times.quantile(0.5), 769)
  assert.equal(times.quantile(1), 1024)
})
