import { isBrokerAddress } from './broker-address.ts'
import { checkEvolves } from './evolves.ts'
import { leftPart } from './join-stages.ts'
import { checkJoins } from './joins.ts'
import { checkLookUps } from './look-ups.ts'
import type { Pipeline } from './pipeline.ts'
import { type RawPipeline, writtenOutputs } from './raw-pipeline.ts'
import { checkRegistry } from './registry-checks.ts'
import type { ReportAt } from './report.ts'
import { durationText } from './text.ts'
import {
  changelogTopics,
  inputsOf,
  inputTopics,
  internalTopics,
  repartitioned,
  repartitionWith,
  sourcesOf,
} from './topic-names.ts'
import { longestWait } from './waits.ts'

/** What the JSON Schema cannot say of a pipeline file: what one key says against another. */
export function crossCheck(raw: RawPipeline, pipeline: Pipeline, report: ReportAt): void {
  checkBrokers(pipeline, report)
  checkSasl(raw.kafka, report)
  checkTopics(raw, pipeline, report)
  checkNames(pipeline, report)
  checkLookUps(pipeline, report)
  checkJoins(pipeline, report)
  checkAsOf(raw, report)
  checkTopicSettings(raw, report)
  checkEarly(pipeline, report)
  checkJoinFields(raw, pipeline, report)
  checkWaits(pipeline, report)
  checkOutputs(pipeline, report)
  checkEvolves(raw, pipeline, report)
  checkRegistry(raw, pipeline, report)
  checkItems(pipeline, report)
}

/** Whoever writes items of DynamoDB registers nothing of their attributes. */
function checkItems(pipeline: Pipeline, report: ReportAt): void {
  for (const { path, config } of inputsOf(pipeline)) {
    const { envelope, format, schema } = config
    if (envelope?.startsWith('dynamodb') !== true) continue
    if (format !== 'json') {
      report(
        [...path, 'envelope'],
        'is of JSON values; have the connector write JSON, and say format: json',
      )
    } else if (schema === null) {
      report([...path, 'envelope'], 'needs schema, the file of an item: its attributes as fields')
    }
  }
}

/** JSON has no frame, so there is no id in it; and of Protobuf somebody has to keep the numbers of the fields. */
function checkOutputs({ outputs, registry }: Pipeline, report: ReportAt): void {
  for (const { path, format, schemaId, schema, frame } of outputs) {
    const isFramed = format !== 'json' && frame === null
    if (isFramed && schemaId === null && registry === null) {
      report(path, 'without a registry the output needs schemaId, the id for its frame')
    }
    if (format === 'json' && schemaId !== null) {
      report([...path, 'schemaId'], 'is of a frame, which JSON has not; leave it out')
    } else if (format === 'protobuf' && frame !== null && schemaId !== null) {
      report(
        [...path, 'schemaId'],
        'is of a frame, and frame: none has none; leave one of them out',
      )
    }
    if (format !== 'protobuf') {
      const why = 'is of outputs in Protobuf'
      if (schema !== null) {
        report([...path, 'schema'], `as a file ${why}; write pinned or evolve, or leave it out`)
      }
      if (frame !== null) report([...path, 'frame'], `${why}; leave it out`)
    } else if (schema === null && (registry === null || schemaId !== null)) {
      const who = registry === null ? 'without a registry' : 'where nothing is registered'
      report(
        path,
        `${who} the output needs schema, a .proto file that keeps the numbers of its fields; \`stream-enricher output-schema --write\` writes it`,
      )
    }
  }
}

function checkBrokers({ kafka }: Pipeline, report: ReportAt): void {
  for (const broker of kafka.brokers) {
    if (isBrokerAddress(broker)) continue
    const example = 'localhost:9092, or [::1]:9092 for an IPv6 address'
    report(['kafka', 'brokers'], `"${broker}" is not host:port; write ${example}, for instance`)
  }
}

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

function checkTopics(raw: RawPipeline, pipeline: Pipeline, report: ReportAt): void {
  const { facts, joins, outputs } = pipeline
  const rejects = { path: rejectsPath(raw), topic: pipeline.output.rejects }
  const named = [
    ...inputsOf(pipeline).map(({ path, config }) => ({
      path: [...path, 'topic'],
      topic: config.topic,
    })),
    ...outputs.map(({ path, topic }) => ({ path: [...path, 'topic'], topic })),
    rejects,
  ]
  for (const { path, topic } of named) {
    if (!internalTopics(pipeline).includes(topic)) continue
    const isChangelog = changelogTopics(pipeline).includes(topic)
    report(path, `is the pipeline's own ${isChangelog ? 'changelog' : 'repartition'} topic`)
  }
  const inputs = inputTopics(pipeline)
  for (const { path, topic } of joins) {
    if (facts.topic === topic)
      report([...path, 'topic'], 'is the fact topic too; a stream is not joined with itself')
  }
  const before = new Set<string>()
  for (const { path, topic } of outputs) {
    if (inputs.includes(topic)) report([...path, 'topic'], 'is an input too')
    if (before.has(topic))
      report([...path, 'topic'], 'is another output’s too; write to one of its own')
    if (topic === rejects.topic) report(rejects.path, 'is the output topic too')
    before.add(topic)
  }
  if (inputs.includes(rejects.topic)) report(rejects.path, 'is an input too')
}

