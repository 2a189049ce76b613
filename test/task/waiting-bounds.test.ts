/** Facts that wait where there is little room, where very much comes at once, and where their schema is not known yet. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesOf } from '../../src/bytes.ts'
import type { PipelineCodec, TopicCodec } from '../../src/codec/port.ts'
import type { WaitingDimension } from './waiting-model.ts'
import { factRecord, rightRecord, WaitingTask, waitingPipeline } from './waiting-task.ts'

const TIME = 1_700_000_000_000
const DIMENSION: WaitingDimension = { name: 'a', on: 'ka', missing: 'null', waitMs: 1000 }
const ROW = { v: 'row', next: null }

const facts = (count: number, time = TIME) =>
  Array.from({ length: count }, (_, i) => ({ id: `f${i}`, ka: `k${i}`, kb: null, time }))

test('facts that there is no room for go on at once, and are counted; those that wait still get their rows', async () => {
  // Room for ten: each has some 100 bytes on its page, and 256 beside it.
  const real = await WaitingTask.open(waitingPipeline([DIMENSION]), undefined, 3700)
  await real.take({ kind: 'facts', facts: facts(25) })
  const { waits } = real.context.counts
  const { waiting } = real.task.figures()
  assert.ok(waiting!.facts > 5 && waiting!.facts < 15, `${waiting!.facts} wait`)
  assert.equal(waits.noRoom, 25 - waiting!.facts)
  for (let i = 0; i < 25; i++) {
    await real.take({ kind: 'row', dimension: 0, key: `k${i}`, value: ROW, time: TIME })
  }
  await real.commit()
  const withRow = [...real.outcomes.values()].filter(([v]) => v === 'row')
  assert.equal(withRow.length, waiting!.facts)
  assert.equal(real.outcomes.size, 25)
  // There is room again.
  await real.take({ kind: 'facts', facts: [{ id: 'last', ka: 'last', kb: null, time: TIME }] })
  assert.equal(real.task.figures().waiting!.facts, 1)
})

test('more rows between two turns than are remembered: all facts that wait are looked up again', async () => {
  const real = await WaitingTask.open(waitingPipeline([DIMENSION]))
  await real.take({ kind: 'facts', facts: facts(600) })
  await real.take({ kind: 'row', dimension: 0, key: 'k599', value: ROW, time: TIME })
  const [table] = real.context.dimensions
  const key = bytesOf(Buffer.from('another'))
  const row = bytesOf(Buffer.from([0]))
  for (let i = 0; i < 20_000; i++) table.put(key, 0, key.length, row, 0, row.length)
  assert.equal(real.task.figures().waiting!.facts, 599)
  await real.work()
  assert.equal(real.task.figures().waiting!.facts, 599)
  // Their rows come in between, and are not told of one by one either.
  for (let i = 0; i < 300; i++) {
    const one = bytesOf(Buffer.from(`k${i}`))
    table.put(one, 0, one.length, row, 0, row.length)
  }
  for (let i = 0; i < 20_000; i++) table.put(key, 0, key.length, row, 0, row.length)
  await real.work()
  assert.equal(real.task.figures().waiting!.facts, 299)
})

/** Does not know the facts' schema until it was asked to load it, and forgets it when it is told to. */
function forgetful(codec: PipelineCodec, onForget: (forget: () => void) => void): PipelineCodec {
  const [facts] = codec.sources
  const real = facts.values
  let isKnown = false
  onForget(() => {
    isKnown = false
  })
  const values: TopicCodec = {
    reader: (...value) => (isKnown ? real.reader(...value) : null),
    get fault() {
      return real.fault
    },
    load: async () => {
      isKnown = true
    },
  }
  return { ...codec, sources: [{ ...facts, values }] }
}

test('after a restart the schema of facts that wait may have to be loaded first', async () => {
  let forget: () => void = () => {}
  const real = await WaitingTask.open(waitingPipeline([DIMENSION]), (codec) =>
    forgetful(codec, (one) => {
      forget = one
    }),
  )
  await real.take({ kind: 'facts', facts: facts(3) })
  assert.equal(real.task.figures().waiting!.facts, 3)
  forget()
  await real.take({ kind: 'restart', pageBytes: 0 })
  await real.take({ kind: 'row', dimension: 0, key: 'k1', value: ROW, time: TIME })
  await real.take({ kind: 'silence', ms: 1000 })
  await real.commit()
  assert.deepEqual([...real.outcomes].sort(), [
    ['f0', [null]],
    ['f1', ['row']],
    ['f2', [null]],
  ])
})

test('a fact that comes when its slice has closed comes out in the epoch that takes it, though others have waited for long enough', async () => {
  const join = {
    topic: 'right',
    schema: 'right.avsc',
    on: 'id',
    within: '60s',
    kind: 'left',
    select: ['n'],
  }
  const real = await WaitingTask.open(waitingPipeline([{ ...DIMENSION, waitMs: 5000 }], join))
  await real.take({ kind: 'row', dimension: 0, key: 'here', value: ROW, time: TIME })
  const fact = (id: string, ka: string, time: number) => factRecord({ id, ka, kb: null, time })
  await real.offer(0, [fact('waits', 'nowhere', TIME)])
  await real.work()
  await real.offer(0, [fact('closed', 'here', TIME - 70_000)])
  await real.offer(1, [rightRecord({ id: 'other', n: 1, time: TIME + 10_000 })])
  await real.task.process()
  await real.restart()
  await real.end()
  await real.commit()
  const ids = real.rows.map((row) => JSON.parse(row)[0]).sort()
  assert.deepEqual(ids, ['closed', 'waits'])
})
