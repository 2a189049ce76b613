/** Of joins by different keys each stage has a changelog of its own, which check and plan look at. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkOffsets, type OffsetsState } from '../../../src/cli/checks/offsets.ts'
import { groupSteps } from '../../../src/cli/checks/steps.ts'
import { changelogSteps, windowSteps } from '../../../src/cli/checks/window-steps.ts'
import { stateFolders } from '../../../src/cli/state-folders.ts'
import { headersOf } from '../../../src/cli/stored-offsets.ts'
import { parsePipeline } from '../../../src/config/load.ts'
import { planOf, statefulStages } from '../../../src/plan/plan.ts'
import { announceLayout } from '../../../src/state/stored-layout.ts'
import { MemoryKafka } from '../../support/memory-broker.ts'

const pipeline = parsePipeline(
  `
name: job
kafka: { brokers: "localhost:9092" }
registry: { url: "http://localhost:8081" }
facts: { topic: orders }
joins:
  payment: { topic: payments, on: order_id, within: 1m }
  note: { topic: notes, on: order_id, within: 1m }
  refund: { topic: refunds, on: { left: payment.payment_id, right: payment_id }, within: 1h, repartition: facts }
output: { topic: out }
`,
  'pipeline.yaml',
  {},
)
const LEFT = 'job-refund-left-repartition'

/** The last epochs of a stage, which has read so far in partition 0. */
const written = (...offsets: number[]): OffsetsState['headers'][number] => {
  const nothing = { schemaIds: [], streamTime: 0, closedBefore: [], nextPage: 1 }
  return new Map([[0, { layout: 'a', offsets, ...nothing }]])
}

const at = (topic: string, offset: number) => ({ topic, partition: 0, offset })

const state = (headers: OffsetsState['headers'], isRunning = false) => ({
  group: { state: 'Empty', protocol: '', members: [], allowed: new Set<never>() },
  offsets: [at('orders', 5), at('payments', 4), at('notes', 3), at(LEFT, 9), at('refunds', 7)],
  headers,
  topicIds: new Map(),
  isRunning,
  ends: new Map(),
})

test('the stages of such a pipeline read what the tests say', () => {
  const stages = statefulStages(planOf(pipeline)).map(({ topics }) => topics)
  assert.deepEqual(stages, [
    ['orders', 'payments', 'notes'],
    [LEFT, 'refunds'],
  ])
})

test('offsets of a later stage that its window was not written with are found, and the stage is named', () => {
  assert.deepEqual(checkOffsets(pipeline, state([written(5, 4, 3), written(9, 7)])), [])
  const [finding, ...others] = checkOffsets(pipeline, state([written(5, 4, 3), written(9, 6)]))
  assert.deepEqual(others, [])
  assert.deepEqual([finding.mark, finding.what], ['fail', 'offsets'])
  const is = 'the group is at 7 of refunds-0, the window of refund was written up to 6'
  assert.equal(finding.detail, `${is}: the start would end with OFFSETS_CHANGED`)
  assert.match(finding.remedy!, /^restore the offset, or .* reset/)
  const [refused] = groupSteps(pipeline, state([written(5, 4, 3), written(8, 7)]))
  assert.equal(refused.kind, 'refuse')
  assert.match(refused.detail, /at 9 of job-refund-left-repartition-0, the window of refund .* 8/)
  // Whoever runs goes on with both meanwhile.
  assert.deepEqual(checkOffsets(pipeline, state([written(5, 4, 3), written(9, 6)], true)), [])
})

test('each stage that is wrong is told of, by the names of its joins', () => {
  const found = checkOffsets(pipeline, state([written(5, 4, 2), new Map([[0, undefined]])]))
  assert.deepEqual(
    found.map(({ detail }) => detail.split(':')[0]),
    [
      'the group is at 3 of notes-0, the window of payment and note was written up to 2',
      'the group is at 9 of job-refund-left-repartition-0, and job-window-2-changelog has no window of refund',
    ],
  )
  const steps = groupSteps(pipeline, state([written(5, 4, 2), new Map()]))
  assert.deepEqual(
    steps.map(({ kind }) => kind),
    ['refuse', 'refuse'],
  )
})

test('the changelog of each stage is read; one that is not there, or of another layout, is told of', async () => {
  const kafka = new MemoryKafka()
  const broker = kafka.client('check')
  kafka.topics.create('job-window-2-changelog', 1, {})
  await announceLayout(broker, 'job-window-2-changelog', 'any', { layout: 'b', schemaIds: [] })
  const [first, second, ...others] = await headersOf(pipeline, broker)
  assert.deepEqual(others, [])
  assert.deepEqual([first.last.size, first.announced], [0, []])
  assert.deepEqual([...second.last], [[0, undefined]])
  assert.equal(second.announced[0].layout, 'b')

  const [kept, refused] = changelogSteps(pipeline, 'a', [
    written(5, 4, 3),
    new Map([[0, { ...written(9, 7).get(0)!, layout: 'b' }]]),
  ])
  assert.deepEqual([kept.kind, refused.kind], ['keep', 'refuse'])
  assert.match(refused.detail, /^job-window-2-changelog has the window of another pipeline/)
})

test('local windows are told of by stage', () => {
  const dir = mkdtempSync(join(tmpdir(), 'stream-enricher-stages-'))
  try {
    for (const name of ['0', '2-0', '2-1', '2-1.damaged']) {
      mkdirSync(join(dir, 'window', name), { recursive: true })
    }
    const { windows } = stateFolders({ ...pipeline, state: { ...pipeline.state, dir } })
    assert.deepEqual(windows.map(({ stage, partition }) => `${stage} ${partition}`).sort(), [
      '0 0',
      '1 0',
      '1 1',
    ])
  } finally {
    rmSync(dir, { recursive: true })
  }
  const [step] = windowSteps([{ partition: 1, state: 'current' }], 'refund')
  assert.equal(step.detail, 'of refund, partition 1')
})
