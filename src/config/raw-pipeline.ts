/** The pipeline file as it is written, once the JSON Schema has accepted it: typed, not yet complete. */
import type {
  Compression,
  KeyFormat,
  MemoryConfig,
  OauthSasl,
  TimeUnit,
  Tls,
  UserSasl,
} from './pipeline.ts'

/** A duration as the file has it: a text with its unit, or 0. */
export type Duration = string | number
type Late = 'emit' | 'drop' | 'reject'
export type RawSelect = string[] | Record<string, string>

export interface RawTopic {
  topic: string
  keyFormat?: KeyFormat
  keySchema?: string
  schema?: string
  type?: string
  time?: string | { field: string; unit?: TimeUnit }
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
  facts: RawTopic
  dimensions?: Record<
    string,
    RawTopic & { on: string; select?: RawSelect; missing?: 'null' | 'drop' | 'reject' | null }
  >
  join?: RawTopic & {
    on: string | { left: string; right: string }
    repartition?: 'facts' | 'right' | 'both'
    within: Duration | { before: Duration; after: Duration }
    grace?: Duration
    kind?: 'inner' | 'left'
    select?: RawSelect
    idle?: Duration
    late?: Late | { left?: Late; right?: 'drop' | 'reject' }
    ahead?: Duration
    early?: 'drop' | 'reject'
  }
  output: { topic: string; schemaId?: number; rejects?: string; compression?: Compression }
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

export type RawJoin = NonNullable<RawPipeline['join']>
