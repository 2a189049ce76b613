/** The pipeline file as it is written, once the JSON Schema has accepted it: typed, not yet complete. */
import type { JoinKind } from './join-kind.ts'
import type {
  Compression,
  KeyFormat,
  LatePolicy,
  MatchHeaders,
  MemoryConfig,
  OauthSasl,
  TimeUnit,
  Tls,
  UserSasl,
} from './pipeline.ts'

/** A duration as the file has it: a text with its unit, or 0. */
export type Duration = string | number
export type RawSelect = string[] | Record<string, string>

/** What a dimension is looked up by. */
export type RawOn = string | string[] | Record<string, string>

export interface RawTopic {
  topic: string
  keyFormat?: KeyFormat
  keySchema?: string
  schema?: string
  type?: string
  time?: string | { field: string; unit?: TimeUnit }
  where?: string
  fields?: Record<string, string>
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
  registry?: { url: string; username?: string; password?: string; tls?: Partial<Tls> }
  facts: RawTopic & { select?: RawSelect }
  dimensions?: Record<
    string,
    RawTopic & { on: RawOn; select?: RawSelect; missing?: 'null' | 'drop' | 'reject' | null }
  >
  join?: RawTopic & {
    on: string | { left: string; right: string }
    within: Duration | { before: Duration; after: Duration }
    grace?: Duration
    kind?: JoinKind
    select?: RawSelect
    headers?: MatchHeaders
    idle?: Duration
    late?: LatePolicy | { left?: LatePolicy; right?: LatePolicy }
    ahead?: Duration
    early?: 'drop' | 'reject'
  }
  output?: RawOutput
  outputs?: Record<string, RawOutput>
  state?: { dir?: string }
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

export interface RawOutput {
  topic: string
  where?: string
  select?: RawSelect
  key?: string
  schemaId?: number
  rejects?: string
  compression?: Compression
}

export type RawJoin = NonNullable<RawPipeline['join']>
