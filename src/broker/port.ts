/** What the service needs of Kafka. `kafkajs` stays behind this port. */
import type { RecordColumns, TopicPartition } from '../batch.ts'

export interface TopicDescription {
  readonly partitions: number
  /** Of the partition that has the fewest; undefined: not known. */
  readonly replicas?: number
  /** The topic's effective configuration (`max.message.bytes`, `cleanup.policy` …). */
  readonly config: ReadonlyMap<string, string>
  /** This user may not see the configuration (no DescribeConfigs): it is empty here. */
  readonly isConfigHidden?: boolean
}

/** What tells a topic from a later one of its name, and from itself with more partitions. */
export interface TopicIdentity {
  /** As Kafka's tools print it; null: the broker gives none (before Kafka 2.8). */
  readonly id: string | null
  readonly partitions: number
}

export interface NewTopic {
  readonly topic: string
  readonly partitions: number
  /** Without it the brokers' default. */
  readonly replicationFactor?: number
  readonly config: Readonly<Record<string, string>>
  /** Settings that are left out where the cluster's rules do not allow them. */
  readonly wished?: Readonly<Record<string, string>>
}

export type OffsetAt = 'earliest' | 'stable' | 'latest' | number

export interface Admin {
  /** Topics that do not exist are absent from the answer. */
  describeTopics(topics: readonly string[]): Promise<Map<string, TopicDescription>>
  /** The same, by one request that is cheap enough to be asked now and then. One try: throws where no broker answers. */
  identify(topics: readonly string[]): Promise<Map<string, TopicIdentity>>
  /** A topic that exists already is left as it is. */
  createTopics(topics: readonly NewTopic[]): Promise<void>
  /**
   * Of every partition, or of the one that is named. `stable` is the last stable offset, where a read_committed reader has read
   * everything as of now; `latest` the end, transactions that are still open included; a number (ms)
   * the first record whose timestamp is not before it, and -1 where there is none.
   */
  offsets(topic: string, at: OffsetAt, partition?: number): Promise<Map<number, number>>
  /** Deletes the records of a partition before `offset`. */
  deleteRecords(partition: TopicPartition, offset: number): Promise<void>
}

/** What a client may do with a topic or a group; the names of Kafka's ACL operations. */
export type Operation = 'read' | 'write' | 'create' | 'delete' | 'alter' | 'describe'

export interface TopicAccess {
  /** `hidden`: it may not be described, so whether it exists is not known. */
  readonly state: 'there' | 'missing' | 'hidden'
  readonly allowed: ReadonlySet<Operation>
}

/** What the members of our groups speak, in place of an assignor's name. */
export const GROUP_PROTOCOL = 'stream-enricher'

export interface GroupDescription {
  /** Kafka's name for it; Dead: there is no such group, hidden: it may not be described. */
  readonly state: string
  /** Of its members, `GROUP_PROTOCOL` or another assignor's name; of a group that is not of consumers, its protocol type; empty while it has no members, or they are joining. */
  readonly protocol: string
  readonly members: readonly {
    readonly clientId: string
    readonly host: string
    /** That it reads, where it is one of ours; none where that is not known. */
    readonly topics: readonly string[]
  }[]
  readonly allowed: ReadonlySet<Operation>
}

export interface ClusterDescription {
  readonly clusterId: string
  /** host:port, as the brokers advertise themselves. */
  readonly brokers: readonly string[]
}

/** What commands look at and change, and the running service does not. */
export interface Administration {
  describeCluster(): Promise<ClusterDescription>
  /** Without an authorizer everything is allowed. */
  topicAccess(topics: readonly string[]): Promise<Map<string, TopicAccess>>
  describeGroup(groupId: string): Promise<GroupDescription>
  mayUseTransactionalId(transactionalId: string): Promise<boolean>
  groupOffsets(groupId: string): Promise<OffsetCommit[]>
  /** Its offsets go with it. A group that is not there is no error; one with members is. */
  deleteGroup(groupId: string): Promise<void>
  /** Topics that do not exist are passed over. */
  deleteTopics(topics: readonly string[]): Promise<void>
}

export interface Fetched {
  readonly topic: string
  readonly partition: number
  /** May be empty: control records and aborted ones move the position all the same. */
  readonly columns: RecordColumns
  /** Where a read_committed reader has read everything, as of this answer. */
  readonly lastStableOffset: number
  /** Where the partition ends; what lies behind the last stable offset is undecided: of transactions that are open. */
  readonly highWatermark: number
}

export interface ReaderEvents {
  /** Called synchronously, in offset order per partition; also for answers without records. */
  onFetched(fetched: Fetched): void
  /**
   * OFFSET_OUT_OF_RANGE, CORRUPT_BATCH, or NOT_AUTHORIZED and the like, which only a person cures; the
   * partition has been removed. Everything else is retried.
   */
  onError(partition: TopicPartition, error: unknown): void
  /** The broker does not know the topic, or not with the id that was given: it was deleted. It is tried again. */
  onUnknownTopic?(topic: string): void
}

/** Reads partitions that its owner names (no group), read_committed. */
export interface Reader {
  /**
   * Starts at `offset`, or moves there; an answer already under way for another position is dropped.
   * @param topicId of `identify`: nothing is then read of a later topic of this name (from Kafka 3.1 on)
   */
  add(partition: TopicPartition, offset: number, topicId?: string | null): void
  remove(partition: TopicPartition): void
  pause(partition: TopicPartition): void
  resume(partition: TopicPartition): void
  close(): Promise<void>
}

