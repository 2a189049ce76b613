import { crossCheck } from './cross-checks.ts'
import type {
  Column,
  JoinConfig,
  MemoryConfig,
  Pipeline,
  Sasl,
  TopicConfig,
  UserSasl,
} from './pipeline.ts'
import type { RawJoin, RawOauth, RawPipeline, RawSelect } from './raw-pipeline.ts'
import type { ReportAt } from './report.ts'
import { topicOf } from './topic-of.ts'
import { bytesOf, milliseconds } from './units.ts'

/** Completes the file's content with defaults and checks what one key says against another. */
export function pipelineOf(raw: RawPipeline, folder: string, report: ReportAt): Pipeline {
  const around = { folder, hasRegistry: raw.registry !== undefined, report }
  const dimensions = Object.entries(raw.dimensions ?? {}).map(([name, dimension]) => ({
    ...topicOf(dimension, ['dimensions', name], around),
    name,
    on: dimension.on,
    select: columns(dimension.select),
    missing: dimension.missing ?? 'null',
  }))
  const pipeline: Pipeline = {
    name: raw.name,
    kafka: kafkaOf(raw.kafka),
    registry: raw.registry === undefined ? null : registryOf(raw.registry),
    facts: topicOf(raw.facts, ['facts'], around),
    dimensions,
    join:
      raw.join === undefined ? null : joinOf(raw.join, topicOf(raw.join, ['join'], around), report),
    output: {
      topic: raw.output.topic,
      format: 'avro',
      schemaId: raw.output.schemaId ?? null,
      rejects: raw.output.rejects ?? `${raw.output.topic}.rejects`,
      compression: raw.output.compression ?? 'none',
    },
    state: { dir: raw.state?.dir ?? '/var/lib/stream-enricher' },
    commit: { intervalMs: raw.commit?.intervalMs ?? 100 },
    memory: memoryOf(raw),
    http: {
      port: raw.http?.port ?? 8080,
      host: raw.http?.host ?? '0.0.0.0',
      // Empty is what a variable that is not set leaves.
      advertise: raw.http?.advertise || null,
      token: raw.http?.token || null,
      readToken: raw.http?.readToken ?? null,
    },
  }
  crossCheck(raw, pipeline, report)
  return pipeline
}

const memoryOf = ({ memory: raw = {}, join }: RawPipeline): MemoryConfig => ({
  limit: bytesOf(raw.limit),
  // Without a join there is no window, and so no pages.
  pages: join === undefined ? 0 : bytesOf(raw.pages),
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

function joinOf(raw: RawJoin, input: TopicConfig, report: ReportAt): JoinConfig {
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
    repartition: raw.repartition ?? null,
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
function lateOf({ kind, late }: RawJoin, report: ReportAt): JoinConfig['late'] {
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
