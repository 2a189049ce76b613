/**
 * Restores of random changelogs on a Kafka in memory, which end at every await, and begin anew: whatever the disk had,
 * the window is what a naive replay of the changelog makes of it.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bytesOf } from '../../src/bytes.ts'
import { type ChangelogHeader, decodeChangelog } from '../../src/state/changelog.ts'
import { EntryCursor, isMarks, PAGE_HEADER, type Page } from '../../src/state/page.ts'
import { JoinTask } from '../../src/task/join-task.ts'
import type { Disk } from '../commit/disk.ts'
import { CHANGELOG, MemoryWorld } from '../commit/memory-world.ts'
import type { Owner } from '../commit/owner.ts'
import { type Facts, joined, ONCE } from '../commit/random-facts.ts'
import { committedIn } from '../support/memory-outputs.ts'
import { LEFT, RIGHT } from '../window/model.ts'

/** More of them where somebody has the time. */
const RUNS = Number(process.env.RESTORE_RUNS ?? 2)
/** More than any restore here has. */
const MOST_STEPS = 1000
/** Another run’s records are of another time, so that none of its epochs has ended where one of ours has. */
const OTHER_TIME_MS = 500_000_001
const KEYS = ['a', 'b', 'c']

/** By partition: every record that a window has ever had, as text, with its time. */
type History = readonly Map<string, number>[]

interface Epoch {
  readonly put: number
  /** Bytes of pages that need not be on the disk. */
  readonly pageBytes: number
  /** Its transaction is aborted, and then it is done again. */
  readonly isAborted: boolean
  /** Others’ aborted records lie behind it. */
  readonly isDisturbed: boolean
}

const epochs: fc.Arbitrary<Epoch[]> = fc.array(
  fc.record({
    put: fc.nat(10),
    pageBytes: fc.constantFrom(0, 10_000, 1 << 30),
    isAborted: fc.nat(5).map((n) => n === 0),
    isDisturbed: fc.nat(3).map((n) => n === 0),
  }),
  { minLength: 6, maxLength: 12 },
)

/** A world with a changelog, and what its disks were when half of it was there. */
async function filled(
  { times, records }: Facts,
  list: readonly Epoch[],
): Promise<{ world: MemoryWorld; older: Disk[]; history: History }> {
  const world = await MemoryWorld.open(times, records)
  const owner = world.owner('here')
  const { clientId } = owner
  await owner.take()
  const history: History = owner.tasks.map(() => new Map())
  let older: Disk[] = []
  for (const [i, { put, pageBytes, isAborted, isDisturbed }] of list.entries()) {
    world.pageBytes = pageBytes
    await world.put(put)
    await owner.process(true)
    if (isAborted) {
      const fault = { outOfTime: 'request' } as const
      world.kafka.faults.order({ api: 'EndTxn', clientId, fault })
    }
    await owner.work()
    world.kafka.faults.clear()
    // Before the next one has its head deleted.
    for (const [partition, entries] of history.entries()) await readInto(entries, world, partition)
    if (isDisturbed) await world.disturb()
    if (i === list.length >> 1) older = world.disks('here').map((disk) => disk.copy())
  }
  return { world, older, history }
}

/** What the disks may have, that a restore begins with. */
const DISKS: Readonly<
  Record<
    string,
    (
      facts: Facts,
      list: readonly Epoch[],
      w: MemoryWorld,
      older: Disk[],
    ) => Promise<readonly Disk[]>
  >
> = {
  'the last state': async (_facts, _list, world) => world.disks('here'),
  nothing: async (_facts, _list, world) => world.disks('nowhere'),
  'an older state': async (_facts, _list, _world, older) => older,
  'the state of another run': async ({ times, records }, list) => {
    const others = records.map((record) => ({ ...record, time: record.time + OTHER_TIME_MS }))
    const { world } = await filled({ times, records: others }, list)
    return world.disks('here')
  },
}

/** An entry of the window, as text. */
const entryText = (side: number, key: string, time: number, body: Buffer): string =>
  `${side} ${key} ${time} ${body.toString('hex')}`

