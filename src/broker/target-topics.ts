import { topicAccessRequest } from './access-requests.ts'
import { brokerError } from './broker-errors.ts'
import type { Cluster } from './kafkajs.ts'

/**
 * Learns where the partitions of these topics are. kafkajs 2.2.4 throws the first topic's error without its
 * name, and the error of one is that of all: here it has the `topic` that is not known, or may not be described.
 */
export async function addTopics(cluster: Cluster, topics: readonly string[]): Promise<void> {
  await cluster.addMultipleTargetTopics(topics).catch((error) => named(cluster, topics, error))
}

/**
 * The same of one topic, for who asks and does not go on: kafkajs asks about all topics that were ever added, so that one which
 * was deleted since would fail the question about any new one. It is forgotten.
 */
export async function addTopic(cluster: Cluster, topic: string): Promise<void> {
  try {
    await cluster.addMultipleTargetTopics([topic])
  } catch (error) {
    const all = [topic, ...cluster.targetTopics]
    const gone = brokerError(error) === undefined ? undefined : await culprit(cluster, all)
    if (gone === undefined) throw error
    if (gone === topic) throw Object.assign(error as Error, { topic })
    cluster.targetTopics.delete(gone)
    await addTopic(cluster, topic)
  }
}

/** Throws the error, with the topic that it is about. */
export async function named(
  cluster: Cluster,
  topics: readonly string[],
  error: Error,
): Promise<never> {
  const topic = brokerError(error) === undefined ? undefined : await culprit(cluster, topics)
  throw topic === undefined ? error : Object.assign(error, { topic })
}

async function culprit(cluster: Cluster, topics: readonly string[]): Promise<string | undefined> {
  try {
    const node = await cluster.findControllerBroker()
    const found = await node.connectionPool.send(topicAccessRequest(topics))
    return found.find(([, { state }]) => state !== 'there')?.[0]
  } catch {
    // The error that is known already says more than that this question fails, too.
    return undefined
  }
}
