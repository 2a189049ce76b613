import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import {
  caughtUp,
  FakeTopic,
  identity,
  inTurn,
  MALFORMED,
  type Running,
  startOn,
} from './fake-topic.ts'
import { rowsOf } from './rows-of.ts'
import { temporaryFolder } from './temporary-folder.ts'

/**
 * The rows that a topic stands for: of each key, the partition that has its newest record by time (the higher one
 * where two are of one time), and of that the last record.
 */
function model(topic: FakeTopic): Map<string, string> {
  const best = new Map<string, { time: number; partition: number; value: string | null }>()
  for (const [partition, records] of topic.partitions.entries()) {
    const here = new Map<string, { time: number; partition: number; value: string | null }>()
    for (const { key: written, value, time } of records) {
      const key = String(written)
      here.set(key, { time: Math.max(time, here.get(key)?.time ?? 0), partition, value })
    }
    for (const [key, one] of here) if (one.time >= (best.get(key)?.time ?? 0)) best.set(key, one)
  }
  const alive = [...best].filter(([, { value }]) => value !== null)
  return new Map(alive.map(([key, { value }]) => [key, value as string]))
}

type Step =
  | { do: 'write'; key: number; partition: number; value: boolean; time: number }
  | { do: 'grow' | 'look' | 'restart' | 'restart without rows' | 'catch up' }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 30,
      arbitrary: fc.record({
        do: fc.constant('write' as const),
        key: fc.nat(5),
        partition: fc.nat(3),
        value: fc.boolean(),
        time: fc.nat(40),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constantFrom(
          'grow' as const,
          'look' as const,
          'restart' as const,
          'restart without rows' as const,
          'catch up' as const,
        ),
      }),
    },
  ),
  { maxLength: 80, size: 'max' },
)

test('of writes to a growing number of partitions, with restarts at any time, the newest rows are there', async (t) => {
  const folder = await temporaryFolder(t)
  let run = 0
  await fc.assert(
    fc.asyncProperty(
      steps,
      fc.infiniteStream(fc.record({ turn: fc.nat(), records: fc.integer({ min: 1, max: 4 }) })),
      async (list, chunks) => {
        const topic = new FakeTopic()
        const chunk = () => chunks.next().value
        let path = join(folder, String(run++))
        let running = await startOn(topic, path, chunk)
        const restart = async (): Promise<void> => {
          await running.dimension.close()
          running = await startOn(topic, path, chunk)
        }
        let writes = 0
        for (const step of list) {
          if (step.do === 'write') {
            const partition = step.partition % topic.partitions.length
            topic.write(partition, `k${step.key}`, step.value ? `${writes++}` : null, step.time)
          } else if (step.do === 'grow') topic.grow(Math.min(4, topic.partitions.length + 1))
          else if (step.do === 'look') running.dimension.seen(identity(topic))
          else if (step.do === 'restart') await restart()
          else if (step.do === 'restart without rows') {
            path = join(folder, String(run++))
            await restart()
          } else {
            running.dimension.seen(identity(topic))
            await caughtUp(running, topic)
            assert.deepEqual(rowsOf(running.dimension.table), model(topic))
          }
        }
        running.dimension.seen(identity(topic))
        await caughtUp(running, topic)
        assert.deepEqual(rowsOf(running.dimension.table), model(topic))
        assert.equal(running.dimension.table.size, model(topic).size)
        await restart()
        await caughtUp(running, topic)
        assert.deepEqual(rowsOf(running.dimension.table), model(topic))
        await running.dimension.close()
      },
    ),
    { numRuns: 50 },
  )
})

test('a topic of several partitions with every key on one of them is read once, without times', async (t) => {
  const topic = new FakeTopic(8)
  for (let i = 0; i < 1000; i++) topic.write(i % 8, `k${i % 200}`, i % 7 === 0 ? null : `${i}`, i)
  const running = await startOn(topic, await temporaryFolder(t))
  await caughtUp(running, topic)
  assert.deepEqual(rowsOf(running.dimension.table), model(topic))
  assert.equal(running.dimension.table.stampBytes, 1)
  assert.deepEqual(running.unusable, [])
  await running.dimension.close()
})

async function recreated(t: TestContext, id: string | null, rows: readonly string[]) {
  const topic = new FakeTopic()
  topic.id = id === null ? null : 'first'
  const folder = await temporaryFolder(t)
  for (let i = 0; i < 10; i++) topic.write(0, `old ${i}`, 'old', i)
  const first = await startOn(topic, folder)
  await caughtUp(first, topic)
  const anew = (): void => {
    topic.recreate(id)
    for (const [i, row] of rows.entries()) topic.write(0, row, 'new', 100 + i)
  }
  return { topic, folder, first, anew }
}

