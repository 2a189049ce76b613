/** Which rejects go back, as what, and why others stay. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pipeline } from '../../../src/config/pipeline.ts'
import { pipelineWith } from '../../support/pipeline.ts'
import { type GivenReject, leftOf, RejectsWorld, THEN } from './rejects-world.ts'

const PLAIN = pipelineWith(null)
const JOINED = pipelineWith()
/** within + before + grace of `pipelineWith`: 60 s to both sides, and 10 s. */
const HELD_MS = 130_000

const ORDER: GivenReject = {
  topic: 'orders',
  partition: 1,
  offset: 0,
  reason: 'unknown_schema',
  key: 'k',
  value: 'v',
}
const ROW: GivenReject = { ...ORDER, topic: 'customers', reason: 'malformed' }

const mark = (at: string): [string, Buffer] => ['enricher.retry', Buffer.from(at)]

test('a record goes back as it was, to its partition and with its time, and one header more', async () => {
  const world = await RejectsWorld.create(PLAIN)
  const own: [string, Buffer | null][] = [
    ['trace', Buffer.from([0, 255])],
    // Of another pipeline, through whose rejects it has come.
    ['enricher.topic', Buffer.from('elsewhere')],
    ['empty', null],
  ]
  await world.reject(
    { ...ORDER, offset: 7, headers: own },
    { ...ORDER, offset: 8, key: null, reason: 'null_key' },
    { ...ORDER, offset: 9, value: null, reason: 'null_value' },
  )
  await world.retry()
  const back = await world.committed('orders')
  const place = { partition: 1, timestamp: THEN }
  const [key, value] = [Buffer.from('k'), Buffer.from('v')]
  assert.deepEqual(
    back.map(({ offset: _, ...record }) => record),
    [
      { ...place, key, value, headers: [...own, mark('orders-1@7')] },
      { ...place, key: null, value, headers: [mark('orders-1@8')] },
      { ...place, key, value: null, headers: [mark('orders-1@9')] },
    ],
  )
})

test('where the reject lacks the value the record is read where it was; what is gone, or another one, stays', async () => {
  const world = await RejectsWorld.create(PLAIN)
  await world.put('orders', 1, 'k', 'whole')
  await world.put('orders', 1, 'other', 'of another key')
  await world.put('orders', 1, 'k', 'of another time', THEN + 1)
  const lacking = { ...ORDER, value: null, omitted: 'value: too large' }
  const bare = { ...lacking, key: null, omitted: 'key, value and headers: too large' }
  await world.reject(
    { ...lacking, offset: 0 },
    { ...lacking, offset: 1 },
    { ...lacking, offset: 2 },
    { ...lacking, offset: 3 },
    { ...bare, offset: 1 },
  )
  const run = await world.retry()
  assert.deepEqual(leftOf(run), { gone: 3 })
  assert.deepEqual(await world.returned('orders'), ['of another key', 'whole'])
})

test('what no input has stays: joined records, and those of other topics and partitions', async () => {
  const world = await RejectsWorld.create(PLAIN)
  await world.reject(
    { ...ORDER, offset: -1, reason: 'too_large' },
    { ...ORDER, partition: -1, offset: -1 },
    { ...ORDER, topic: 'elsewhere' },
  )
  await world.put(world.rejects, 0, 'k', 'no reject at all')
  assert.deepEqual(leftOf(await world.retry()), { foreign: 2, joined: 2 })
})

/** A reject, and as much later a record of a source. */
async function inJoin(
  pipeline: Pipeline,
  topic: string,
  partition: number,
  laterMs: number,
  more: Partial<GivenReject> = {},
) {
  const world = await RejectsWorld.create(pipeline)
  await world.put(topic, partition, 'k', 'v', THEN + laterMs)
  await world.reject({ ...ORDER, offset: 5, ...more })
  return world
}

test('in a join what would come late stays, unless it is forced', async () => {
  for (const topic of ['orders', 'payments']) {
    const early = await inJoin(JOINED, topic, 1, HELD_MS)
    assert.equal((await early.retry()).back.total, 1, topic)
    const late = await inJoin(JOINED, topic, 1, HELD_MS + 1)
    assert.deepEqual(leftOf(await late.retry()), { late: 1 }, topic)
    assert.equal((await late.retry({ isForced: true })).back.total, 1, topic)
  }
})

test('records of another partition make none late, unless a side is repartitioned; without a join nothing does', async () => {
  const elsewhere = await inJoin(JOINED, 'payments', 0, HELD_MS + 1)
  assert.equal((await elsewhere.retry()).back.total, 1)
  const repartitioned = pipelineWith(', repartition: facts')
  const anywhere = await inJoin(repartitioned, 'payments', 0, HELD_MS + 1)
  assert.deepEqual(leftOf(await anywhere.retry()), { late: 1 })
  const alone = await inJoin(PLAIN, 'orders', 1, HELD_MS + 1)
  assert.equal((await alone.retry()).back.total, 1)
})

