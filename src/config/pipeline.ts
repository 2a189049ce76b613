/** The pipeline file after validation: typed, complete (defaults are in), frozen. */

export type Format = 'avro'
export type KeyFormat = 'text' | 'avro' | 'json' | 'long' | 'int' | 'bytes'
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

export interface RegistryConfig {
  readonly url: string
  readonly username: string | null
  readonly password: string | null
  readonly tls: Tls | null
}

export interface TopicConfig {
  readonly topic: string
  readonly format: Format
  readonly keyFormat: KeyFormat
  /** An .avsc file of Avro keys (absolute path); null: the registry's, or the type of the field they are matched with. */
  readonly keySchema: string | null
  /** An .avsc file (absolute path; the file names it relative to itself); null: the registry's. */
  readonly schema: string | null
  /** The Avro record that is read, by its full or unqualified name; null: the topic has one type. */
  readonly type: string | null
  /** The field with the event time; null: the record's timestamp. */
  readonly time: string | null
  /** What the time field counts since 1970; null: what its schema says, else milliseconds. */
  readonly timeUnit: TimeUnit | null
}

/** `name` in the output, `source` in the topic's record. */
export interface Column {
  readonly name: string
  readonly source: string
}

export interface DimensionConfig extends TopicConfig {
  readonly name: string
  /** The fact's field whose text form is the key of the dimension's record. */
  readonly on: string
  /** null: every field. */
  readonly select: readonly Column[] | null
  readonly missing: 'null' | 'drop' | 'reject'
}

export interface JoinConfig extends TopicConfig {
  readonly onLeft: string
  readonly onRight: string
  /** The side whose records are not keyed by the join field, and so go through an internal topic; null: neither. */
  readonly repartition: 'facts' | 'right' | 'both' | null
  /** left.time - beforeMs ≤ right.time ≤ left.time + afterMs */
  readonly beforeMs: number
  readonly afterMs: number
  readonly graceMs: number
  readonly kind: 'inner' | 'left'
  readonly select: readonly Column[] | null
  /** Wall clock without input after which the windows of a left join are closed, and a partition of a side that is repartitioned holds nothing back. */
  readonly idleMs: number
  /** What becomes of a late record. */
  readonly late: { readonly left: 'emit' | 'drop' | 'reject'; readonly right: 'drop' | 'reject' }
  /** How far ahead of the clock an event time may be. */
  readonly aheadMs: number
  /** What becomes of a record that is further ahead. */
  readonly early: 'drop' | 'reject'
}

export interface OutputConfig {
  readonly topic: string
  readonly format: Format
  /** The id for the frame where there is no registry. */
  readonly schemaId: number | null
  readonly rejects: string
  readonly compression: Compression
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
  readonly facts: TopicConfig
  readonly dimensions: readonly DimensionConfig[]
  /** null: facts come out as soon as they have their rows. */
  readonly join: JoinConfig | null
  readonly output: OutputConfig
  readonly state: { readonly dir: string }
  readonly commit: { readonly intervalMs: number }
  readonly memory: MemoryConfig
  readonly http: HttpConfig
}
