import { setTimeout as sleep } from 'node:timers/promises'
import type { Admin as KafkaAdmin } from 'kafkajs'
import { describeGroupRequest, topicAccessRequest } from './access-requests.ts'
import { type BrokerNode, type Cluster, errorType, request } from './kafkajs.ts'
import type { Administration, Operation } from './port.ts'

const GROUP_COORDINATOR = 0
const TRANSACTION_COORDINATOR = 1
/** How long a group that a member has just left, or a coordinator that moves, is asked again. */
const PATIENCE_MS = 10_000

/** What commands need of Kafka, over the service's connections. */
export function administrationOf(cluster: Cluster, kafkaAdmin: KafkaAdmin): Administration {
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
        const node = await coordinatorOf(cluster, groupId, GROUP_COORDINATOR)
        return node.connectionPool.send(describeGroupRequest(groupId))
      }).catch((error) => {
        if (errorType(error) !== 'GROUP_AUTHORIZATION_FAILED') throw error
        return { state: 'hidden', members: [], allowed: new Set<Operation>() }
      }),
    async mayUseTransactionalId(transactionalId) {
      try {
        await patiently(() => coordinatorOf(cluster, transactionalId, TRANSACTION_COORDINATOR))
        return true
      } catch (error) {
        if (errorType(error) === 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED') return false
        throw error
      }
    },
    async groupOffsets(groupId) {
      const topics = await kafkaAdmin.fetchOffsets({ groupId })
      return topics.flatMap(({ topic, partitions }) =>
        partitions.map(({ partition, offset }) => ({ topic, partition, offset: Number(offset) })),
      )
    },
    async deleteGroup(groupId) {
      try {
        await kafkaAdmin.deleteGroups([groupId])
      } catch (error) {
        const { groups = [] } = error as { groups?: { error?: unknown }[] }
        const cause = groups[0]?.error ?? error
        if (errorType(cause) !== 'GROUP_ID_NOT_FOUND') throw cause
      }
    },
    async deleteTopics(topics) {
      const existing = new Set(await kafkaAdmin.listTopics())
      const there = topics.filter((topic) => existing.has(topic))
      if (there.length > 0) await kafkaAdmin.deleteTopics({ topics: there })
    },
  }
}

/** kafkajs's own search keeps to itself why it failed, and a refusal is what we ask for. */
async function coordinatorOf(
  cluster: Cluster,
  groupId: string,
  coordinatorType: number,
): Promise<BrokerNode> {
  const { connectionPool } = await cluster.findControllerBroker()
  const { coordinator } = await connectionPool.send(
    request<{ coordinator: { nodeId: number } }>('GroupCoordinator', 1, {
      groupId,
      coordinatorType,
    }),
  )
  return cluster.findBroker({ nodeId: coordinator.nodeId })
}

/** Coordinators are found, and load their groups, only after the first question on a new cluster. */
async function patiently<T>(attempt: () => Promise<T>): Promise<T> {
  const begun = performance.now()
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      const isPassing = (error as { retriable?: boolean }).retriable === true
      if (!isPassing || performance.now() - begun > PATIENCE_MS) throw error
      await sleep(100)
    }
  }
}
