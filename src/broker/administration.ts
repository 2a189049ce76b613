import type { Admin as KafkaAdmin } from 'kafkajs'
import { retry } from '../retry/retry.ts'
import { describeGroupRequest, topicAccessRequest } from './access-requests.ts'
import { brokerError } from './broker-errors.ts'
import { askForCoordinator, GROUP_COORDINATOR, TRANSACTION_COORDINATOR } from './coordinator.ts'
import { notesOf } from './group-offset-requests.ts'
import { type Cluster, request } from './kafkajs.ts'
import type { Administration, OffsetCommit, Operation } from './port.ts'

/** How long a group that a member has just left, or a coordinator that moves, is asked again. */
const PATIENCE_MS = 10_000

/** What commands need of Kafka, over the service's connections. @param closed ends what is asked again */
export function administrationOf(
  cluster: Cluster,
  kafkaAdmin: KafkaAdmin,
  closed: AbortSignal,
): Administration {
  /** Coordinators are found, and load their groups, only after the first question on a new cluster. */
  const patiently = <T>(attempt: () => Promise<T>): Promise<T> =>
    retry(
      attempt,
      {
        wait: () => 100,
        isCurable: (error) => (error as { retriable?: boolean }).retriable === true,
        deadline: performance.now() + PATIENCE_MS,
      },
      closed,
    )
  return {
    async describeCluster() {
      const { clusterId, brokers } = await kafkaAdmin.describeCluster()
      return { clusterId, brokers: brokers.map(({ host, port }) => `${host}:${port}`) }
    },
    async topicAccess(topics) {
      const node = await cluster.findControllerBroker()
      return new Map(await node.connectionPool.send(topicAccessRequest(topics)))
    },
    describeGroup: (groupId) =>
      patiently(async () => {
        const node = await askForCoordinator(cluster, groupId, GROUP_COORDINATOR)
        return node.connectionPool.send(describeGroupRequest(groupId))
      }).catch((error) => {
        if (brokerError(error)?.name !== 'GROUP_AUTHORIZATION_FAILED') throw error
        return { state: 'hidden', protocol: '', members: [], allowed: new Set<Operation>() }
      }),
    async mayUseTransactionalId(transactionalId) {
      try {
        await patiently(async () => {
          const node = await askForCoordinator(cluster, transactionalId, TRANSACTION_COORDINATOR)
          await node.connectionPool.send(endNothing(transactionalId))
        })
        return true
      } catch (error) {
        const name = brokerError(error)?.name
        if (name === 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED') return false
        if (name === 'INVALID_PRODUCER_ID_MAPPING') return true
        throw error
      }
    },
    groupOffsets: (groupId) => groupOffsets(kafkaAdmin, groupId),
    async deleteGroup(groupId) {
      try {
        await kafkaAdmin.deleteGroups([groupId])
      } catch (error) {
        const { groups = [] } = error as { groups?: { error?: unknown }[] }
        const cause = groups[0]?.error ?? error
        if (brokerError(cause)?.name !== 'GROUP_ID_NOT_FOUND') throw cause
      }
    },
    async deleteTopics(topics) {
      const existing = new Set(await kafkaAdmin.listTopics())
      const there = topics.filter((topic) => existing.has(topic))
      if (there.length > 0) await kafkaAdmin.deleteTopics({ topics: there })
    },
  }
}

async function groupOffsets(kafkaAdmin: KafkaAdmin, groupId: string): Promise<OffsetCommit[]> {
  const topics = await kafkaAdmin.fetchOffsets({ groupId })
  return topics.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition, offset, metadata }) => {
      return { topic, partition, offset: Number(offset), ...notesOf(metadata) }
    }),
  )
}

/**
 * The end of a transaction of a producer that there cannot be: the coordinator looks at the right to write
 * first (KIP-98), then finds that the producer is another one, and changes nothing. To find the coordinator
 * takes the right to describe only, and InitProducerId would fence an instance that runs.
 */
const endNothing = (transactionalId: string) =>
  request('EndTxn', 1, {
    transactionalId,
    producerId: '-2',
    producerEpoch: 0,
    transactionResult: false,
  })
