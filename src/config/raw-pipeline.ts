/** The pipeline file as it is written, once the JSON Schema has accepted it: typed, not yet complete. */
import type { JoinKind } from './join-kind.ts'
import type {
  Compression,
  Early,
  EnvelopeKind,
  Format,
  IdOption,
  KeyFormat,
  LatePolicy,
  MatchHeaders,
  MemoryConfig,
  OauthSasl,
  OutputFormat,
  RegistryType,
  TimeUnit,
  Tls,
  UserSasl,
} from './pipeline.ts'

/** A duration as the file has it: a text with its unit, or 0. */
export type Duration = string | number
export type RawSelect = (string | Record<string, string>)[] | Record<string, string>

type RawFate = 'null' | 'drop' | 'reject' | null

/** What becomes of a fact without a row: at once, or when it has waited. */
export type RawMissing = RawFate | { wait: Duration; then?: RawFate }

/** What a dimension is looked up by. */
export type RawOn = string | string[] | Record<string, string>

export interface RawTopic {
  topic: string
  format?: Format
  frame?: 'none'
  keyFormat?: KeyFormat
  keySchema?: string
  schema?: string
  envelope?: EnvelopeKind
  type?: string
  time?: string | { field: string; unit?: TimeUnit }
  where?: string
  fields?: Record<string, string>
}

export interface RawSource extends RawTopic {
  startAt?: string | number
  ahead?: Duration
  early?: Early
}

export interface RawTopicSettings {
  partitions?: number
  replicationFactor?: number
  retention?: Duration
  retentionBytes?: string | number
  minInsync?: number
  compression?: string
  cleanup?: string
  /** By Kafka's names. */
  settings?: Record<string, string | number | boolean>
}

export type RawOauth = Omit<OauthSasl, 'tokenEndpointCa' | 'scope'> &
  Partial<Pick<OauthSasl, 'tokenEndpointCa' | 'scope'>>

export interface RawPipeline {
  name: string
  kafka: {
    brokers: string | string[]
    instanceId?: string | null
    clientId?: string
    sessionTimeout?: Duration
    tls?: boolean | Partial<Tls>
    sasl?: UserSasl | RawOauth
  }
  registry?: {
    type?: RegistryType
    url?: string
    region?: string
    endpoint?: string
    registryName?: string
    group?: string
    username?: string
    password?: string
    token?: string
    useId?: IdOption
    tls?: Partial<Tls>
  }
  facts: RawSource & { select?: RawSelect }
  dimensions?: Record<
    string,
    RawTopic & {
      on: RawOn
      key?: string | string[]
      select?: RawSelect
      missing?: RawMissing
      asOf?: 'event-time'
      history?: Duration
    }
  >
  join?: RawJoin
  joins?: Record<string, RawJoin>
  output?: RawOutput
  outputs?: Record<string, RawOutput>
  provenance?: boolean
  state?: { dir?: string; topicConfig?: RawTopicSettings }
  commit?: { intervalMs?: number }
  memory?: Partial<Record<keyof MemoryConfig, string | number>>
  http?: {
    port?: number
    host?: string
    advertise?: string | null
    token?: string | null
    readToken?: string
  }
}

export interface RawJoin extends RawSource {
  on: string | { left: string; right: string }
  repartition?: 'facts' | 'right' | 'both'
  within: Duration | { before: Duration; after: Duration }
  grace?: Duration
  kind?: JoinKind
  select?: RawSelect
  headers?: MatchHeaders
  idle?: Duration
  late?: LatePolicy | { left?: LatePolicy; right?: LatePolicy }
}

/** A join, what it is called, and where the file has it. */
export interface PlacedJoin {
  readonly name: string
  readonly path: readonly string[]
  readonly join: RawJoin
}

/** In the file's order. */
export function writtenJoins({ join, joins = {} }: RawPipeline): PlacedJoin[] {
  const several = Object.entries(joins).map(([name, one]) => ({
    name,
    path: ['joins', name],
    join: one,
  }))
  // What is said of the one join there is, is said of the right side.
  return join === undefined ? several : [{ name: 'right', path: ['join'], join }, ...several]
}

export interface RawOutput {
  topic: string
  format?: OutputFormat
  where?: string
  fields?: Record<string, string>
  select?: RawSelect
  key?: string
  schema?: string
  schemaId?: number
  frame?: 'none'
  rejects?: string
  compression?: Compression
  topicConfig?: RawTopicSettings
  rejectsConfig?: RawTopicSettings
}

/** An output, and where the file has it. */
export interface PlacedOutput {
  readonly path: readonly string[]
  readonly output: RawOutput
}

/** In the file's order. */
export function writtenOutputs({ output, outputs = {} }: RawPipeline): PlacedOutput[] {
  const several = Object.entries(outputs).map(([name, one]) => ({
    path: ['outputs', name],
    output: one,
  }))
  return output === undefined ? several : [...several, { path: ['output'], output }]
}