test('what was rejected as late stays whatever its topic has, for as long as there is a join', async () => {
  const late = await inJoin(JOINED, 'orders', 1, 0, { reason: 'late' })
  assert.deepEqual(leftOf(await late.retry({ reason: 'late' })), { late: 1 })
  assert.equal((await late.retry({ reason: 'late', isForced: true })).back.total, 1)
  const alone = await inJoin(PLAIN, 'orders', 1, 0, { reason: 'late' })
  assert.equal((await alone.retry()).back.total, 1)
})

test('the markers of a retry make nothing late', async () => {
  const world = await RejectsWorld.create(JOINED)
  await world.reject(ORDER)
  assert.equal((await world.retry()).back.total, 1)
  await world.reject({ ...ORDER, offset: 1 })
  assert.equal((await world.retry()).back.total, 1)
})

test('a row goes back where its topic has no newer one of its key, and once however many instances have rejected it', async () => {
  const world = await RejectsWorld.create(PLAIN)
  await world.put('customers', 1, 'k', 'bad')
  await world.put('customers', 1, 'other', 'newer of another key')
  await world.put('customers', 0, 'k', 'newer in another partition')
  await world.reject(ROW, ROW, ROW)
  const run = await world.retry()
  assert.equal(run.back.total, 1)
  assert.deepEqual(leftOf(run), { retried: 2 })
  await world.reject(ROW)
  assert.deepEqual(leftOf(await world.retry()), { retried: 4 })
})

test('a row stays where a newer one of its key is in the topic, or a deletion, or is put back as well', async () => {
  for (const newer of ['good', null]) {
    const world = await RejectsWorld.create(PLAIN)
    await world.put('customers', 1, 'k', 'bad')
    await world.put('customers', 1, 'k', newer)
    await world.reject(ROW)
    assert.deepEqual(leftOf(await world.retry({ isForced: true })), { 'newer row': 1 })
  }
  // In whatever order they are looked at.
  for (const offsets of [
    [0, 1, 2],
    [2, 1, 0],
  ]) {
    const world = await RejectsWorld.create(PLAIN)
    for (const value of ['first', 'second', 'third']) await world.put('customers', 1, 'k', value)
    const values = ['first', 'second', 'third']
    await world.reject(...offsets.map((offset) => ({ ...ROW, offset, value: values[offset] })))
    assert.deepEqual(leftOf(await world.retry()), { 'newer row': 2 })
    assert.deepEqual(await world.returned('customers'), ['third'])
    assert.equal((await world.retry()).back.total, 0)
  }
})

test('a topic is not given what it does not take, or would delete', async () => {
  const narrow = { 'max.message.bytes': '300' }
  const small = await RejectsWorld.create(PLAIN, { orders: narrow })
  await small.reject({ ...ORDER, value: 'x'.repeat(400) })
  assert.deepEqual(leftOf(await small.retry()), { 'too large': 1 })

  const short = await RejectsWorld.create(PLAIN, { orders: { 'retention.ms': '86400000' } })
  const young = Date.now() - 3_600_000
  await short.reject(ORDER, { ...ORDER, offset: 1, timestamp: young, value: 'young' })
  assert.deepEqual(leftOf(await short.retry()), { 'too old': 1 })
  assert.deepEqual(await short.returned('orders'), ['young'])

  const compacted = { 'cleanup.policy': 'compact' }
  const keyed = await RejectsWorld.create(PLAIN, { orders: compacted })
  await keyed.reject({ ...ORDER, key: null }, { ...ROW, key: null })
  assert.deepEqual(leftOf(await keyed.retry()), { 'no key': 2 })
})

test('where the topic gives the time, a record that has no other one is not late', async () => {
  const stamped = { 'message.timestamp.type': 'LogAppendTime' }
  const timed = pipelineWith('', '', undefined, undefined, '{ topic: orders, time: ordered_at }')
  for (const [pipeline, stays] of [
    [JOINED, {}],
    [timed, { late: 1 }],
  ] as const) {
    const world = await RejectsWorld.create(pipeline, { orders: stamped })
    await world.put('payments', 1, 'k', 'v', THEN + HELD_MS + 1)
    await world.reject(ORDER)
    assert.deepEqual(leftOf(await world.retry()), stays)
  }
})

test('a ledger that would forget is refused', async () => {
  const world = await RejectsWorld.create(PLAIN)
  const topic = `${world.rejects}.retried`
  const config = { 'cleanup.policy': 'delete', 'retention.ms': '3600000' }
  await world.kafka.client('test').admin.createTopics([{ topic, partitions: 1, config }])
  await world.reject(ORDER)
  await assert.rejects(
    world.retry(),
    /would forget it \(retention.ms is 3600000\).*set retention.ms=-1/,
  )
})
