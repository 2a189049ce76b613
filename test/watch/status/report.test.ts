import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadPipeline } from '../../../src/config/load.ts'
import type { Dimension } from '../../../src/dimension/dimension.ts'
import type { HeldTask } from '../../../src/instance/held-task.ts'
import type { Worker } from '../../../src/instance/worker.ts'
import { readiness, startPosition } from '../../../src/watch/status/report.ts'

const pipeline = loadPipeline('examples/orders/pipeline.yaml', {})

interface Start {
  rows: number
  remaining: number
  assigned: number
  records: number
  restoreRemaining: number
}

/** One dimension, and one task that is being restored. */
function parts({ rows, remaining, assigned, records, restoreRemaining }: Start) {
  const dimension = { table: { size: rows }, progress: { remaining }, isReady: false }
  const task = { partition: 0, figures: () => ({ records: [records] }) }
  const held = { task, state: 'restoring', restoreRemaining, restoreTotal: 10_000_000 }
  const worker = { joined: true, draining: false, assigned, tasks: [held] }
  return {
    dimensions: [dimension as unknown as Dimension],
    worker: worker as unknown as Worker & { tasks: HeldTask[] },
  }
}

test('a start moves by one row, record or offset of millions', () => {
  const start = { rows: 5, remaining: 9_000_000, assigned: 1, records: 7, restoreRemaining: 8e6 }
  const where = (change: Partial<Start>): string => {
    const { dimensions, worker } = parts({ ...start, ...change })
    return startPosition(dimensions, worker)
  }
  assert.equal(where({}), where({}))
  for (const [key, value] of Object.entries(start)) {
    assert.notEqual(where({ [key]: value + 1 }), where({}), key)
  }
})

test('an instance whose tasks have no store yet is not ready; one that has no tasks is', () => {
  const dimensions = pipeline.dimensions.map(
    () => ({ isReady: true, table: { size: 0 }, progress: {} }) as unknown as Dimension,
  )
  const ready = (assigned: number): boolean => {
    const worker = { joined: true, draining: false, assigned, tasks: [] } as unknown as Worker
    return readiness(pipeline, dimensions, worker).every(({ ok }) => ok)
  }
  assert.ok(!ready(1))
  assert.ok(ready(0))
})

test('an instance that leaves the group for good does not say that it has joined it', () => {
  const worker = { joined: true, draining: true, assigned: 0, tasks: [] } as unknown as Worker
  const checks = readiness({ ...pipeline, dimensions: [] }, [], worker)
  assert.deepEqual(checks, [{ name: 'instance', ok: false, detail: 'draining' }])
})

test('a start that waits for an open transaction says where, and is not taken for stuck while the broker answers', () => {
  const waiting = (ms: number): Dimension[] => {
    const waitsFor = { partition: 2, offset: 12, behind: 5, ms }
    const progress = { remaining: 5, total: 100, begunMs: 0, waitsFor }
    return [{ isReady: false, table: { size: 95 }, progress } as unknown as Dimension]
  }
  const [check] = readiness(pipeline, waiting(7000), undefined)
  assert.ok(!check.ok)
  const { topic } = pipeline.dimensions[0]
  assert.match(
    check.detail,
    new RegExp(`waits for a transaction on ${topic}-2, open since offset 12, for 7 s$`),
  )
  assert.notEqual(startPosition(waiting(7000), undefined), startPosition(waiting(7500), undefined))
  assert.equal(startPosition(waiting(7000), undefined), startPosition(waiting(7000), undefined))
})
