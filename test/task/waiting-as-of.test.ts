/** Facts that wait for the row of their time, where rows are still to be read that may be of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VersionTable } from '../../src/dimension/version-table.ts'
import type { Step, WaitingDimension } from './waiting-model.ts'
import { WaitingTask, waitingPipeline } from './waiting-task.ts'

const TIME = 1_700_000_000_000
const PRICE: WaitingDimension = {
  ...{ name: 'a', on: 'ka', missing: 'null', waitMs: 50, isAsOf: true },
}
const JOIN = {
  ...{ topic: 'rights', schema: 'right.avsc', on: 'id', select: ['n'], idle: '7d' },
  ...{ within: '10ms', grace: '5ms', kind: 'left' },
}

const fact = (id: string, ka: string, time: number): Step => ({
  kind: 'facts',
  facts: [{ id, ka, kb: null, time }],
})
const row = (v: string, time: number): Step => {
  return { kind: 'row', dimension: 0, key: 'x', value: { v, next: null }, time }
}

test('a fact that waits is looked up again only when rows are read up to its time, as any other', async () => {
  const real = await WaitingTask.open(waitingPipeline([PRICE]))
  await real.take(fact('f0', 'x', TIME))
  real.rowLimit.limit = TIME
  await real.take(row('first', TIME - 20))
  assert.equal(real.task.figures().waiting!.facts, 1)
  assert.equal(real.task.rowWait!.waiting!.time, TIME)
  // It is over by the clock as well, and still not known what it is to have.
  await real.take({ kind: 'silence', ms: 60 })
  await real.take({ kind: 'restart', pageBytes: 0 })
  assert.equal(real.task.figures().waiting!.facts, 1)
  await real.take(row('second', TIME - 10))
  real.rowLimit.limit = Number.POSITIVE_INFINITY
  await real.work()
  assert.equal(real.task.rowWait!.waiting, null)
  await real.commit()
  assert.deepEqual(real.outcomes.get('f0'), ['second'])
})

test('a join stands still while a fact whose wait is over needs rows that are still to be read, and closes nothing', async () => {
  const real = await WaitingTask.open(waitingPipeline([PRICE], JOIN))
  await real.take({ kind: 'right', id: 'f0', n: 1, time: TIME })
  await real.take(fact('f0', 'x', TIME))
  real.rowLimit.limit = TIME
  await real.take({ kind: 'right', id: 'other', n: 2, time: TIME + 90 })
  await real.take({ kind: 'right', id: 'another', n: 3, time: TIME + 95 })
  await real.take(row('late', TIME - 10))
  await real.commit()
  assert.deepEqual(real.rows, [])
  assert.equal(real.task.state!.clock.streamTime, TIME + 90)
  real.rowLimit.limit = Number.POSITIVE_INFINITY
  await real.work()
  await real.commit()
  assert.deepEqual(real.rows, [JSON.stringify(['f0', ['late'], 1])])
  assert.equal(real.task.state!.clock.streamTime, TIME + 95)
})

test('a row that comes for a fact that waits is not late: no fact did without it', async () => {
  const real = await WaitingTask.open(waitingPipeline([PRICE]))
  const table = real.context.dimensions[0]
  assert.ok(table instanceof VersionTable)
  await real.take(fact('f0', 'x', TIME))
  assert.equal(table.lookedUpTo[0], Number.NEGATIVE_INFINITY)
  await real.take(row('late', TIME))
  assert.equal(table.lookedUpTo[0], TIME)
  // One that is given up did without.
  await real.take(fact('f1', 'y', TIME + 5))
  assert.equal(table.lookedUpTo[0], TIME)
  await real.take({ kind: 'silence', ms: 60 })
  assert.equal(table.lookedUpTo[0], TIME + 5)
})

test('a fact that is looked up again for every row of its key waits no longer than it would have', async () => {
  const real = await WaitingTask.open(waitingPipeline([PRICE]))
  await real.take(fact('f0', 'x', TIME))
  for (let i = 1; i < 40; i++) {
    await real.take(row(`later ${i}`, TIME + i))
    await real.take({ kind: 'silence', ms: 1 })
  }
  assert.equal(real.task.figures().waiting!.facts, 1)
  await real.take({ kind: 'silence', ms: 11 })
  await real.commit()
  assert.deepEqual(real.outcomes.get('f0'), [null])
})
