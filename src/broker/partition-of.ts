/** The partition that the default partitioner of Kafka's clients gives the key that is `buffer[start, end)`. */
export const partitionOf = (
  buffer: Buffer,
  partitions: number,
  start = 0,
  end = buffer.length,
): number => (murmur2(buffer, start, end) & 0x7fffffff) % partitions

const FACTOR = 0x5bd1e995
const SEED = 0x9747b28c

/** Murmur2 (Appleby) of 32 bits with the seed of Kafka's clients: kafkajs has it of whole buffers only, an object for each key. */
function murmur2(buffer: Buffer, start: number, end: number): number {
  let hash = SEED ^ (end - start)
  let at = start
  for (; at + 4 <= end; at += 4) {
    const word =
      buffer[at] | (buffer[at + 1] << 8) | (buffer[at + 2] << 16) | (buffer[at + 3] << 24)
    const mixed = Math.imul(word, FACTOR)
    hash = Math.imul(hash, FACTOR) ^ Math.imul(mixed ^ (mixed >>> 24), FACTOR)
  }
  if (at < end) {
    for (let shift = 0; at < end; shift += 8) hash ^= buffer[at++] << shift
    hash = Math.imul(hash, FACTOR)
  }
  hash = Math.imul(hash ^ (hash >>> 13), FACTOR)
  return hash ^ (hash >>> 15)
}