const fewer = ['a', 'b']
const more = Array.from({ length: 25 }, (_, i) => `new ${i}`)

for (const [what, id, rows] of [
  ['with fewer records', 'second', fewer],
  ['with more records', 'second', more],
  ['with more records, of a broker without topic ids', null, more],
] as const) {
  test(`a topic that was made anew ${what} is read whole by the next start`, async (t) => {
    const { topic, folder, first, anew } = await recreated(t, id, rows)
    await first.dimension.close()
    anew()
    const second = await startOn(topic, folder)
    await caughtUp(second, topic)
    assert.deepEqual(rowsOf(second.dimension.table), model(topic))
    assert.deepEqual(second.unusable, ['recreated'])
    await second.dimension.close()
    const third = await startOn(topic, folder)
    await caughtUp(third, topic)
    assert.deepEqual(third.unusable, [], 'and only once')
    assert.deepEqual(rowsOf(third.dimension.table), model(topic))
    await third.dimension.close()
  })
}

for (const [what, id, rows, reason] of [
  ['with fewer records', 'second', fewer, 'recreated'],
  ['with more records', 'second', more, 'recreated'],
  ['with fewer records, of a broker without topic ids', null, fewer, 'out_of_range'],
] as const) {
  test(`a topic that is made anew ${what} while it is followed is read whole, and facts wait`, async (t) => {
    const { topic, first, anew } = await recreated(t, id, rows)
    anew()
    first.dimension.seen(identity(topic))
    await caughtUp(first, topic)
    assert.deepEqual(rowsOf(first.dimension.table), model(topic))
    assert.deepEqual(first.unusable, [reason])
    assert.equal(first.holds(), 1)
    first.dimension.seen(identity(topic))
    assert.ok(first.dimension.isReady)
    await first.dimension.close()
  })
}

test('a topic that is made anew again and again while it is being read is read as it is in the end', async (t) => {
  const topic = new FakeTopic()
  const running = await startOn(topic, await temporaryFolder(t))
  await caughtUp(running, topic)
  for (let round = 0; round < 20; round++) {
    topic.recreate(`round ${round}`, 1 + (round % 3))
    for (let i = 0; i < 50; i++) topic.write(i % topic.partitions.length, `${i}`, `${round}`, i)
    for (let turns = round % 5; turns > 0; turns--) await nextTurn()
    running.dimension.seen(identity(topic))
  }
  // As the next looks do.
  while (!running.dimension.isReady) {
    running.dimension.seen(identity(topic))
    await sleep(1)
  }
  await caughtUp(running, topic)
  assert.deepEqual(rowsOf(running.dimension.table), model(topic))
  await running.dimension.close()
})

async function turns(count: number): Promise<void> {
  for (; count > 0; count--) await nextTurn()
}

test('rows behind an open transaction are waited for, which is told, and only at the start', async (t) => {
  const topic = new FakeTopic()
  topic.write(0, 'undecided', 'row', 1)
  topic.write(0, 'committed', 'row', 2)
  topic.open.set(0, 0)
  t.mock.timers.enable({ apis: ['Date'], now: 1_700_000_000_000 })
  t.mock.method(performance, 'now', Date.now)
  const running: Running = await startOn(topic, await temporaryFolder(t), inTurn)
  await turns(20)
  t.mock.timers.tick(6000)
  await turns(20)
  const { dimension, events } = running
  assert.ok(!dimension.isReady)
  assert.deepEqual(dimension.progress.waitsFor, { partition: 0, offset: 0, behind: 2, ms: 6000 })
  assert.deepEqual(events, [
    {
      name: 'dimension_waits_for_transaction',
      fields: {
        dimension: 'customer',
        topic: 'customers',
        partition: 0,
        offset: 0,
        behind: 2,
        ms: 6000,
      },
    },
  ])
  topic.open.clear()
  await caughtUp(running, topic)
  assert.deepEqual(rowsOf(dimension.table), model(topic))

  topic.write(0, 'later', 'row', 3)
  topic.open.set(0, 2)
  while (dimension.progress.undecided === 0) await nextTurn()
  t.mock.timers.tick(60_000)
  while (dimension.progress.openTransaction?.ms !== 60_000) await nextTurn()
  assert.ok(dimension.isReady)
  assert.equal(dimension.progress.lag, 0)
  assert.equal(dimension.progress.undecided, 1)
  assert.ok(dimension.progress.stalenessMs >= 60_000)
  assert.equal(events.length, 1)
  await dimension.close()
})

