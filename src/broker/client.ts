import { setTimeout as sleep } from 'node:timers/promises'
import type { TopicPartition } from '../batch.ts'
import type { KafkaConfig } from '../config/pipeline.ts'
import { EnricherError } from '../errors.ts'
import type { Log } from '../events.ts'
import { administrationOf } from './administration.ts'
import { brokerError } from './broker-errors.ts'
import { connectError } from './connect-error.ts'
import { ClusterGroup } from './group.ts'
import {
  ANSWERED,
  type Cluster,
  ClusterClass,
  createLogger,
  type Emitter,
  errorType,
  FAILED,
  isCurable,
  Kafka,
  logLevel,
  request,
} from './kafkajs.ts'
import { listOffsetsRequest } from './list-offsets-request.ts'
import { REAUTHENTICATE_MS } from './oauth-tokens.ts'
import { Outage } from './outage.ts'
import type {
  Admin,
  Broker,
  BrokerEvents,
  OffsetAt,
  TopicDescription,
  TopicIdentity,
} from './port.ts'
import { ClusterReader } from './reader.ts'
import { type About, MissingTopics, refusal } from './refusal.ts'
import { seedOf } from './seed.ts'
import { signInBy } from './sign-in.ts'
import { createSocket, type SocketOptions } from './socket.ts'
import { addTopics, named } from './target-topics.ts'
import { createTopics, describeConfigs } from './topic-admin.ts'
import { check } from './topic-arrays.ts'
import { topicsRequest } from './topics-request.ts'
import { ClusterProducer } from './transactional-producer.ts'

const TXN_OFFSET_COMMIT = 28
const LEADER_NOT_AVAILABLE = 5

/** Kafka by way of kafkajs. Reader, group and producer have connections of their own, so that a long poll or a pending join holds up nothing else. */
export function createBroker(
  config: KafkaConfig,
  log: Log,
  events: BrokerEvents = { onRequest() {}, onRequestError() {}, onConnection() {} },
): Broker {
  const emitter = emitterOf(events)
  const signIn = signInBy(config.sasl)
  const kafka = new Kafka({
    clientId: config.clientId,
    socketFactory: createSocket as never,
    brokers: config.brokers.map(seedOf),
    ssl: (config.tls as never) ?? false,
    sasl: signIn.options() as never,
    logLevel: logLevel.NOTHING,
    connectionTimeout: 3000,
    retry: { initialRetryTime: 100, retries: 3 },
  })
  const newCluster = (): Cluster =>
    new ClusterClass({
      logger: createLogger({ level: 0, logCreator: () => () => {} }),
      instrumentationEmitter: emitter,
      socketFactory: countedSockets(events),
      brokers: config.brokers.map(seedOf),
      ssl: config.tls,
      sasl: signIn.options(),
      clientId: config.clientId,
      connectionTimeout: 3000,
      authenticationTimeout: 10_000,
      reauthenticationThreshold: REAUTHENTICATE_MS,
      requestTimeout: 30_000,
      enforceRequestTimeout: true,
      metadataMaxAge: 300_000,
      allowAutoTopicCreation: false,
      retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 5 },
    })
  const cluster = newCluster()
  const kafkaAdmin = kafka.admin()
  let closed = false

  /** Of all questions: a broker that is away is one line, however many wait for it. */
  const outage = new Outage(log, 'Asking the broker')

  /** Repeats what time and newer metadata cure: a topic just created, a leader that moves, an outage. */
  const untilAnswered = async <T>(about: About, attempt: () => Promise<T>): Promise<T> => {
    const missing = new MissingTopics()
    for (let wait = 20; ; wait = Math.min(wait * 2, 500)) {
      try {
        const answer = await attempt()
        outage.over()
        return answer
      } catch (error) {
        const answer = brokerError(error)
        if (answer?.meaning === 'refused') throw refusal(error, about)
        const isAgain = answer === undefined ? isCurable(error) : answer.meaning === 'again'
        if (closed || !isAgain) throw error
        if (answer?.name === 'UNKNOWN_TOPIC_OR_PARTITION') missing.notFound(about.topic ?? '')
        outage.failed(error)
        await sleep(wait)
        await cluster.refreshMetadata().catch(() => {})
      }
    }
  }

  const admin: Admin = {
    async describeTopics(topics) {
      const existing = new Set(await kafkaAdmin.listTopics())
      const found = topics.filter((topic) => existing.has(topic))
      const answer = new Map<string, TopicDescription>()
      if (found.length === 0) return answer
      const { topics: metadata } = await kafkaAdmin.fetchTopicMetadata({ topics: found })
      const settings = await describeConfigs(kafkaAdmin, found)
      for (const { name, partitions } of metadata) {
        const config = settings.get(name)
        answer.set(name, {
          partitions: partitions.length,
          config: config ?? new Map(),
          ...(config === undefined ? { isConfigHidden: true } : {}),
        })
      }
      return answer
    },
    async identify(topics) {
      await cluster.connect()
      const node = await cluster.findControllerBroker()
      const found = await node.connectionPool.send(topicsRequest(node, topics))
      await forgetStale(cluster, found)
      return found
    },
    async createTopics(topics) {
      await createTopics(kafkaAdmin, topics)
      const names = topics.map(({ topic }) => topic)
      const about = { topic: names.join(', '), operation: 'Write' }
      await untilAnswered(about, () =>
        kafkaAdmin
          .fetchTopicMetadata({ topics: names })
          .catch((error) => named(cluster, names, error)),
      )
    },
    offsets: (topic, at, partition) =>
      untilAnswered({ topic, operation: 'Describe' }, () =>
        offsetsOf(cluster, topic, at, partition),
      ),
    deleteRecords: (partition, offset) =>
      untilAnswered({ topic: partition.topic, operation: 'Delete' }, () =>
        deleteRecordsOf(cluster, partition, offset),
      ),
  }

  return {
    admin,
    administration: administrationOf(cluster, kafkaAdmin),
    async connect() {
      try {
        await cluster.connect()
        await cluster.refreshMetadata()
        await kafkaAdmin.connect()
      } catch (cause) {
        throw connectError(config, cause)
      }
      const node = await cluster.findControllerBroker()
      if ((node.versions[TXN_OFFSET_COMMIT]?.maxVersion ?? 0) < 3) {
        throw new EnricherError(
          'BROKER_UNSUPPORTED',
          'The broker is older than Kafka 2.5, which exactly-once needs',
        )
      }
    },
    reader: (options, events) => new ClusterReader(newCluster(), options, events, log),
    group: (options, events) => new ClusterGroup(newCluster(), options, events, log),
    producer: (options) => new ClusterProducer(newCluster(), options, log),
    async close() {
      closed = true
      signIn.close()
      await Promise.all([cluster.disconnect(), kafkaAdmin.disconnect()])
    },
  }
}

