/** Rejects go back exactly once: whatever filter, whoever dies, however many do it at a time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeOf } from '../../../src/errors.ts'
import { pipelineWith } from '../../support/pipeline.ts'
import { type GivenReject, RejectsWorld, type RunOptions } from './rejects-world.ts'

const PLAIN = pipelineWith(null)
const REASONS = ['malformed', 'unknown_schema', 'bad_time']

/** Rejects of orders, with a reason each in turn; their values are their numbers. */
const some = (count: number): GivenReject[] =>
  Array.from({ length: count }, (_, i) => ({
    topic: 'orders',
    partition: i % 2,
    offset: i,
    reason: REASONS[i % REASONS.length],
    key: `k${i}`,
    value: String(100 + i),
  }))

const values = (rejects: readonly GivenReject[]): string[] =>
  rejects.map(({ value }) => String(value)).sort()

/** A small generator of numbers from 0 on, below 1, by its seed (mulberry32). */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

test('each goes back once, a second retry finds nothing, and a later reject is found by the next', async () => {
  const world = await RejectsWorld.create(PLAIN)
  const all = some(9)
  await world.reject(...all.slice(0, 7))
  assert.equal((await world.retry()).back.total, 7)
  assert.equal((await world.retry()).back.total, 0)
  await world.reject(...all.slice(7))
  assert.equal((await world.retry()).back.total, 2)
  assert.deepEqual(await world.returned('orders'), values(all))
})

test('a dry run writes nothing, and says what the real one then does', async () => {
  const world = await RejectsWorld.create(PLAIN)
  await world.reject(...some(5))
  const dry = await world.retry({ isDry: true, reason: 'malformed' })
  assert.deepEqual(await world.returned('orders'), [])
  assert.deepEqual(await world.committed(`${world.rejects}.retried`), [])
  const real = await world.retry({ reason: 'malformed' })
  assert.ok(real.back.total > 0)
  assert.deepEqual(dry.back.all, real.back.all)
})

test('one that dies at any of its steps loses nothing and doubles nothing: the next one does the rest', async () => {
  const all = some(6)
  let step = 1
  let halfway = 0
  for (; ; step++) {
    const world = await RejectsWorld.create(PLAIN)
    await world.reject(...all)
    const isDead = await world.retryDyingAt(step)
    const { back } = await world.retry()
    if (isDead && back.total > 0 && back.total < all.length) halfway++
    assert.deepEqual(await world.returned('orders'), values(all), `it died at step ${step}`)
    if (!isDead) break
  }
  assert.ok(step > 20, 'there were steps to die at')
  assert.ok(halfway > 0, 'it died between two transactions')
})

test('two at once put back each once: the one that began first is told to leave it to the other', async () => {
  const all = some(8)
  let fenced = 0
  for (let seed = 1; seed <= 25; seed++) {
    const world = await RejectsWorld.create(PLAIN)
    await world.reject(...all)
    const next = random(seed)
    for (const clientId of ['a', 'b']) {
      world.kafka.accompany(clientId, async () => {
        for (let turns = Math.floor(next() * 6); turns > 0; turns--) {
          await new Promise((resolve) => setImmediate(resolve))
        }
      })
    }
    const results = await Promise.allSettled([world.retry({}, 'a'), world.retry({}, 'b')])
    for (const result of results) {
      if (result.status === 'fulfilled') continue
      fenced++
      assert.match(String(result.reason), /Another retry of .* has begun/, `seed ${seed}`)
      assert.equal(codeOf((result.reason as Error).cause), 'FENCED')
    }
    assert.ok(
      results.some(({ status }) => status === 'fulfilled'),
      `seed ${seed}`,
    )
    assert.deepEqual(await world.returned('orders'), values(all), `seed ${seed}`)
  }
  assert.ok(fenced > 0, 'some met')
})

test('one that stands still at any of its steps, while another does it all, does nothing twice', async () => {
  const all = some(6)
  let fenced = 0
  for (let step = 1; ; step++) {
    const world = await RejectsWorld.create(PLAIN)
    await world.reject(...all)
    const { isHeld, goOn, ended } = world.held(step)
    const isBetween = await isHeld
    await world.retry()
    goOn()
    await ended.catch((error) => {
      fenced++
      assert.match(String(error), /Another retry of .* has begun/, `step ${step}`)
    })
    assert.deepEqual(await world.returned('orders'), values(all), `it stood still at step ${step}`)
    if (!isBetween) break
  }
  assert.ok(fenced > 0, 'it was told')
})

test('filters, limits and deaths in any order leave the others to be found, by whatever filter', async () => {
  for (let seed = 1; seed <= 30; seed++) {
    const next = random(seed)
    const pick = (count: number): number => Math.floor(next() * count)
    const world = await RejectsWorld.create(PLAIN)
    const all = some(12)
    await world.reject(...all)
    for (let run = 0; run < 4; run++) {
      const which: RunOptions[] = [
        { reason: REASONS[pick(3)] },
        { where: `offset % 3 == ${pick(3)} && partition == ${pick(2)}` },
        { limit: 1 + pick(4) },
      ]
      const options = which[pick(3)]
      if (pick(2) === 0) await world.retryDyingAt(1 + pick(60), options)
      else await world.retry(options)
      const back = await world.returned('orders')
      assert.equal(new Set(back).size, back.length, `seed ${seed}: none is there twice`)
    }
    await world.retry()
    assert.deepEqual(await world.returned('orders'), values(all), `seed ${seed}`)
  }
})

test('a filter puts back what it says, and the rest stays', async () => {
  const world = await RejectsWorld.create(PLAIN)
  const all = some(9)
  await world.reject(...all)
  await world.retry({ where: 'reason == "bad_time" || offset == 0' })
  const first = all.filter(({ reason, offset }) => reason === 'bad_time' || offset === 0)
  assert.deepEqual(await world.returned('orders'), values(first))
  await world.retry({ topic: 'payments' })
  await world.retry({ limit: 2 })
  assert.equal((await world.returned('orders')).length, first.length + 2)
})

test('a record that is rejected again after its retry is another reject, and says how often it was retried', async () => {
  const world = await RejectsWorld.create(PLAIN)
  const [one] = some(1)
  await world.put('orders', one.partition, one.key, one.value)
  await world.reject(one)
  await world.retry()
  const { offset, headers } = (await world.committed('orders')).at(-1)!
  await world.reject({ ...one, offset, headers })
  assert.equal((await world.retry({ where: 'retries == 0' })).back.total, 0)
  assert.equal((await world.retry({ where: 'retries == 1' })).back.total, 1)
  assert.equal((await world.retry()).back.total, 0)
  const last = (await world.committed('orders')).at(-1)!
  const marks = last.headers.filter(([name]) => name === 'enricher.retry')
  assert.deepEqual(marks.map(String), [
    'enricher.retry,orders-0@0',
    `enricher.retry,orders-0@${offset}`,
  ])
})
