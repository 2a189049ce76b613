import { setTimeout as sleep } from 'node:timers/promises'
import type { Admin as KafkaAdmin } from 'kafkajs'
import { describeGroupRequest, topicAccessRequest } from './access-requests.ts'
import { type Cluster, errorType } from './kafkajs.ts'
import type { Administration, Operation } from './port.ts'

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
        const node = await cluster.findGroupCoordinator({ groupId })
        return node.connectionPool.send(describeGroupRequest(groupId))
      }).catch((error) => {
        if (errorType(error) !== 'GROUP_AUTHORIZATION_FAILED') throw error
        return { state: 'hidden', members: [], allowed: new Set<Operation>() }
      }),
    async mayUseTransactionalId(transactionalId) {
      const of = { groupId: transactionalId, coordinatorType: TRANSACTION_COORDINATOR }
      try {
        await patiently(() => cluster.findGroupCoordinator(of))
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

/** Coordinators are found, and load their groups, only after the first question on a new cluster. */
async function patiently<T>(attempt: () => Promise<T>): Promise<T> {
  const begun = Date.now()
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      const isPassing = (error as { retriable?: boolean }).retriable === true
      if (!isPassing || Date.now() - begun > PATIENCE_MS) throw error
      await sleep(100)
    }
  }
}
