/** Requests whose answers say what this client may do (KIP-430). kafkajs has older versions of them only. */
import { errorOfCode } from './broker-errors.ts'
import {
  type Decoder,
  DecoderClass,
  EncoderClass,
  MemberMetadata,
  type Protocol,
} from './kafkajs.ts'
import { GROUP_PROTOCOL, type GroupDescription, type Operation, type TopicAccess } from './port.ts'
import { check } from './topic-arrays.ts'

const METADATA = 3
const DESCRIBE_GROUPS = 15

/** The bits of an answer that stand for operations: the codes of Kafka's AclOperation. */
const OPERATIONS: readonly (readonly [Operation, number])[] = [
  ['read', 3],
  ['write', 4],
  ['create', 5],
  ['delete', 6],
  ['alter', 7],
  ['describe', 8],
]

const operationsOf = (bits: number): Set<Operation> =>
  new Set(OPERATIONS.filter(([, code]) => (bits & (1 << code)) !== 0).map(([name]) => name))

/** Asks what may be done with topics, by Metadata v8. */
export function topicAccessRequest(topics: readonly string[]): Protocol<[string, TopicAccess][]> {
  return {
    request: {
      apiKey: METADATA,
      apiVersion: 8,
      apiName: 'Metadata',
      encode: async () => {
        const e = new EncoderClass().writeInt32(topics.length)
        for (const topic of topics) e.writeString(topic)
        return e.writeBoolean(false).writeBoolean(false).writeBoolean(true)
      },
    },
    response: {
      decode: async (raw) => {
        const d = new DecoderClass(raw)
        d.readInt32()
        d.readArray((broker) => {
          broker.readInt32()
          broker.readString()
          broker.readInt32()
          broker.readString()
        })
        d.readString()
        d.readInt32()
        return d.readArray(readTopic)
      },
      parse: async (data) => data,
    },
  }
}

function readTopic(d: Decoder): [string, TopicAccess] {
  const errorCode = d.readInt16()
  const name = d.readString()
  d.readInt8()
  d.readArray((partition) => {
    partition.readInt16()
    for (let i = 0; i < 3; i++) partition.readInt32()
    for (let i = 0; i < 3; i++) partition.readArray((replica) => replica.readInt32())
  })
  const allowed = operationsOf(d.readInt32())
  switch (errorOfCode(errorCode).name) {
    case 'UNKNOWN_TOPIC_OR_PARTITION':
      return [name, { state: 'missing', allowed }]
    case 'TOPIC_AUTHORIZATION_FAILED':
      return [name, { state: 'hidden', allowed }]
    case 'LEADER_NOT_AVAILABLE':
      break
    default:
      check(errorCode)
  }
  return [name, { state: 'there', allowed }]
}

/** Asks for a group and what may be done with it, by DescribeGroups v4. */
export function describeGroupRequest(groupId: string): Protocol<GroupDescription> {
  return {
    request: {
      apiKey: DESCRIBE_GROUPS,
      apiVersion: 4,
      apiName: 'DescribeGroups',
      encode: async () => new EncoderClass().writeInt32(1).writeString(groupId).writeBoolean(true),
    },
    response: {
      decode: async (raw) => {
        const d = new DecoderClass(raw)
        d.readInt32()
        return d.readArray(readGroup)[0]
      },
      parse: async (data) => data,
    },
  }
}

function readGroup(d: Decoder): GroupDescription {
  check(d.readInt16())
  d.readString()
  const state = d.readString()
  const type = d.readString()
  const name = d.readString()
  const isConsumers = type === '' || type === 'consumer'
  const members = d.readArray((member) => {
    member.readString()
    member.readString()
    const clientId = member.readString()
    const host = member.readString()
    const metadata = member.readBytes()
    member.readBytes()
    const isOurs = name === GROUP_PROTOCOL && metadata !== null && metadata.length > 0
    return { clientId, host, topics: isOurs ? MemberMetadata.decode(metadata).topics : [] }
  })
  const protocol = isConsumers ? name : type
  return { state, protocol, members, allowed: operationsOf(d.readInt32()) }
}
