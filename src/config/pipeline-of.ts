import { resolve } from 'node:path'
import { glueAddress } from './aws.ts'
import { columnsOf } from './columns.ts'
import { crossCheck } from './cross-checks.ts'
import { evolvesOf, isSchemaWord } from './evolves.ts'
import { A_JOIN, comesOutAlone, type SideName } from './join-kind.ts'
import { lookedUp } from './look-ups.ts'
import type {
  JoinConfig,
  LatePolicy,
  MemoryConfig,
  OutputConfig,
  Pipeline,
  Sasl,
  TopicConfig,
  TopicSettings,
  UserSasl,
} from './pipeline.ts'
import {
  type PlacedJoin,
  type PlacedOutput,
  type RawOauth,
  type RawPipeline,
  writtenJoins,
  writtenOutputs,
} from './raw-pipeline.ts'
import type { ReportAt } from './report.ts'
import { startAtOf } from './start-at.ts'
import { derivedFields, type Surroundings, topicOf } from './topic-of.ts'
import { topicSettingsOf } from './topic-settings.ts'
import { bytesOf, milliseconds } from './units.ts'
import { keepsState, longestWait, missingOf } from './waits.ts'

/** Completes the file's content with defaults and checks what one key says against another. */
export function pipelineOf(raw: RawPipeline, folder: string, report: ReportAt): Pipeline {
  const around = { folder, hasRegistry: raw.registry !== undefined, report }
  const names = Object.keys(raw.dimensions ?? {})
  const dimensions = Object.entries(raw.dimensions ?? {}).map(([name, dimension]) => ({
    ...topicOf(dimension, ['dimensions', name], around),
    name,
    ...lookedUp(name, dimension.on, names, report),
    key: [dimension.key ?? []].flat(),
    select: columnsOf(dimension.select, ['dimensions', name, 'select'], report),
    ...missingOf(dimension.missing),
    asOf: dimension.asOf ?? null,
    historyMs:
      dimension.history === undefined ? Number.POSITIVE_INFINITY : milliseconds(dimension.history),
  }))
  const joins = joinsOf(raw, around, longestWait(dimensions))
  const outputs = outputsOf(raw, folder, report)
  const pipeline: Pipeline = {
    name: raw.name,
    kafka: kafkaOf(raw.kafka),
    registry: raw.registry === undefined ? null : registryOf(raw.registry),
    facts: factsOf(raw, topicOf(raw.facts, ['facts'], around), report),
    dimensions,
    joins,
    outputs,
    output: outputs[0],
    evolves: evolvesOf(raw, report),
    provenance: raw.provenance ?? false,
    state: {
      dir: raw.state?.dir ?? '/var/lib/stream-enricher',
      topicConfig: topicSettingsOf(raw.state?.topicConfig, ['state', 'topicConfig']),
    },
    commit: { intervalMs: raw.commit?.intervalMs ?? 100 },
    memory: memoryOf(raw, keepsState({ joins, dimensions })),
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

function outputsOf(raw: RawPipeline, folder: string, report: ReportAt): OutputConfig[] {
  if (raw.output !== undefined && raw.outputs !== undefined) {
    report(['outputs'], 'stands beside output; write it below outputs, with a name of its own')
  }
  const written = writtenOutputs(raw)
  if (written.length === 0) {
    report([], 'has no output; write output: { topic: … }')
    // In its place, so that only this is said of it.
    return [outputOf(NO_OUTPUT, folder, '.rejects', NO_REJECTS_CONFIG, report)]
  }
  const rejects = ofAll(written, 'rejects', report)
  const { path, output } = ofAll(written, 'rejectsConfig', report) ?? written[0]
  const rejectsConfig = topicSettingsOf(output.rejectsConfig, [...path, 'rejectsConfig'])
  const topic = rejects?.output.rejects ?? `${written[0].output.topic}.rejects`
  return written.map((one) => outputOf(one, folder, topic, rejectsConfig, report))
}

/** The output that has what is said once for all of them; undefined: none has it. */
function ofAll(
  written: readonly PlacedOutput[],
  key: 'rejects' | 'rejectsConfig',
  report: ReportAt,
): PlacedOutput | undefined {
  const [first, ...others] = written.filter(({ output }) => output[key] !== undefined)
  for (const { path } of others) {
    report([...path, key], 'is of all outputs, and stands below another already; leave it out here')
  }
  return first
}

const NO_OUTPUT = { path: ['output'], output: { topic: '', schemaId: 0 } }
const NO_REJECTS_CONFIG = topicSettingsOf(undefined, ['output', 'rejectsConfig'])

const outputOf = (
  { path, output: raw }: PlacedOutput,
  folder: string,
  rejects: string,
  rejectsConfig: TopicSettings,
  report: ReportAt,
): OutputConfig => ({
  path,
  topic: raw.topic,
  format: raw.format ?? 'avro',
  where: raw.where ?? null,
  fields: derivedFields(raw),
  select: columnsOf(raw.select, [...path, 'select'], report),
  key: raw.key ?? null,
  schema: raw.schema === undefined || isSchemaWord(raw.schema) ? null : resolve(folder, raw.schema),
  schemaId: raw.schemaId ?? null,
  frame: raw.frame ?? null,
  rejects,
  compression: raw.compression ?? 'none',
  topicConfig: topicSettingsOf(raw.topicConfig, [...path, 'topicConfig']),
  rejectsConfig,
})

/** @param hasPages whether tasks keep state, and so pages */
const memoryOf = ({ memory: raw = {} }: RawPipeline, hasPages: boolean): MemoryConfig => ({
  limit: bytesOf(raw.limit),
  pages: hasPages ? bytesOf(raw.pages) : 0,
  fetch: bytesOf(raw.fetch),
  epoch: bytesOf(raw.epoch),
  dimensions: bytesOf(raw.dimensions),
})

/** @param raw has an address or, of AWS Glue, a region */
const registryOf = (raw: NonNullable<RawPipeline['registry']>): Pipeline['registry'] => ({
  type: raw.type ?? 'confluent',
  url: raw.url ?? raw.endpoint ?? glueAddress(raw.region ?? ''),
  username: raw.username ?? null,
  password: raw.password ?? null,
  token: raw.token ?? null,
  useId: raw.useId ?? null,
  region: raw.region ?? null,
  registryName: raw.registryName ?? null,
  group: raw.group ?? null,
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

/** Stream time is a join's: where there is none a date in the future harms no other record. */
const factsOf = (raw: RawPipeline, input: TopicConfig, report: ReportAt) => {
  const { facts } = raw
  const join = writtenJoins(raw).at(0)?.join
  const ahead = facts.ahead ?? (join && (join.ahead ?? AHEAD))
  return {
    ...input,
    select: columnsOf(facts.select, ['facts', 'select'], report),
    startAt: startAtOf(facts.startAt, ['facts', 'startAt'], report) ?? 'earliest',
    aheadMs: ahead === undefined ? Number.POSITIVE_INFINITY : milliseconds(ahead),
    early: facts.early ?? join?.early ?? 'reject',
  }
}

/** Of a join's records, where the file says nothing. */
const AHEAD = '10s'

/** @param waitMs how long facts wait for a row at most: they are in the first join that much later */
function joinsOf(raw: RawPipeline, around: Surroundings, waitMs: number): JoinConfig[] {
  if (raw.join !== undefined && raw.joins !== undefined) {
    around.report(['joins'], 'stands beside join; write it below joins, with a name of its own')
  }
  return writtenJoins(raw).map((one, j) => ({
    ...joinOf(one, topicOf(one.join, one.path, around), around),
    waitMs: j === 0 ? waitMs : 0,
  }))
}

function joinOf(
  placed: PlacedJoin,
  input: TopicConfig,
  { report }: Surroundings,
): Omit<JoinConfig, 'waitMs'> {
  const { name, path, join: raw } = placed
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
    name,
    path,
    onLeft: typeof raw.on === 'string' ? raw.on : raw.on.left,
    onRight: typeof raw.on === 'string' ? raw.on : raw.on.right,
    repartition: raw.repartition ?? null,
    beforeMs,
    afterMs,
    graceMs,
    kind: raw.kind ?? 'inner',
    select: columnsOf(raw.select, [...path, 'select'], report),
    headers: raw.headers ?? 'left',
    idleMs: raw.idle === undefined ? idle : milliseconds(raw.idle),
    late: lateOf(placed, report),
    startAt: startAtOf(raw.startAt, [...path, 'startAt'], report),
    aheadMs: milliseconds(raw.ahead ?? AHEAD),
    early: raw.early ?? 'reject',
  }
}

/** One policy for both sides, or one for each. */
function lateOf({ path, join }: PlacedJoin, report: ReportAt): JoinConfig['late'] {
  const { kind = 'inner', late } = join
  const refuse = (below: readonly string[], which: string): void => {
    const why = `is for records that come out without a match, which ${which} never do`
    report([...path, 'late', ...below], `emit ${why}; write drop or reject`)
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
