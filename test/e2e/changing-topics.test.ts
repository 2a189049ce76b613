import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import * as data from '../../examples/orders/data.ts'
import { Kafka, logLevel } from '../../src/broker/kafkajs.ts'
import { freePort, testBroker } from '../support/kafka.ts'
import {
  connect,
  createTopic,
  deleteTopics,
  PlainProducer,
  recreateTopic,
} from '../support/topics.ts'
import { Orders } from './orders.ts'

const address = await testBroker()

async function addPartitions(topic: string, count: number): Promise<void> {
  const admin = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  await admin.createPartitions({ topicPartitions: [{ topic, count }] })
  await admin.disconnect()
}

interface Row {
  readonly partition: number
  readonly key: string
  readonly value: Buffer
  /** How old, in ms. */
  readonly age?: number
}

/** By a producer of its own, which knows the topic as it is now. */
async function write(topic: string, rows: readonly Row[]): Promise<void> {
  const producer = new PlainProducer(address)
  await producer.connect([topic])
  for (const { partition, key, value, age = 0 } of rows) {
    producer.put(topic, partition, Date.now() - age, Buffer.from(key), value)
  }
  await producer.flush()
  await producer.close()
}

test('a reader that was given a topic’s id reads nothing of the next topic of that name', async () => {
  const topic = `anew-${process.pid}`
  const row = (partition: number, key: string): Row => ({ partition, key, value: Buffer.from(key) })
  const broker = await connect(address)
  await createTopic(broker, topic, 1)
  const { id } = (await broker.admin.identify([topic])).get(topic)!
  assert.ok(id)
  await write(topic, [row(0, 'old')])
  const read: string[] = []
  let unknown = 0
  const reader = broker.reader(
    { maxBytesPerPartition: 1 << 20, maxBytes: 1 << 20, minBytes: 1, maxWaitMs: 100 },
    {
      onFetched: ({ columns: { buffer, length, keyStarts, keyEnds } }) => {
        for (let i = 0; i < length; i++)
          read.push(buffer.toString('utf8', keyStarts[i], keyEnds[i]))
      },
      onError: (_partition, error) => assert.fail(String(error)),
      onUnknownTopic: () => unknown++,
    },
  )
  reader.add({ topic, partition: 0 }, 0, id)
  while (read.length < 1) await sleep(20)

  await recreateTopic(address, topic, 3)
  await write(topic, [row(0, 'skipped'), row(0, 'new'), row(2, 'new')])
  unknown = 0
  while (unknown < 3) await sleep(20)
  assert.deepEqual(read, ['old'])
  const now = (await broker.admin.identify([topic])).get(topic)!
  assert.notEqual(now.id, id)
  assert.equal(now.partitions, 3)
  assert.equal((await broker.admin.offsets(topic, 'latest')).size, 3)
  reader.add({ topic, partition: 0 }, 0, now.id)
  while (read.length < 3) await sleep(20)
  assert.deepEqual(read, ['old', 'skipped', 'new'])

  await addPartitions(topic, 5)
  while ((await broker.admin.identify([topic])).get(topic)?.partitions !== 5) await sleep(50)
  assert.equal((await broker.admin.offsets(topic, 'latest')).size, 5)
  await reader.close()
  await deleteTopics(address, [topic])
  await broker.close()
})

test('under a running service a dimension is read anew, and anew facts end it for good', async () => {
  const orders = await Orders.create()
  try {
    const port = String(await freePort())
    const service = orders.start({ INSTANCE_ID: 'a', HTTP_PORT: port })
    await service.logged('Task running')
    const row = async (id: number): Promise<string> => {
      const url = `http://127.0.0.1:${port}/v1/stores/dimensions/customer/rows/${id}`
      const answer = await fetch(url)
      return answer.ok ? JSON.stringify(await answer.json()) : String(answer.status)
    }
    const until = async (id: number, text: string): Promise<void> => {
      for (let tries = 0; !(await row(id)).includes(text); tries++) {
        assert.ok(tries < 300, `Row ${id} is ${await row(id)}`)
        await sleep(100)
      }
    }
    const customer = (partition: number, id: number, name: string, age = 0): Row => {
      const value = data.encode('customer', { ...data.customer(id), name })
      return { partition, key: String(id), value, age }
    }
    const customers = orders.topic('customers')
    await orders.send(0, 1000)
    await orders.expectTaken()

    await recreateTopic(address, customers, 4)
    await write(customers, [customer(1, 1, 'anew')])
    await until(1, 'anew')
    assert.equal(await row(2), '404')

    await addPartitions(customers, 6)
    await sleep(1000)
    await write(customers, [
      customer(5, 1, 'moved'),
      customer(2, 3, 'newer'),
      customer(5, 3, 'older', 60_000),
    ])
    await until(1, 'moved')
    await until(3, 'newer')

    // Longer than what was read of the one before.
    await recreateTopic(address, orders.topic('orders'), 4)
    await orders.send(0, 3000)
    assert.equal(await service.ended, 1)
    assert.match(service.log, /"code":"OFFSETS_CHANGED"/)
    const again = orders.start({ INSTANCE_ID: 'a' })
    assert.equal(await again.ended, 1)
    assert.match(again.log, /was deleted and created anew/)
  } finally {
    await orders.close()
  }
})
