/**
 * What each error code of a broker means to this service, and the sentence that a person reads where only a person
 * cures it. Names and codes are those of Kafka's `org.apache.kafka.common.protocol.Errors` (4.1).
 */
import type { ErrorCode } from '../errors.ts'

/**
 * - `again`: time or newer metadata cure it; the same request is sent again.
 * - `abort`: the epoch is dropped, and its tasks are taken anew.
 * - `fenced`: another instance has our place; the group is joined again.
 * - `record`: what was sent is at fault: the topic's limits are read anew, and the epoch is done again.
 * - `refused`: nothing cures it but a person: the process ends with a sentence.
 */
export type ErrorClass = 'again' | 'abort' | 'fenced' | 'record' | 'refused'

/** What a request was about, as far as it is known. */
export interface About {
  readonly topic?: string | undefined
  readonly group?: string | undefined
  readonly transactionalId?: string | undefined
  /** The ACL operation that the request needs. */
  readonly operation: string
}

/** Our own code for a refusal, and what a person has to do about it. */
export type Sentence = (about: Required<About>) => readonly [ErrorCode, string]

/** A refusal that has no sentence of its own happens where broker and service do not fit together. */
export type ErrorRow = readonly [code: number, meaning: ErrorClass, sentence?: Sentence]

const right = (resource: (about: Required<About>) => string): Sentence => {
  return (about) => {
    const what = resource(about)
    const message = `This user lacks the right ${about.operation} on ${what}; give it ${about.operation} on ${what}`
    return ['NOT_AUTHORIZED', message]
  }
}

