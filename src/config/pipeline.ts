/** The pipeline file after validation: typed, complete (defaults are in), frozen. */
import type { JoinKind } from './join-kind.ts'

export type Format = 'avro' | 'json' | 'protobuf'
export type EnvelopeKind = 'debezium' | 'mongodb' | 'connect' | 'dynamodb' | 'dynamodb-cdc'
export type OutputFormat = Format
export type KeyFormat = 'text' | 'avro' | 'json' | 'protobuf' | 'long' | 'int' | 'bytes'
export type TimeUnit = 's' | 'ms' | 'us' | 'ns'
export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

export interface Tls {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly passphrase?: string
  readonly rejectUnauthorized: boolean
}

export interface UserSasl {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
  readonly username: string
  readonly password: string
}

/** Tokens by OpenID Connect's client credentials. */
export interface OauthSasl {
  readonly mechanism: 'oauthbearer'
  readonly tokenEndpoint: string
  /** PEM text; null: the authorities that Node trusts. */
  readonly tokenEndpointCa: string | null
  readonly clientId: string
  readonly clientSecret: string
  readonly scope: string | null
}

export type Sasl = UserSasl | OauthSasl

export interface KafkaConfig {
  readonly brokers: readonly string[]
  /** Group instance id (static membership, KIP-345) and end of the transactional id; null: a random one. */
  readonly instanceId: string | null
  readonly clientId: string
  readonly tls: Tls | null
  readonly sasl: Sasl | null
  readonly sessionTimeoutMs: number
}

/** Confluent's API alone, or Apicurio's own beside it; AWS Glue's; that of Azure's Event Hubs. */
export type RegistryType = 'confluent' | 'apicurio' | 'glue' | 'azure'
/** Which of Apicurio's ids its serializers write (`apicurio.registry.use-id`). */
export type IdOption = 'contentId' | 'globalId'

export interface RegistryConfig {
  readonly type: RegistryType
  /** Of Apicurio's, with or without the path of its API. */
  readonly url: string
  readonly username: string | null
  readonly password: string | null
  /** A bearer token in place of the user, and of credentials of Azure; null: there is none. */
  readonly token: string | null
  /** Of ids in front of keys and values, with Apicurio; null: the default of its serializers. */
  readonly useId: IdOption | null
  /** Of AWS Glue; null: it is another. */
  readonly region: string | null
  /** Of AWS Glue, which has several in an account; null: its default. */
  readonly registryName: string | null
  /** Of Azure's schemas; null: it is another. */
  readonly group: string | null
  readonly tls: Tls | null
}

/** A field that is computed of a record's others, by an expression in CEL. */
export interface DerivedField {
  readonly name: string
  readonly expression: string
}

export interface TopicConfig {
  readonly topic: string
  readonly format: Format
  /** none: values, and Avro keys, are without a frame; null: each shows which one it has. */
  readonly frame: 'none' | null
  readonly keyFormat: KeyFormat
  /** An .avsc file of Avro keys (absolute path); null: the registry's, or the type of the field they are matched with. */
  readonly keySchema: string | null
  /** An .avsc file, of JSON values also a JSON Schema (absolute path; the file names it relative to itself); null: the registry's. */
  readonly schema: string | null
  /** What values have the row in; null: they are the row. */
  readonly envelope: EnvelopeKind | null
  /** The Avro record that is read, by its full or unqualified name; null: the topic has one type. */
  readonly type: string | null
  /** The field with the event time, or the path of one of the envelope's; null: the record's timestamp. */
  readonly time: string | null
  /** What the time field counts since 1970; null: what its schema says, else milliseconds. */
  readonly timeUnit: TimeUnit | null
  /** The condition, in CEL, under which a record is taken; null: all are. */
  readonly where: string | null
  /** In the file's order. */
  readonly fields: readonly DerivedField[]
}

/** Where a group begins that has never committed; a number is a record's timestamp in ms. */
export type StartAt = 'earliest' | 'latest' | number
/** What becomes of a record whose time is too far ahead: `timestamp` takes the record's own. */
export type Early = 'drop' | 'reject' | 'timestamp'

/** A topic that tasks read. */
export interface SourceConfig extends TopicConfig {
  /** null: as far back as the other side's records may have matches. */
  readonly startAt: StartAt | null
  /** How far ahead of the clock an event time may be; infinite: any. */
  readonly aheadMs: number
  readonly early: Early
}

/** `name` in the output, `source` in the topic's record. */
export interface Column {
  readonly name: string
  readonly source: string
}

export interface FactsConfig extends SourceConfig {
  /** null: every field. */
  readonly select: readonly Column[] | null
}

/** A field whose text is a record's key in a dimension, or one of the fields of that key. */
export interface LookUpPart {
  /** The field of the key that it is matched with; null: it is matched with the whole key. */
  readonly name: string | null
  /** The dimension that it is a column of; null: it is a field of the fact. */
  readonly dimension: string | null
  /** Its name, or the path to a field inside of records: `address.country`. */
  readonly field: string
}

