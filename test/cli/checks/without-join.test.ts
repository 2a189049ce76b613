/** What check and plan say of a pipeline whose facts are joined with nothing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Operation, TopicAccess, TopicDescription } from '../../../src/broker/port.ts'
import { checkAccess } from '../../../src/cli/checks/access.ts'
import { checkOffsets } from '../../../src/cli/checks/offsets.ts'
import { checkOwnTopics } from '../../../src/cli/checks/own-topics.ts'
import { checkValues } from '../../../src/cli/checks/records.ts'
import { checkDisk, checkMemory } from '../../../src/cli/checks/room.ts'
import { groupSteps, topicSteps } from '../../../src/cli/checks/steps.ts'
import { checkTimes } from '../../../src/cli/checks/times.ts'
import { checkPartitions, checkRetention } from '../../../src/cli/checks/topics.ts'
import { readValues } from '../../../src/cli/checks/values.ts'
import { changelogSteps } from '../../../src/cli/checks/window-steps.ts'
import { parsePipeline } from '../../../src/config/load.ts'
import { createPipelineCodec, outputFrame } from '../../../src/plan/pipeline-codec.ts'
import { pipelineWith } from '../../support/pipeline.ts'

const text = (dimensions: string): string => `
name: job
kafka: { brokers: "localhost:9092" }
registry: { url: "http://localhost:8081" }
facts: { topic: orders, time: at }
${dimensions}
output: { topic: orders.enriched }
`
const pipeline = parsePipeline(
  text('dimensions: { customer: { topic: customers, on: customer_id } }'),
  'pipeline.yaml',
  {},
)
const topic = (partitions: number, config: Record<string, string> = {}): TopicDescription => ({
  partitions,
  config: new Map(Object.entries(config)),
})
const marks = (findings: readonly { mark: string }[]): string[] => findings.map(({ mark }) => mark)
const inputs = [
  ['orders', topic(4)],
  ['customers', topic(1)],
] as const

test('the output has the facts’ number of partitions, and nothing else has to', () => {
  const found = new Map([...inputs, ['orders.enriched', topic(4)]] as const)
  const [sound] = checkPartitions(pipeline, found)
  assert.equal(sound.detail, '4 each: orders, orders.enriched')
  const odd = new Map([...inputs, ['orders.enriched', topic(3)]] as const)
  const [finding, ...others] = checkPartitions(pipeline, odd)
  assert.match(finding.detail, /orders\.enriched has 3, orders has 4: an output has its fact’s/)
  assert.deepEqual(others, [])
})

test('rights are asked for on inputs, output and rejects, and on no changelog', () => {
  const access = (operations: Operation[]): TopicAccess => ({
    state: 'there',
    allowed: new Set(operations),
  })
  const group = { state: 'Empty', protocol: '', members: [], allowed: new Set(['read'] as const) }
  const findings = (output: Operation[]) =>
    checkAccess(pipeline, {
      topics: new Map([
        ['orders', access(['describe', 'read'])],
        ['customers', access(['describe', 'read'])],
        ['orders.enriched', access(output)],
        ['orders.enriched.rejects', access(['describe', 'write'])],
        ['job-window-changelog', access([])],
      ]),
      group,
      transactionalId: 'job-any',
      mayUseTransactionalId: true,
    })
  assert.deepEqual(marks(findings(['describe', 'write'])), ['ok'])
  const [refused] = findings(['describe'])
  assert.equal(refused.detail, 'topic orders.enriched: no write')
})

test('facts may be deleted at any age, and only output and rejects are the pipeline’s own', () => {
  const limited = new Map([['orders', topic(4, { 'retention.ms': '1000' })]])
  const [retention, ...others] = checkRetention(pipeline, limited)
  assert.equal(retention.mark, 'ok')
  assert.deepEqual(others, [])
  const [own] = checkOwnTopics(pipeline, new Map())
  assert.equal(own.detail, 'orders.enriched, orders.enriched.rejects: created by a start')
})

test('room is needed for rows only, and for none without dimensions', () => {
  const rows = [{ name: 'customer', rows: 1024, rowBytes: 77 }]
  const streams = [{ rate: 1_000_000, bytes: 1_000_000 }]
  const disk = { folder: '/', freeBytes: 1 << 30, isWritable: true, isFile: false }
  const memory = checkMemory(pipeline, rows, streams, 1 << 30)
  assert.match(memory.detail, /^about 100 KiB at most \(customer 100 KiB for 1,024 rows\) of /)
  const { detail } = checkDisk(pipeline, rows, streams, disk)
  assert.match(detail, /^about 300 KiB of 1.0 GiB free at .* \(on one instance\)$/)
  const plain = parsePipeline(text(''), 'pipeline.yaml', {})
  assert.match(checkMemory(plain, [], streams, 1 << 30).detail, /^about 0 B at most of the /)
})

test('the facts’ event times are looked at, and compared with nothing', () => {
  const now = Date.UTC(2026, 5)
  const reading = { unit: 'ms', fromSchema: false } as const
  const time = (ms: number) => ({ text: String(ms), ms, reading, timestamp: now })
  assert.deepEqual(marks(checkTimes(pipeline, [[time(now)]], now)), ['ok'])
  const [wrong] = checkTimes(pipeline, [[time(now / 1000)]], now)
  assert.equal(wrong.mark, 'fail')
  assert.match(wrong.remedy!, /unit: s } \(pipeline\.yaml:5: facts\.time\)/)
})

test('a key may be anything, or none', async () => {
  const long = { type: 'long', logicalType: 'timestamp-millis' } as const
  const fields = [
    { name: 'at', type: long },
    { name: 'customer_id', type: 'string' as const },
  ]
  const schemas = {
    facts: { type: 'record' as const, name: 'Order', fields },
    rights: [],
    dimensions: [
      {
        type: 'record' as const,
        name: 'Customer',
        fields: [{ name: 'name', type: 'string' as const }],
      },
    ],
  }
  const { sources } = createPipelineCodec(pipeline, schemas, null)
  const value = Buffer.concat([outputFrame(1), Buffer.from([2, 2, 97])])
  const record = { value, headers: [], timestamp: 0, partition: 0, offset: 0 }
  const sample = {
    topic: 'orders',
    codec: sources[0].values,
    key: null,
    keyFormat: 'long' as const,
    isStream: true,
    join: null,
    isOfRegistry: false,
    isBare: false,
    records: [
      { ...record, key: null },
      { ...record, key: Buffer.from([1, 2, 3]) },
    ],
  }
  const read = await readValues(sample)
  assert.equal(read.readable, 2)
  assert.deepEqual(marks(checkValues(sample, read)), ['ok'])
})

test('a start creates output and rejects, and goes on where the group was', () => {
  const steps = topicSteps(pipeline, new Map(inputs))
  assert.deepEqual(
    steps.map(({ kind, detail }) => `${kind} ${detail}`),
    [
      'create orders.enriched, 4 partitions, cleanup.policy delete, retention.ms unlimited, retention.bytes unlimited, max.message.bytes 8.0 MiB',
      'create orders.enriched.rejects, 4 partitions, cleanup.policy delete, retention.ms 14d, retention.bytes unlimited, max.message.bytes 8.0 MiB',
    ],
  )
  assert.deepEqual(changelogSteps(pipeline, 'any', [new Map()]), [])
  const [offsets, ...others] = groupSteps(pipeline, group)
  assert.equal(offsets.detail, 'orders goes on where the group was, 3 behind the end')
  assert.deepEqual(others, [])
})

test('a pipeline that has run without a join does not start with one', () => {
  const joined = pipelineWith()
  const why = /read orders-0 up to 7, .* has run without a join under this name/
  // Also where the instances without it still run: what starts beside them would end.
  for (const isRunning of [false, true]) {
    const [refused] = groupSteps(joined, { ...group, isRunning })
    assert.equal(refused.kind, 'refuse')
    assert.match(refused.detail, why)
    const [finding] = checkOffsets(joined, { ...group, isRunning })
    assert.deepEqual([finding.mark, finding.what], ['fail', 'offsets'])
    assert.match(finding.detail, why)
    assert.match(finding.remedy!, /^To begin anew with the join, .* reset/)
  }
  assert.deepEqual(checkOffsets(joined, { ...group, offsets: [] }), [])
  assert.deepEqual(checkOffsets(pipeline, group), [])
})

test('facts of a pipeline that has run may begin to wait; taken out again, its changelog refuses the start', () => {
  const dimensions = 'dimensions: { c: { topic: customers, on: c, missing: { wait: 5s } } }'
  const waiting = pipelineWith(null, '', dimensions)
  assert.deepEqual(checkOffsets(waiting, group), [])
  assert.equal(groupSteps(waiting, group)[0].kind, 'keep')
  const header = {
    ...{ layout: 'facts', schemaIds: [], streamTime: 0, closedBefore: [], nextPage: 1 },
    offsets: [5],
  }
  const headers = new Map([[0, header]])
  assert.equal(changelogSteps(waiting, 'facts', [headers])[0].kind, 'keep')
  const [ahead] = checkOffsets(waiting, { ...group, headers: [headers] })
  assert.match(ahead.detail, /the group is at 7 of orders-0, the window was written up to 5/)
  const [refused] = changelogSteps(pipeline, 'any', [headers])
  assert.equal(refused.kind, 'refuse')
  assert.match(refused.detail, /with facts that wait for rows under this name/)
})

test('a name that a pipeline with other topics runs under is another’s, also where that one has a join', () => {
  const running = (topics: readonly string[]) => ({
    ...group,
    group: {
      state: 'Stable',
      protocol: 'stream-enricher',
      members: [{ clientId: 'c', host: 'h', topics }],
      allowed: new Set(['read'] as const),
    },
    isRunning: true,
  })
  for (const topics of [['clicks'], ['orders', 'payments']]) {
    const state = running(topics)
    const [step] = groupSteps(pipeline, state)
    assert.equal(step.kind, 'refuse')
    const why = new RegExp(`job is .* reads ${topics.join(', ')}, not orders`)
    assert.match(step.detail, why)
    const access = { ...state, topics: new Map(), transactionalId: '', mayUseTransactionalId: true }
    const [finding] = checkAccess(pipeline, access)
    assert.deepEqual([finding.mark, finding.what], ['fail', 'group'])
    assert.match(finding.detail, why)
  }
  for (const topics of [[], ['orders']]) {
    assert.equal(groupSteps(pipeline, running(topics))[0].kind, 'change')
  }
})

test('offsets of a topic that was made anew refuse the start, and those without an id do not', () => {
  const of = (topicId: string | null, now: string | null) => ({
    ...group,
    offsets: [{ topic: 'orders', partition: 0, offset: 7, topicId }],
    topicIds: new Map([['orders', now]]),
  })
  assert.match(
    checkOffsets(pipeline, of('a', 'b'))[0].detail,
    /orders was deleted and created anew/,
  )
  assert.equal(groupSteps(pipeline, of('a', 'b'))[0].kind, 'refuse')
  for (const same of [of('a', 'a'), of(null, 'b'), of('a', null)]) {
    assert.deepEqual(checkOffsets(pipeline, same), [])
  }
})

const group = {
  group: { state: 'Empty', protocol: '', members: [], allowed: new Set<never>() },
  offsets: [{ topic: 'orders', partition: 0, offset: 7 }],
  headers: [],
  topicIds: new Map(),
  isRunning: false,
  ends: new Map([['orders', new Map([[0, { first: 0, end: 10 }]])]]),
}

test('a changelog without the facts that waited is found before a start, and one in which none waited is not spoken of', () => {
  const waiting = parsePipeline(
    text('dimensions: { customer: { topic: customers, on: customer_id, missing: { wait: 5s } } }'),
    'pipeline.yaml',
    {},
  )
  const of = (state: string | undefined, isRunning = false) => ({
    offsets: [{ topic: 'orders', partition: 0, offset: 7, ...(state && { state }) }],
    headers: [new Map([[0, undefined]])],
    topicIds: new Map(),
    isRunning,
  })
  const waited = '{"firstPage":3,"waiting":2,"streamTime":1700000000000}'
  const [finding, ...others] = checkOffsets(waiting, of(waited))
  assert.deepEqual(others, [])
  assert.equal(finding.mark, 'fail')
  assert.match(
    finding.detail,
    /^job-window-changelog-0 does not have the state .*\(2 facts that wait for rows, stream time 2023-11-14T22:13:20\.000Z\)/,
  )
  assert.match(finding.remedy!, /^To begin anew, stop all instances, run `stream-enricher reset`/)
  const idle = '{"firstPage":null,"waiting":0,"streamTime":1700000000000}'
  for (const sound of [of(idle), of(undefined), of('somebody’s own'), of(waited, true)]) {
    assert.deepEqual(checkOffsets(waiting, sound), [])
  }
})
