import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import fc from 'fast-check'
import type { SnapshotConfig } from '../../src/config/pipeline.ts'
import { caughtUp, FakeTopic, type Running, startOn } from './fake-topic.ts'
import { rowsOf } from './rows-of.ts'
import { END, HEADER, inSnapshots, MarkedValue, modelOf, NO_ROW } from './snapshot-topic.ts'
import { temporaryFolder } from './temporary-folder.ts'

const QUIET = 50
const PARTITIONS = 3
const CODEC = { reader: () => new MarkedValue(), fault: '', load: async () => {} }

type Step =
  | { do: 'row' | 'delete'; key: number; wait: number; of: number }
  | { do: 'begin' | 'end' | 'alone' | 'rest' | 'restart' | 'restart without rows' | 'catch up' }

const rowSteps = fc.record({
  do: fc.constantFrom('row' as const, 'row' as const, 'row' as const, 'delete' as const),
  key: fc.nat(9),
  wait: fc.nat(20),
  of: fc.nat(),
})
const steps = (others: readonly Exclude<Step['do'], 'row' | 'delete'>[]): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof(
      { weight: 20, arbitrary: rowSteps },
      { weight: 8, arbitrary: fc.record({ do: fc.constantFrom(...others) }) },
      {
        weight: 3,
        arbitrary: fc.record({
          do: fc.constantFrom(
            'restart' as const,
            'restart without rows' as const,
            'catch up' as const,
          ),
        }),
      },
    ),
    { maxLength: 60, size: 'max' },
  )

/** Writes what steps say. Snapshots under way at one time have each begun in all partitions before the next one does. */
class Writer {
  readonly topic = new FakeTopic(PARTITIONS)
  clock = 1000
  readonly #mostOpen: number
  #open: string[] = []
  #made = 0
  #writes = 0

  constructor(mostOpen: number) {
    this.#mostOpen = mostOpen
    this.topic.answersAlways = true
  }

  row({ do: what, key, wait, of }: Extract<Step, { key: number }>): void {
    this.clock += wait
    const value = what === 'delete' ? null : `${this.#writes++}`
    this.#put(key, value, this.#open[of % this.#open.length])
  }