test('a deletion is kept for its time, also where the wall clock steps ahead by more', async (t) => {
  const MONTH = 30 * 86_400_000
  const topic = new FakeTopic()
  topic.grow(2)
  topic.write(1, 'key', 'first', 10)
  topic.write(0, 'key', null, 30)
  t.mock.timers.enable({ apis: ['Date'], now: 1_700_000_000_000 })
  let elapsed = 1_000_000
  t.mock.method(performance, 'now', () => elapsed)
  const running = await startOn(topic, await temporaryFolder(t))
  await caughtUp(running, topic)
  for (let second = 0; second < 5; second++) {
    t.mock.timers.tick(MONTH)
    elapsed += 1001
    // What is written makes it look at its deletions.
    topic.write(0, 'other', `${second}`, 40 + second)
    await caughtUp(running, topic)
    await turns(5)
  }
  topic.write(1, 'key', 'from before the deletion', 20)
  await caughtUp(running, topic)
  assert.deepEqual(rowsOf(running.dimension.table), model(topic))
  assert.deepEqual([...model(topic).keys()], ['other'])
  await running.dimension.close()
})

test('a store is as old as what was read of its topic, not as its writing', async (t) => {
  const DAY = 86_400_000
  const topic = new FakeTopic()
  for (let i = 0; i < 10; i++) topic.write(0, `${i}`, 'row', i)
  const folder = await temporaryFolder(t)
  t.mock.timers.enable({ apis: ['Date'], now: 1_700_000_000_000 })
  const first = await startOn(topic, folder)
  await caughtUp(first, topic)
  // What comes now is not read: a transaction is open before it.
  topic.open.set(0, 10)
  topic.write(0, '3', null, 11)
  await turns(20)
  t.mock.timers.tick(DAY / 2)
  await turns(20)
  await first.dimension.close()
  t.mock.timers.tick(DAY / 2 + 1)
  // The deletion was compacted away meanwhile, and the deleted row with it.
  topic.open.clear()
  const second = await startOn(topic, folder)
  await caughtUp(second, topic)
  assert.deepEqual(second.unusable, ['stale'])
  await second.dimension.close()
})

test('a store does not say that rows are done with before the rejects among them are committed', async (t) => {
  const topic = new FakeTopic()
  const folder = await temporaryFolder(t)
  topic.write(0, 'good', 'row', 1)
  await run(false)
  topic.write(0, 'bad', MALFORMED, 2)
  topic.write(0, 'later', 'row', 3)
  assert.deepEqual(await run(true), [1], 'it ends before an epoch has taken it')
  assert.deepEqual(await run(false), [1], 'so it is rejected once more, and committed')
  assert.deepEqual(await run(false), [])

  /** The offsets that a run rejects. @param pending its rejects are never committed */
  async function run(pending: boolean): Promise<number[]> {
    const rejected: number[] = []
    const running = await startOn(topic, folder, inTurn, {
      onReject: (columns, i) => rejected.push(columns.offsets[i]),
      rejects: {
        get areCommitted() {
          return !pending || rejected.length === 0
        },
        untilCommitted: async () => {},
      },
    })
    await caughtUp(running, topic)
    assert.deepEqual(
      rowsOf(running.dimension.table),
      new Map([...model(topic)].filter(([k]) => k !== 'bad')),
    )
    await running.dimension.close()
    return rejected
  }
})

test('a store is written while rejects keep coming: as soon as those before are committed', async (t) => {
  const topic = new FakeTopic()
  const folder = await temporaryFolder(t)
  const reject = (offset: number): void => topic.write(0, `bad ${offset}`, MALFORMED, offset)
  for (let i = 0; i < 20; i++) reject(i)
  await run(async () => {
    // Longer than stores are left alone, and one more record, so that it is looked at.
    await new Promise((resolve) => setTimeout(resolve, 1100))
    reject(20)
  })
  assert.deepEqual(await run(async () => {}), [], 'what was committed is not rejected once more')

  async function run(meanwhile: () => Promise<void>): Promise<number[]> {
    const rejected: number[] = []
    let committed = 0
    const running = await startOn(topic, folder, inTurn, {
      onReject: (columns, i) => rejected.push(columns.offsets[i]),
      rejects: {
        get areCommitted() {
          return committed === rejected.length
        },
        untilCommitted: async () => {
          committed = rejected.length
        },
      },
    })
    await caughtUp(running, topic)
    await meanwhile()
    await caughtUp(running, topic)
    // It has no time for its last words.
    committed = -1
    await running.dimension.close()
    return rejected
  }
})
