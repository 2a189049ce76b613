/** One client of a Kafka in memory: all that the port has. */
import type {
  Admin,
  Administration,
  Broker,
  GroupEvents,
  GroupOptions,
  Operation,
  ReaderEvents,
  ReaderOptions,
} from '../../../src/broker/port.ts'
import { GROUP_PROTOCOL } from '../../../src/broker/port.ts'
import type { MemoryKafka } from '../memory-broker.ts'
import { MemoryGroup } from './memory-group.ts'
import { MemoryProducer } from './memory-producer.ts'
import { MemoryReader } from './memory-reader.ts'
import type { PartitionLog } from './partition-log.ts'
import { untilAnswered } from './retries.ts'

const EVERYTHING: ReadonlySet<Operation> = new Set([
  ...(['read', 'write', 'create', 'delete', 'alter', 'describe'] as const),
])

export class MemoryClient implements Broker {
  readonly admin: Admin
  readonly administration: Administration
  readonly #kafka: MemoryKafka
  readonly #clientId: string

  constructor(kafka: MemoryKafka, clientId: string) {
    this.#kafka = kafka
    this.#clientId = clientId
    this.admin = adminOf(kafka, clientId)
    this.administration = administrationOf(kafka, clientId)
  }

  async connect(): Promise<void> {}

  reader(options: ReaderOptions, events: ReaderEvents): MemoryReader {
    return new MemoryReader(this.#kafka, this.#clientId, options, events)
  }

  group(options: GroupOptions, events: GroupEvents): MemoryGroup {
    return new MemoryGroup(this.#kafka, this.#clientId, options, events)
  }

  producer(options: { transactionalId: string; timeoutMs: number }): MemoryProducer {
    return new MemoryProducer(this.#kafka, this.#clientId, options)
  }

  async close(): Promise<void> {}
}

function adminOf(kafka: MemoryKafka, clientId: string): Admin {
  const { topics } = kafka
  const found = (names: readonly string[]) =>
    names.flatMap((name) => {
      const topic = topics.find(name)
      return topic === undefined ? [] : [{ name, topic }]
    })
  const offsetOf = (log: PartitionLog, at: Parameters<Admin['offsets']>[1]) => {
    if (typeof at === 'number') return log.at(at)
    return { earliest: log.start, stable: log.stable, latest: log.end }[at]
  }
  return {
    describeTopics: (names) =>
      kafka.request(
        clientId,
        'Metadata',
        () =>
          new Map(
            found(names).map(({ name, topic: { partitions, config } }) => [
              name,
              { partitions: partitions.length, config },
            ]),
          ),
      ),
    identify: (names) =>
      kafka.request(
        clientId,
        'Metadata',
        () =>
          new Map(
            found(names).map(({ name, topic: { id, partitions } }) => [
              name,
              { id, partitions: partitions.length },
            ]),
          ),
      ),
    createTopics: (list) =>
      kafka.request(clientId, 'CreateTopics', () => {
        for (const { topic, partitions, config, wished } of list) {
          topics.create(topic, partitions, { ...config, ...wished })
        }
      }),
    offsets: (topic, at, partition) =>
      untilAnswered({ topic, operation: 'Describe' }, () =>
        kafka.request(clientId, 'ListOffsets', async () => {
          const logs = topics.get(topic).partitions
          const asked = partition === undefined ? logs : [topics.log({ topic, partition })]
          const answers = asked.map(
            async (log): Promise<[number, number]> => [log.partition, await offsetOf(log, at)],
          )
          return new Map(await Promise.all(answers))
        }),
      ),
    deleteRecords: (place, offset) =>
      untilAnswered({ topic: place.topic, operation: 'Delete' }, () =>
        kafka.request(clientId, 'DeleteRecords', () => topics.log(place).deleteBefore(offset)),
      ),
  }
}

function administrationOf(kafka: MemoryKafka, clientId: string): Administration {
  return {
    describeCluster: async () => ({ clusterId: 'memory', brokers: ['memory:9092'] }),
    topicAccess: async (names) =>
      new Map(
        names.map((name) => {
          const state = kafka.topics.find(name) === undefined ? 'missing' : 'there'
          return [name, { state, allowed: EVERYTHING }]
        }),
      ),
    describeGroup: (groupId) =>
      kafka.request(clientId, 'DescribeGroups', () => {
        const group = kafka.findGroup(groupId)
        const members = (group?.members ?? []).map(({ request }) => {
          return { clientId: request.clientId, host: 'memory', topics: request.topics }
        })
        const state = group?.state ?? 'Dead'
        const protocol = state === 'Stable' ? GROUP_PROTOCOL : ''
        return { state, protocol, members, allowed: EVERYTHING }
      }),
    mayUseTransactionalId: async () => true,
    groupOffsets: async (groupId) => kafka.findGroup(groupId)?.offsets.committed ?? [],
    deleteGroup: async (groupId) => kafka.deleteGroup(groupId),
    deleteTopics: async (names) => {
      for (const name of names) kafka.topics.delete(name)
      kafka.logListeners.tell()
    },
  }
}
