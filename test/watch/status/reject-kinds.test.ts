import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Counts } from '../../../src/counts/counts.ts'
import { rejectKinds } from '../../../src/watch/status/reject-kinds.ts'
import { pipelineWith } from '../../support/pipeline.ts'

const pipeline = pipelineWith()

function counted(): Counts {
  const counts = new Counts(['customer'])
  const record = { key: Buffer.from('o12'), value: Buffer.from('rubbish') }
  const place = { topic: 'orders', partition: 3, offset: 9, error: 'It says "rubbish"', record }
  for (let n = 0; n < 3; n++) counts.reject('payments', 'decode', 'null_key')
  counts.reject('orders', 'decode', 'malformed')
  counts.lastRejects.add({ ...place, stage: 'decode', reason: 'malformed' })
  counts.reject('orders.enriched', 'output', 'too_large')
  counts.lastRejects.add({ ...place, offset: -1, stage: 'output', reason: 'too_large' })
  return counts
}

test('rejects are told by reason, the most frequent first, each with the last: its place, key, content and fault', () => {
  const [first, second, third] = rejectKinds(pipeline, counted(), true) as {
    last: { at: number } | null
  }[]
  assert.deepEqual(first, {
    topic: 'payments',
    stage: 'decode',
    reason: 'null_key',
    count: 3,
    last: null,
  })
  const { last, ...malformed } = second
  const { at, ...example } = last!
  assert.ok(Math.abs(Date.now() - at) < 10_000)
  const kind = { topic: 'orders', stage: 'decode', reason: 'malformed', count: 1 }
  assert.deepEqual(malformed, kind)
  const place = { partition: 3, offset: 9 }
  const record = { key: '"o12"', value: '"rubbish"', error: 'It says "rubbish"' }
  assert.deepEqual(example, { ...place, ...record })
  assert.ok(third.last !== null, 'A joined record was a fact')
})

test('who may not see records gets the place alone: an error may quote what it is about', () => {
  const shown = JSON.stringify(rejectKinds(pipeline, counted(), false))
  assert.doesNotMatch(shown, /o12|rubbish/)
  assert.match(shown, /"partition":3,"offset":9/)
})