export interface ReaderOptions {
  readonly maxBytesPerPartition: number
  readonly maxBytes: number
  readonly minBytes: number
  readonly maxWaitMs: number
  /** How long more may gather at the broker after an answer of little. Asked after each; 5 unless given. */
  readonly gatherMs?: () => number
}

/** Who we are in the group; a transaction that commits offsets carries it (KIP-447). */
export interface Membership {
  readonly generationId: number
  readonly memberId: string
  readonly groupInstanceId: string | null
}

export interface GroupMember {
  readonly memberId: string
  /** That it reads: those of its pipeline file. */
  readonly topics: readonly string[]
  readonly userData: Buffer
}

export interface GroupEvents {
  /** What this member tells the one that assigns: asked anew before each join. */
  userData(): Buffer
  /**
   * Runs on the group's leader: member id → numbers of tasks (see `taskOf`).
   * @param partitions by stage
   */
  assign(members: readonly GroupMember[], partitions: readonly number[]): Map<string, number[]>
  /** Awaited before every JoinGroup: nothing may be in flight afterwards. */
  beforeJoin(): Promise<void>
  /** The numbers of the tasks that are ours in the new generation. Awaited before the next heartbeat cycle may rejoin. */
  onAssigned(tasks: readonly number[]): Promise<void>
  /** The group has thrown us out (session timed out, or an unknown member): tasks are lost. Followed by a join. */
  onLost(): Promise<void>
  /** The loop has ended: INSTANCE_ID_TAKEN, GROUP_TAKEN, or what else no retry cures; also what `onAssigned` has thrown. */
  onFatal(error: unknown): void
}

/** Topics of which a task reads the same partition: all have the same number of them. */
export interface GroupStage {
  readonly topics: readonly string[]
  readonly partitions: number
}

export interface GroupOptions {
  readonly groupId: string
  /** No topic is of two of them. */
  readonly stages: readonly GroupStage[]
  readonly instanceId: string | null
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
}

/** A member as the group's coordinator knows it. */
export interface DescribedMember extends GroupMember {
  readonly host: string
  /** Numbers of its tasks; empty while the group rebalances. */
  readonly tasks: readonly number[]
}

export interface Group {
  /** Finds the coordinator beforehand, so that the join need not wait for that. Never throws. */
  prepare(): Promise<void>
  start(): void
  membership(): Membership
  /** Stable committed offsets, in the order given (OffsetFetch v7, require_stable; waits while a transaction is pending); -1 where there is none. */
  committed(partitions: readonly TopicPartition[]): Promise<OffsetCommit[]>
  /** All members, as of now; none while the group rebalances. One try: throws where the coordinator does not answer. */
  members(): Promise<readonly DescribedMember[]>
  /** Goes through beforeJoin, JoinGroup, onAssigned again. */
  rejoin(): void
  /**
   * Stops heartbeats and leaves: a dynamic member always, a static one only where it will not come
   * back soon (KIP-345).
   */
  close(forGood?: boolean): Promise<void>
}

/** One sealed record batch for one partition: a `RecordBatchWriter` is one. */
export interface ProduceBatch extends TopicPartition {
  readonly bytes: number
  readonly records: number
  /** The bytes of the batch in format v2, with its CRC. */
  seal(producerId: bigint, producerEpoch: number, firstSequence: number): Buffer | Promise<Buffer>
  /** It is committed: its memory may be used again. */
  release(): void
}

export interface OffsetCommit extends TopicPartition {
  /** The next offset to read. */
  readonly offset: number
  /** Of the topic that was read (KIP-516). It goes with the offset, as its metadata; null, or left out: not known. */
  readonly topicId?: string | null
  /** What the task says of its state there, without a semicolon. It goes with the offset, too; left out: nothing. */
  readonly state?: string
}

/**
 * One transactional producer. A failed call (FENCED, EPOCH_ABORTED, RECORD_REFUSED) leaves only `init`, which
 * aborts the transaction. What only a person cures is thrown as NOT_AUTHORIZED, TOPIC_MISSING or BROKER_REFUSED.
 */
export interface TransactionalProducer {
  /** InitProducerId: ends what an earlier holder of the transactional id left open. Waits out an outage. */
  init(): Promise<void>
  begin(): void
  /** Batches of one partition keep their order. Registers new partitions with the transaction first. Answers the base offsets, in the order given. */
  send(batches: readonly ProduceBatch[]): Promise<number[]>
  /** TxnOffsetCommit v3: refused (FENCED) unless the membership is of the group's current generation. */
  sendOffsets(
    groupId: string,
    membership: Membership,
    offsets: readonly OffsetCommit[],
  ): Promise<void>
  commit(): Promise<void>
  close(): Promise<void>
}

export interface Broker {
  readonly admin: Admin
  readonly administration: Administration
  /**
   * BROKER_UNREACHABLE where no broker answers, BROKER_AUTHENTICATION or BROKER_TLS where one refuses
   * us or we do not trust it, BROKER_UNSUPPORTED below Kafka 2.5.
   */
  connect(): Promise<void>
  reader(options: ReaderOptions, events: ReaderEvents): Reader
  group(options: GroupOptions, events: GroupEvents): Group
  producer(options: { transactionalId: string; timeoutMs: number }): TransactionalProducer
  close(): Promise<void>
}

/** What happens on the connections. */
export interface BrokerEvents {
  /** An answer has come, after so many ms. */
  onRequest(api: string, ms: number): void
  /** A request failed as a whole: no connection, no answer in time, or a refusal, whose name this is. */
  onRequestError(api: string, error: string): void
  /** One connection more (1) or less (-1). @param address host:port */
  onConnection(address: string, change: number): void
}
