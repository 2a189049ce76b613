import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TopicDescription } from '../../../src/broker/port.ts'
import { schemaStep } from '../../../src/cli/checks/schema-step.ts'
import { dimensionStep, groupSteps, resetSteps, topicSteps } from '../../../src/cli/checks/steps.ts'
import { changelogSteps, windowSteps } from '../../../src/cli/checks/window-steps.ts'
import { windowState } from '../../../src/cli/plan.ts'
import type { Comparison } from '../../../src/codec/registry/registry.ts'
import { openStore } from '../../../src/state/level.ts'
import { pipelineWith } from '../../support/pipeline.ts'

const pipeline = pipelineWith()
const topic = (partitions: number): TopicDescription => ({ partitions, config: new Map() })
const kinds = (steps: readonly { kind: string }[]): string[] => steps.map(({ kind }) => kind)
const header = (layout: string, left: number, right: number) => ({
  layout,
  schemaIds: [1, 2, 3],
  offsets: [left, right],
  streamTime: 0,
  closedBefore: [],
  nextPage: 0,
})

test('own topics that are missing are created with the inputs’ partitions, others stay', () => {
  const found = new Map([
    ['orders', topic(6)],
    ['payments', topic(6)],
    ['customers', topic(1)],
    ['orders.enriched', topic(6)],
    ['orders.enriched.rejects', topic(1)],
  ])
  const steps = topicSteps(pipeline, found)
  assert.deepEqual(kinds(steps), ['keep', 'keep', 'create'])
  assert.match(steps[2].detail, /job-window-changelog, 6 partitions/)
  const odd = topicSteps(pipeline, new Map([...found, ['orders.enriched', topic(5)]] as const))
  assert.deepEqual(kinds(odd), ['refuse', 'keep', 'create'])
  const keyed = pipelineWith('', '', undefined, '{ topic: orders.enriched, key: customer_id }')
  const own = topicSteps(keyed, new Map([...found, ['orders.enriched', topic(5)]] as const))
  assert.deepEqual(kinds(own), ['keep', 'keep', 'create'], 'under a key of its own any number')
  found.delete('payments')
  assert.deepEqual(kinds(topicSteps(pipeline, found)), ['refuse'])
})

test('settings are shown of each topic, and of one that is there what the file says otherwise', () => {
  const said = pipelineWith('', '', undefined, '{ topic: out, topicConfig: { retention: 7d } }')
  const config = new Map([
    ['retention.ms', '-1'],
    ['cleanup.policy', 'delete'],
  ] as const)
  const found = new Map<string, TopicDescription>([
    ...['orders', 'payments', 'customers'].map((name) => [name, topic(6)] as const),
    ['out', { partitions: 6, replicas: 3, config }],
  ])
  const [out, rejects] = topicSteps(said, found)
  assert.deepEqual([out.kind, rejects.kind], ['keep', 'create'])
  assert.equal(
    out.detail,
    'out, 6 partitions, replication factor 3, cleanup.policy delete, retention.ms unlimited; the file says otherwise, and a start changes nothing: it has retention.ms unlimited and not 7d; to change it: kafka-configs.sh --alter --entity-type topics --entity-name out --add-config retention.ms=604800000',
  )
  assert.match(rejects.detail, /^out\.rejects, 6 partitions, .*retention\.ms 14d/)
})

test('a group that has never committed begins where the file says, one that has goes on', () => {
  const begun = (facts: string, offsets: { topic: string; partition: number; offset: number }[]) =>
    groupSteps(pipelineWith('', '', undefined, undefined, `{ topic: orders${facts} }`), {
      group: { state: 'Empty', protocol: '', members: [], allowed: new Set<never>() },
      offsets,
      headers: [new Map([[0, header('l', 5, 3)]])],
      ends: new Map(),
      topicIds: new Map(),
      isRunning: false,
    }).map(({ detail }) => detail)
  assert.deepEqual(begun(', startAt: latest', []), [
    'orders is read from its end: startAt is latest',
    'payments is read from 1m before the start, by timestamps',
  ])
  assert.deepEqual(begun(', startAt: "2026-01-31T12:00:00Z"', []), [
    'orders is read from 2026-01-31T12:00:00.000Z, by timestamps',
    'payments is read from 2026-01-31T11:59:00.000Z, by timestamps',
  ])
  const offsets = [
    { topic: 'orders', partition: 0, offset: 5 },
    { topic: 'payments', partition: 0, offset: 3 },
  ]
  for (const detail of begun(', startAt: latest', offsets)) assert.match(detail, /goes on where/)
})

const SUBJECT = 'orders.enriched-value'

test('the output schema is kept, registered anew, changed or refused, as the registry has it', () => {
  const of = (given: object) => {
    const comparison = { subject: SUBJECT, ...given } as Comparison
    const { kind, detail } = schemaStep(pipeline.output, comparison)
    return `${kind}: ${detail}`
  }
  const verdict = { level: 'BACKWARD', changes: ['x is new'], reason: '' } as const
  assert.equal(of({ state: 'registered' }), 'keep: orders.enriched-value has it already')
  assert.equal(of({ state: 'new' }), 'create: registers the first version of orders.enriched-value')
  assert.equal(
    of({ state: 'compatible', ...verdict }),
    'change: registers a new version of orders.enriched-value, compatible with the latest (BACKWARD): x is new',
  )
  assert.equal(
    of({ ...verdict, state: 'compatible', level: null, changes: [] }),
    'change: registers a new version of orders.enriched-value, compatible with the latest, from which no field differs',
  )
  assert.equal(
    of({ ...verdict, state: 'unjudged' }),
    'change: registers a new version of orders.enriched-value; whether it is taken the registry says only then, of the latest (BACKWARD): x is new',
  )
  const changes = Array.from({ length: 10 }, (_, i) => `f${i} is gone`)
  assert.equal(
    of({ state: 'incompatible', level: 'FULL_TRANSITIVE', changes, reason: 'no' }),
    "refuse: not compatible with all versions of orders.enriched-value (FULL_TRANSITIVE): f0 is gone; f1 is gone; f2 is gone; f3 is gone; f4 is gone; f5 is gone; f6 is gone; f7 is gone; 2 fields more; the registry says: no; use another output topic, or change the subject's compatibility",
  )
})

