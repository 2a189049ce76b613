import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TopicDescription } from '../../../src/broker/port.ts'
import { checkOwnTopics } from '../../../src/cli/checks/own-topics.ts'
import {
  checkDimensionTopics,
  checkPartitions,
  checkRetention,
  checkThere,
} from '../../../src/cli/checks/topics.ts'
import { parsePipeline } from '../../../src/config/load.ts'
import { newTopic, newTopicText } from '../../../src/plan/own-topics.ts'
import { partitionsRemedy } from '../../../src/plan/topics.ts'
import { pipelineWith } from '../../support/pipeline.ts'

const pipeline = pipelineWith()
/** @param said of the output, beside its topic */
const withOutput = (said: string) =>
  pipelineWith('', '', undefined, `{ topic: orders.enriched${said === '' ? '' : `, ${said}`} }`)
const topic = (partitions: number, config: Record<string, string> = {}): TopicDescription => ({
  partitions,
  config: new Map(Object.entries(config)),
})
const marks = (findings: readonly { mark: string }[]): string[] => findings.map(({ mark }) => mark)
const DAY = String(86_400_000)

test('a missing input and one that may not be described are told apart', () => {
  const allowed = new Set<never>()
  const findings = checkThere(
    pipeline,
    new Map([
      ['orders', { state: 'there' as const, allowed }],
      ['payments', { state: 'missing' as const, allowed }],
      ['customers', { state: 'hidden' as const, allowed }],
    ]),
  )
  assert.deepEqual(marks(findings), ['ok', 'fail', 'fail'])
  assert.match(findings[1].detail, /payments does not exist/)
  assert.match(findings[2].remedy ?? '', /describe and read on customers/)
})

test('every topic with another number of partitions than the facts is named, with the number it needs', () => {
  const same = new Map([
    ['orders', topic(4)],
    ['payments', topic(4)],
    ['customers', topic(1)],
  ])
  assert.deepEqual(marks(checkPartitions(pipeline, same)), ['ok'])
  const odd = new Map([...same, ['payments', topic(3)], ['orders.enriched', topic(8)]] as const)
  const findings = checkPartitions(pipeline, odd)
  assert.deepEqual(marks(findings), ['fail', 'fail'])
  assert.match(findings[0].detail, /payments has 3, orders has 4/)
  assert.match(findings[0].remedy ?? '', /--alter --topic payments --partitions 4/)
  assert.equal(findings[1].remedy, 'name another output topic')
  const more = checkPartitions(pipeline, new Map([...same, ['payments', topic(6)]] as const))
  assert.match(more[0].remedy ?? '', /--alter --topic orders --partitions 6/)
})

test('a dimension that loses rows fails, one that only grows is a warning', () => {
  const of = (config: Record<string, string>) =>
    checkDimensionTopics(pipeline, new Map([['customers', topic(1, config)]]))[0].mark
  assert.equal(of({ 'cleanup.policy': 'compact' }), 'ok')
  assert.equal(of({ 'cleanup.policy': 'compact', 'retention.ms': DAY }), 'ok')
  assert.equal(of({ 'cleanup.policy': 'delete', 'retention.ms': '-1' }), 'warn')
  assert.equal(of({ 'cleanup.policy': 'delete', 'retention.ms': DAY }), 'fail')
  assert.equal(of({ 'cleanup.policy': 'compact,delete', 'retention.ms': DAY }), 'fail')
  assert.equal(of({ 'cleanup.policy': 'delete', 'retention.bytes': '1000' }), 'fail')
})

test('a dimension that is looked up as of a time has to keep what rows were before', () => {
  const of = (history: string, config: Record<string, string>): [string, string] => {
    const text = `{ topic: customers, on: customer_id, asOf: event-time${history} }`
    const asOf = pipelineWith('', '', `dimensions: { customer: ${text} }`)
    const [{ mark, remedy }] = checkDimensionTopics(
      asOf,
      new Map([['customers', topic(1, config)]]),
    )
    return [mark, remedy ?? '']
  }
  const compacted = { 'cleanup.policy': 'compact' }
  const week = { ...compacted, 'min.compaction.lag.ms': String(7 * 86_400_000) }
  assert.deepEqual(of(', history: 7d', week), ['ok', ''])
  assert.deepEqual(of('', { 'cleanup.policy': 'delete', 'retention.ms': '-1' }), ['ok', ''])
  const [short, longer] = of(', history: 8d', week)
  assert.equal(short, 'warn')
  assert.match(longer, /min\.compaction\.lag\.ms=691200000 on customers/)
  const [ever, kept] = of('', compacted)
  assert.equal(ever, 'warn')
  assert.match(
    kept,
    /set cleanup\.policy=delete and retention\.ms=-1 on customers; or say by history/,
  )
  assert.equal(of('', { 'cleanup.policy': 'delete', 'retention.ms': DAY })[0], 'fail')
})