/** The naive replay: record after record, from the changelog's head to its end. @returns where the last one has come to */
async function readInto(
  entries: Map<string, number>,
  world: MemoryWorld,
  partition: number,
): Promise<ChangelogHeader | undefined> {
  const columns = await committedIn(world.kafka.topics.log({ topic: CHANGELOG, partition }))
  const { buffer, valueStarts, valueEnds } = columns
  let header: ChangelogHeader | undefined
  for (let i = 0; i < columns.length; i++) {
    const record = decodeChangelog(buffer, valueStarts[i], valueEnds[i])!
    header = record.header
    for (const page of record.pages.filter(({ kind }) => !isMarks(kind))) {
      for (const [text, time] of entriesOf(page)) entries.set(text, time)
    }
  }
  return header
}

function* entriesOf({ buffer, kind, segment, count, start }: Page): Generator<[string, number]> {
  const entry = new EntryCursor()
  let at = start + PAGE_HEADER
  for (let i = 0; i < count; i++) {
    entry.read(buffer, at, segment)
    const key = buffer.toString('latin1', entry.keyStart, entry.keyEnd)
    const body = buffer.subarray(entry.bodyStart, entry.bodyEnd)
    yield [entryText(kind, key, entry.time, body), entry.time]
    at = entry.bodyEnd
  }
}

/** All that can still be matched is in the window, once; and nothing that was not committed. */
async function assertReplayed(
  owner: Owner,
  world: MemoryWorld,
  { times }: Facts,
  history: History,
): Promise<void> {
  const { beforeMs, afterMs, graceMs } = times!
  for (const task of owner.tasks) {
    assert.ok(task instanceof JoinTask)
    const entries = history[task.partition]
    const header = await readInto(entries, world, task.partition)
    const { clock, log } = task.state
    assert.deepEqual(
      task.queues.map(({ taken }) => taken),
      header?.offsets ?? [-1, -1],
    )
    assert.equal(clock.streamTime, header?.streamTime ?? Number.NEGATIVE_INFINITY)
    assert.equal(log.nextPage, header?.nextPage ?? log.nextPage)
    const found: string[] = []
    for (const side of [LEFT, RIGHT]) {
      for (const key of KEYS) {
        const bytes = bytesOf(Buffer.from(key))
        for (const { time, body } of await task.queries.windows[0].queries.recordsOf(
          side,
          bytes,
          1000,
        )) {
          found.push(entryText(side, key, time, body))
        }
      }
    }
    const isHeld = (time: number): boolean =>
      clock.streamTime <= time + beforeMs + afterMs + graceMs
    const held = [...entries].filter(([, time]) => isHeld(time)).map(([text]) => text)
    assert.deepEqual(found.length, new Set(found).size, 'records are in the window twice')
    assert.deepEqual(
      held.filter((text) => !found.includes(text)),
      [],
      'records are missing',
    )
    assert.deepEqual(
      found.filter((text) => !entries.has(text)),
      [],
      'records are there that were never committed',
    )
  }
}

for (const [what, disksOf] of Object.entries(DISKS)) {
  test(`a restore that begins with ${what} on the disk, and dies at any await, gives what a naive replay gives`, async () => {
    const property = fc.asyncProperty(joined(60), epochs, async (facts, list) => {
      const { world, older, history } = await filled(facts, list)
      const disks = await disksOf(facts, list, world, older)
      // What is on the disk is read from there, too.
      world.pageBytes = 0
      let isAlive = false
      for (let step = 0; !isAlive; step++) {
        assert.ok(step < MOST_STEPS, 'the restore does not end')
        world.furnish(
          'there',
          disks.map((disk) => disk.copy()),
        )
        const first = world.owner('there')
        first.life.stopAfter(step)
        isAlive = await first.life.outlives(first.take())
        const owner = isAlive ? first : world.owner('there')
        if (!isAlive) await owner.take()
        await assertReplayed(owner, world, facts, history)
        if (isAlive) await world.assertFinished(owner)
      }
    })
    await fc.assert(property, { numRuns: RUNS, ...ONCE })
  })
}