  begin(): void {
    while (this.#open.length >= this.#mostOpen) this.#open.shift()
    for (const name of this.#open) this.#touchAll(name)
    this.clock++
    this.#open.push(`f${this.#made++}`)
    if (this.#open.length > 1) this.#touchAll(this.#open.at(-1)!)
  }

  /** The last record says it, which may be no row. */
  end(): void {
    const name = this.#open.shift()
    if (name === undefined) return
    this.clock++
    const value = this.#writes++ % 2 === 0 ? `${NO_ROW}${END}` : `${this.#writes}${END}`
    const key = value.startsWith(NO_ROW) ? null : 'end'
    this.topic.write(this.#writes % PARTITIONS, key, value, this.clock, { [HEADER]: name })
  }

  /** A row that is of no snapshot. */
  alone(): void {
    this.#put(this.#writes % 10, `${this.#writes++}`, undefined)
  }

  /** No load goes on behind a pause: it would be complete, and then not. */
  rest(): void {
    this.#open = []
    this.clock += QUIET + 1
  }

  #touchAll(name: string): void {
    for (let p = 0; p < PARTITIONS; p++) {
      this.topic.write(p, `first ${p}`, `${this.#writes++}`, ++this.clock, { [HEADER]: name })
    }
  }

  #put(key: number, value: string | null, name: string | undefined): void {
    const headers = name === undefined ? {} : { [HEADER]: name }
    this.topic.write(key % PARTITIONS, `k${key}`, value, this.clock, headers)
  }
}

/** @param mostOpen snapshots that are under way at one time */
async function asTheModelSays(
  folder: string,
  snapshot: SnapshotConfig,
  others: readonly Exclude<Step['do'], 'row' | 'delete'>[],
  mostOpen: number,
): Promise<void> {
  let run = 0
  await fc.assert(
    fc.asyncProperty(
      steps(others),
      fc.infiniteStream(fc.record({ turn: fc.nat(), records: fc.integer({ min: 1, max: 4 }) })),
      async (list, chunks) => {
        const writer = new Writer(mostOpen)
        const { topic } = writer
        let path = join(folder, String(run++))
        const start = (): Promise<Running> =>
          startOn(topic, path, () => chunks.next().value, {
            config: { snapshot },
            codec: CODEC,
            now: () => writer.clock,
          })
        let running = await start()
        const check = async (): Promise<void> => {
          await caughtUp(running, topic)
          const expected = modelOf(topic, snapshot, writer.clock)
          assert.deepEqual(rowsOf(running.dimension.table), expected)
          assert.equal(running.dimension.table.size, expected.size)
        }
        const restart = async (): Promise<void> => {
          await running.dimension.close()
          running = await start()
        }
        for (const step of list) {
          if (step.do === 'row' || step.do === 'delete') writer.row(step)
          else if (step.do === 'restart') await restart()
          else if (step.do === 'restart without rows') {
            path = join(folder, String(run++))
            await restart()
          } else if (step.do === 'catch up') await check()
          else writer[step.do]()
          for (let turns = 0; turns < 3; turns++) await nextTurn()
        }
        await check()
        await restart()
        await check()
        path = join(folder, String(run++))
        await restart()
        await check()
        await running.dimension.close()
      },
    ),
    { numRuns: 20 },
  )
}

test('rows that a snapshot lacks go once the next one begins, whatever is read first and restarted when', async (t) => {
  const folder = await temporaryFolder(t)
  const snapshot = inSnapshots({ header: HEADER })
  await asTheModelSays(folder, snapshot, ['begin', 'alone'], 1)
})

test('rows that a snapshot lacks go once a record says that it is complete, also of several at one time', async (t) => {
  const folder = await temporaryFolder(t)
  const snapshot = inSnapshots({ header: HEADER, complete: 'is_last' })
  await asTheModelSays(folder, snapshot, ['begin', 'end', 'end', 'alone'], 2)
})

test('rows that a snapshot lacks go once none of its records has come for a while, with names', async (t) => {
  const folder = await temporaryFolder(t)
  const snapshot = inSnapshots({ header: HEADER, quietMs: QUIET })
  await asTheModelSays(folder, snapshot, ['begin', 'rest', 'alone'], 1)
})

test('without names the pauses tell snapshots apart', async (t) => {
  const folder = await temporaryFolder(t)
  const snapshot = inSnapshots({ quietMs: QUIET })
  await asTheModelSays(folder, snapshot, ['rest'], 1)
})

async function guarded(folder: string, atLeast: number, topic: FakeTopic): Promise<Running> {
  const snapshot = inSnapshots({ header: HEADER, complete: 'is_last', atLeast })
  const running = await startOn(topic, folder, undefined, { config: { snapshot }, codec: CODEC })
  await caughtUp(running, topic)
  return running
}

const load = (topic: FakeTopic, name: string, rows: number): void => {
  const headers = { [HEADER]: name }
  const { length } = topic.partitions[0]
  for (let i = 0; i < rows; i++) topic.write(0, `k${i}`, name, length + i, headers)
  topic.write(0, null, `${NO_ROW}${END}`, length + rows, headers)
}

test('a snapshot that would leave too few rows deletes none, until less is asked', async (t) => {
  const folder = await temporaryFolder(t)
  const topic = new FakeTopic()
  topic.answersAlways = true
  load(topic, 'first', 10)
  load(topic, 'broken', 4)
  load(topic, 'empty', 0)
  const first = await guarded(folder, 0.5, topic)
  assert.equal(first.dimension.table.size, 10)
  const refused = (running: Running): unknown[] =>
    running.events
      .filter(({ name }) => name === 'dimension_snapshot_refused')
      .map(({ fields }) => fields.snapshot)
  assert.deepEqual(refused(first), ['broken', 'empty'])
  await first.dimension.close()

  const second = await guarded(folder, 0.5, topic)
  assert.deepEqual(refused(second), [])
  assert.equal(second.dimension.table.size, 10)
  load(topic, 'whole', 5)
  await caughtUp(second, topic)
  assert.equal(second.dimension.table.size, 5)
  load(topic, 'broken again', 2)
  await caughtUp(second, topic)
  assert.equal(second.dimension.table.size, 5)
  await second.dimension.close()

  const third = await guarded(folder, 0.4, topic)
  assert.equal(third.dimension.table.size, 2)
  await third.dimension.close()
})

test('a snapshot that comes once more changes nothing, and one from before the latest is passed over', async (t) => {
  const topic = new FakeTopic()
  topic.answersAlways = true
  load(topic, 'a', 4)
  load(topic, 'b', 3)
  const running = await guarded(await temporaryFolder(t), 0.5, topic)
  const rows = new Map([0, 1, 2].map((i) => [`k${i}`, 'b']))
  assert.deepEqual(rowsOf(running.dimension.table), rows)
  load(topic, 'b', 3)
  load(topic, 'a', 4)
  await caughtUp(running, topic)
  assert.deepEqual(rowsOf(running.dimension.table), rows)
  await running.dimension.close()
})

test('facts are held while rows go, and a million of bytes of keys goes in parts', async (t) => {
  const topic = new FakeTopic()
  topic.answersAlways = true
  const headers = (name: string) => ({ [HEADER]: name })
  const long = 'x'.repeat(60_000)
  for (let i = 0; i < 200; i++) topic.write(0, `${long}${i}`, 'v', i, headers('a'))
  const snapshot = inSnapshots({ header: HEADER })
  const settings = { config: { snapshot }, codec: CODEC }
  const running = await startOn(topic, await temporaryFolder(t), undefined, settings)
  await caughtUp(running, topic)
  assert.equal(running.holds(), 0)
  topic.write(0, 'one', 'v', 300, headers('b'))
  topic.write(0, 'two', 'v', 400, headers('c'))
  await caughtUp(running, topic)
  assert.equal(running.holds(), 1)
  assert.deepEqual([...rowsOf(running.dimension.table).keys()].sort(), ['one', 'two'])
  await running.dimension.close()
})