function emitterOf(events: BrokerEvents): Emitter {
  return {
    emit(event, { apiName, duration, error }) {
      if (event === ANSWERED) events.onRequest(apiName, duration)
      else if (event === FAILED) {
        events.onRequestError(apiName, errorType(error) ?? (error as Error).name)
      }
    },
  }
}

function countedSockets(events: BrokerEvents): typeof createSocket {
  return (options: SocketOptions) => {
    const address = `${options.host}:${options.port}`
    const socket = createSocket(options)
    socket.once('connect', () => {
      events.onConnection(address, 1)
      socket.once('close', () => events.onConnection(address, -1))
    })
    return socket
  }
}

/** The offsets of partitions that were added are asked of those that the cluster knows. */
async function forgetStale(
  cluster: Cluster,
  found: ReadonlyMap<string, TopicIdentity>,
): Promise<void> {
  const isStale = [...found].some(([topic, { partitions }]) => {
    const known = cluster.findTopicPartitionMetadata(topic).length
    return known > 0 && known !== partitions
  })
  if (isStale) await cluster.refreshMetadata().catch(() => {})
}

async function offsetsOf(
  cluster: Cluster,
  topic: string,
  at: OffsetAt,
  partition?: number,
): Promise<Map<number, number>> {
  await addTopics(cluster, [topic])
  const metadata = cluster
    .findTopicPartitionMetadata(topic)
    .filter(({ partitionId }) => partition === undefined || partitionId === partition)
  if (metadata.length === 0 || metadata.some(({ leader }) => leader < 0)) {
    check(LEADER_NOT_AVAILABLE)
  }
  const offsets = new Map<number, number>()
  for (const leader of new Set(metadata.map((m) => m.leader))) {
    const asked = metadata
      .filter((m) => m.leader === leader)
      .map(({ partitionId }) => ({ topic, partition: partitionId }))
    const node = await cluster.findBroker({ nodeId: leader })
    for (const found of await node.connectionPool.send(listOffsetsRequest(asked, at))) {
      check(found.errorCode, topic)
      offsets.set(found.partition, found.offset)
    }
  }
  return offsets
}

async function deleteRecordsOf(
  cluster: Cluster,
  { topic, partition }: TopicPartition,
  offset: number,
): Promise<void> {
  await addTopics(cluster, [topic])
  const metadata = cluster.findTopicPartitionMetadata(topic)
  const nodeId = metadata.find(({ partitionId }) => partitionId === partition)?.leader ?? -1
  const node = await cluster.findBroker({ nodeId })
  const topics = [{ topic, partitions: [{ partition, offset: String(offset) }] }]
  const protocol = request('DeleteRecords', 1, { topics, timeout: 30_000 })
  await node.connectionPool.send(protocol).catch((error) => {
    // kafkajs puts the broker's answer where nobody looks for it.
    const { partitions = [] } = error as { partitions?: readonly { error?: unknown }[] }
    throw partitions[0]?.error ?? error
  })
}
