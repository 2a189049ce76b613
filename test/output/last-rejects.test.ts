import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LastRejects } from '../../src/output/last-rejects.ts'

test('the last 50 rejects are kept, newest first, without their records', () => {
  const rejects = new LastRejects()
  const note = { topic: 'orders', partition: 1, stage: 'decode', reason: 'malformed' } as const
  for (let offset = 0; offset < 120; offset++) {
    const record = { key: Buffer.alloc(9), value: null, headers: [] }
    rejects.add({ ...note, offset, error: `at ${offset}`, ...{ record } })
    const list = rejects.list()
    assert.equal(list.length, Math.min(50, offset + 1))
    assert.deepEqual(
      list.map((one) => one.offset),
      Array.from({ length: list.length }, (_, i) => offset - i),
    )
  }
  assert.deepEqual(Object.keys(rejects.list()[0]).sort(), [
    'at',
    'error',
    'offset',
    'partition',
    'reason',
    'stage',
    'topic',
  ])
})
