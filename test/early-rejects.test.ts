import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TransactionalProducer } from '../src/broker/port.ts'
import { EarlyRejects } from '../src/early-rejects.ts'
import { BatchList, writeReject } from '../src/output/task-output.ts'

const rejected = {
  topic: 'customers',
  partition: 0,
  offset: 7,
  timestamp: 1,
  stage: 'decode',
  reason: 'malformed',
  error: 'It ends too early',
  record: { key: null, value: null, headers: [] },
} as const

test('rejects are pending until they are committed, by a transaction of their own or by an epoch', async () => {
  const batches = new BatchList(
    { topic: 'rejects', compression: 'none', maxBatchBytes: 1 << 20 },
    0,
  )
  let commit = (): void => {}
  const producer = {
    begin() {},
    send: async () => [],
    commit: () => new Promise<void>((resolve) => (commit = resolve)),
  } as unknown as TransactionalProducer
  let inEpochs = false
  const rejects = new EarlyRejects(
    batches,
    async () => producer,
    () => {},
    () => inEpochs,
    { event() {} },
  )
  assert.ok(!rejects.pending)
  writeReject(batches, rejected)
  assert.ok(rejects.pending)
  const written = rejects.room(true)
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(batches.records, 0)
  assert.ok(rejects.pending, 'its transaction is open')
  commit()
  await written
  assert.ok(!rejects.pending)

  await rejects.end()
  writeReject(batches, rejected)
  await rejects.room(true)
  assert.ok(rejects.pending, 'it waits for an epoch')
  batches.take()
  inEpochs = true
  assert.ok(rejects.pending)
  inEpochs = false
  assert.ok(!rejects.pending)
})
