/** What a producer makes of each class of answer, over a broker that answers as the test says. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, mock, test } from 'node:test'
import { BROKER_ERRORS } from '../../src/broker/broker-errors.ts'
import type { ErrorClass } from '../../src/broker/error-table.ts'
import type { ProduceBatch } from '../../src/broker/port.ts'
import { ClusterProducer } from '../../src/broker/transactional-producer.ts'
import { codeOf, type EnricherError } from '../../src/errors.ts'
import type { Log } from '../../src/events.ts'
import { FakeCluster, type Script, TOPIC } from './fake-cluster.ts'

const INIT = { producerId: '5', producerEpoch: 0 }
const MEMBER = { generationId: 1, memberId: 'm', groupInstanceId: null }
const quiet: Log = { event() {} } as unknown as Log

const batch = (): ProduceBatch => ({
  topic: TOPIC,
  partition: 0,
  bytes: 100,
  records: 1,
  seal: () => Buffer.alloc(100),
  release() {},
})

/** @param deadlineMs of a transaction */
async function producerOn(script: Script, timeoutMs = 10_000) {
  const fake = new FakeCluster({ InitProducerId: [INIT], ...script })
  const options = { transactionalId: 'job-1', timeoutMs }
  const producer = new ClusterProducer(fake.cluster(), options, quiet)
  await producer.init()
  producer.begin()
  return { fake, producer }
}

const failureOf = (work: Promise<unknown>): Promise<EnricherError> =>
  work.then(
    () => assert.fail('It should have failed'),
    (error) => error,
  )

/** What a code of this class is thrown as, by a request that a transaction makes. */
const THROWN: Readonly<Record<Exclude<ErrorClass, 'again'>, readonly string[]>> = {
  abort: ['EPOCH_ABORTED'],
  fenced: ['FENCED'],
  record: ['RECORD_REFUSED'],
  refused: ['NOT_AUTHORIZED', 'BROKER_REFUSED', 'GROUP_TAKEN'],
}

for (const { code, name, meaning } of BROKER_ERRORS.values()) {
  if (meaning === 'again') continue
  test(`${name} of a batch is thrown as ${THROWN[meaning].join(' or ')}, at once`, async () => {
    const { fake, producer } = await producerOn({ Produce: [code] })
    const error = await failureOf(producer.send([batch()]))
    assert.ok(THROWN[meaning].includes(codeOf(error)!), `${codeOf(error)}: ${error.message}`)
    assert.equal(fake.count('Produce'), 1)
  })
}

for (const { code, name, meaning } of BROKER_ERRORS.values()) {
  if (meaning !== 'again') continue
  test(`${name} of a batch is answered by the same batch again`, async () => {
    const { fake, producer } = await producerOn({ Produce: [code, code, {}] })
    assert.deepEqual(await producer.send([batch()]), [7])
    assert.equal(fake.count('Produce'), 3)
  })
}

test('what time would cure aborts the epoch once the transaction is over', async () => {
  const { producer } = await producerOn({ Produce: [7] }, 50)
  assert.equal(codeOf(await failureOf(producer.send([batch()]))), 'EPOCH_ABORTED')
})

test('a code that no table has aborts the epoch', async () => {
  const { producer } = await producerOn({ Produce: [999] })
  assert.equal(codeOf(await failureOf(producer.send([batch()]))), 'EPOCH_ABORTED')
})

test('a right that is missing is named with its resource, whichever request finds it out', async () => {
  const said = async (script: Script): Promise<string> => {
    const { producer } = await producerOn(script)
    const work = async (): Promise<void> => {
      await producer.send([batch()])
      await producer.sendOffsets('job', MEMBER, [{ topic: 'orders', partition: 0, offset: 1 }])
      await producer.commit()
    }
    const error = await failureOf(work())
    assert.equal(codeOf(error), 'NOT_AUTHORIZED')
    return error.message
  }
  assert.match(await said({ Produce: [29] }), /Write on the topic enriched/)
  assert.match(await said({ AddPartitionsToTxn: [29] }), /Write on the topic enriched/)
  assert.match(await said({ AddOffsetsToTxn: [30] }), /Read on the group job/)
  assert.match(await said({ TxnOffsetCommit: [30] }), /Read on the group job/)
  assert.match(await said({ EndTxn: [53] }), /Write on the transactional id job-1/)
})

test('a transactional id without rights ends the start with a sentence', async () => {
  const fake = new FakeCluster({ InitProducerId: [53] })
  const options = { transactionalId: 'job-1', timeoutMs: 10_000 }
  const error = await failureOf(new ClusterProducer(fake.cluster(), options, quiet).init())
  assert.equal(codeOf(error), 'NOT_AUTHORIZED')
  assert.match(error.message, /Write on the transactional id job-1/)
  assert.equal(fake.count('InitProducerId'), 1)
})

test('a fault of the broker while a producer id is asked for is waited out: there is nothing to be dropped', async () => {
  const { fake } = await producerOn({ InitProducerId: [-1, 51, 15, INIT] })
  assert.equal(fake.count('InitProducerId'), 4)
})

test('a producer that is closed asks for nothing any more, be the broker there or not', async () => {
  const { fake, producer } = await producerOn({})
  await producer.close()
  assert.equal(codeOf(await failureOf(producer.init())), 'EPOCH_ABORTED')
  assert.equal(fake.count('InitProducerId'), 1)
})

test('a record that the topic does not take is thrown with the topic and the reason', async () => {
  const { producer } = await producerOn({ Produce: [32] })
  const { fields } = await failureOf(producer.send([batch()]))
  assert.deepEqual(fields, { topic: TOPIC, broker: 'INVALID_TIMESTAMP' })
})

let now = 0
beforeEach(() => {
  now = 0
})
afterEach(() => mock.restoreAll())

test('a topic that stays unknown was deleted: after half a minute of epochs the process ends, and names it', async () => {
  mock.method(performance, 'now', () => now)
  const { producer } = await producerOn({ Produce: [3] })
  const codes: (string | undefined)[] = []
  for (; now < 60_000 && codes.at(-1) !== 'TOPIC_MISSING'; now += 11_000) {
    const sent = failureOf(producer.send([batch()]))
    const passes = setInterval(() => {
      now += 1000
    }, 5)
    const error = await sent
    clearInterval(passes)
    codes.push(codeOf(error))
    if (codeOf(error) === 'TOPIC_MISSING') assert.match(error.message, /The topic enriched does/)
    await producer.init()
    producer.begin()
  }
  assert.deepEqual([codes[0], codes.at(-1)], ['EPOCH_ABORTED', 'TOPIC_MISSING'])
})

test('an input that was unknown for a moment, twice in a long life, is no trouble', async () => {
  mock.method(performance, 'now', () => now)
  const { producer } = await producerOn({ TxnOffsetCommit: [3, {}, 3, {}] })
  for (const at of [0, 40_000]) {
    now = at
    producer.begin()
    await producer.sendOffsets('job', MEMBER, [{ topic: 'orders', partition: 0, offset: 1 }])
    await producer.commit()
  }
})

test('a topic that is known again in time is no trouble, and its time begins anew', async () => {
  mock.method(performance, 'now', () => now)
  const { producer } = await producerOn({ Produce: [3, {}, 3, {}] })
  await producer.send([batch()])
  now = 40_000
  await producer.init()
  producer.begin()
  await producer.send([batch()])
})