test('an input has to keep its records for longer than window and grace', () => {
  const of = (config: Record<string, string>) =>
    checkRetention(pipeline, new Map([['orders', topic(4, config)]]))[0].mark
  assert.equal(of({ 'retention.ms': '-1' }), 'ok')
  assert.equal(of({ 'retention.ms': '69999' }), 'fail')
  assert.equal(of({ 'retention.ms': '70000' }), 'warn')
  assert.equal(of({ 'retention.ms': '140000' }), 'ok')
  assert.equal(of({ 'cleanup.policy': 'compact' }), 'warn')
})

test('the changelog must not lose records, the output should not, the rejects may', () => {
  const limited = topic(4, { 'cleanup.policy': 'delete', 'retention.ms': DAY })
  const found = new Map(
    ['orders.enriched', 'orders.enriched.rejects', 'job-window-changelog'].map((name) => [
      name,
      limited,
    ]),
  )
  assert.deepEqual(marks(checkOwnTopics(pipeline, found)), ['warn', 'ok', 'fail'])
  const compacted = new Map([['job-window-changelog', topic(4, { 'cleanup.policy': 'compact' })]])
  assert.deepEqual(marks(checkOwnTopics(pipeline, compacted)), ['fail', 'ok'])
})

test('an output or rejects topic that grows without limit is a warning, unless the file says so', () => {
  const unlimited = topic(4, { 'cleanup.policy': 'delete', 'retention.ms': '-1' })
  const found = new Map(
    ['orders.enriched', 'orders.enriched.rejects', 'job-window-changelog'].map((name) => [
      name,
      unlimited,
    ]),
  )
  const findings = checkOwnTopics(pipeline, found)
  assert.deepEqual(marks(findings), ['warn', 'warn', 'ok'])
  assert.match(findings[0].detail, /orders\.enriched grows without limit \(retention\.ms=-1/)
  assert.match(findings[1].remedy ?? '', /output\.rejectsConfig\.retention/)
  const said = withOutput('topicConfig: { retention: unlimited }')
  assert.deepEqual(marks(checkOwnTopics(said, found)), ['ok', 'warn', 'ok'])
})

test('each of several outputs is judged by what the file says of it, rejects by the one that says it', () => {
  const several = parsePipeline(
    `name: job
kafka: { brokers: "localhost:9092" }
registry: { url: "http://localhost:8081" }
facts: { topic: orders }
outputs:
  a: { topic: a, topicConfig: { retention: unlimited } }
  b: { topic: b, rejectsConfig: { retention: 3d } }
`,
    'pipeline.yaml',
    {},
  )
  const found = new Map(
    ['a', 'b', 'a.rejects'].map((name) => [
      name,
      topic(4, { 'cleanup.policy': 'delete', 'retention.ms': '-1' }),
    ]),
  )
  const findings = checkOwnTopics(several, found)
  assert.deepEqual(marks(findings), ['ok', 'warn', 'warn'])
  assert.match(findings[1].remedy ?? '', /as outputs\.b\.topicConfig\.retention/)
  assert.match(findings[2].detail, /a\.rejects has .*, as outputs\.b\.rejectsConfig says/)
})

test('a topic that is not as the file says is told once, with the command that changes it', () => {
  const said = withOutput(
    'topicConfig: { retention: 7d, minInsync: 2, replicationFactor: 3, cleanup: "compact,delete" }, rejectsConfig: { partitions: 2 }',
  )
  const config = {
    'cleanup.policy': 'delete',
    'retention.ms': '-1',
    'retention.bytes': '-1',
    'min.insync.replicas': '1',
  }
  const found = new Map([
    ['orders.enriched', { ...topic(4, config), replicas: 1 }],
    ['orders.enriched.rejects', topic(4, { 'retention.ms': DAY })],
  ])
  const [output, , rejects] = checkOwnTopics(said, found)
  assert.equal(
    output.detail,
    'orders.enriched has replication factor 1 and not 3, retention.ms unlimited and not 7d, min.insync.replicas 1 and not 2, cleanup.policy delete and not compact,delete, as output.topicConfig says',
  )
  assert.equal(
    output.remedy,
    'kafka-configs.sh --alter --entity-type topics --entity-name orders.enriched --add-config retention.ms=604800000,min.insync.replicas=2,cleanup.policy=[compact,delete]; kafka-reassign-partitions.sh, with 3 replicas for each partition; a start leaves it as it is',
  )
  assert.match(rejects.detail, /rejects has partitions 4 and not 2, as output\.rejectsConfig says/)
})

test('an output topic may be compacted, and may delete, where the file says so', () => {
  const of = (said: string, config: Record<string, string>) =>
    marks(checkOwnTopics(withOutput(said), new Map([['orders.enriched', topic(4, config)]])))[0]
  const compact = { 'cleanup.policy': 'compact' }
  assert.equal(of('topicConfig: { cleanup: compact }', compact), 'ok')
  assert.equal(of('topicConfig: { minInsync: 2 }', compact), 'fail')
  const limited = { 'cleanup.policy': 'delete', 'retention.ms': DAY }
  assert.equal(of('topicConfig: { retention: 1d }', limited), 'ok')
  assert.equal(of('topicConfig: { minInsync: 1 }', limited), 'warn')
})

test('what is created is what the file says, and rejects are kept for two weeks', () => {
  const created = (said: string, name: string) => newTopic(withOutput(said), name, 6, 1_000_000)
  const plain = created('', 'orders.enriched')
  assert.deepEqual(plain, {
    topic: 'orders.enriched',
    partitions: 6,
    config: { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': '-1' },
    wished: { 'max.message.bytes': '8388608' },
  })
  assert.equal(
    created('', 'orders.enriched.rejects').config['retention.ms'],
    String(14 * 86_400_000),
  )
  assert.equal(created('', 'job-window-changelog').config['retention.ms'], '-1')
  const said = created(
    'topicConfig: { retention: 36h, retentionBytes: 1GiB, settings: { segment.ms: 1h, segment.bytes: 64MiB, max.message.bytes: 2000000, message.timestamp.type: LogAppendTime, preallocate: true, min.cleanable.dirty.ratio: 0.2 } }',
    'orders.enriched',
  )
  assert.deepEqual(said.config, {
    'cleanup.policy': 'delete',
    'retention.ms': '129600000',
    'retention.bytes': '1073741824',
    'segment.ms': '3600000',
    'segment.bytes': '67108864',
    'max.message.bytes': '2000000',
    'message.timestamp.type': 'LogAppendTime',
    preallocate: 'true',
    'min.cleanable.dirty.ratio': '0.2',
  })
  assert.equal(said.wished, undefined, 'the file says max.message.bytes')
  const rejects = created(
    'rejectsConfig: { partitions: 1, replicationFactor: 3, retention: 3d }',
    'orders.enriched.rejects',
  )
  assert.deepEqual([rejects.partitions, rejects.replicationFactor], [1, 3])
  assert.match(
    newTopicText(rejects),
    /^orders\.enriched\.rejects, 1 partition, replication factor 3, .*retention\.ms 3d/,
  )
})

test('partitions are added to an input only while it is empty, as keys would move', () => {
  const remedy = (partitions: number, other: string, count: number): string =>
    partitionsRemedy(pipeline, partitions, other, count)
  assert.equal(
    remedy(6, 'payments', 4),
    'while payments is empty give it as many (kafka-topics.sh --alter --topic payments --partitions 6); with records in it keys would move away from what came before: write a new topic of 6 partitions, or carry one side through an internal topic (join.repartition: facts or right)',
  )
  assert.match(
    remedy(4, 'payments', 6),
    /^while orders is empty give it as many .*--partitions 6\)/,
  )
  assert.equal(
    remedy(6, 'orders.enriched', 4),
    'give orders.enriched as many (kafka-topics.sh --alter --topic orders.enriched --partitions 6)',
  )
})