test('what a reset would make of the outputs is told beside what stays, and refuses no start', () => {
  const { outputs } = pipeline
  const verdict = { level: 'BACKWARD', changes: ['x is new'], reason: '' } as const
  const details = (later: Parameters<typeof resetSteps>[1]) =>
    resetSteps(outputs, later).map(({ kind, detail }) => `${kind}: ${detail}`)
  assert.deepEqual(details([{ state: 'registered', subject: SUBJECT }]), [])
  assert.deepEqual(details([null]), [])
  assert.deepEqual(details([{ state: 'compatible', subject: SUBJECT, ...verdict }]), [
    'keep: a new version of orders.enriched-value would be registered, compatible with the latest (BACKWARD): x is new',
  ])
  const [refused] = details([{ state: 'incompatible', subject: SUBJECT, ...verdict }])
  assert.match(refused, /^keep: the registry would refuse .* the latest of orders\.enriched-value/)
  assert.deepEqual(details('orders has no field a'), [
    'keep: the pipeline would not start: orders has no field a',
  ])
})

test('a changelog of another layout refuses the start, an empty one says nothing', () => {
  const headers = new Map([
    [0, header('new', 1, 1)],
    [1, undefined],
  ])
  assert.deepEqual(kinds(changelogSteps(pipeline, 'new', [headers])), ['keep'])
  const [refused] = changelogSteps(pipeline, 'other', [headers])
  assert.equal(refused.kind, 'refuse')
  assert.match(refused.detail, /STATE_LAYOUT_CHANGED.*stream-enricher reset/)
  assert.deepEqual(changelogSteps(pipeline, 'new', [new Map([[0, undefined]])]), [])
})

test('local windows are kept by partition, others are not used', () => {
  const steps = windowSteps(
    [
      { partition: 10, state: 'current' },
      { partition: 2, state: 'current' },
      { partition: 3, state: 'other' },
      { partition: 4, state: 'empty' },
    ],
    null,
  )
  assert.deepEqual(kinds(steps), ['keep', 'change'])
  assert.match(steps[0].detail, /of partition 2, 10/)
  assert.match(steps[1].detail, /of partition 3:/)
})

test('a local window to which nothing was ever written is not spoken of', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-plan-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const store = await openStore(folder)
  await store.close()
  for (const hasEpoch of [false, true]) {
    const state = await windowState(folder, 'a', hasEpoch)
    assert.equal(state, 'empty')
    assert.deepEqual(windowSteps([{ partition: 3, state }], null), [])
  }
})

test('rows older than the time for which deletions are kept are read again', () => {
  const dimension = { name: 'customer', topic: topic(1) }
  const stored = { ...dimension, checkpoint: { layout: 'a', currentAt: 1000 } }
  assert.equal(dimensionStep(stored, 'a', 2000).kind, 'keep')
  assert.equal(dimensionStep(stored, 'b', 2000).kind, 'change')
  assert.equal(dimensionStep(stored, 'a', 1000 + 86_400_000).kind, 'change')
  assert.equal(dimensionStep({ ...dimension, checkpoint: undefined }, 'a', 0).kind, 'create')
  const anew = dimensionStep({ ...stored, unusable: 'recreated' }, 'a', 2000)
  assert.equal(anew.kind, 'change')
  assert.match(anew.detail, /its topic was deleted and made anew/)
})

test('offsets that the window was not written with refuse the start, but not while others run', () => {
  const state = (members: number) => ({
    group: {
      state: 'x',
      protocol: 'stream-enricher',
      members: Array.from({ length: members }, () => ({ clientId: 'c', host: 'h', topics: [] })),
      allowed: new Set<never>(),
    },
    offsets: [
      { topic: 'orders', partition: 0, offset: 7 },
      { topic: 'payments', partition: 0, offset: 9 },
    ],
    headers: [new Map([[0, header('a', 7, 8)]])],
    topicIds: new Map(),
    isRunning: members > 0,
    ends: new Map([
      ['orders', new Map([[0, { first: 0, end: 10 }]])],
      ['payments', new Map([[0, { first: 0, end: 9 }]])],
    ]),
  })
  const [refused] = groupSteps(pipeline, state(0))
  assert.equal(refused.kind, 'refuse')
  assert.match(refused.detail, /at 9 of payments-0.*up to 8.*OFFSETS_CHANGED/)
  const running = groupSteps(pipeline, state(2))
  assert.deepEqual(kinds(running), ['change', 'keep', 'keep'])
  assert.match(running[1].detail, /3 behind/)
  const fresh = { ...state(0), offsets: [], headers: [] }
  assert.match(groupSteps(pipeline, fresh)[0].detail, /from its beginning, 10 records/)
})
