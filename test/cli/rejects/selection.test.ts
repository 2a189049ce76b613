/** Reading rejects: taken apart, page by page, and told apart by options. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pagesOf } from '../../../src/cli/rejects/pages.ts'
import {
  coordinatesText,
  parseCoordinates,
  type Rejected,
} from '../../../src/cli/rejects/reject.ts'
import { selector } from '../../../src/cli/rejects/selection.ts'
import { pipelineWith } from '../../support/pipeline.ts'
import { RejectsWorld, THEN } from './rejects-world.ts'

const ONE: Rejected = {
  topic: 'orders',
  partition: 3,
  offset: 17,
  timestamp: THEN,
  rejectedAt: THEN + 500,
  stage: 'decode',
  reason: 'malformed',
  error: 'the value ends early',
  omitted: null,
  retries: 2,
  record: { key: null, value: null, headers: [] },
  at: { partition: 0, offset: 4 },
}

test('coordinates are read as they are written, also of topics with dashes', () => {
  for (const text of ['orders-3@17', 'a-1.b-2-0@9007199254740991']) {
    assert.equal(coordinatesText(parseCoordinates(text)!), text)
  }
  assert.deepEqual(parseCoordinates('orders-3 @ 17'), { topic: 'orders', partition: 3, offset: 17 })
  for (const text of ['orders', 'orders-3', 'orders@17', '-3@17', 'orders-3@-1']) {
    assert.equal(parseCoordinates(text), undefined, text)
  }
})

test('a condition names all that is known of a reject', () => {
  for (const [where, isTrue] of [
    ['topic == "orders" && partition == 3 && offset in [16, 17]', true],
    ['reason == "late" || stage != "decode"', false],
    ['error.contains("early") && retries >= 2', true],
    ['timestamp == timestamp("2026-01-01T00:00:00Z")', true],
    ['rejected_at - timestamp < duration("500ms")', false],
  ] as const) {
    assert.equal(selector({ where })(ONE), isTrue, where)
  }
})

test('a condition that is wrong is refused with its place, and one that fails with the reject', () => {
  assert.throws(
    () => selector({ where: 'offset > 1 && reson == "late"' }),
    /^Error: --where: there is no field reson; did you mean "reason"\? .*, at column 15$/,
  )
  assert.throws(() => selector({ where: 'offset' }), /--where: a condition comes to bool/)
  assert.throws(() => selector({ where: 'offset >' }), /--where: unexpected end/)
  const failing = selector({ where: 'offset / (retries - 2) == 1' })
  assert.throws(() => failing(ONE), /--where: .*divided by zero.*over the reject of orders-3@17/)
})

test('options are met all together', () => {
  assert.ok(selector({})(ONE))
  assert.ok(selector({ reason: 'malformed', topic: 'orders', since: THEN + 500 })(ONE))
  for (const other of [{ reason: 'late' }, { topic: 'payments' }, { since: THEN + 501 }]) {
    assert.ok(!selector({ topic: 'orders', ...other })(ONE), JSON.stringify(other))
  }
})

test('all rejects are read, in pages that are no larger than a fetch more than asked for', async () => {
  const world = await RejectsWorld.create(pipelineWith(null), {
    'orders.enriched.rejects': { 'max.message.bytes': '2000000' },
  })
  const given = Array.from({ length: 24 }, (_, i) => ({
    ...{ topic: 'orders', partition: i % 2, offset: i, reason: 'malformed', key: 'k' },
    value: 'x'.repeat(300_000),
  }))
  await world.reject(...given)
  const pages: Rejected[][] = []
  for await (const page of pagesOf(world.kafka.client('test'), world.rejects)) pages.push(page)
  const offsets = pages.flat().map(({ offset }) => offset)
  assert.deepEqual(
    offsets,
    [0, 1].flatMap((partition) =>
      given.flatMap((one) => (one.partition === partition ? one.offset : [])),
    ),
  )
  // A page has a MiB when it ends, and what the last fetch has beyond.
  for (const { length } of pages) assert.ok(length * 300_000 < 2 ** 21, `${length}`)
  const none = pagesOf(world.kafka.client('test'), world.rejects, Date.now())
  assert.equal((await none.next()).done, true)
})
