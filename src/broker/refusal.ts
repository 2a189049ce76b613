/** What a broker refuses for good, as a sentence: what it is about, and what a person has to do. */
import { EnricherError, type ErrorCode } from '../errors.ts'
import { type BrokerError, brokerError } from './broker-errors.ts'

/** What a request was about, as far as it is known. */
export interface About {
  readonly topic?: string | undefined
  readonly group?: string | undefined
  readonly transactionalId?: string | undefined
  /** The ACL operation that it needs. */
  readonly operation: string
}

type Sentence = (about: Required<About>) => readonly [ErrorCode, string]

const right = (resource: (about: Required<About>) => string): Sentence => {
  return (about) => {
    const what = resource(about)
    const message = `This user lacks the right ${about.operation} on ${what}; give it ${about.operation} on ${what}`
    return ['NOT_AUTHORIZED', message]
  }
}

/** By Kafka's name of the code. What is not here happens where broker and service do not fit together. */
const SENTENCES: Readonly<Record<string, Sentence>> = {
  TOPIC_AUTHORIZATION_FAILED: right(({ topic }) => `the topic ${topic}`),
  GROUP_AUTHORIZATION_FAILED: right(({ group }) => `the group ${group}`),
  CLUSTER_AUTHORIZATION_FAILED: right(({ topic }) => `the cluster (or the topic ${topic})`),
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: right(
    ({ transactionalId }) => `the transactional id ${transactionalId}`,
  ),
  INCONSISTENT_GROUP_PROTOCOL: ({ group }) => [
    'GROUP_TAKEN',
    `The group ${group} is used by another kind of client: it has other members, which are not stream-enricher; stop them, or give the pipeline another name`,
  ],
  INVALID_GROUP_ID: ({ group }) => [
    'BROKER_REFUSED',
    `The broker takes no group of the name ${group}; give the pipeline another name`,
  ],
  INVALID_SESSION_TIMEOUT: () => [
    'BROKER_REFUSED',
    'The broker does not allow this kafka.sessionTimeout; set it between group.min.session.timeout.ms and group.max.session.timeout.ms of the broker',
  ],
  GROUP_MAX_SIZE_REACHED: ({ group }) => [
    'BROKER_REFUSED',
    `The group ${group} has as many members as the broker's group.max.size allows; raise that, or run fewer instances`,
  ],
  INVALID_TOPIC_EXCEPTION: ({ topic }) => [
    'BROKER_REFUSED',
    `The broker takes no records for a topic named ${topic}; name another one in the pipeline file`,
  ],
  INVALID_RECORD: ({ topic }) => [
    'BROKER_REFUSED',
    `The topic ${topic} does not take our records as they are: a compacted topic takes none without a key, and a broker may check schemas; set cleanup.policy=delete on ${topic}, and no check of schemas`,
  ],
  UNSUPPORTED_COMPRESSION_TYPE: ({ topic }) => [
    'BROKER_REFUSED',
    `The topic ${topic} does not take this compression; set another output.compression`,
  ],
  UNSUPPORTED_FOR_MESSAGE_FORMAT: ({ topic }) => [
    'BROKER_REFUSED',
    `The topic ${topic} has a message format without transactions; set message.format.version on ${topic} to 2.5 or later`,
  ],
  INVALID_TRANSACTION_TIMEOUT: () => [
    'BROKER_REFUSED',
    'The broker allows no transactions of 10 s, which an epoch may take; raise its transaction.max.timeout.ms',
  ],
}

/** @param error whose class is `refused` */
export function refusal(error: unknown, about: About): EnricherError {
  const { code, name } = brokerError(error) as BrokerError
  const known = {
    topic: (error as { topic?: string }).topic ?? about.topic ?? '',
    group: about.group ?? '',
    transactionalId: about.transactionalId ?? '',
    operation: about.operation,
  }
  const [ours, message] = SENTENCES[name]?.(known) ?? [
    'BROKER_REFUSED',
    `The broker refuses ${about.operation}${objectOf(known)} (${name}, error code ${code}), and would again; look into its log, and at its version and settings`,
  ]
  return new EnricherError(ours, message, { cause: error, fields: { broker: name, ...known } })
}

/** What it was asked for. */
function objectOf({ topic, group, transactionalId }: Required<About>): string {
  const parts = [
    topic && ` on the topic ${topic}`,
    group && ` on the group ${group}`,
    transactionalId && ` for the transactional id ${transactionalId}`,
  ]
  return parts.find((part) => part !== '') ?? ''
}

/** How long a topic that the broker does not know is looked for: one just created is not known everywhere. */
const MISSING_MS = 30_000

/** Topics that the broker did not know when they were last asked for. */
export class MissingTopics {
  readonly #since = new Map<string, number>()
  readonly #now: () => number

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  found(topic: string): void {
    this.#since.delete(topic)
  }

  /** A transaction was committed: no topic of it is missing. */
  foundAll(): void {
    this.#since.clear()
  }

  /** Throws TOPIC_MISSING once it has been looked for in vain for a while. */
  notFound(topic: string): void {
    const since = this.#since.get(topic)
    if (since === undefined) this.#since.set(topic, this.#now())
    else if (this.#now() - since > MISSING_MS) throw topicDeleted(topic)
  }
}

function topicDeleted(topic: string): EnricherError {
  const message = `The topic ${topic} does not exist any more: it was deleted, and the broker has not known it for ${MISSING_MS / 1000} s. A restart creates output, rejects and changelog topic anew where they are missing; restore an input, or correct the pipeline file`
  return new EnricherError('TOPIC_MISSING', message, { fields: { topic } })
}
