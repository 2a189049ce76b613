/** What is asked of the cluster about its topics, over the service's connections. */
import type { Admin as KafkaAdmin } from 'kafkajs'
import type { TopicPartition } from '../batch.ts'
import type { Log } from '../events.ts'
import { Outage } from '../retry/outage.ts'
import { doubling, retry } from '../retry/retry.ts'
import { codeOfError, isPassing } from './broker-errors.ts'
import type { About } from './error-table.ts'
import { type Cluster, request } from './kafkajs.ts'
import { listOffsetsRequest } from './list-offsets-request.ts'
import { MissingTopics } from './missing-topics.ts'
import type { Admin, OffsetAt, TopicDescription, TopicIdentity } from './port.ts'
import { isRefused, refusal } from './refusal.ts'
import { addTopic, named } from './target-topics.ts'
import { createTopics, describeConfigs } from './topic-admin.ts'
import { asError, check } from './topic-arrays.ts'
import { topicsRequest } from './topics-request.ts'

/** The port's questions about topics. @param closed ends what is asked again */
export function adminOf(
  cluster: Cluster,
  kafkaAdmin: KafkaAdmin,
  log: Log,
  closed: AbortSignal,
): Admin {
  // One for all questions: a broker that is away is one line, however many wait for it.
  const outage = new Outage(log, 'Asking the broker')

  /** Repeats what time and newer metadata cure: a topic just created, a leader that moves, an outage. */
  const untilAnswered = async <T>(about: About, attempt: () => Promise<T>): Promise<T> => {
    const missing = new MissingTopics()
    const policy = {
      wait: doubling(20, 500),
      isCurable: isPassing,
      outage,
      prepare: () => cluster.refreshMetadata().catch(() => {}),
    }
    return retry(() => missing.look(about, attempt), policy, closed).catch((error) => {
      throw isRefused(error) ? refusal(error, about) : error
    })
  }

  return {
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
          replicas: Math.min(...partitions.map(({ replicas }) => replicas.length)),
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
      const names = topics.map(({ topic }) => topic)
      const topic = names.join(', ')
      // A controller that is busy, or has just been elected, times out.
      await untilAnswered({ topic, operation: 'Create' }, () => createTopics(kafkaAdmin, topics))
      await untilAnswered({ topic, operation: 'Write' }, () =>
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
}

/** Has the cluster learn partitions that were added: offsets are asked of those that it knows. */
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
  await addTopic(cluster, topic)
  const metadata = cluster
    .findTopicPartitionMetadata(topic)
    .filter(({ partitionId }) => partition === undefined || partitionId === partition)
  if (metadata.length === 0 || metadata.some(({ leader }) => leader < 0)) {
    throw asError(codeOfError('LEADER_NOT_AVAILABLE'))
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
  await addTopic(cluster, topic)
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
