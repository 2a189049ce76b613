import { setTimeout as sleep } from 'node:timers/promises'
import type { TopicPartition } from '../batch.ts'
import type { KafkaConfig } from '../config/pipeline.ts'
import { EnricherError } from '../errors.ts'
import type { Log } from '../events.ts'
import { administrationOf } from './administration.ts'
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
import { signInBy } from './sign-in.ts'
import { createSocket, type SocketOptions } from './socket.ts'
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
    brokers: [...config.brokers],
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
      brokers: [...config.brokers],
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
  const untilAnswered = async <T>(attempt: () => Promise<T>): Promise<T> => {
    for (let wait = 20; ; wait = Math.min(wait * 2, 500)) {
      try {
        const answer = await attempt()
        outage.over()
        return answer
      } catch (error) {
        if (closed || !isCurable(error)) throw error
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
      const { resources } = await kafkaAdmin.describeConfigs({
        includeSynonyms: false,
        resources: found.map((name) => ({ type: 2, name })),
      })
      for (const { name, partitions } of metadata) {
        const entries =
          resources.find(({ resourceName }) => resourceName === name)?.configEntries ?? []
        const settings = new Map(entries.map((e) => [e.configName, e.configValue]))
        answer.set(name, { partitions: partitions.length, config: settings })
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
      await kafkaAdmin.createTopics({
        // kafkajs gives up at the first answer of a broker that does not know them yet.
        waitForLeaders: false,
        topics: topics.map(({ topic, partitions, config: entries }) => ({
          topic,
          numPartitions: partitions,
          replicationFactor: -1,
          configEntries: Object.entries(entries).map(([name, value]) => ({ name, value })),
        })),
      })
      const names = topics.map(({ topic }) => topic)
      await untilAnswered(() => kafkaAdmin.fetchTopicMetadata({ topics: names }))
    },
    offsets: (topic, at) => untilAnswered(() => offsetsOf(cluster, topic, at)),
    deleteRecords: (partition, offset) =>
      untilAnswered(() => deleteRecordsOf(cluster, partition, offset)),
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
    producer: (options) => new ClusterProducer(newCluster(), options),
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
): Promise<Map<number, number>> {
  await cluster.addMultipleTargetTopics([topic])
  const metadata = cluster.findTopicPartitionMetadata(topic)
  if (metadata.length === 0 || metadata.some(({ leader }) => leader < 0)) {
    check(LEADER_NOT_AVAILABLE)
  }
  const offsets = new Map<number, number>()
  for (const leader of new Set(metadata.map((m) => m.leader))) {
    const partitions = metadata
      .filter((m) => m.leader === leader)
      .map(({ partitionId }) => ({ topic, partition: partitionId }))
    const node = await cluster.findBroker({ nodeId: leader })
    for (const found of await node.connectionPool.send(listOffsetsRequest(partitions, at))) {
      check(found.errorCode)
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
  await cluster.addMultipleTargetTopics([topic])
  const metadata = cluster.findTopicPartitionMetadata(topic)
  const nodeId = metadata.find(({ partitionId }) => partitionId === partition)?.leader ?? -1
  const node = await cluster.findBroker({ nodeId })
  const topics = [{ topic, partitions: [{ partition, offset: String(offset) }] }]
  await node.connectionPool.send(request('DeleteRecords', 1, { topics, timeout: 30_000 }))
}
