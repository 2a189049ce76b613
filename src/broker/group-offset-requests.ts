/** A group's offsets: committed in a transaction, and read when none is pending on them. */
import type { TopicPartition } from '../batch.ts'
import {
  compactString,
  compactTopics,
  noTags,
  readCompactArray,
  readCompactString,
  skipTags,
} from './compact-encoding.ts'
import { type Decoder, DecoderClass, EncoderClass, type Protocol } from './kafkajs.ts'
import type { Membership, OffsetCommit } from './port.ts'
import { check } from './topic-arrays.ts'

const OFFSET_FETCH = 9
const TXN_OFFSET_COMMIT = 28
/** Kafka keeps a text with each offset, for whoever commits it; its own tools show it. */
const NOTES = /^(?:state=([^;]*);)?(?:topic-id=(.*))?$/

const metadataOf = ({ topicId, state }: OffsetCommit): string =>
  (state ? `state=${state};` : '') + (topicId ? `topic-id=${topicId}` : '')

/** What the text says; nothing: it was written by an earlier release, or by another tool. */
export function notesOf(metadata: string | null): Pick<OffsetCommit, 'topicId' | 'state'> {
  const [, state, topicId] = NOTES.exec(metadata ?? '') ?? []
  return { topicId: topicId ?? null, ...(state && { state }) }
}

/** TxnOffsetCommit v3 (KIP-447): the group's coordinator refuses it from outside the current generation. */
export function txnOffsetCommitRequest(
  producer: { transactionalId: string; producerId: bigint; producerEpoch: number },
  groupId: string,
  membership: Membership,
  offsets: readonly OffsetCommit[],
): Protocol<void> {
  return {
    request: {
      apiKey: TXN_OFFSET_COMMIT,
      apiVersion: 3,
      apiName: 'TxnOffsetCommit',
      encode: async () => {
        const e = noTags(new EncoderClass())
        compactString(e, producer.transactionalId)
        compactString(e, groupId)
        e.writeInt64(producer.producerId.toString()).writeInt16(producer.producerEpoch)
        e.writeInt32(membership.generationId)
        compactString(e, membership.memberId)
        compactString(e, membership.groupInstanceId)
        compactTopics(e, offsets, (commit) => {
          e.writeInt32(commit.partition).writeInt64(String(commit.offset)).writeInt32(-1)
          compactString(e, metadataOf(commit))
          noTags(e)
        })
        return noTags(e)
      },
    },
    response: {
      decode: async (raw) => {
        const d = new DecoderClass(raw)
        skipTags(d)
        d.readInt32()
        readCompactArray(d, () => {
          const topic = readCompactString(d)
          readCompactArray(d, () => {
            d.readInt32()
            check(d.readInt16(), topic)
            skipTags(d)
          })
          skipTags(d)
        })
        return {}
      },
      parse: async () => {},
    },
  }
}

/** OffsetFetch v7 with require_stable: UNSTABLE_OFFSET_COMMIT while a transaction is pending. -1: no offset. */
export function offsetFetchRequest(
  groupId: string,
  partitions: readonly TopicPartition[],
): Protocol<OffsetCommit[]> {
  return {
    request: {
      apiKey: OFFSET_FETCH,
      apiVersion: 7,
      apiName: 'OffsetFetch',
      encode: async () => {
        const e = noTags(new EncoderClass())
        compactString(e, groupId)
        compactTopics(e, partitions, ({ partition }) => e.writeInt32(partition))
        return noTags(e.writeBoolean(true))
      },
    },
    response: {
      decode: async (raw) => {
        const d = new DecoderClass(raw)
        skipTags(d)
        d.readInt32()
        const found = readCompactArray(d, () => {
          const topic = readCompactString(d)
          const list = readCompactArray(d, () => readCommitted(d, topic))
          skipTags(d)
          return list
        })
        check(d.readInt16())
        return found.flat()
      },
      parse: async (data) => data,
    },
  }
}

function readCommitted(d: Decoder, topic: string): OffsetCommit {
  const partition = d.readInt32()
  const offset = Number(d.readInt64())
  d.readInt32()
  const notes = notesOf(readCompactString(d))
  check(d.readInt16(), topic)
  skipTags(d)
  return { topic, partition, offset, ...notes }
}
