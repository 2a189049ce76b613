import { closeSync, openSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { isBrokerAddress } from './broker-address.ts'
import { fileFault } from './file-fault.ts'
import type {
  Column,
  Compression,
  JoinConfig,
  KeyFormat,
  MemoryConfig,
  OauthSasl,
  Pipeline,
  Sasl,
  TimeUnit,
  Tls,
  TopicConfig,
  UserSasl,
} from './pipeline.ts'
import { changelogTopic } from './topic-names.ts'

type Duration = string | number
type Late = 'emit' | 'drop' | 'reject'
type RawSelect = string[] | Record<string, string>

interface RawTopic {
  topic: string
  keyFormat?: KeyFormat
  keySchema?: string
  schema?: string
  type?: string
  time?: string | { field: string; unit?: TimeUnit }
}

type RawOauth = Omit<OauthSasl, 'tokenEndpointCa' | 'scope'> &
  Partial<Pick<OauthSasl, 'tokenEndpointCa' | 'scope'>>

/** The file's content once the JSON Schema has accepted it. */
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
  join: RawTopic & {
    on: string | { left: string; right: string }
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

export type ReportAt = (path: readonly string[], message: string) => void

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

export function milliseconds(duration: Duration): number {
  const [, count, unit] = /^(\d+)(\D*)$/.exec(String(duration))!
  return Number(count) * (UNITS[unit as keyof typeof UNITS] ?? 1)
}

const SIZES = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 }

function bytesOf(size: string | number | undefined): number | null {
  if (size === undefined) return null
  const [, count, unit] = /^(\d+)(\D*)$/.exec(String(size))!
  return Number(count) * (SIZES[unit as keyof typeof SIZES] ?? 1)
}

/** Completes the file's content with defaults and checks what one key says against another. */
export function pipelineOf(raw: RawPipeline, folder: string, report: ReportAt): Pipeline {
  const input = (topic: RawTopic, path: string[]): TopicConfig => ({
    topic: topic.topic,
    format: 'avro',
    keyFormat: topic.keyFormat ?? 'text',
    keySchema: keySchemaFile(topic, path, folder, raw.registry !== undefined, report),
    schema: schemaFile(topic, path, folder, raw.registry !== undefined, report),
    type: typeOf(topic, path, raw.registry !== undefined, report),
    time: (typeof topic.time === 'object' ? topic.time.field : topic.time) ?? null,
    timeUnit: (typeof topic.time === 'object' ? topic.time.unit : undefined) ?? null,
  })
  const dimensions = Object.entries(raw.dimensions ?? {}).map(([name, dimension]) => ({
    ...input(dimension, ['dimensions', name]),
    name,
    on: dimension.on,
    select: columns(dimension.select),
    missing: dimension.missing ?? 'null',
  }))
  const pipeline: Pipeline = {
    name: raw.name,
    kafka: kafkaOf(raw.kafka),
    registry: raw.registry === undefined ? null : registryOf(raw.registry),
    facts: input(raw.facts, ['facts']),
    dimensions,
    join: joinOf(raw.join, input(raw.join, ['join']), report),
    output: {
      topic: raw.output.topic,
      format: 'avro',
      schemaId: raw.output.schemaId ?? null,
      rejects: raw.output.rejects ?? `${raw.output.topic}.rejects`,
      compression: raw.output.compression ?? 'none',
    },
    state: { dir: raw.state?.dir ?? '/var/lib/stream-enricher' },
    commit: { intervalMs: raw.commit?.intervalMs ?? 100 },
    memory: memoryOf(raw.memory ?? {}),
    http: {
      port: raw.http?.port ?? 8080,
      host: raw.http?.host ?? '0.0.0.0',
      // Empty is what a variable that is not set leaves.
      advertise: raw.http?.advertise || null,
      token: raw.http?.token || null,
      readToken: raw.http?.readToken ?? null,
    },
  }
  checkBrokers(pipeline, report)
  checkSasl(raw.kafka, report)
  checkTopics(pipeline, report)
  checkNames(pipeline, report)
  if (pipeline.output.schemaId === null && pipeline.registry === null) {
    report(['output'], 'without a registry the output needs schemaId, the id for its frame')
  }
  return pipeline
}

const memoryOf = (raw: NonNullable<RawPipeline['memory']>): MemoryConfig => ({
  limit: bytesOf(raw.limit),
  pages: bytesOf(raw.pages),
  fetch: bytesOf(raw.fetch),
  epoch: bytesOf(raw.epoch),
  dimensions: bytesOf(raw.dimensions),
})

const registryOf = (raw: NonNullable<RawPipeline['registry']>): Pipeline['registry'] => ({
  url: raw.url,
  username: raw.username ?? null,
  password: raw.password ?? null,
  tls: raw.tls === undefined ? null : { rejectUnauthorized: true, ...raw.tls },
})

function kafkaOf(raw: RawPipeline['kafka']): Pipeline['kafka'] {
  const brokers = typeof raw.brokers === 'string' ? raw.brokers.split(',') : raw.brokers
  return {
    brokers: brokers.map((broker) => broker.trim()).filter((broker) => broker !== ''),
    instanceId: raw.instanceId || null,
    clientId: raw.clientId ?? 'stream-enricher',
    tls: raw.tls ? { rejectUnauthorized: true, ...(raw.tls === true ? {} : raw.tls) } : null,
    sasl: raw.sasl === undefined ? null : saslOf(raw.sasl),
    sessionTimeoutMs: milliseconds(raw.sessionTimeout ?? '10s'),
  }
}

const saslOf = (raw: UserSasl | RawOauth): Sasl =>
  raw.mechanism === 'oauthbearer'
    ? { ...raw, tokenEndpointCa: raw.tokenEndpointCa ?? null, scope: raw.scope ?? null }
    : raw

/** Settings of another mechanism than the one that is set would do nothing. */
function checkSasl({ sasl }: RawPipeline['kafka'], report: ReportAt): void {
  if (sasl === undefined) return
  const user = ['username', 'password']
  const isOauth = sasl.mechanism === 'oauthbearer'
  for (const key of Object.keys(sasl)) {
    if (key === 'mechanism' || user.includes(key) !== isOauth) continue
    report(['kafka', 'sasl', key], `is not for ${sasl.mechanism}; leave it out`)
  }
}

function joinOf(raw: RawPipeline['join'], input: TopicConfig, report: ReportAt): JoinConfig {
  const [before, after] =
    typeof raw.within === 'object'
      ? [raw.within.before, raw.within.after]
      : [raw.within, raw.within]
  const beforeMs = milliseconds(before)
  const afterMs = milliseconds(after)
  const graceMs = milliseconds(raw.grace ?? 0)
  const idle = Math.max(1000, Math.max(beforeMs, afterMs) + graceMs)
  return {
    ...input,
    onLeft: typeof raw.on === 'string' ? raw.on : raw.on.left,
    onRight: typeof raw.on === 'string' ? raw.on : raw.on.right,
    beforeMs,
    afterMs,
    graceMs,
    kind: raw.kind ?? 'inner',
    select: columns(raw.select),
    idleMs: raw.idle === undefined ? idle : milliseconds(raw.idle),
    late: lateOf(raw, report),
    aheadMs: milliseconds(raw.ahead ?? '10s'),
    early: raw.early ?? 'reject',
  }
}

/** One policy for both sides, or one for each. Only facts of a left join can come out without a match. */
function lateOf({ kind, late }: RawPipeline['join'], report: ReportAt): JoinConfig['late'] {
  const { left, right } = typeof late === 'object' ? late : { left: late, right: late }
  if (left === 'emit' && kind !== 'left') {
    const why = 'is for facts of a left join: an inner one has matches only'
    report(['join', 'late'], `emit ${why}; write drop or reject`)
  }
  return {
    left: left ?? (kind === 'left' ? 'emit' : 'drop'),
    right: right === 'reject' ? 'reject' : 'drop',
  }
}

function columns(select: RawSelect | undefined): Column[] | null {
  if (select === undefined) return null
  if (Array.isArray(select)) return select.map((name) => ({ name, source: name }))
  return Object.entries(select).map(([name, source]) => ({ name, source }))
}

function schemaFile(
  topic: RawTopic,
  path: string[],
  folder: string,
  hasRegistry: boolean,
  report: ReportAt,
): string | null {
  if (topic.schema === undefined) {
    if (!hasRegistry) report(path, 'without a registry the topic needs schema, an .avsc file')
    return null
  }
  return readableFile(topic.schema, [...path, 'schema'], folder, report)
}

function keySchemaFile(
  { keyFormat, keySchema }: RawTopic,
  path: string[],
  folder: string,
  hasRegistry: boolean,
  report: ReportAt,
): string | null {
  if (keySchema === undefined) return null
  const place = [...path, 'keySchema']
  if (keyFormat !== 'avro') report(place, 'is for keyFormat: avro only')
  if (hasRegistry) report(place, 'is for keys without a registry; with one they name their schema')
  return readableFile(keySchema, place, folder, report)
}

function readableFile(
  name: string,
  place: readonly string[],
  folder: string,
  report: ReportAt,
): string {
  const file = resolve(folder, name)
  try {
    closeSync(openSync(file, 'r'))
    if (statSync(file).isDirectory()) report(place, `the schema file ${file} is a folder`)
  } catch (error) {
    report(place, `the schema file ${file} ${fileFault(error)}`)
  }
  return file
}

/** Without a registry nobody knows of what type a record is. */
function typeOf(
  { type }: RawTopic,
  path: string[],
  hasRegistry: boolean,
  report: ReportAt,
): string | null {
  if (type === undefined) return null
  if (!hasRegistry) {
    report([...path, 'type'], 'needs a registry, which knows of what type a record is')
  }
  return type
}

function checkBrokers({ kafka }: Pipeline, report: ReportAt): void {
  for (const broker of kafka.brokers) {
    if (isBrokerAddress(broker)) continue
    const example = 'localhost:9092, or [::1]:9092 for an IPv6 address'
    report(['kafka', 'brokers'], `"${broker}" is not host:port; write ${example}, for instance`)
  }
}

function checkTopics(pipeline: Pipeline, report: ReportAt): void {
  const { facts, dimensions, join, output } = pipeline
  const named = [
    { path: ['facts', 'topic'], topic: facts.topic },
    { path: ['join', 'topic'], topic: join.topic },
    ...dimensions.map(({ name, topic }) => ({ path: ['dimensions', name, 'topic'], topic })),
    { path: ['output', 'topic'], topic: output.topic },
    { path: ['output', 'rejects'], topic: output.rejects },
  ]
  for (const { path, topic } of named) {
    if (topic === changelogTopic(pipeline)) report(path, "is the pipeline's own changelog topic")
  }
  const inputs = [facts.topic, join.topic, ...dimensions.map(({ topic }) => topic)]
  if (facts.topic === join.topic)
    report(['join', 'topic'], 'is the fact topic too; a stream is not joined with itself')
  if (inputs.includes(output.topic)) report(['output', 'topic'], 'is an input too')
  if (inputs.includes(output.rejects)) report(['output', 'rejects'], 'is an input too')
  if (output.rejects === output.topic) report(['output', 'rejects'], 'is the output topic too')
}

function checkNames({ dimensions, join }: Pipeline, report: ReportAt): void {
  const seen = new Map<string, string>()
  const sources = [
    ...dimensions.map((d) => ({ path: ['dimensions', d.name], select: d.select })),
    { path: ['join'], select: join.select },
  ]
  for (const { path, select } of sources) {
    for (const { name } of select ?? []) {
      const other = seen.get(name)
      if (other !== undefined)
        report(
          [...path, 'select'],
          `the output name "${name}" is already taken by ${other}; rename one with a map`,
        )
      seen.set(name, path.join('.'))
    }
  }
}
