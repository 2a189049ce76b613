/** The topics of a cluster in memory. */
import { randomUUID } from 'node:crypto'
import type { TopicPartition } from '../../../src/batch.ts'
import { kafkaError } from './kafka-errors.ts'
import { PartitionLog } from './partition-log.ts'

/** Kafka's, of what the service looks at. */
const DEFAULTS = {
  'cleanup.policy': 'delete',
  'compression.type': 'producer',
  'delete.retention.ms': '86400000',
  'max.message.bytes': '1048588',
  'message.timestamp.after.max.ms': '3600000',
  'message.timestamp.before.max.ms': '9223372036854775807',
  'message.timestamp.type': 'CreateTime',
  'min.insync.replicas': '1',
  'retention.bytes': '-1',
  'retention.ms': '604800000',
  'segment.bytes': '1073741824',
}

export class Topic {
  readonly id: string
  readonly config: ReadonlyMap<string, string>
  readonly partitions: readonly PartitionLog[]

  constructor(name: string, partitions: number, config: Readonly<Record<string, string>>) {
    this.id = Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url')
    this.config = new Map(Object.entries({ ...DEFAULTS, ...config }))
    this.partitions = Array.from({ length: partitions }, (_, i) => new PartitionLog(name, i))
  }
}

export class Topics {
  readonly #topics = new Map<string, Topic>()

  /** One that exists is left as it is. */
  create(name: string, partitions: number, config: Readonly<Record<string, string>>): void {
    if (!this.#topics.has(name)) this.#topics.set(name, new Topic(name, partitions, config))
  }

  delete(name: string): void {
    this.#topics.delete(name)
  }

  find(name: string): Topic | undefined {
    return this.#topics.get(name)
  }

  get(name: string): Topic {
    const topic = this.#topics.get(name)
    if (topic === undefined) throw kafkaError('UNKNOWN_TOPIC_OR_PARTITION', name)
    return topic
  }

  log({ topic, partition }: TopicPartition): PartitionLog {
    const log = this.get(topic).partitions[partition]
    if (log === undefined) throw kafkaError('UNKNOWN_TOPIC_OR_PARTITION', topic)
    return log
  }

  append({ topic, partition }: TopicPartition, bytes: Buffer): number {
    const limit = Number(this.get(topic).config.get('max.message.bytes'))
    if (bytes.length > limit) throw kafkaError('MESSAGE_TOO_LARGE', topic)
    // The client may use its memory again.
    return this.log({ topic, partition }).append(Buffer.from(bytes))
  }
}
