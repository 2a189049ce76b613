import { isBrokerAddress } from './broker-address.ts'
import { checkLookUps } from './look-ups.ts'
import type { Pipeline } from './pipeline.ts'
import { type RawPipeline, writtenOutputs } from './raw-pipeline.ts'
import type { ReportAt } from './report.ts'
import { changelogTopic, inputsOf, inputTopics, repartitioned, sourcesOf } from './topic-names.ts'

/** What the JSON Schema cannot say of a pipeline file: what one key says against another. */
export function crossCheck(raw: RawPipeline, pipeline: Pipeline, report: ReportAt): void {
  checkBrokers(pipeline, report)
  checkSasl(raw.kafka, report)
  checkTopics(raw, pipeline, report)
  checkNames(pipeline, report)
  checkLookUps(pipeline, report)
  checkAsOf(raw, report)
  checkTopicSettings(raw, report)
  checkEarly(pipeline, report)
  checkRepartition(pipeline, report)
  for (const { path, schemaId } of pipeline.outputs) {
    if (schemaId !== null || pipeline.registry !== null) continue
    report(path, 'without a registry the output needs schemaId, the id for its frame')
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
  const { facts, join, outputs } = pipeline
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
    if (topic === changelogTopic(pipeline)) report(path, "is the pipeline's own changelog topic")
    if (repartitioned(pipeline).some((own) => own.topic === topic))
      report(path, "is the pipeline's own repartition topic")
  }
  const inputs = inputTopics(pipeline)
  if (facts.topic === join?.topic)
    report(['join', 'topic'], 'is the fact topic too; a stream is not joined with itself')
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
  for (const { path } of sources) {
    const key = path[0] as 'facts' | 'join'
    if (pipeline[key]?.early !== 'timestamp') continue
    // What a join says may be meant for the facts.
    const own = key === 'join' ? sources : sources.slice(0, 1)
    if (own.some(({ config }) => config.time !== null)) continue
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

/** Where a group begins is decided of topics that are joined as they are. */
function checkRepartition(pipeline: Pipeline, report: ReportAt): void {
  if (repartitioned(pipeline).length === 0) return
  for (const { path, config } of sourcesOf(pipeline)) {
    if (config.startAt === null || config.startAt === 'earliest') continue
    const why = 'not supported together with join.repartition'
    report([...path, 'startAt'], `${why}; leave it out: inputs are read from their beginning`)
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

function checkNames({ facts, dimensions, join }: Pipeline, report: ReportAt): void {
  const seen = new Map<string, string>()
  const sources = [
    { path: ['facts'], select: facts.select },
    ...dimensions.map((d) => ({ path: ['dimensions', d.name], select: d.select })),
    ...(join === null ? [] : [{ path: ['join'], select: join.select }]),
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
