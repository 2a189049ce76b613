import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LastRejects } from '../../src/counts/last-rejects.ts'

test('the last 50 rejects are kept, newest first, with what key and value begin with', () => {
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
    'key',
    'offset',
    'partition',
    'reason',
    'stage',
    'topic',
    'value',
  ])
})

test('the last of each topic and reason is kept, however many of another come behind it', () => {
  const rejects = new LastRejects()
  const place = { topic: 'orders', partition: 1, stage: 'decode', error: 'bad' } as const
  const record = { key: Buffer.from('o12'), value: Buffer.from(`{"id": "${'x'.repeat(100)}`) }
  rejects.add({ ...place, reason: 'malformed', offset: 7, record })
  for (let offset = 8; offset < 100; offset++) {
    rejects.add({ ...place, reason: 'null_key', offset, record: { key: null, value: null } })
  }
  const { at, ...note } = rejects.last('orders', 'malformed')!
  assert.ok(Math.abs(Date.now() - at) < 10_000)
  const value = `"{"id": "${'x'.repeat(56)}…"`
  assert.deepEqual(note, { ...place, reason: 'malformed', offset: 7, key: '"o12"', value })
  assert.equal(rejects.last('orders', 'null_key')!.key, null)
  assert.equal(rejects.last('orders', 'late'), undefined)
})
