import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Registry } from '../../../src/codec/registry/registry.ts'
import { EnricherError } from '../../../src/errors.ts'
import { InputQueue } from '../../../src/input/input-queue.ts'
import type { InputTopics } from '../../../src/input/input-topics.ts'
import { LastLags } from '../../../src/input/last-lags.ts'
import { NO_RIVALS } from '../../../src/instance/membership.ts'
import type { Worker } from '../../../src/instance/worker.ts'
import { REASON_NAMES, REASONS } from '../../../src/watch/verdict/reasons.ts'
import { RUNBOOK_FILE } from '../../monitoring/rules.ts'
import { pipelineWith } from '../../support/pipeline.ts'
import { Watched } from '../watched.ts'

/** Nobody else has its name. */
const ALONE = { rivals: NO_RIVALS }

const texts = ({ watch }: Watched): string[] => watch.verdict.reasons.map(({ text }) => text)

test('a healthy instance works, also one that has no input, or starts to have some', (t) => {
  const watched = new Watched(t)
  const works = (): void => {
    const { verdict, reasons } = watched.watch.verdict
    assert.deepEqual([verdict, reasons], ['works', []])
  }
  works()
  watched.pass(600)
  works()
  watched.pass(1200, () => {
    watched.facts(1000, 1)
    watched.lookUps(900, 90)
    works()
  })
  watched.pass(1200)
  works()
})

test('rejects degrade it while they are more than one in a hundred of a topic, with how many and since when', (t) => {
  const watched = new Watched(t)
  watched.pass(600, () => watched.facts(100))
  watched.pass(2, () => watched.facts(100, 100))
  const { verdict, text, since, reasons } = watched.watch.verdict
  assert.equal(verdict, 'degraded')
  assert.equal(text, 'Records are rejected')
  assert.ok(Math.abs(Date.now() - since) < 5000)
  assert.deepEqual(
    reasons.map(({ since: _, ...reason }) => reason),
    [
      {
        reason: 'rejects',
        level: 'degraded',
        percent: undefined,
        text: '3.2 % of the records of orders were rejected, as malformed: 100 of 3,100 in the last 62 s',
        action: REASONS.rejects.action,
        runbook: '/runbook#rejects',
      },
    ],
  )
  watched.pass(50, () => watched.facts(100, 100))
  assert.ok(Math.abs(Date.now() - 50_000 - watched.watch.verdict.reasons[0].since) < 5000)
  watched.pass(58, () => watched.facts(100, 0))
  assert.deepEqual(watched.reasons, ['rejects'])
  watched.pass(20, () => watched.facts(100, 0))
  assert.equal(watched.watch.verdict.verdict, 'works')
})

test('where little comes the last ten minutes are judged, and silence is no sign that it is mended', (t) => {
  const watched = new Watched(t)
  watched.pass(120, () => watched.facts(1, 1))
  watched.pass(300)
  assert.match(texts(watched)[0], /^100 % of the records of orders .* 60 of 60 in the last 7 min$/)
  watched.pass(320)
  assert.equal(watched.watch.verdict.verdict, 'works')
})

test('several reasons of one topic are one, which names the most frequent', (t) => {
  const watched = new Watched(t)
  watched.pass(2, () => {
    watched.facts(10, 1)
    watched.facts(990, 20, 'null_key')
  })
  assert.deepEqual(texts(watched), [
    '2.1 % of the records of orders were rejected, most as null_key: 21 of 1,000 in the last 2 s',
  ])
})

test('look-ups of which hardly one finds its row, and late records, degrade it', (t) => {
  const watched = new Watched(t)
  watched.pass(20, () => {
    watched.facts(100)
    watched.lookUps(0, 100)
    watched.counts.late[0] += 5
  })
  assert.deepEqual(texts(watched), [
    '100 % of the look-ups in customer found no row: 1,000 of 1,000 in the last 20 s',
    '5 % of the records of orders were late: 50 of 1,000 in the last 20 s',
  ])
  assert.equal(watched.watch.verdict.text, 'Look-ups find no row; records are late')
})

test('a dimension that few facts are in is no fault', (t) => {
  const watched = new Watched(t)
  watched.pass(20, () => watched.lookUps(10, 90))
  watched.pass(2, () => watched.lookUps(0, 3))
  assert.deepEqual(watched.reasons, [])
})

