/** Which topics there are, of how many partitions, and their ids: one request for all of them. */

import { errorOfCode } from './broker-errors.ts'
import {
  compactArray,
  compactString,
  noTags,
  readCompactArray,
  readCompactString,
  readUuid,
  skipTags,
  writeUuid,
} from './compact-encoding.ts'
import {
  type BrokerNode,
  type Decoder,
  DecoderClass,
  EncoderClass,
  type Protocol,
} from './kafkajs.ts'
import type { TopicIdentity } from './port.ts'
import { check } from './topic-arrays.ts'

const METADATA = 3
/** The version that has topic ids, of Kafka 2.8 and later (KIP-516). */
const WITH_IDS = 10
const WITHOUT_IDS = 9

/** Asks by Metadata v10, or by v9 of a broker that has no topic ids. Topics that are not there are absent from the answer. */
export function topicsRequest(
  { versions }: Pick<BrokerNode, 'versions'>,
  topics: readonly string[],
): Protocol<Map<string, TopicIdentity>> {
  const withIds = (versions[METADATA]?.maxVersion ?? 0) >= WITH_IDS
  return {
    request: {
      apiKey: METADATA,
      apiVersion: withIds ? WITH_IDS : WITHOUT_IDS,
      apiName: 'Metadata',
      encode: async () => {
        const e = noTags(new EncoderClass())
        compactArray(e, topics, (name) => {
          if (withIds) writeUuid(e, null)
          compactString(e, name)
        })
        // No topic is to be created, and nobody asks what is allowed.
        return noTags(e.writeBoolean(false).writeBoolean(false).writeBoolean(false))
      },
    },
    response: {
      decode: async (raw) => {
        const d = new DecoderClass(raw)
        skipTags(d)
        d.readInt32()
        skipBrokers(d)
        readCompactString(d)
        d.readInt32()
        return new Map(readCompactArray(d, () => readTopic(d, withIds)).flat())
      },
      parse: async (data) => data,
    },
  }
}

function skipBrokers(d: Decoder): void {
  readCompactArray(d, () => {
    d.readInt32()
    readCompactString(d)
    d.readInt32()
    readCompactString(d)
    skipTags(d)
  })
}

function readTopic(d: Decoder, withIds: boolean): [string, TopicIdentity][] {
  const errorCode = d.readInt16()
  const name = readCompactString(d)
  const id = withIds ? readUuid(d) : null
  d.readInt8()
  const partitions = readCompactArray(d, () => skipPartition(d)).length
  d.readInt32()
  skipTags(d)
  const { name: error } = errorOfCode(errorCode)
  // The topic is not there, or not to be seen.
  if (error === 'UNKNOWN_TOPIC_OR_PARTITION' || error === 'TOPIC_AUTHORIZATION_FAILED') return []
  check(errorCode)
  return [[name, { id, partitions }]]
}

function skipPartition(d: Decoder): void {
  d.readInt16()
  for (const _ of ['partition', 'leader', 'leader epoch']) d.readInt32()
  for (const _ of ['replicas', 'in sync', 'offline']) readCompactArray(d, () => d.readInt32())
  skipTags(d)
}
