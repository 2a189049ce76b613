/**
 * The oracle is the broker: it writes batches anew where a topic's compression is another than theirs, by
 * the same classes of kafka-clients as every Java producer and consumer.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { compressionCode } from '../../src/broker/compression.ts'
import { fetchRequest } from '../../src/broker/fetch-request.ts'
import type { Cluster } from '../../src/broker/kafkajs.ts'
import type { Broker } from '../../src/broker/port.ts'
import { BATCH_HEADER } from '../../src/broker/record-columns.ts'
import type { Compression } from '../../src/config/pipeline.ts'
import { testBroker } from '../support/kafka.ts'
import {
  clusterOf,
  connect,
  createTopic,
  deleteTopics,
  PlainProducer,
  type ReadRecord,
  readAll,
} from '../support/topics.ts'

const CODECS = ['gzip', 'snappy', 'lz4', 'zstd'] as const
const AT = 1_735_689_600_000

type Value = Buffer | null

/** Batches of every kind of content: of one byte, of chunks and blocks by the dozen, without a pattern. */
const batches: readonly (readonly Value[])[] = [
  [Buffer.from('x')],
  [null, Buffer.alloc(0)],
  Array.from({ length: 5000 }, (_, i) => Buffer.from(JSON.stringify({ id: i, name: `n${i % 7}` }))),
  [Buffer.alloc(700_000, 'a')],
  Array.from({ length: 10 }, () => randomBytes(50_000)),
]

let address: string
let broker: Broker
let cluster: Cluster
const topics: string[] = []

before(async () => {
  address = await testBroker()
  broker = await connect(address)
  cluster = clusterOf(address)
  await cluster.connect()
})

after(async () => {
  await deleteTopics(address, topics)
  await cluster.disconnect()
  await broker.close()
})

/** Writes the batches into a topic of a compression and gives its name. */
async function write(compression: Compression, stored: string): Promise<string> {
  const topic = `compression-${compression}-${stored}-${randomBytes(4).toString('hex')}`
  topics.push(topic)
  await createTopic(broker, topic, 1, { 'compression.type': stored })
  const producer = new PlainProducer(address, compression)
  await producer.connect([topic])
  for (const batch of batches) {
    for (const [i, value] of batch.entries())
      producer.put(topic, 0, AT + i, Buffer.from(`k${i}`), value, [['h', Buffer.from('v')]])
    await producer.flush()
  }
  await producer.close()
  return topic
}

/** What the topic's batches are compressed with, as stored. */
async function codesOf(topic: string): Promise<number[]> {
  await cluster.addMultipleTargetTopics([topic])
  const { leader } = cluster.findTopicPartitionMetadata(topic)[0]
  const node = await cluster.findBroker({ nodeId: leader })
  const limit = 16 << 20
  const limits = { maxWaitMs: 100, minBytes: 1, maxBytes: limit, maxBytesPerPartition: limit }
  const request = fetchRequest(node, [{ topic, partition: 0, offset: 0, topicId: null }], limits)
  const [{ records }] = await node.connectionPool.send(request)
  const codes: number[] = []
  for (let at = 0; at + BATCH_HEADER <= records.length; at += 12 + records.readInt32BE(at + 8))
    codes.push(records.readInt16BE(at + 21) & 7)
  return codes
}

async function isWhole(topic: string): Promise<void> {
  const read: ReadRecord[] = []
  await readAll(broker, topic, (record) => read.push(record))
  const values = batches.flat()
  assert.equal(read.length, values.length)
  const places = batches.flatMap((batch) => [...batch.keys()])
  for (const [i, { key, value, headers, timestamp }] of read.entries()) {
    assert.equal(String(key), `k${places[i]}`)
    assert.equal(timestamp, AT + places[i])
    assert.deepEqual(value, values[i])
    assert.deepEqual(headers, [['h', Buffer.from('v')]])
  }
}

for (const codec of CODECS) {
  test(`what Java compresses with ${codec} we read`, async () => {
    const topic = await write('none', codec)
    assert.deepEqual(await codesOf(topic), Array(batches.length).fill(compressionCode(codec)))
    await isWhole(topic)
  })

  test(`what we compress with ${codec} Java reads`, async () => {
    const topic = await write(codec, 'uncompressed')
    assert.deepEqual(await codesOf(topic), Array(batches.length).fill(0))
    await isWhole(topic)
  })
}