test('what is not ready is a reason, with how far it is, and no sign of being down', (t) => {
  const watched = new Watched(t)
  watched.checks = [
    { name: 'dimension customer', ok: false, detail: 'reading: 40 %, 600 offsets', percent: 40 },
    { name: 'tasks', ok: false, detail: 'restoring 1 of 4: 10 %' },
    { name: 'group', ok: true, detail: 'joined' },
  ]
  watched.pass(600)
  assert.equal(watched.watch.verdict.verdict, 'degraded')
  assert.deepEqual(texts(watched), [
    'Dimension customer: reading: 40 %, 600 offsets',
    'Tasks: restoring 1 of 4: 10 %',
  ])
  assert.equal(watched.watch.verdict.reasons[0].percent, 40)
  watched.checks = [{ name: 'group', ok: false, detail: 'joining' }]
  watched.pass(30)
  assert.deepEqual([watched.reasons, watched.watch.verdict.verdict], [['joining'], 'degraded'])
  watched.pass(40)
  assert.equal(watched.watch.verdict.verdict, 'down')
})

test('brokers that do not answer bring it down, until one does', (t) => {
  const watched = new Watched(t)
  watched.pass(10)
  watched.passAlone(14)
  assert.equal(watched.watch.verdict.verdict, 'works')
  watched.passAlone(16)
  assert.equal(watched.watch.verdict.verdict, 'down')
  assert.deepEqual(texts(watched), ['No Kafka broker has answered for 30 s'])
  watched.pass(2)
  assert.equal(watched.watch.verdict.verdict, 'works')
})

/** One task whose left input has so many records to take. */
function held(partition: number, records: number) {
  const queues = [new InputQueue(false), new InputQueue(false)]
  for (const queue of queues) queue.taken = 0
  queues[0].sawEnd(records)
  queues[1].sawEnd(0)
  return { state: 'running', task: { number: partition, stage: 0, partition, queues } }
}

test('epochs that fail again and again degrade it, and bring it down when that lasts', (t) => {
  const watched = new Watched(t)
  const error = new EnricherError('EPOCH_ABORTED', 'No in-sync replicas')
  const failing = { epochs: 1, error }
  const worker = {
    tasks: [held(0, 7)],
    lastLags: new LastLags(),
    failing,
    recovering: false,
    ...ALONE,
  }
  watched.parts.worker = worker as unknown as Worker
  watched.pass(2)
  assert.deepEqual(watched.reasons, [])
  failing.epochs = 12
  watched.pass(2)
  assert.equal(watched.watch.verdict.verdict, 'degraded')
  assert.deepEqual(texts(watched), [
    '12 epochs in a row could not be committed: No in-sync replicas',
  ])
  watched.pass(60, () => worker.tasks[0].task.queues[1].taken++)
  assert.equal(watched.watch.verdict.verdict, 'down')
  // All was done again, and there was nothing to commit.
  worker.tasks = [held(0, 0)]
  watched.pass(2)
  assert.equal(watched.watch.verdict.verdict, 'works')
})

test('an epoch that failed and cannot be ended is a reason, too, though no task is there that could lag', (t) => {
  const watched = new Watched(t)
  const failing = { epochs: 1, error: new Error('The transaction is not ended') }
  const worker = { tasks: [], lastLags: new LastLags(), failing, recovering: true, ...ALONE }
  watched.parts.worker = worker as unknown as Worker
  watched.pass(14)
  assert.deepEqual(watched.reasons, [])
  watched.pass(4)
  assert.deepEqual(texts(watched), [
    'An epoch could not be committed: The transaction is not ended',
  ])
  worker.recovering = false
  watched.pass(2)
  assert.deepEqual(watched.reasons, [])
})

test('a task that takes nothing though it has input waits; when all do, nothing goes on', (t) => {
  const watched = new Watched(t)
  const tasks = [held(0, 500), held(1, 0), held(2, 7)]
  const worker = { tasks, paused: false, ...ALONE }
  watched.parts.worker = worker as unknown as Worker
  watched.pass(60, () => tasks[2].task.queues[0].taken++)
  assert.deepEqual(watched.reasons, ['waiting'])
  assert.deepEqual(texts(watched), ['Task 0 has taken nothing for 58 s, though 500 records wait'])
  worker.tasks = [tasks[0]]
  watched.pass(2)
  assert.deepEqual([watched.reasons, watched.watch.verdict.verdict], [['standstill'], 'down'])
  worker.paused = true
  watched.pass(60)
  assert.deepEqual([watched.reasons, watched.watch.verdict.verdict], [['paused'], 'degraded'])
})

