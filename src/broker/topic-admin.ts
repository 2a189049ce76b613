import type { Admin as KafkaAdmin } from 'kafkajs'
import { brokerError } from './broker-errors.ts'
import type { NewTopic } from './port.ts'

const TOPIC = 2
/** How CreateTopics is told of it, from Kafka 2.4 on (KIP-464). */
const BROKERS_DEFAULT = -1

/** Whether the cluster's own rules, as many a cloud has them, do not allow a setting. */
const isAgainstTheRules = (error: unknown): boolean => {
  const name = brokerError(error)?.name
  return name === 'INVALID_CONFIG' || name === 'POLICY_VIOLATION'
}

/** The settings, by topic; a topic whose settings this user may not see has none. */
export async function describeConfigs(
  admin: KafkaAdmin,
  topics: readonly string[],
): Promise<Map<string, ReadonlyMap<string, string>>> {
  const ask = async (names: readonly string[]) => {
    const resources = names.map((name) => ({ type: TOPIC, name }))
    const answer = await admin.describeConfigs({ includeSynonyms: false, resources })
    return answer.resources.map(
      ({ resourceName, configEntries }): [string, Map<string, string>] => [
        resourceName,
        new Map(configEntries.map((e) => [e.configName, e.configValue])),
      ],
    )
  }
  try {
    return new Map(await ask(topics))
  } catch (error) {
    if (!isDenied(error)) throw error
  }
  // A topic that is denied spoils the answer for all.
  const found = await Promise.all(
    topics.map((topic) =>
      ask([topic]).catch((error) => {
        if (!isDenied(error)) throw error
        return []
      }),
    ),
  )
  return new Map(found.flat())
}

const isDenied = (error: unknown): boolean => {
  const name = brokerError(error)?.name
  return name === 'TOPIC_AUTHORIZATION_FAILED' || name === 'CLUSTER_AUTHORIZATION_FAILED'
}

/** Creates topics. Throws what the broker says of the first that it has not created. */
export async function createTopics(admin: KafkaAdmin, topics: readonly NewTopic[]): Promise<void> {
  const create = (wished: boolean): Promise<boolean> =>
    admin.createTopics({
      // kafkajs gives up at the first answer of a broker that does not know them yet.
      waitForLeaders: false,
      topics: topics.map((topic) => ({
        topic: topic.topic,
        numPartitions: topic.partitions,
        replicationFactor: topic.replicationFactor ?? BROKERS_DEFAULT,
        configEntries: Object.entries({ ...topic.config, ...(wished ? topic.wished : {}) }).map(
          ([name, value]) => ({ name, value }),
        ),
      })),
    })
  try {
    await create(true)
  } catch (error) {
    if (!isAgainstTheRules(causeOf(error))) throw causeOf(error)
    await create(false).catch((again) => {
      throw causeOf(again)
    })
  }
}

/** The error that counts: kafkajs tells of each topic, and that one is there already is no fault. */
function causeOf(error: unknown): unknown {
  const { errors = [] } = error as { errors?: readonly unknown[] }
  return errors.find((one) => brokerError(one)?.name !== 'TOPIC_ALREADY_EXISTS') ?? error
}
