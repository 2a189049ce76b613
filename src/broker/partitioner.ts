import { crc32 } from '../checksum.ts'
import { murmur2 } from './kafkajs.ts'

/** Which partition a producer writes a key to, by its default partitioner. */
export interface Partitioner {
  readonly name: string
  partition(key: Buffer, partitions: number): number
}

/** Those that are in use: Java's (also of Connect, kafkajs, Flink), and librdkafka's (Python, Go, .NET, C). */
export const PARTITIONERS: readonly Partitioner[] = [
  { name: 'murmur2', partition: (key, partitions) => (murmur2(key) & 0x7fffffff) % partitions },
  { name: 'crc32', partition: (key, partitions) => crc32(key) % partitions },
]
