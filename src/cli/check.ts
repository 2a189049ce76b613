/** `check FILE`: everything that a start needs, looked at without starting or changing anything. */
import type { Broker } from '../broker/port.ts'
import type { TopicRecord } from '../broker/read-topic.ts'
import type { PipelineCodec } from '../codec/port.ts'
import type { Comparison } from '../codec/registry/registry.ts'
import { loadPipeline } from '../config/load.ts'
import type { Pipeline } from '../config/pipeline.ts'
import { plural } from '../config/text.ts'
import { inputsOf, inputTopics, ownTopics, sourcesOf } from '../config/topic-names.ts'
import { placeBytes } from '../dimension/place.ts'
import { codeOf, messageOf } from '../errors.ts'
import type { Compiled } from '../plan/compile.ts'
import { availableBytes } from '../plan/memory.ts'
import { planOf, startsElsewhere, startTransactionalId } from '../plan/plan.ts'
import { type ChangelogHeaders, NO_HEADERS, storedLayouts } from '../state/stored-layout.ts'
import { checkHash } from './check-keys.ts'
import { type Access, checkAccess } from './checks/access.ts'
import { type Finding, fail, ok, warn } from './checks/finding.ts'
import { codecsOf } from './checks/input-codecs.ts'
import { checkLimits } from './checks/limits.ts'
import { checkOffsets } from './checks/offsets.ts'
import { laterOf, SUBJECT_REMEDY, unjudgedText, verdictText } from './checks/output-schemas.ts'
import { checkOwnTopics } from './checks/own-topics.ts'
import { checkValues } from './checks/records.ts'
import {
  checkDisk,
  checkMemory,
  type DimensionSize,
  diskOf,
  type StreamSize,
  toldBytes,
} from './checks/room.ts'
import { checkKeySchemas, checkStored, earlierLayouts } from './checks/stored-schemas.ts'
import { checkTimeSpans } from './checks/time-spans.ts'
import { checkTimes } from './checks/times.ts'
import {
  checkDimensionTopics,
  checkPartitions,
  checkRetention,
  checkThere,
} from './checks/topics.ts'
import { readValues, type ValuesRead } from './checks/values.ts'
import { compareLatest, compareOutputs, compile } from './compile.ts'
import { withBroker } from './connect.ts'
import { printFindings } from './findings.ts'
import { lastOf, type Sample, sampleInputs } from './shares/sample.ts'
import { takeFacts } from './shares/take.ts'
import { headersOf, offsetsOf } from './stored-offsets.ts'
import { print } from './terminal.ts'

export async function check(file: string): Promise<void> {
  const pipeline = loadPipeline(file, process.env)
  print(`Checking ${pipeline.name} (${file}) against ${pipeline.kafka.brokers.join(', ')}\n`)
  let schemas: Schemas | undefined
  let isAway = false
  const cluster = await withBroker(pipeline.kafka, async (broker) => {
    // Of a topic that is not there no stored window can be, whatever its changelog says.
    const found = await broker.administration.topicAccess(inputTopics(pipeline))
    const isThere = [...found.values()].every(({ state }) => state !== 'missing')
    const headers = await headersOf(pipeline, broker)
    schemas = await checkSchemas(pipeline, headers, isThere)
    return checkCluster(pipeline, broker, schemas.compiled, headers)
  }).catch((error) => {
    isAway = codeOf(error) === 'BROKER_UNREACHABLE'
    return [ofError('brokers', error)]
  })
  schemas ??= await checkSchemas(pipeline, [NO_HEADERS], false)
  const findings = [...cluster, ...schemas.findings]
  printFindings(findings)
  if (findings.some(({ mark }) => mark === 'fail')) process.exitCode = 1
  // Its connection may be open for a while.
  if (isAway) process.exit()
}

/** Our errors say what is wrong, and behind a semicolon or a colon what to do. */
function ofError(what: string, error: unknown): Finding {
  const [, detail, remedy] = /^(.*?)(?:; |: (?=give|lower))(.*)$/s.exec(messageOf(error)) ?? []
  if (detail === undefined) return fail(what, messageOf(error), 'correct this first')
  return fail(what, detail, remedy)
}

interface Schemas {
  readonly compiled: Compiled | undefined
  readonly findings: readonly Finding[]
}