/** By Kafka's name. The comment on each row says when a broker answers so. */
export const ERROR_TABLE = {
  // A fault inside the broker; what it has done of the request is not known.
  UNKNOWN_SERVER_ERROR: [-1, 'abort'],
  // Retention has passed a position by: the reader judges it first. Elsewhere a new look finds another offset.
  OFFSET_OUT_OF_RANGE: [1, 'abort'],
  // The bytes were damaged on their way: they are whole in our memory still.
  CORRUPT_MESSAGE: [2, 'again'],
  // A topic just created is not known everywhere; one that stays unknown was deleted: `MissingTopics` says when.
  UNKNOWN_TOPIC_OR_PARTITION: [3, 'again'],
  // A fetch names a size that cannot be: our own request is at fault.
  INVALID_FETCH_SIZE: [4, 'refused'],
  // A leader is being elected, or the topic is just being created.
  LEADER_NOT_AVAILABLE: [5, 'again'],
  // The leader has moved, and our metadata are older.
  NOT_LEADER_OR_FOLLOWER: [6, 'again'],
  // The replicas were slow; with its sequence number the same batch is not written twice.
  REQUEST_TIMED_OUT: [7, 'again'],
  // The broker that the request is for is down, or not registered yet.
  BROKER_NOT_AVAILABLE: [8, 'again'],
  // A replica is down, or moves to another broker.
  REPLICA_NOT_AVAILABLE: [9, 'again'],
  // max.message.bytes was lowered, or the broker compresses with a codec of its own.
  MESSAGE_TOO_LARGE: [10, 'record'],
  // The controller has moved.
  STALE_CONTROLLER_EPOCH: [11, 'again'],
  // The metadata of an offset are ours, and short: the broker’s offset.metadata.max.bytes is lower still.
  OFFSET_METADATA_TOO_LARGE: [12, 'refused'],
  // A broker has lost the connection to another one that it has asked.
  NETWORK_EXCEPTION: [13, 'again'],
  // A coordinator is loading its partition.
  COORDINATOR_LOAD_IN_PROGRESS: [14, 'again'],
  // The coordinators’ topic has no leader for this one, or is just being created.
  COORDINATOR_NOT_AVAILABLE: [15, 'again'],
  // The coordinator has moved.
  NOT_COORDINATOR: [16, 'again'],
  // A name that no topic can have, or an internal topic.
  INVALID_TOPIC_EXCEPTION: [
    17,
    'refused',
    ({ topic }) => [
      'BROKER_REFUSED',
      `The broker takes no records for a topic named ${topic}; name another one in the pipeline file`,
    ],
  ],
  // segment.bytes is below max.message.bytes: the batch is larger than a segment.
  RECORD_LIST_TOO_LARGE: [18, 'record'],
  // Too few replicas are in sync, so nothing was written: they catch up.
  NOT_ENOUGH_REPLICAS: [19, 'again'],
  // Replicas fell out of sync while the batch was written; by its sequence number it is not written twice.
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: [20, 'again'],
  // The acknowledgements that are asked for cannot be; we send acks = all.
  INVALID_REQUIRED_ACKS: [21, 'refused'],
  // The group has gone on without us (KIP-447): what we hold is another’s.
  ILLEGAL_GENERATION: [22, 'fenced'],
  // Members of another kind have the group’s name.
  INCONSISTENT_GROUP_PROTOCOL: [
    23,
    'refused',
    ({ group }) => [
      'GROUP_TAKEN',
      `The group ${group} is used by another kind of client: it has other members, which are not stream-enricher; stop them, or give the pipeline another name`,
    ],
  ],
  // A name that no group can have.
  INVALID_GROUP_ID: [
    24,
    'refused',
    ({ group }) => [
      'BROKER_REFUSED',
      `The broker takes no group of the name ${group}; give the pipeline another name`,
    ],
  ],
  // Our session is over, and the group has let us go.
  UNKNOWN_MEMBER_ID: [25, 'fenced'],
  // kafka.sessionTimeout is outside of what the broker allows.
  INVALID_SESSION_TIMEOUT: [
    26,
    'refused',
    () => [
      'BROKER_REFUSED',
      'The broker does not allow this kafka.sessionTimeout; set it between group.min.session.timeout.ms and group.max.session.timeout.ms of the broker',
    ],
  ],
  // A member has come or gone: the group is joined again.
  REBALANCE_IN_PROGRESS: [27, 'fenced'],
  // The offsets of one request are larger than a batch of the offsets’ topic may be.
  INVALID_COMMIT_OFFSET_SIZE: [28, 'refused'],
  // A right on a topic is missing, or was taken away.
  TOPIC_AUTHORIZATION_FAILED: [29, 'refused', right(({ topic }) => `the topic ${topic}`)],
  // A right on the group is missing, or was taken away.
  GROUP_AUTHORIZATION_FAILED: [30, 'refused', right(({ group }) => `the group ${group}`)],
  // A right on the cluster is missing, which to create topics may take.
  CLUSTER_AUTHORIZATION_FAILED: [
    31,
    'refused',
    right(({ topic }) => `the cluster (or the topic ${topic})`),
  ],
  // Outside of the topic’s message.timestamp limits: they have changed, or the clocks differ.
  INVALID_TIMESTAMP: [32, 'record'],
  // The listener does not offer kafka.sasl.mechanism; `connectError` says more at the start.
  UNSUPPORTED_SASL_MECHANISM: [33, 'refused'],
  // The listener does not use SASL, and we do; `connectError` says more at the start.
  ILLEGAL_SASL_STATE: [34, 'refused'],
  // The broker was replaced by an older one.
  UNSUPPORTED_VERSION: [35, 'refused'],
  // Another instance was first to create it.
  TOPIC_ALREADY_EXISTS: [36, 'again'],
  // A topic cannot have so many partitions: a person creates it.
  INVALID_PARTITIONS: [37, 'refused'],
  // There are fewer brokers than the cluster’s own default of replicas: a person creates the topic.
  INVALID_REPLICATION_FACTOR: [
    38,
    'refused',
    ({ topic }) => [
      'BROKER_REFUSED',
      `There are fewer brokers than ${topic} is to have replicas; lower replicationFactor in topicConfig of the file, or the brokers’ default.replication.factor`,
    ],
  ],
  // Replicas are assigned to brokers that are not there; we assign none.
  INVALID_REPLICA_ASSIGNMENT: [39, 'refused'],
  // A topic cannot have such a setting; it is created without those that we only wish for.
  INVALID_CONFIG: [
    40,
    'refused',
    ({ topic }) => [
      'BROKER_REFUSED',
      `The brokers do not take a setting that ${topic} would be created with; correct topicConfig of the file: the broker’s log says which setting and why`,
    ],
  ],
  // The controller has moved.
  NOT_CONTROLLER: [41, 'again'],
  // The broker does not take the request as we write it.
  INVALID_REQUEST: [42, 'refused'],
  // A topic of a message format before Kafka 0.11 has no transactions.
  UNSUPPORTED_FOR_MESSAGE_FORMAT: [
    43,
    'refused',
    ({ topic }) => [
      'BROKER_REFUSED',
      `The topic ${topic} has a message format without transactions; set message.format.version on ${topic} to 2.5 or later`,
    ],
  ],
  // The cluster’s own rules forbid a topic of such settings.
  POLICY_VIOLATION: [
    44,
    'refused',
    ({ topic }) => [
      'BROKER_REFUSED',
      `The cluster’s policy forbids ${topic} with these settings; correct topicConfig of the file by its rules, or have somebody create the topic who may`,
    ],
  ],
  // A batch before this one was not written: the transaction cannot be whole any more.
  OUT_OF_ORDER_SEQUENCE_NUMBER: [45, 'abort'],
  // The batch is there already, but for so long that its offset is forgotten, and we need it.
  DUPLICATE_SEQUENCE_NUMBER: [46, 'abort'],
  // A later producer has our transactional id, or the coordinator has timed our transaction out.
  INVALID_PRODUCER_EPOCH: [47, 'fenced'],
  // The coordinator has ended the transaction before us.
  INVALID_TXN_STATE: [48, 'abort'],
  // The transactional id has another producer id by now.
  INVALID_PRODUCER_ID_MAPPING: [49, 'fenced'],
  // transaction.max.timeout.ms of the broker is below our 10 s.
  INVALID_TRANSACTION_TIMEOUT: [
    50,
    'refused',
    () => [
      'BROKER_REFUSED',
      'The broker allows no transactions of 10 s, which an epoch may take; raise its transaction.max.timeout.ms',
    ],
  ],
  // The last transaction’s markers are still being written.
  CONCURRENT_TRANSACTIONS: [51, 'again'],
  // The coordinator that answers is no longer the one.
  TRANSACTION_COORDINATOR_FENCED: [52, 'again'],
  // A right on the transactional id is missing, or was taken away.
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: [
    53,
    'refused',
    right(({ transactionalId }) => `the transactional id ${transactionalId}`),
  ],
  // Rights are asked for where the broker has no authorizer.
  SECURITY_DISABLED: [54, 'refused'],
  // Another item of the same request was refused; its code is the one that says why.
  OPERATION_NOT_ATTEMPTED: [55, 'abort'],
  // A disk of the leader has failed: another replica leads soon.
  KAFKA_STORAGE_ERROR: [56, 'again'],
  // The leader has no such folder for logs, as after a disk was taken out: another replica leads soon.
  LOG_DIR_NOT_FOUND: [57, 'again'],
  // The broker refuses the user or the token; `connectError` says more at the start.
  SASL_AUTHENTICATION_FAILED: [58, 'refused'],
  // The partition has forgotten the producer (its records were deleted): InitProducerId begins anew.
  UNKNOWN_PRODUCER_ID: [59, 'abort'],
  // The partition’s replicas are just being moved.
  REASSIGNMENT_IN_PROGRESS: [60, 'again'],
  // The broker has no delegation tokens, which we do not ask for.
  DELEGATION_TOKEN_AUTH_DISABLED: [61, 'refused'],
  // There is no such delegation token; we do not ask for one.
  DELEGATION_TOKEN_NOT_FOUND: [62, 'refused'],
  // A delegation token is somebody else’s; we do not ask for one.
  DELEGATION_TOKEN_OWNER_MISMATCH: [63, 'refused'],
  // Delegation tokens are not given over this connection; we do not ask for one.
  DELEGATION_TOKEN_REQUEST_NOT_ALLOWED: [64, 'refused'],
  // A right on a delegation token is missing; we do not ask for one.
  DELEGATION_TOKEN_AUTHORIZATION_FAILED: [65, 'refused'],
  // A delegation token is over; we do not ask for one.
  DELEGATION_TOKEN_EXPIRED: [66, 'refused'],
  // A delegation token is for another kind of user; we do not ask for one.
  INVALID_PRINCIPAL_TYPE: [67, 'refused'],
  // The group that a command deletes has members.
  NON_EMPTY_GROUP: [68, 'refused'],
  // The group that a command deletes is not there.
  GROUP_ID_NOT_FOUND: [69, 'refused'],
  // The broker has dropped a fetch session; we open none, and a new request has none either.
  FETCH_SESSION_ID_NOT_FOUND: [70, 'again'],
  // A fetch session is at another request; we open none, and a new request has none either.
  INVALID_FETCH_SESSION_EPOCH: [71, 'again'],
  // The leader is not up with this listener yet.
  LISTENER_NOT_FOUND: [72, 'again'],
  // The cluster does not let anybody delete a topic (delete.topic.enable).
  TOPIC_DELETION_DISABLED: [73, 'refused'],
  // Our metadata are older than the leader’s.
  FENCED_LEADER_EPOCH: [74, 'again'],
  // Our metadata are newer than the leader’s.
  UNKNOWN_LEADER_EPOCH: [75, 'again'],
  // The topic does not take our codec, as zstd before Kafka 2.1.
  UNSUPPORTED_COMPRESSION_TYPE: [
    76,
    'refused',
    ({ topic }) => [
      'BROKER_REFUSED',
      `The topic ${topic} does not take this compression; set another output.compression`,
    ],
  ],
  // A broker was restarted while a controller spoke with it.
  STALE_BROKER_EPOCH: [77, 'again'],
  // A new leader does not know its end yet.
  OFFSET_NOT_AVAILABLE: [78, 'again'],
  // A first join is answered with the member id to join with.
  MEMBER_ID_REQUIRED: [79, 'again'],
  // An election finds the preferred leader down; we call for none.
  PREFERRED_LEADER_NOT_AVAILABLE: [80, 'again'],
  // group.max.size is reached: one of the members has to go.
  GROUP_MAX_SIZE_REACHED: [
    81,
    'refused',
    ({ group }) => [
      'BROKER_REFUSED',
      `The group ${group} has as many members as the broker's group.max.size allows; raise that, or run fewer instances`,
    ],
  ],
  // Another process has joined under our instance id.
  FENCED_INSTANCE_ID: [82, 'fenced'],
  // No replica that may lead is up.
  ELIGIBLE_LEADERS_NOT_AVAILABLE: [83, 'again'],
  // An election finds the right leader in place; we call for none.
  ELECTION_NOT_NEEDED: [84, 'again'],
  // No replicas are being moved that could be stopped; we do not ask for that.
  NO_REASSIGNMENT_IN_PROGRESS: [85, 'refused'],
  // Offsets cannot be deleted of a topic that the group reads; we do not ask for that.
  GROUP_SUBSCRIBED_TO_TOPIC: [86, 'refused'],
  // The broker does not take such a record: in a compacted topic, one without a key.
  INVALID_RECORD: [
    87,
    'refused',
    ({ topic }) => [
      'BROKER_REFUSED',
      `The topic ${topic} does not take our records as they are: a compacted topic takes none without a key, and a broker may check schemas; set cleanup.policy=delete on ${topic}, and no check of schemas`,
    ],
  ],
  // A transaction is pending on the offsets; it ends within its timeout.
  UNSTABLE_OFFSET_COMMIT: [88, 'again'],
  // Topics are created, or grown, faster than a quota allows.
  THROTTLING_QUOTA_EXCEEDED: [89, 'again'],
  // A later producer has our transactional id (KIP-588).
  PRODUCER_FENCED: [90, 'fenced'],
  // A user, or another resource, is not there; we do not ask for one.
  RESOURCE_NOT_FOUND: [91, 'refused'],
  // A resource is named twice in one request; we name none.
  DUPLICATE_RESOURCE: [92, 'refused'],
  // A SCRAM password cannot be set so; we set none.
  UNACCEPTABLE_CREDENTIAL: [93, 'refused'],
  // Controllers differ about who votes; they answer each other so.
  INCONSISTENT_VOTER_SET: [94, 'refused'],
  // A version of the metadata was given before; controllers answer each other so.
  INVALID_UPDATE_VERSION: [95, 'refused'],
  // A feature of the cluster cannot be changed; we change none.
  FEATURE_UPDATE_FAILED: [96, 'refused'],
  // A controller cannot read the user whose request was forwarded to it.
  PRINCIPAL_DESERIALIZATION_FAILURE: [97, 'refused'],
  // A snapshot of the controllers’ log is not there; they answer each other so.
  SNAPSHOT_NOT_FOUND: [98, 'refused'],
  // A snapshot of the controllers’ log is shorter; they answer each other so.
  POSITION_OUT_OF_RANGE: [99, 'refused'],
  // A topic by its id is not known: as 3 is for a name.
  UNKNOWN_TOPIC_ID: [100, 'again'],
  // Two brokers have one id; controllers tell brokers so.
  DUPLICATE_BROKER_REGISTRATION: [101, 'refused'],
  // A broker is not registered; controllers tell brokers so.
  BROKER_ID_NOT_REGISTERED: [102, 'refused'],
  // A topic has another id than the broker’s log of it: it was made anew.
  INCONSISTENT_TOPIC_ID: [103, 'again'],
  // The request is for another cluster; controllers answer each other so.
  INCONSISTENT_CLUSTER_ID: [104, 'refused'],
  // The coordinator has forgotten our transactional id: InitProducerId makes it known again.
  TRANSACTIONAL_ID_NOT_FOUND: [105, 'abort'],
  // A fetch session mixes topics with ids and without; we open none.
  FETCH_SESSION_TOPIC_ID_ERROR: [106, 'again'],
  // A replica may not be in sync yet; brokers answer each other so.
  INELIGIBLE_REPLICA: [107, 'again'],
  // The set of replicas in sync has changed with the leader; brokers answer each other so.
  NEW_LEADER_ELECTED: [108, 'again'],
  // A partition’s head is in tiered storage, and follows from there.
  OFFSET_MOVED_TO_TIERED_STORAGE: [109, 'again'],
  // A member of a group of KIP-848, which others have, is behind its group.
  FENCED_MEMBER_EPOCH: [110, 'fenced'],
  // A member of a group of KIP-848, which others have, still has the instance id.
  UNRELEASED_INSTANCE_ID: [111, 'again'],
  // A group of KIP-848, which others have, does not know an assignor.
  UNSUPPORTED_ASSIGNOR: [112, 'refused'],
  // A member of a group of KIP-848, which others have, has to learn its assignment first.
  STALE_MEMBER_EPOCH: [113, 'fenced'],
  // A question for controllers was asked of a broker, or the other way round.
  MISMATCHED_ENDPOINT_TYPE: [114, 'refused'],
  // There is no such kind of endpoint to ask for; we ask for none.
  UNSUPPORTED_ENDPOINT_TYPE: [115, 'refused'],
  // A controller is not there; we name none.
  UNKNOWN_CONTROLLER_ID: [116, 'refused'],
  // Telemetry was asked for under another id; we send none.
  UNKNOWN_SUBSCRIPTION_ID: [117, 'refused'],
  // Telemetry is larger than the broker takes; we send none.
  TELEMETRY_TOO_LARGE: [118, 'refused'],
  // A controller cannot be registered so; controllers answer each other so.
  INVALID_REGISTRATION: [119, 'refused'],
  // The broker says so itself (KIP-890): this transaction is lost, the next one need not be.
  TRANSACTION_ABORTABLE: [120, 'abort'],
} as const satisfies Readonly<Record<string, ErrorRow>>
