import { crc32 } from '../checksum.ts'
import { murmur2 } from './kafkajs.ts'

/** Which partition a producer writes a key to. */
export interface Partitioner {
  readonly name: string
  /** Who uses it. */
  readonly of: string
  partition(key: Buffer, partitions: number): number
}

/**
 * Those that are in use, seen in what these wrote: Java's clients 4.4.0, librdkafka 2.16.0, sarama 1.61.1, kafka-go 0.4.51,
 * @platformatic/kafka 1.35.0. Where the number of partitions is a power of two, the first and the last are the same.
 */
export const PARTITIONERS: readonly Partitioner[] = [
  {
    name: 'murmur2',
    of: "Java's default",
    partition: (key, partitions) => (murmur2(key) & 0x7fffffff) % partitions,
  },
  {
    name: 'crc32',
    of: 'librdkafka’s default',
    partition: (key, partitions) => crc32(key) % partitions,
  },
  {
    name: 'FNV-1a',
    of: 'sarama’s default and kafka-go’s Hash',
    partition: (key, partitions) => Math.abs(fnv1a(key) % partitions),
  },
  {
    name: 'FNV-1a without sign',
    of: 'sarama’s and kafka-go’s reference hash',
    partition: (key, partitions) => (fnv1a(key) & 0x7fffffff) % partitions,
  },
  {
    name: 'unsigned murmur2',
    of: 'the default of @platformatic/kafka',
    partition: (key, partitions) => (murmur2(key) >>> 0) % partitions,
  },
]

/** FNV-1a (Fowler, Noll, Vo) of 32 bits, as a signed integer. */
function fnv1a(bytes: Buffer): number {
  let hash = 0x811c9dc5 | 0
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash
}
