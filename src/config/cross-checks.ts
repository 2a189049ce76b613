import { isBrokerAddress } from './broker-address.ts'
import type { Pipeline } from './pipeline.ts'
import type { RawPipeline } from './raw-pipeline.ts'
import type { ReportAt } from './report.ts'
import { changelogTopic, inputsOf, inputTopics, repartitioned } from './topic-names.ts'

/** What the JSON Schema cannot say of a pipeline file: what one key says against another. */
export function crossCheck(raw: RawPipeline, pipeline: Pipeline, report: ReportAt): void {
  checkBrokers(pipeline, report)
  checkSasl(raw.kafka, report)
  checkTopics(pipeline, report)
  checkNames(pipeline, report)
  if (pipeline.output.schemaId === null && pipeline.registry === null) {
    report(['output'], 'without a registry the output needs schemaId, the id for its frame')
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

function checkTopics(pipeline: Pipeline, report: ReportAt): void {
  const { facts, join, output } = pipeline
  const named = [
    ...inputsOf(pipeline).map(({ path, config }) => ({
      path: [...path, 'topic'],
      topic: config.topic,
    })),
    { path: ['output', 'topic'], topic: output.topic },
    { path: ['output', 'rejects'], topic: output.rejects },
  ]
  for (const { path, topic } of named) {
    if (topic === changelogTopic(pipeline)) report(path, "is the pipeline's own changelog topic")
    if (repartitioned(pipeline).some((own) => own.topic === topic))
      report(path, "is the pipeline's own repartition topic")
  }
  const inputs = inputTopics(pipeline)
  if (facts.topic === join?.topic)
    report(['join', 'topic'], 'is the fact topic too; a stream is not joined with itself')
  if (inputs.includes(output.topic)) report(['output', 'topic'], 'is an input too')
  if (inputs.includes(output.rejects)) report(['output', 'rejects'], 'is an input too')
  if (output.rejects === output.topic) report(['output', 'rejects'], 'is the output topic too')
}

function checkNames({ dimensions, join }: Pipeline, report: ReportAt): void {
  const seen = new Map<string, string>()
  const sources = [
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