export interface DimensionConfig extends TopicConfig {
  readonly name: string
  /** What is looked up, as people read it: `product_id`, `product_id, country`, `product.supplier_id`. */
  readonly on: string
  /** The same in parts; one that stands for the whole key, or several with a name each. */
  readonly parts: readonly LookUpPart[]
  /** The fields of the value whose texts are a row's key; none: the record's key is. */
  readonly key: readonly string[]
  /** null: every field. */
  readonly select: readonly Column[] | null
  /** What becomes of a fact without a row, once it does not wait for one any more. */
  readonly missing: 'null' | 'drop' | 'reject'
  /** How long a fact waits for the row, in ms; 0: it does not. */
  readonly waitMs: number
  /** Which row a fact gets: the one that was valid at its event time; null: the latest. */
  readonly asOf: 'event-time' | null
  /** How long a row is kept after it has ended, where there is `asOf`; infinite: for ever. */
  readonly historyMs: number
}

/** emit: it comes out at once, without a match. */
export type LatePolicy = 'emit' | 'drop' | 'reject'
/** merge: the fact's, then the right record's. */
export type MatchHeaders = 'left' | 'right' | 'merge'

export interface JoinConfig extends SourceConfig {
  /** `right` where the file has one join, as `join`; else as `joins` names it. */
  readonly name: string
  /** Where the file has it: `join`, or `joins` and its name. */
  readonly path: readonly string[]
  readonly onLeft: string
  readonly onRight: string
  /** The side whose records are not keyed by the join field, and so go through an internal topic; null: neither. */
  readonly repartition: 'facts' | 'right' | 'both' | null
  /** left.time - beforeMs ≤ right.time ≤ left.time + afterMs */
  readonly beforeMs: number
  readonly afterMs: number
  readonly graceMs: number
  /** The longest that a fact waits for a row, in ms, by which all records are held longer; 0: none waits. */
  readonly waitMs: number
  readonly kind: JoinKind
  readonly select: readonly Column[] | null
  /** Whose headers a match has; a record that comes out without one has its own. */
  readonly headers: MatchHeaders
  /**
   * Wall clock without input after which the windows close, where any record comes out without a match, and a partition
   * of a side that is repartitioned holds nothing back.
   */
  readonly idleMs: number
  /** What becomes of a late record. */
  readonly late: Readonly<Record<'left' | 'right', LatePolicy>>
}

/** What a topic of ours is created with, as far as the file says it. */
export interface TopicSettings {
  /** Where the file has it, or would. */
  readonly path: readonly string[]
  /** null: as many as the facts' topic has. */
  readonly partitions: number | null
  /** null: the brokers' default. */
  readonly replicationFactor: number | null
  /** In Kafka's names and values. */
  readonly config: Readonly<Record<string, string>>
}

/** Where completed records go. */
export interface OutputConfig {
  /** Where the file has it: `output`, or `outputs` and its name. */
  readonly path: readonly string[]
  readonly topic: string
  readonly format: OutputFormat
  /** Of the completed record's fields; null: every field. */
  readonly select: readonly Column[] | null
  /** The completed record's field whose text is the key; null: the fact's key, and its partition. */
  readonly key: string | null
  /** Of Protobuf: the .proto file that keeps the numbers of its fields, which need not be there; null: the registry does. */
  readonly schema: string | null
  /** The id for the frame where there is no registry. */
  readonly schemaId: number | null
  /** Of Protobuf: values have no frame; null: Confluent's. */
  readonly frame: 'none' | null
  /** The rejects topic, the same for all outputs. */
  readonly rejects: string
  readonly compression: Compression
  readonly topicConfig: TopicSettings
  /** Of the rejects topic, the same for all outputs. */
  readonly rejectsConfig: TopicSettings
  /** The condition, in CEL, under which a completed record comes out; null: all do. */
  readonly where: string | null
  /** Derived of the completed record, in the file's order. */
  readonly fields: readonly DerivedField[]
}

export interface StateConfig {
  readonly dir: string
  /** Of the changelog. */
  readonly topicConfig: TopicSettings
}

/** Bytes; null: the default, which follows from the limit. */
export interface MemoryConfig {
  readonly limit: number | null
  readonly pages: number | null
  readonly fetch: number | null
  readonly epoch: number | null
  readonly dimensions: number | null
}

export interface HttpConfig {
  readonly port: number
  readonly host: string
  /** host:port for the other members; null: the machine's name and the port. */
  readonly advertise: string | null
  /** What the admin endpoints ask for; null: there are none. */
  readonly token: string | null
  /** What requests for records have to carry; `off`: there are none; null: nothing. */
  readonly readToken: string | null
}

export interface Pipeline {
  /** Consumer group; prefix of transactional ids and internal topics. */
  readonly name: string
  readonly kafka: KafkaConfig
  readonly registry: RegistryConfig | null
  readonly facts: FactsConfig
  readonly dimensions: readonly DimensionConfig[]
  /** In the order in which records go through them, which is the file's; none: facts come out as soon as they have their rows. */
  readonly joins: readonly JoinConfig[]
  /** In the file's order, one at least. */
  readonly outputs: readonly OutputConfig[]
  /** The first of them, whose name the completed record has. */
  readonly output: OutputConfig
  /** Whether a restart takes newer schemas of the inputs for a window that was stored with earlier ones; false: it goes on with those. */
  readonly evolves: boolean
  /** Whether headers say which records a completed record was made of. */
  readonly provenance: boolean
  readonly state: StateConfig
  readonly commit: { readonly intervalMs: number }
  readonly memory: MemoryConfig
  readonly http: HttpConfig
}
