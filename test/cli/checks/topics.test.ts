import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TopicDescription } from '../../../src/broker/port.ts'
import {
  checkDimensionTopics,
  checkOwnTopics,
  checkPartitions,
  checkRetention,
  checkThere,
} from '../../../src/cli/checks/topics.ts'
import { partitionsRemedy } from '../../../src/plan/topics.ts'
import { pipelineWith } from '../../support/pipeline.ts'

const pipeline = pipelineWith()
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

test('partitions are added to an input only while it is empty, as keys would move', () => {
  const remedy = (partitions: number, other: string, count: number): string =>
    partitionsRemedy(pipeline, partitions, other, count)
  assert.equal(
    remedy(6, 'payments', 4),
    'while payments is empty give it as many (kafka-topics.sh --alter --topic payments --partitions 6); with records in it keys would move away from what came before: write a new topic of 6 partitions',
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