/** Where the file names the rejects topic, or would. */
function rejectsPath({ outputs = {} }: RawPipeline): string[] {
  const name = Object.keys(outputs).find((one) => outputs[one].rejects !== undefined)
  const first = name ?? Object.keys(outputs)[0]
  return first === undefined ? ['output', 'rejects'] : ['outputs', first, 'rejects']
}

/** The record's timestamp is no way out where it is itself the time. */
function checkEarly(pipeline: Pipeline, report: ReportAt): void {
  const sources = sourcesOf(pipeline)
  for (const [s, { path, config }] of sources.entries()) {
    if (config.early !== 'timestamp') continue
    // What a join says may be meant for the facts.
    const own = s > 0 ? sources : sources.slice(0, 1)
    if (own.some(({ config: { time } }) => time !== null)) continue
    const why =
      'timestamp is for times of a field, and without time it is the timestamp that is ahead'
    report([...path, 'early'], `${why}; write reject or drop`)
  }
}

/** Times of rows do nothing where only the latest row counts. */
function checkAsOf({ dimensions = {} }: RawPipeline, report: ReportAt): void {
  for (const [name, { asOf, history, time }] of Object.entries(dimensions)) {
    if (asOf !== undefined) continue
    const instead = 'write asOf: event-time beside it, or leave it out'
    const path = ['dimensions', name]
    if (history !== undefined) report([...path, 'history'], `is for rows as of a time; ${instead}`)
    if (time !== undefined) report([...path, 'time'], `is for rows as of a time; ${instead}`)
  }
}

/** A column of a dimension, or of an earlier join, is no fact's key, and no field of a right stream. */
function checkJoinFields(raw: RawPipeline, pipeline: Pipeline, report: ReportAt): void {
  for (const [j, join] of pipeline.joins.entries()) {
    const { dimension, join: earlier } = leftPart(pipeline, j)
    if (dimension === null && earlier === null) continue
    const path = [...join.path, 'on']
    const on = join.path[0] === 'join' ? raw.join?.on : raw.joins?.[join.name].on
    const owner =
      earlier === null ? `the dimension ${dimension}` : `the join ${pipeline.joins[earlier].name}`
    const what = `${join.onLeft} is a column of ${owner}`
    if (typeof on === 'string') {
      const right = '{ left: …, right: … }'
      const instead = `write on: ${right}, with the field of ${join.topic}`
      report(path, `${what}, and no field of ${join.topic}; ${instead}`)
    }
    if (j > 0 || repartitioned(pipeline).some(({ side }) => side === 0)) continue
    const word = repartitionWith(join, 0)
    const instead = `write repartition: ${word} under ${join.path.join('.')}`
    report(path, `${what}, so no fact is keyed by it; ${instead}`)
  }
}

/** A row of a fact's time has to be there still when the fact has waited. */
function checkWaits(pipeline: Pipeline, report: ReportAt): void {
  const { dimensions } = pipeline
  const longest = longestWait(dimensions)
  for (const { name, asOf, historyMs } of dimensions) {
    if (asOf === null || historyMs >= longest) continue
    const what = `is shorter than facts wait for rows, ${durationText(longest)}`
    const instead = `write history: ${durationText(longest)} or more, or let them wait for less`
    report(['dimensions', name, 'history'], `${what}: theirs could be forgotten; ${instead}`)
  }
}

/** Settings that the brokers would refuse, or that would do nothing. */
function checkTopicSettings(raw: RawPipeline, report: ReportAt): void {
  const outputs = writtenOutputs(raw).flatMap(({ path, output }) => [
    { path: [...path, 'topicConfig'], block: output.topicConfig },
    { path: [...path, 'rejectsConfig'], block: output.rejectsConfig },
  ])
  const state = { path: ['state', 'topicConfig'], block: raw.state?.topicConfig }
  for (const { path, block = {} } of [...outputs, state]) {
    const { replicationFactor, minInsync } = block
    if (replicationFactor !== undefined && (minInsync ?? 1) > replicationFactor) {
      const why = `is more than replicationFactor, ${replicationFactor}: nothing could be written`
      report([...path, 'minInsync'], why)
    }
    if (block.cleanup !== 'compact') continue
    for (const key of ['retention', 'retentionBytes'] as const) {
      if (block[key] === undefined) continue
      report([...path, key], 'is for cleanup: delete, or compact,delete; compact keeps the last')
    }
  }
}

function checkNames({ facts, dimensions, joins }: Pipeline, report: ReportAt): void {
  const seen = new Map<string, string>()
  const sources = [
    { path: ['facts'], select: facts.select },
    ...dimensions.map((d) => ({ path: ['dimensions', d.name], select: d.select })),
    ...joins.map(({ path, select }) => ({ path, select })),
  ]
  for (const { path, select } of sources) {
    const own = path.join('.')
    for (const { name } of select ?? []) {
      const other = seen.get(name)
      seen.set(name, own)
      // Of one select it has been told.
      if (other === undefined || other === own) continue
      const message = `the output name "${name}" is already taken by ${other}; rename one with a map`
      report([...path, 'select'], message)
    }
  }
}
