import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Fetched } from '../../src/broker/port.ts'
import { ReadProgress } from '../../src/dimension/read-progress.ts'

const BEGUN = 1_700_000_000_000

function clock(t: TestContext): void {
  t.mock.timers.enable({ apis: ['Date'], now: BEGUN })
  t.mock.method(performance, 'now', Date.now)
}

const answer = (nextOffset: number, lastStableOffset: number, highWatermark: number): Fetched =>
  ({ partition: 0, columns: { nextOffset }, lastStableOffset, highWatermark }) as Fetched

test('a reading from the head that has not come to the end is as of its begin', (t) => {
  clock(t)
  const progress = new ReadProgress([0], [10], BEGUN, BEGUN)
  t.mock.timers.tick(5000)
  progress.took(answer(9, 12, 12))
  assert.equal(progress.currentAt, BEGUN)
  assert.equal(progress.remaining, 1)
})

test('a stored reading that goes on is as of what was stored, until the end at its start is reached', (t) => {
  clock(t)
  const progress = new ReadProgress([5], [10], BEGUN - 7000, BEGUN)
  t.mock.timers.tick(5000)
  progress.took(answer(9, 12, 12))
  assert.equal(progress.currentAt, BEGUN - 7000)
  progress.took(answer(10, 12, 12))
  assert.equal(progress.currentAt, BEGUN)
  progress.took(answer(12, 12, 12))
  assert.equal(progress.currentAt, BEGUN + 5000)
  assert.equal(progress.stalenessMs, 0)
})

test('with transactions that overlap, one open at any time, it is as of the end that was reached last', (t) => {
  clock(t)
  const progress = new ReadProgress([0], [0], BEGUN, BEGUN)
  for (let second = 1; second <= 20; second++) {
    t.mock.timers.tick(1000)
    // What came within the last three seconds is undecided.
    const stable = 10 * Math.max(0, second - 3)
    progress.took(answer(stable, stable, 10 * second))
    assert.equal(progress.lag, 0)
    assert.equal(progress.openTransaction?.ms, second > 3 ? 0 : 1000 * (second - 1))
    assert.ok(progress.stalenessMs <= 7000, `${progress.stalenessMs} ms`)
    assert.ok(progress.stalenessMs >= 1000 * Math.min(3, second - 1), `${progress.stalenessMs} ms`)
  }
})

test('before all transactions are decided an end has not been reached, however little is left to be read', (t) => {
  clock(t)
  const progress = new ReadProgress([0], [10], BEGUN, BEGUN)
  progress.took(answer(4, 4, 10))
  assert.equal(progress.lag, 0)
  assert.equal(progress.remaining, 6)
  assert.deepEqual(progress.waitsFor, { partition: 0, offset: 4, behind: 6, ms: 0 })
  progress.took(answer(10, 10, 13))
  assert.equal(progress.remaining, 0)
  assert.equal(progress.waitsFor, undefined)
})

test('how long a transaction is open does not depend on the wall clock', (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: BEGUN })
  let elapsed = 1000
  t.mock.method(performance, 'now', () => elapsed)
  const progress = new ReadProgress([0], [10], BEGUN, BEGUN)
  progress.took(answer(4, 4, 10))
  t.mock.timers.setTime(BEGUN - 3_600_000)
  elapsed += 5000
  progress.took(answer(4, 4, 11))
  assert.equal(progress.waitsFor?.ms, 5000)
})
