/** The producer of tests, examples and the demo, on a real broker. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testBroker } from '../support/kafka.ts'
import { connect, createTopic, deleteTopics, PlainProducer, readAll } from '../support/topics.ts'

test('what a stall has piled up is sent in batches that a topic takes, in its order', async () => {
  const address = await testBroker()
  const topic = `piled-${process.pid}`
  const broker = await connect(address)
  const producer = new PlainProducer(address)
  try {
    await createTopic(broker, topic, 2)
    await producer.connect([topic])
    const filler = Buffer.alloc(1000, 'x')
    const COUNT = 6000
    for (let i = 0; i < COUNT; i++) {
      producer.put(
        topic,
        i % 2,
        0,
        Buffer.from(String(i)),
        i === 10 ? Buffer.alloc(900_000) : filler,
      )
    }
    assert.ok(producer.bytes > 6_000_000)
    await producer.flush()
    assert.equal(producer.bytes, 0)
    const keys: number[][] = [[], []]
    await readAll(broker, topic, ({ partition, key }) => keys[partition].push(Number(key)))
    const evenOrOdd = (p: number) => Array.from({ length: COUNT / 2 }, (_, i) => 2 * i + p)
    assert.deepEqual(keys, [evenOrOdd(0), evenOrOdd(1)])
  } finally {
    await producer.close()
    await broker.close()
    await deleteTopics(address, [topic])
  }
})
