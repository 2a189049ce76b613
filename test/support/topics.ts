/** Writing to and reading from topics, for tests and the demo. */
import type { RecordBytes } from '../../src/batch.ts'
import { createBroker } from '../../src/broker/client.ts'
import {
  type Cluster,
  ClusterClass,
  createLogger,
  Kafka,
  logLevel,
} from '../../src/broker/kafkajs.ts'
import type { Broker } from '../../src/broker/port.ts'
import { RecordBatchWriter } from '../../src/broker/record-batch-writer.ts'
import { recordAt } from '../../src/broker/record-columns.ts'
import { check, produce } from '../../src/broker/requests.ts'
import { createSocket } from '../../src/broker/socket.ts'

const quiet = { info() {}, warn() {} }

export async function connect(address: string): Promise<Broker> {
  const broker = createBroker(
    {
      brokers: address.split(','),
      clientId: 'test',
      instanceId: null,
      tls: null,
      sasl: null,
      sessionTimeoutMs: 10_000,
    },
    quiet,
  )
  await broker.connect()
  return broker
}

/** Event times of tests may be long ago: without a limit on age the broker keeps them. */
export async function createTopic(
  broker: Broker,
  topic: string,
  partitions: number,
  config: Record<string, string> = {},
): Promise<void> {
  await broker.admin.createTopics([
    { topic, partitions, config: { 'retention.ms': '-1', ...config } },
  ])
}

/** Topics that do not exist are passed over. */
export async function deleteTopics(address: string, topics: readonly string[]): Promise<void> {
  const admin = new Kafka({ brokers: address.split(','), logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  const there = new Set(await admin.listTopics())
  await admin.deleteTopics({ topics: topics.filter((topic) => there.has(topic)) })
  await admin.disconnect()
}

/** A plain producer (no transaction) that sends what was put, one batch per partition, at each flush. */
export class PlainProducer {
  readonly #cluster: Cluster
  #open = new Map<string, RecordBatchWriter>()

  constructor(address: string) {
    this.#cluster = new ClusterClass({
      logger: createLogger({ level: 0, logCreator: () => () => {} }),
      socketFactory: createSocket,
      brokers: address.split(','),
      clientId: 'generator',
      connectionTimeout: 3000,
      requestTimeout: 30_000,
      metadataMaxAge: 300_000,
      allowAutoTopicCreation: false,
      retry: { retries: 5 },
    })
  }

  async connect(topics: readonly string[]): Promise<void> {
    await this.#cluster.connect()
    await this.#cluster.addMultipleTargetTopics(topics)
  }

  put(
    topic: string,
    partition: number,
    timestamp: number,
    key: Buffer | null,
    value: Buffer | null,
    headers: RecordBytes['headers'] = [],
  ): void {
    const name = `${topic}:${partition}`
    let writer = this.#open.get(name)
    if (writer === undefined) {
      writer = new RecordBatchWriter({
        topic,
        partition,
        transactional: false,
        compression: 'none',
      })
      this.#open.set(name, writer)
    }
    writer.recordOf(timestamp, { key, value, headers })
  }

  get bytes(): number {
    let bytes = 0
    for (const writer of this.#open.values()) bytes += writer.bytes
    return bytes
  }

  async flush(): Promise<void> {
    const writers = [...this.#open.values()]
    this.#open = new Map()
    const byLeader = new Map<number, { topic: string; partition: number; bytes: Buffer }[]>()
    for (const writer of writers) {
      const { topic, partition } = writer
      const bytes = await writer.seal(-1n, -1, -1)
      const leader = this.#cluster
        .findTopicPartitionMetadata(topic)
        .find(({ partitionId }) => partitionId === partition)!.leader
      byLeader.set(leader, [...(byLeader.get(leader) ?? []), { topic, partition, bytes }])
    }
    for (const [nodeId, batches] of byLeader) {
      const node = await this.#cluster.findBroker({ nodeId })
      const answers = await produce(node, null, 30_000, batches)
      for (const { errorCode } of answers) check(errorCode)
    }
    for (const writer of writers) writer.release()
  }

  close(): Promise<void> {
    return this.#cluster.disconnect()
  }
}

export interface ReadRecord extends RecordBytes {
  readonly partition: number
  readonly timestamp: number
}

/** Every committed record of a topic, to the end as of now. */
export async function readAll(
  broker: Broker,
  topic: string,
  each: (record: ReadRecord) => void,
): Promise<void> {
  const ends = await broker.admin.offsets(topic, 'stable')
  const starts = await broker.admin.offsets(topic, 'earliest')
  const left = new Set([...ends].filter(([p, end]) => end > starts.get(p)!).map(([p]) => p))
  if (left.size === 0) return
  const options = { maxBytesPerPartition: 4 << 20, maxBytes: 16 << 20, minBytes: 1, maxWaitMs: 100 }
  let done: () => void = () => {}
  let failed: (error: unknown) => void = () => {}
  const finished = new Promise<void>((resolve, reject) => {
    done = resolve
    failed = reject
  })
  const reader = broker.reader(options, {
    onFetched: ({ partition, columns }) => {
      for (let i = 0; i < columns.length; i++) {
        each({ ...recordAt(columns, i), partition, timestamp: columns.timestamps[i] })
      }
      if (columns.nextOffset < ends.get(partition)!) return
      reader.remove({ topic, partition })
      left.delete(partition)
      if (left.size === 0) done()
    },
    onError: (_partition, error) => failed(error),
  })
  for (const partition of left) reader.add({ topic, partition }, starts.get(partition)!)
  await finished
  await reader.close()
}
