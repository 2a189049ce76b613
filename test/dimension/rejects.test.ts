import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ProduceBatch, TransactionalProducer } from '../../src/broker/port.ts'
import { DimensionRejects, OwnRejects } from '../../src/dimension/rejects.ts'
import { EnricherError } from '../../src/errors.ts'
import type { Rejected } from '../../src/output/write-reject.ts'

const rejected = (value: Buffer | null = null): Rejected => ({
  topic: 'customers',
  partition: 0,
  offset: 7,
  timestamp: 1,
  stage: 'decode',
  reason: 'malformed',
  error: 'It ends too early',
  record: { key: null, value, headers: [] },
})

/** A producer whose commits end when the test says so, and may fail. */
class Producer {
  readonly sent: (readonly ProduceBatch[])[] = []
  readonly #commits: ((error?: unknown) => void)[] = []
  inits = 0

  begin(): void {}

  async init(): Promise<void> {
    this.inits++
  }

  async send(batches: readonly ProduceBatch[]): Promise<number[]> {
    this.sent.push(batches)
    return []
  }

  commit(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#commits.push((error) => (error === undefined ? resolve() : reject(error)))
    })
  }

  async end(error?: unknown): Promise<void> {
    while (this.#commits.length === 0) await nextTurn()
    this.#commits.shift()!(error)
    await nextTurn()
  }
}

function create(onRefused = async (): Promise<void> => assert.fail('nothing is refused')) {
  const producer = new Producer()
  const topic = { topic: 'rejects', compression: 'none', partitions: 1, maxBatchBytes: 1 << 20 }
  const written: number[] = []
  const all = new DimensionRejects({
    topic: topic as typeof topic & { compression: 'none' },
    producer: async () => producer as unknown as TransactionalProducer,
    onWritten: (records) => written.push(records),
    onRefused,
    log: { event() {} },
  })
  return { all, own: new OwnRejects(all), other: new OwnRejects(all), producer, topic, written }
}

test('rejects are committed by a transaction of their own while there are no epochs, then by these', async () => {
  const { all, own, producer, written } = create()
  assert.ok(own.areCommitted)
  own.add(rejected())
  const waiting = own.untilCommitted()
  await nextTurn()
  assert.ok(!own.areCommitted, 'its transaction is open')
  await producer.end()
  await waiting
  assert.ok(own.areCommitted)
  assert.deepEqual(written, [1])

  await all.beginEpochs()
  own.add(rejected())
  let isOver = false
  const later = own.untilCommitted().then(() => (isOver = true))
  all.drain()
  await nextTurn()
  assert.ok(!isOver)
  all.settle()
  await later
  assert.ok(own.areCommitted)
})

test('a dimension waits for its own rejects, whatever others reject', async () => {
  const { all, own, other } = create()
  await all.beginEpochs()
  own.add(rejected())
  all.drain()
  other.add(rejected())
  assert.ok(!own.areCommitted)
  all.settle()
  assert.ok(own.areCommitted)
  assert.ok(!other.areCommitted)
  await own.untilCommitted()
})

test('what an epoch took that is not committed goes with the next one, in batches of what the topic takes then', async () => {
  const { all, own, topic } = create()
  await all.beginEpochs()
  for (let i = 0; i < 10; i++) own.add(rejected(Buffer.alloc(50_000)))
  assert.equal(all.drain().length, 1)
  topic.maxBatchBytes = 120_000
  own.add(rejected())
  const again = all.drain()
  assert.equal(
    again.reduce((sum, { records }) => sum + records, 0),
    11,
  )
  for (const { bytes } of again) assert.ok(bytes <= 120_000, `${bytes} bytes`)
  all.settle()
  assert.equal(all.drain().length, 0)
})

test('a fetch of which every record is rejected is taken, however many there are', async () => {
  const { all, own } = create()
  await all.beginEpochs()
  const one = rejected()
  for (let i = 0; i < 200_000; i++) own.add(one)
  const taken = all.drain()
  assert.equal(
    taken.reduce((sum, { records }) => sum + records, 0),
    200_000,
  )
})

test('a transaction of rejects that is fenced, by a member that took us for gone, is done again', async () => {
  const { own, producer } = create()
  own.add(rejected())
  const waiting = own.untilCommitted()
  await producer.end(new EnricherError('FENCED', 'Refused'))
  await producer.end()
  await waiting
  assert.equal(producer.inits, 1)
})

test('a batch that the topic refuses before the first epoch goes once more, by what the topic takes', async () => {
  const { own, producer, topic, written } = create(async () => {
    topic.maxBatchBytes = 120_000
  })
  for (let i = 0; i < 10; i++) own.add(rejected(Buffer.alloc(50_000)))
  const waiting = own.untilCommitted()
  await producer.end(new EnricherError('RECORD_REFUSED', 'too large'))
  await producer.end()
  await waiting
  assert.equal(producer.inits, 1)
  assert.deepEqual(
    producer.sent.map((batches) => batches.length),
    [1, 5],
  )
  assert.deepEqual(written, [10])
})

test('while many wait nothing more is read, until some are committed or nothing is any more', async () => {
  const { all, own } = create()
  await all.beginEpochs()
  await all.room()
  own.add(rejected(Buffer.alloc(9 * 1024 * 1024)))
  let isRoom = false
  const room = all.room().then(() => (isRoom = true))
  await nextTurn()
  assert.ok(!isRoom)
  all.drain()
  all.settle()
  await room
  own.add(rejected())
  const committed = own.untilCommitted()
  all.close()
  await committed
  assert.ok(!own.areCommitted)
})