test('an instance whose name another pipeline has is down where that one has all tasks', (t) => {
  const watched = new Watched(t)
  const worker = { tasks: [], rivals: { topics: ['clicks'], haveAll: false } }
  watched.parts.worker = worker as unknown as Worker
  watched.pass(2)
  assert.equal(watched.watch.verdict.verdict, 'works')
  worker.rivals = { ...worker.rivals, haveAll: true }
  watched.pass(2)
  assert.deepEqual([watched.reasons, watched.watch.verdict.verdict], [['name_shared'], 'down'])
  assert.deepEqual(texts(watched), ['A pipeline of the same name reads clicks, and has all tasks'])
})

test('the log says once that input is held up, by what, and once that it goes on', (t) => {
  const watched = new Watched(t)
  const queues = [
    { untaken: 0, undecidedMs: 45_000 },
    { untaken: 0, undecidedMs: 0 },
  ]
  watched.parts.worker = {
    tasks: [{ task: { stage: 0, partition: 2, queues } }],
    ...ALONE,
  } as unknown as Worker
  watched.pass(600)
  queues[0].undecidedMs = 0
  watched.pass(600)
  const [heldUp, goesOn] = watched.lines
  assert.equal(watched.lines.length, 2)
  assert.deepEqual([heldUp.event, heldUp.level], ['input_held_up', 'warn'])
  assert.equal(
    heldUp.msg,
    'All that is left of orders-2 is of transactions that have been open for 45 s. Find the producer that has not ended it: `kafka-transactions.sh find-hanging`.',
  )
  assert.deepEqual([goesOn.event, goesOn.seconds], ['input_goes_on', 600])
  assert.deepEqual(watched.undeclared, [])
})

test('a registry that does not answer, and a transaction that nobody ends, are reasons', (t) => {
  const watched = new Watched(t)
  const queues = [
    { untaken: 0, undecidedMs: 45_000 },
    { untaken: 0, undecidedMs: 0 },
  ]
  const tasks = [0, 1, 2, 3, 4, 5].map((partition) => ({
    task: { number: partition, stage: 0, partition, queues },
  }))
  watched.parts.worker = { tasks, ...ALONE } as unknown as Worker
  watched.parts.registry = { isAway: true } as unknown as Registry
  watched.pass(2)
  assert.deepEqual(texts(watched), [
    'All that is left of orders-0, orders-1, orders-2, orders-3 and 2 more is of transactions that have been open for 45 s',
    'The schema registry http://localhost:8081 does not answer',
  ])
})

test('partitions that nobody reads, and a dimension that stands before an open transaction, are reasons', (t) => {
  const watched = new Watched(t)
  watched.pass(2)
  watched.parts.inputs = { partitions: [4, 6], read: [4, 4] } as unknown as InputTopics
  Object.assign(watched.parts.dimensions[0].progress, {
    openTransaction: { partition: 2, ms: 60_000 },
  })
  watched.pass(2)
  assert.deepEqual(texts(watched), [
    'All that is left of customers-2 is of transactions that have been open for 60 s',
    'payments has 6 partitions, of which 4 are read',
  ])
})

test('records of other types are dropped as the pipeline file says: a reason only where it is all of them', (t) => {
  const watched = new Watched(t)
  const others = (count: number) => (): void => {
    watched.facts(100)
    watched.counts.otherTypes.add('orders', count)
  }
  watched.pass(120, others(90))
  assert.deepEqual(watched.reasons, [])
  assert.deepEqual(
    watched.lines.map(({ level, msg }) => [level, msg]),
    [
      [
        'info',
        'orders: 90 of 100 records dropped in 2 s, 90 %, as they are of another type than `type` names',
      ],
      [
        'info',
        'orders: 2700 of 3000 records dropped in 60 s, 90 %, as they are of another type than `type` names',
      ],
    ],
  )
  watched.pass(120, others(100))
  assert.deepEqual(texts(watched), [
    '100 % of the records of orders were of another type: 3,000 of 3,000 in the last 60 s',
  ])
  assert.deepEqual(watched.undeclared, [])
})

test('without a join nothing is late, early or unmatched, and rejects and missed rows are told', (t) => {
  const watched = new Watched(t, pipelineWith(null))
  watched.pass(120, () => {
    watched.facts(5000, 100)
    watched.lookUps(0, 5000)
  })
  assert.deepEqual(watched.reasons, ['rejects', 'missing_rows'])
  assert.match(texts(watched)[0], /^2 % of the records of orders were rejected, as malformed/)
  assert.deepEqual(watched.undeclared, [])
})

test('the runbook has a section for every reason, in the order in which they are named', () => {
  const sections = [...readFileSync(RUNBOOK_FILE, 'utf8').matchAll(/^### (\w+)$/gm)]
  assert.deepEqual(
    sections.map(([, name]) => name),
    REASON_NAMES,
  )
})