/** @param headers of each changelog. @param isThere whether all inputs are: else what is stored is not judged by them */
async function checkSchemas(
  pipeline: Pipeline,
  headers: readonly ChangelogHeaders[],
  isThere: boolean,
): Promise<Schemas> {
  try {
    const compiled = await compile(pipeline, storedLayouts(headers[0]))
    const { codec, layout, newer, keys } = compiled
    const from = pipeline.registry === null ? 'from files' : `from ${pipeline.registry.url}`
    const stored = headers.flatMap(({ last }) =>
      [...last.values()].flatMap((header) => header?.layout ?? []),
    )
    const findings = [
      ok('schemas', `of all topics ${from}; what comes out can be derived`),
      ...(isThere
        ? checkStored(stored, layout, newer, await earlierLayouts(headers, compiled))
        : []),
      ...(isThere && newer.length > 0 ? await checkLater(pipeline) : []),
      ...checkKeySchemas(keys),
      ...(await checkOutputSchemas(pipeline, codec)),
    ]
    return { compiled, findings }
  } catch (error) {
    return { compiled: undefined, findings: [ofError('schemas', error)] }
  }
}

/** What a reset, which takes newer schemas, would make of the outputs'. */
async function checkLater(pipeline: Pipeline): Promise<Finding[]> {
  const later = await compareLatest(pipeline)
  return laterOf(pipeline.outputs, later).map(({ text, isRefused }) => {
    const what = `after a reset ${text}`
    return isRefused ? warn('schemas', what, 'mend this before you reset') : ok('schemas', what)
  })
}

async function checkOutputSchemas(pipeline: Pipeline, codec: PipelineCodec): Promise<Finding[]> {
  const answers = await compareOutputs(pipeline, codec)
  return answers.flatMap(checkOutputSchema)
}

function checkOutputSchema(answer: Comparison | null): Finding[] {
  if (answer === null) return []
  const { subject } = answer
  switch (answer.state) {
    case 'new':
      return [ok('registry', `${subject}: there is none yet; a start registers its first version`)]
    case 'registered':
      return [ok('registry', `${subject}: has this schema`)]
    case 'compatible': {
      const what = `a start registers a new version, compatible with ${verdictText(answer)}`
      return [ok('registry', `${subject}: ${what}`)]
    }
    case 'unjudged':
      return [
        ok('registry', `${subject}: a start registers a new version; ${unjudgedText(answer)}`),
      ]
    case 'incompatible': {
      const what = `the output's schema is not compatible with ${verdictText(answer)}`
      return [fail('registry', `${subject}: ${what}`, SUBJECT_REMEDY)]
    }
  }
}

async function checkCluster(
  pipeline: Pipeline,
  broker: Broker,
  compiled: Compiled | undefined,
  headers: readonly ChangelogHeaders[],
): Promise<Finding[]> {
  const { clusterId, brokers } = await broker.administration.describeCluster()
  const all = [...inputTopics(pipeline), ...ownTopics(pipeline)]
  const access = await accessOf(pipeline, broker, all)
  const visible = all.filter((topic) => access.topics.get(topic)?.state === 'there')
  const found = await broker.admin.describeTopics(visible)
  const readable = [...new Set(inputTopics(pipeline))].filter(
    (topic) => found.has(topic) && access.topics.get(topic)?.allowed.has('read'),
  )
  const samples = await sampleInputs(broker, readable)
  const records = new Map([...samples].map(([topic, sample]) => [topic, sample.records]))
  const partitions = (topic: string): number => found.get(topic)?.partitions ?? 0
  return [
    ok(
      'brokers',
      `${plural(brokers.length, 'broker')} of cluster ${clusterId}: ${brokers.join(', ')}`,
    ),
    ...checkThere(pipeline, access.topics),
    ...checkPartitions(pipeline, found),
    ...(await checkHash(pipeline, compiled?.codec, partitions, records)),
    ...checkAccess(pipeline, access),
    ...checkOffsets(pipeline, await offsetsOf(pipeline, broker, access.group, headers)),
    ...checkRetention(pipeline, found),
    ...checkDimensionTopics(pipeline, found),
    ...checkOwnTopics(pipeline, found),
    ...checkLimits(pipeline, found, records.values()),
    ...(compiled === undefined ? [] : await checkContents(pipeline, compiled.codec, samples)),
    ...(compiled === undefined ? [] : await takeFacts(pipeline, compiled, broker, samples)),
  ]
}

