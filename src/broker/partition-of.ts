import { murmur2 } from './kafkajs.ts'

/** The partition that the default partitioner of Kafka's clients gives a key. */
export const partitionOf = (key: Buffer, partitions: number): number =>
  (murmur2(key) & 0x7fffffff) % partitions
