/** Writing to and reading from topics, for tests and the demo. */
import { setTimeout as sleep } from 'node:timers/promises'
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
import { produce, type SealedBatch } from '../../src/broker/produce-request.ts'
import { RecordBatchWriter } from '../../src/broker/record-batch-writer.ts'
import { recordAt } from '../../src/broker/record-columns.ts'
import { createSocket } from '../../src/broker/socket.ts'
import { check } from '../../src/broker/topic-arrays.ts'
import type { Compression } from '../../src/config/pipeline.ts'

/** Unknown topic, not its leader: what a loaded broker says of a topic that it has just created. */
const NOT_YET = [3, 6]
const quiet = { event() {} }
/** A batch that is larger is followed by another one: below what a topic takes by default, 1 MiB. */
const BATCH_BYTES = 700_000

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

/** What a topic is called may be used again once the broker has deleted the one before. */
export async function recreateTopic(
  address: string,
  topic: string,
  partitions: number,
): Promise<void> {
  await deleteTopics(address, [topic])
  const broker = await connect(address)
  while ((await broker.admin.identify([topic])).has(topic)) await sleep(50)
  await sleep(500)
  await createTopic(broker, topic, partitions)
  await broker.close()
}

/** A connection to a cluster below everything that the service has, for requests as they are. */
export function clusterOf(address: string): Cluster {
  return new ClusterClass({
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

/** A plain producer (no transaction) that sends what was put at each flush: of each partition one batch, and more where it is much. */
export class PlainProducer {
  readonly #cluster: Cluster
  readonly #compression: Compression
  /** Of each partition in the order in which they are sent; to the last one is added. */
  #open = new Map<string, RecordBatchWriter[]>()

  constructor(address: string, compression: Compression = 'none') {
    this.#compression = compression
    this.#cluster = clusterOf(address)
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
    const writers = this.#open.get(name) ?? []
    let writer = writers.at(-1)
    const more = (key?.length ?? 0) + (value?.length ?? 0)
    if (writer === undefined || writer.bytes + more > BATCH_BYTES) {
      writer = new RecordBatchWriter({
        topic,
        partition,
        transactional: false,
        compression: this.#compression,
      })
      writers.push(writer)
      this.#open.set(name, writers)
    }
    writer.recordOf(timestamp, { key, value, headers })
  }

  get bytes(): number {
    let bytes = 0
    for (const writer of [...this.#open.values()].flat()) bytes += writer.bytes
    return bytes
  }

  async flush(): Promise<void> {
    const open = [...this.#open.values()]
    this.#open = new Map()
    const most = Math.max(0, ...open.map(({ length }) => length))
    for (let n = 0; n < most; n++) {
      await this.#flush(open.flatMap((writers) => writers[n] ?? []))
    }
  }

  /** @param writers one of a partition: a request may not have more */
  async #flush(writers: readonly RecordBatchWriter[]): Promise<void> {
    const sealed = await Promise.all(
      writers.map(async (writer) => {
        const { topic, partition } = writer
        return { topic, partition, bytes: await writer.seal(-1n, -1, -1) }
      }),
    )
    let left = sealed
    for (let tries = 0; left.length > 0; tries++) {
      if (tries > 0) await sleep(100)
      if (tries > 0) await this.#cluster.refreshMetadata()
      left = await this.#send(left, tries < 50)
    }
    for (const writer of writers) writer.release()
  }

  /** @returns what its partition's leader does not take yet: a topic just created, a broker just started */
  async #send(batches: readonly SealedBatch[], again: boolean): Promise<SealedBatch[]> {
    const byLeader = new Map<number, SealedBatch[]>()
    for (const batch of batches) {
      const leader = this.#cluster
        .findTopicPartitionMetadata(batch.topic)
        .find(({ partitionId }) => partitionId === batch.partition)!.leader
      byLeader.set(leader, [...(byLeader.get(leader) ?? []), batch])
    }
    const left: SealedBatch[] = []
    for (const [nodeId, some] of byLeader) {
      const node = await this.#cluster.findBroker({ nodeId })
      for (const { topic, partition, errorCode } of await produce(node, null, 30_000, some)) {
        if (!again || !NOT_YET.includes(errorCode)) check(errorCode)
        if (NOT_YET.includes(errorCode)) {
          left.push(some.find((b) => b.topic === topic && b.partition === partition)!)
        }
      }
    }
    return left
  }

  close(): Promise<void> {
    return this.#cluster.disconnect()
  }
}

export interface ReadRecord extends RecordBytes {
  readonly partition: number
  readonly offset: number
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
        const offset = columns.offsets[i]
        each({ ...recordAt(columns, i), partition, offset, timestamp: columns.timestamps[i] })
      }
      if (columns.nextOffset < ends.get(partition)!) return
      reader.remove({ topic, partition })
      left.delete(partition)
      if (left.size === 0) done()
    },
    onError: (_partition, error) => failed(error),
  })
  for (const partition of left) reader.add({ topic, partition }, starts.get(partition)!)
  await finished.finally(() => reader.close())
}