async function accessOf(
  pipeline: Pipeline,
  { administration }: Broker,
  topics: readonly string[],
): Promise<Access> {
  const own = `${pipeline.name}-${pipeline.kafka.instanceId ?? 'any'}`
  const isStart = startsElsewhere(planOf(pipeline))
  const ids = [own, ...(isStart ? [startTransactionalId(pipeline.name)] : [])]
  const allowed = await Promise.all(ids.map((id) => administration.mayUseTransactionalId(id)))
  const denied = ids.find((_, i) => !allowed[i])
  return {
    topics: await administration.topicAccess(topics),
    group: await administration.describeGroup(pipeline.name),
    transactionalId: denied ?? own,
    mayUseTransactionalId: denied === undefined,
  }
}

/** What the records are: whether they can be read, and how much room they need. */
async function checkContents(
  pipeline: Pipeline,
  codec: PipelineCodec,
  samples: ReadonlyMap<string, Sample>,
): Promise<Finding[]> {
  const findings: Finding[] = []
  const codecs = codecsOf(pipeline, codec)
  const read: (ValuesRead | undefined)[] = []
  for (const [i, { config }] of inputsOf(pipeline).entries()) {
    const { topic, frame, keyFormat, schema } = config
    const sample = samples.get(topic)
    const records = sample && lastOf(sample.records)
    const isOfRegistry = schema === null
    const isBare = frame === 'none'
    const values = records && { ...codecs[i], topic, keyFormat, isOfRegistry, isBare, records }
    const result = values && (await readValues(values))
    // Dimensions with one table have one codec, and nothing else to say.
    const isFirst = codecs.findIndex((one) => one.codec === values?.codec) === i
    if (values && result && isFirst) findings.push(...checkValues(values, result))
    read.push(result)
  }
  const sources = read.slice(0, sourcesOf(pipeline).length)
  const now = Date.now()
  const times = sources.map((of) => of?.times)
  const units = checkTimes(pipeline, times, now)
  // In another unit all of them are far away.
  const isSound = units.every(({ mark }) => mark === 'ok')
  findings.push(...units, ...(isSound ? checkTimeSpans(pipeline, sources, now) : []))
  return [...findings, ...checkRoom(pipeline, read, samples)]
}

/** @param read by `inputsOf` */
function checkRoom(
  pipeline: Pipeline,
  read: readonly (ValuesRead | undefined)[],
  samples: ReadonlyMap<string, Sample>,
): Finding[] {
  const sources = sourcesOf(pipeline)
  const streams = sources.map(({ config }, s): StreamSize => {
    const records = samples.get(config.topic)?.records ?? []
    return { rate: rateOf(records), bytes: (read[s]?.rowBytes ?? 0) + toldBytes(pipeline, s) }
  })
  const sizes = planOf(pipeline).tables.flatMap(({ dimensions: [d] }): DimensionSize[] => {
    const { name, topic } = pipeline.dimensions[d]
    const bytes = read[sources.length + d]?.rowBytes
    if (bytes === undefined) return []
    const rowBytes = bytes + placeBytes({ keepsPlaces: pipeline.provenance })
    return [{ name, rows: samples.get(topic)?.rows ?? 0, rowBytes }]
  })
  const memory = (): Finding => {
    try {
      return checkMemory(pipeline, sizes, streams, availableBytes())
    } catch (error) {
      return ofError('memory', error)
    }
  }
  const disk = checkDisk(pipeline, sizes, streams, diskOf(pipeline.state.dir))
  return [memory(), disk]
}

/** Records a second, of all partitions, by the time between the first and the last of the sample. */
function rateOf(records: readonly TopicRecord[]): number {
  const times = new Map<number, number[]>()
  for (const { partition, timestamp } of records) {
    const list = times.get(partition)
    if (list === undefined) times.set(partition, [timestamp])
    else list.push(timestamp)
  }
  return [...times.values()].reduce((sum, list) => {
    const span = Math.max(...list) - Math.min(...list)
    return sum + (span > 0 ? ((list.length - 1) * 1000) / span : 0)
  }, 0)
}
