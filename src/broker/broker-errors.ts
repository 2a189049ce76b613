/**
 * What each error code of a broker means to this service. Names and codes are those of Kafka's
 * `org.apache.kafka.common.protocol.Errors` (4.1); a code that a later broker adds is an `abort`, which
 * is shown once it comes again and again.
 */
import { errorType } from './kafkajs.ts'

/**
 * - `again`: time or newer metadata cure it; the same request is sent again.
 * - `abort`: the epoch is dropped, and its tasks are taken anew.
 * - `fenced`: another instance has our place; the group is joined again.
 * - `record`: what was sent is at fault: the topic's limits are read anew, and the epoch is done again.
 * - `refused`: nothing cures it but a person: the process ends with a sentence.
 */
export type ErrorClass = 'again' | 'abort' | 'fenced' | 'record' | 'refused'

type Row = readonly [code: number, name: string, meaning: ErrorClass]

const ROWS: readonly Row[] = [
  // A fault inside the broker; what it has done of the request is not known.
  [-1, 'UNKNOWN_SERVER_ERROR', 'abort'],
  // The reader judges it first: retention has passed a position by. Elsewhere a new look finds another offset.
  [1, 'OFFSET_OUT_OF_RANGE', 'abort'],
  // The bytes were damaged on their way: they are whole in our memory still.
  [2, 'CORRUPT_MESSAGE', 'again'],
  // A topic just created is not known everywhere; one that stays unknown was deleted: `MissingTopics` says when.
  [3, 'UNKNOWN_TOPIC_OR_PARTITION', 'again'],
  // Our own requests are at fault.
  [4, 'INVALID_FETCH_SIZE', 'refused'],
  // A leader is being elected, or moves.
  [5, 'LEADER_NOT_AVAILABLE', 'again'],
  [6, 'NOT_LEADER_OR_FOLLOWER', 'again'],
  // The replicas were slow; with its sequence number the same batch is not written twice.
  [7, 'REQUEST_TIMED_OUT', 'again'],
  [8, 'BROKER_NOT_AVAILABLE', 'again'],
  [9, 'REPLICA_NOT_AVAILABLE', 'again'],
  // max.message.bytes was lowered, or the broker compresses with a codec of its own.
  [10, 'MESSAGE_TOO_LARGE', 'record'],
  // The controller has moved.
  [11, 'STALE_CONTROLLER_EPOCH', 'again'],
  // The offsets' metadata are ours, and short: the broker's limit is lower still.
  [12, 'OFFSET_METADATA_TOO_LARGE', 'refused'],
  [13, 'NETWORK_EXCEPTION', 'again'],
  // A coordinator loads its partition, or moves.
  [14, 'COORDINATOR_LOAD_IN_PROGRESS', 'again'],
  [15, 'COORDINATOR_NOT_AVAILABLE', 'again'],
  [16, 'NOT_COORDINATOR', 'again'],
  // A name that no topic can have, or an internal topic.
  [17, 'INVALID_TOPIC_EXCEPTION', 'refused'],
  // segment.bytes is below max.message.bytes: the batch is larger than a segment.
  [18, 'RECORD_LIST_TOO_LARGE', 'record'],
  // Too few replicas are in sync: they catch up.
  [19, 'NOT_ENOUGH_REPLICAS', 'again'],
  [20, 'NOT_ENOUGH_REPLICAS_AFTER_APPEND', 'again'],
  // We send acks = all.
  [21, 'INVALID_REQUIRED_ACKS', 'refused'],
  // The group has gone on without us (KIP-447): what we hold is another's.
  [22, 'ILLEGAL_GENERATION', 'fenced'],
  // Members of another kind have the group's name.
  [23, 'INCONSISTENT_GROUP_PROTOCOL', 'refused'],
  [24, 'INVALID_GROUP_ID', 'refused'],
  [25, 'UNKNOWN_MEMBER_ID', 'fenced'],
  // kafka.sessionTimeout is outside of what the broker allows.
  [26, 'INVALID_SESSION_TIMEOUT', 'refused'],
  [27, 'REBALANCE_IN_PROGRESS', 'fenced'],
  [28, 'INVALID_COMMIT_OFFSET_SIZE', 'refused'],
  // A right is missing, or was taken away.
  [29, 'TOPIC_AUTHORIZATION_FAILED', 'refused'],
  [30, 'GROUP_AUTHORIZATION_FAILED', 'refused'],
  [31, 'CLUSTER_AUTHORIZATION_FAILED', 'refused'],
  // Outside of the topic's message.timestamp limits: they have changed, or the clocks differ.
  [32, 'INVALID_TIMESTAMP', 'record'],
  // The user's settings do not fit the listener; `connectError` says more at the start.
  [33, 'UNSUPPORTED_SASL_MECHANISM', 'refused'],
  [34, 'ILLEGAL_SASL_STATE', 'refused'],
  // The broker was replaced by an older one.
  [35, 'UNSUPPORTED_VERSION', 'refused'],
  // Another instance was first.
  [36, 'TOPIC_ALREADY_EXISTS', 'again'],
  // A topic cannot be created as we ask for it: a person creates it.
  [37, 'INVALID_PARTITIONS', 'refused'],
  [38, 'INVALID_REPLICATION_FACTOR', 'refused'],
  [39, 'INVALID_REPLICA_ASSIGNMENT', 'refused'],
  [40, 'INVALID_CONFIG', 'refused'],
  [41, 'NOT_CONTROLLER', 'again'],
  // The broker does not take the request as we write it.
  [42, 'INVALID_REQUEST', 'refused'],
  // A topic of a message format before Kafka 0.11 has no transactions.
  [43, 'UNSUPPORTED_FOR_MESSAGE_FORMAT', 'refused'],
  // The cluster's own rules forbid it.
  [44, 'POLICY_VIOLATION', 'refused'],
  // A batch before this one was not written: the transaction cannot be whole any more.
  [45, 'OUT_OF_ORDER_SEQUENCE_NUMBER', 'abort'],
  // The batch is there already, but for so long that its offset is forgotten, and we need it.
  [46, 'DUPLICATE_SEQUENCE_NUMBER', 'abort'],
  // A later producer has our transactional id, or the coordinator has timed our transaction out.
  [47, 'INVALID_PRODUCER_EPOCH', 'fenced'],
  // The coordinator has ended the transaction before us.
  [48, 'INVALID_TXN_STATE', 'abort'],
  [49, 'INVALID_PRODUCER_ID_MAPPING', 'fenced'],
  // transaction.max.timeout.ms of the broker is below our 10 s.
  [50, 'INVALID_TRANSACTION_TIMEOUT', 'refused'],
  // The last transaction's markers are still being written.
  [51, 'CONCURRENT_TRANSACTIONS', 'again'],
  // The coordinator that answers is no longer the one.
  [52, 'TRANSACTION_COORDINATOR_FENCED', 'again'],
  [53, 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED', 'refused'],
  // Rights are asked for where the broker has no authorizer.
  [54, 'SECURITY_DISABLED', 'refused'],
  // Another item of the same request was refused; its code is the one that says why.
  [55, 'OPERATION_NOT_ATTEMPTED', 'abort'],
  // A disk of the leader has failed: another replica leads soon.
  [56, 'KAFKA_STORAGE_ERROR', 'again'],
  [57, 'LOG_DIR_NOT_FOUND', 'again'],
  [58, 'SASL_AUTHENTICATION_FAILED', 'refused'],
  // The partition has forgotten the producer (its records were deleted): InitProducerId begins anew.
  [59, 'UNKNOWN_PRODUCER_ID', 'abort'],
  [60, 'REASSIGNMENT_IN_PROGRESS', 'again'],
  // 61 to 67 answer requests for delegation tokens, which we do not send.
  [61, 'DELEGATION_TOKEN_AUTH_DISABLED', 'refused'],
  [62, 'DELEGATION_TOKEN_NOT_FOUND', 'refused'],
  [63, 'DELEGATION_TOKEN_OWNER_MISMATCH', 'refused'],
  [64, 'DELEGATION_TOKEN_REQUEST_NOT_ALLOWED', 'refused'],
  [65, 'DELEGATION_TOKEN_AUTHORIZATION_FAILED', 'refused'],
  [66, 'DELEGATION_TOKEN_EXPIRED', 'refused'],
  [67, 'INVALID_PRINCIPAL_TYPE', 'refused'],
  // Of a command that deletes a group.
  [68, 'NON_EMPTY_GROUP', 'refused'],
  [69, 'GROUP_ID_NOT_FOUND', 'refused'],
  // Of fetch sessions, which we do not open; a new request has none either.
  [70, 'FETCH_SESSION_ID_NOT_FOUND', 'again'],
  [71, 'INVALID_FETCH_SESSION_EPOCH', 'again'],
  // The broker is not up with this listener yet.
  [72, 'LISTENER_NOT_FOUND', 'again'],
  [73, 'TOPIC_DELETION_DISABLED', 'refused'],
  // Metadata are older, or newer, than the leader's.
  [74, 'FENCED_LEADER_EPOCH', 'again'],
  [75, 'UNKNOWN_LEADER_EPOCH', 'again'],
  // The topic does not take our codec, as zstd before Kafka 2.1.
  [76, 'UNSUPPORTED_COMPRESSION_TYPE', 'refused'],
  [77, 'STALE_BROKER_EPOCH', 'again'],
  // A new leader does not know its end yet.
  [78, 'OFFSET_NOT_AVAILABLE', 'again'],
  // A first join is answered with the member id to join with.
  [79, 'MEMBER_ID_REQUIRED', 'again'],
  [80, 'PREFERRED_LEADER_NOT_AVAILABLE', 'again'],
  // group.max.size is reached: one of the members has to go.
  [81, 'GROUP_MAX_SIZE_REACHED', 'refused'],
  // Another process has joined under our instance id.
  [82, 'FENCED_INSTANCE_ID', 'fenced'],
  [83, 'ELIGIBLE_LEADERS_NOT_AVAILABLE', 'again'],
  [84, 'ELECTION_NOT_NEEDED', 'again'],
  [85, 'NO_REASSIGNMENT_IN_PROGRESS', 'refused'],
  [86, 'GROUP_SUBSCRIBED_TO_TOPIC', 'refused'],
  // The broker does not take such a record: in a compacted topic, one without a key.
  [87, 'INVALID_RECORD', 'refused'],
  // A transaction is pending on the offsets; it ends within its timeout.
  [88, 'UNSTABLE_OFFSET_COMMIT', 'again'],
  [89, 'THROTTLING_QUOTA_EXCEEDED', 'again'],
  [90, 'PRODUCER_FENCED', 'fenced'],
  // 91 to 99 answer requests about quotas, SCRAM users, features and the controllers' own log.
  [91, 'RESOURCE_NOT_FOUND', 'refused'],
  [92, 'DUPLICATE_RESOURCE', 'refused'],
  [93, 'UNACCEPTABLE_CREDENTIAL', 'refused'],
  [94, 'INCONSISTENT_VOTER_SET', 'refused'],
  [95, 'INVALID_UPDATE_VERSION', 'refused'],
  [96, 'FEATURE_UPDATE_FAILED', 'refused'],
  [97, 'PRINCIPAL_DESERIALIZATION_FAILURE', 'refused'],
  [98, 'SNAPSHOT_NOT_FOUND', 'refused'],
  [99, 'POSITION_OUT_OF_RANGE', 'refused'],
  // A topic by its id: as 3 is for a name.
  [100, 'UNKNOWN_TOPIC_ID', 'again'],
  [101, 'DUPLICATE_BROKER_REGISTRATION', 'refused'],
  [102, 'BROKER_ID_NOT_REGISTERED', 'refused'],
  [103, 'INCONSISTENT_TOPIC_ID', 'again'],
  [104, 'INCONSISTENT_CLUSTER_ID', 'refused'],
  // The coordinator has forgotten our transactional id: InitProducerId makes it known again.
  [105, 'TRANSACTIONAL_ID_NOT_FOUND', 'abort'],
  [106, 'FETCH_SESSION_TOPIC_ID_ERROR', 'again'],
  [107, 'INELIGIBLE_REPLICA', 'again'],
  [108, 'NEW_LEADER_ELECTED', 'again'],
  // Its head is in tiered storage, and follows from there.
  [109, 'OFFSET_MOVED_TO_TIERED_STORAGE', 'again'],
  // 110 to 113 are of the consumer protocol of KIP-848, which is spoken in a group that others have.
  [110, 'FENCED_MEMBER_EPOCH', 'fenced'],
  [111, 'UNRELEASED_INSTANCE_ID', 'again'],
  [112, 'UNSUPPORTED_ASSIGNOR', 'refused'],
  [113, 'STALE_MEMBER_EPOCH', 'fenced'],
  // Of requests to controllers, and of telemetry.
  [114, 'MISMATCHED_ENDPOINT_TYPE', 'refused'],
  [115, 'UNSUPPORTED_ENDPOINT_TYPE', 'refused'],
  [116, 'UNKNOWN_CONTROLLER_ID', 'refused'],
  [117, 'UNKNOWN_SUBSCRIPTION_ID', 'refused'],
  [118, 'TELEMETRY_TOO_LARGE', 'refused'],
  [119, 'INVALID_REGISTRATION', 'refused'],
  // The broker says so itself (KIP-890): this transaction is lost, the next one need not be.
  [120, 'TRANSACTION_ABORTABLE', 'abort'],
]

export interface BrokerError {
  readonly code: number
  readonly name: string
  readonly meaning: ErrorClass
}

export const BROKER_ERRORS: ReadonlyMap<number, BrokerError> = new Map(
  ROWS.map(([code, name, meaning]) => [code, { code, name, meaning }]),
)

/** kafkajs's code for those that it does not know, which hides theirs. */
const UNKNOWN_TO_KAFKAJS = -99

/** The row of a broker's answer; undefined: the error is none, as a broken connection. */
export function brokerError(error: unknown): BrokerError | undefined {
  const code = codeIn(error)
  if (code === undefined) return undefined
  if (code === UNKNOWN_TO_KAFKAJS) return { code, name: 'UNKNOWN', meaning: 'abort' }
  return BROKER_ERRORS.get(code) ?? { code, name: `ERROR_${code}`, meaning: 'abort' }
}

/** kafkajs wraps what it gives up at. */
function codeIn(error: unknown): number | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as { code?: unknown }
    if (errorType(at) !== undefined && typeof code === 'number') return code
  }
  return undefined
}
