import { crossCheck } from './cross-checks.ts'
import { A_JOIN, comesOutAlone, type SideName } from './join-kind.ts'
import { lookedUp } from './look-ups.ts'
import type {
  Column,
  JoinConfig,
  LatePolicy,
  MemoryConfig,
  OutputConfig,
  Pipeline,
  Sasl,
  TopicConfig,
  UserSasl,
} from './pipeline.ts'
import type { RawJoin, RawOauth, RawOutput, RawPipeline, RawSelect } from './raw-pipeline.ts'
import type { ReportAt } from './report.ts'
import { topicOf } from './topic-of.ts'
import { bytesOf, milliseconds } from './units.ts'

/** Completes the file's content with defaults and checks what one key says against another. */
export function pipelineOf(raw: RawPipeline, folder: string, report: ReportAt): Pipeline {
  const around = { folder, hasRegistry: raw.registry !== undefined, report }
  const names = Object.keys(raw.dimensions ?? {})
  const dimensions = Object.entries(raw.dimensions ?? {}).map(([name, dimension]) => ({
    ...topicOf(dimension, ['dimensions', name], around),
    name,
    ...lookedUp(name, dimension.on, names, report),
    select: columns(dimension.select),
    missing: dimension.missing ?? 'null',
  }))
  const outputs = outputsOf(raw, report)
  const pipeline: Pipeline = {
    name: raw.name,
    kafka: kafkaOf(raw.kafka),
    registry: raw.registry === undefined ? null : registryOf(raw.registry),
    facts: { ...topicOf(raw.facts, ['facts'], around), select: columns(raw.facts.select) },
    dimensions,
    join:
      raw.join === undefined ? null : joinOf(raw.join, topicOf(raw.join, ['join'], around), report),
    outputs,
    output: outputs[0],
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

function outputsOf(raw: RawPipeline, report: ReportAt): OutputConfig[] {
  if (raw.output !== undefined && raw.outputs !== undefined) {
    report(['outputs'], 'stands beside output; write it below outputs, with a name of its own')
  }
  const written = Object.entries(raw.outputs ?? {}).map(([name, output]) => ({
    path: ['outputs', name],
    output,
  }))
  if (raw.output !== undefined) written.push({ path: ['output'], output: raw.output })
  if (written.length === 0) {
    report([], 'has no output; write output: { topic: … }')
    // In its place, so that only this is said of it.
    return [outputOf({ topic: '', schemaId: 0 }, ['output'], '.rejects')]
  }
  const [first, ...others] = written.filter(({ output }) => output.rejects !== undefined)
  for (const { path } of others) {
    const why = 'is of all outputs, and stands below another already; leave it out here'
    report([...path, 'rejects'], why)
  }
  const rejects = first?.output.rejects ?? `${written[0].output.topic}.rejects`
  return written.map(({ path, output }) => outputOf(output, path, rejects))
}

const outputOf = (raw: RawOutput, path: readonly string[], rejects: string): OutputConfig => ({
  path,
  topic: raw.topic,
  format: 'avro',
  where: raw.where ?? null,
  select: columns(raw.select),
  key: raw.key ?? null,
  schemaId: raw.schemaId ?? null,
  rejects,
  compression: raw.compression ?? 'none',
})

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
    beforeMs,
    afterMs,
    graceMs,
    kind: raw.kind ?? 'inner',
    select: columns(raw.select),
    headers: raw.headers ?? 'left',
    idleMs: raw.idle === undefined ? idle : milliseconds(raw.idle),
    late: lateOf(raw, report),
    aheadMs: milliseconds(raw.ahead ?? '10s'),
    early: raw.early ?? 'reject',
  }
}

/** One policy for both sides, or one for each. */
function lateOf({ kind = 'inner', late }: RawJoin, report: ReportAt): JoinConfig['late'] {
  const refuse = (path: readonly string[], which: string): void => {
    const why = `is for records that come out without a match, which ${which} never do`
    report(['join', 'late', ...path], `emit ${why}; write drop or reject`)
  }
  if (late === 'emit' && kind === 'inner') refuse([], 'those of an inner join')
  const of = (side: SideName): LatePolicy => {
    const isAlone = comesOutAlone(kind, side)
    const given = typeof late === 'object' ? late[side] : late
    if (given !== 'emit' || isAlone) return given ?? (isAlone ? 'emit' : 'drop')
    // For both sides it is said of those that it can be of.
    if (typeof late === 'object') refuse([side], `${side} ones of ${A_JOIN[kind]}`)
    return 'drop'
  }
  return { left: of('left'), right: of('right') }
}

function columns(select: RawSelect | undefined): Column[] | null {
  if (select === undefined) return null
  if (Array.isArray(select)) return select.map((name) => ({ name, source: name }))
  return Object.entries(select).map(([name, source]) => ({ name, source }))
}
