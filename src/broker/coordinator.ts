import { type BrokerNode, type Cluster, request } from './kafkajs.ts'

export const GROUP_COORDINATOR = 0
export const TRANSACTION_COORDINATOR = 1

/** @param key a group's name, or a transactional id */
export async function findCoordinator(
  cluster: Cluster,
  key: string,
  coordinatorType: number,
): Promise<BrokerNode> {
  await cluster.connect()
  try {
    return await cluster.findGroupCoordinator({ groupId: key, coordinatorType })
  } catch (error) {
    // kafkajs 2.2.4 tries each broker, and keeps to itself why all of them refused.
    if ((error as Error).name !== 'KafkaJSGroupCoordinatorNotFound') throw error
    return askForCoordinator(cluster, key, coordinatorType)
  }
}

/** One question, whose refusal is thrown. */
export async function askForCoordinator(
  cluster: Cluster,
  key: string,
  coordinatorType: number,
): Promise<BrokerNode> {
  const { connectionPool } = await cluster.findControllerBroker()
  const { coordinator } = await connectionPool.send(
    request<{ coordinator: { nodeId: number } }>('GroupCoordinator', 1, {
      groupId: key,
      coordinatorType,
    }),
  )
  return cluster.findBroker({ nodeId: coordinator.nodeId })
}
