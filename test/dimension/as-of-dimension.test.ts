/** A dimension with versions, over a topic that grows, is made anew, and is read in pieces by who starts again from its store. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import fc from 'fast-check'
import { bytesOf } from '../../src/bytes.ts'
import { caughtUp, FakeTopic, identity, type Running, startOn } from './fake-topic.ts'
import { NaiveVersions } from './naive-versions.ts'
import { temporaryFolder } from './temporary-folder.ts'

const KEYS = ['ada', 'bob']

const steps = fc.array(
  fc.record({
    kind: fc.constantFrom('row', 'row', 'row', 'row', 'row', 'restart', 'grow', 'anew', 'read'),
    key: fc.constantFrom(...KEYS),
    time: fc.nat(40),
    partition: fc.nat(),
    isDeleted: fc.constantFrom(false, false, true),
  }),
  { minLength: 5, maxLength: 30, size: 'max' },
)
const worlds = fc.record({
  steps,
  partitions: fc.integer({ min: 1, max: 3 }),
  turns: fc.array(fc.nat(50), { minLength: 1, maxLength: 20 }),
  historyMs: fc.constantFrom(Number.POSITIVE_INFINITY, 15),
})

function rowAt({ dimension }: Running, key: string, time: number): string | null {
  const { table } = dimension.versions!
  const bytes = bytesOf(Buffer.from(key))
  table.at[0] = time
  if (!table.find(table.hash(bytes, 0, bytes.length), bytes, 0, bytes.length)) return null
  return table.rowBuffer.toString('latin1', table.rowStart, table.rowEnd)
}

/** It is told again and again what its topic is, as a look at it does, until it has all of it. */
async function settled({ dimension }: Running, topic: FakeTopic): Promise<void> {
  const end = performance.now() + 20_000
  while (performance.now() < end) {
    dimension.seen(identity(topic))
    const { positions } = dimension.progress
    const isThere =
      positions.length === topic.partitions.length &&
      positions.every((position, p) => position === topic.partitions[p].length)
    if (dimension.isReady && isThere) return
    await nextTurn()
  }
  assert.fail('it does not come to the end of its topic')
}

test('60 random topics of versions give the rows of each time, however they are read, stored and extended', async (t) => {
  const seen = { restarts: 0, grown: 0, anew: 0 }
  const property = fc.asyncProperty(
    worlds,
    async ({ steps: all, partitions, turns, historyMs }) => {
      const folder = await temporaryFolder(t)
      const topic = new FakeTopic(partitions)
      let turn = 0
      const chunk = () => {
        const next = turns[turn++ % turns.length]
        return { turn: next, records: 1 + (next % 3) }
      }
      const start = () =>
        startOn(topic, folder, chunk, { config: { asOf: 'event-time', historyMs } })
      let running = await start()
      let naive = new NaiveVersions(historyMs)
      for (const { kind, key, time, partition: p, isDeleted } of all) {
        if (kind === 'row') {
          const partition = p % topic.partitions.length
          const row = isDeleted ? null : `${naive.all.length}`
          naive.put({ key, time, partition, row })
          topic.write(partition, key, row, time)
          continue
        }
        await nextTurn()
        if (kind === 'read') await settled(running, topic)
        else if (kind === 'restart') {
          seen.restarts++
          await running.dimension.close()
          running = await start()
        } else if (kind === 'grow') {
          if (topic.partitions.length > 4) continue
          seen.grown++
          topic.grow(topic.partitions.length + 1)
          running.dimension.seen(identity(topic))
        } else {
          seen.anew++
          topic.recreate(`anew ${seen.anew}`)
          naive = new NaiveVersions(historyMs)
          running.dimension.seen(identity(topic))
        }
      }
      await settled(running, topic)
      // In its store it has the same.
      for (const again of [false, true]) {
        if (again) {
          await running.dimension.close()
          running = await start()
          await caughtUp(running, topic)
        }
        for (const key of KEYS) {
          for (let time = -1; time <= 41; time++) {
            const expected = naive.all.length === 0 ? null : naive.rowAt(key, time)
            assert.equal(rowAt(running, key, time), expected, `${key} at ${time}`)
          }
        }
        assert.equal(running.dimension.versions!.horizon.limit, Number.POSITIVE_INFINITY)
      }
      await running.dimension.close()
    },
  )
  await fc.assert(property, { numRuns: 60, endOnFailure: true })
  for (const [what, count] of Object.entries(seen)) assert.ok(count > 10, `${what}: ${count}`)
})

test('a store of rows as they are now is read anew where they are to be looked up as of a time', async (t) => {
  const folder = await temporaryFolder(t)
  const topic = new FakeTopic()
  topic.write(0, 'ada', 'old', 1)
  topic.write(0, 'ada', 'new', 2)
  const now = await startOn(topic, folder)
  await caughtUp(now, topic)
  await now.dimension.close()
  const settings = { config: { asOf: 'event-time' }, layout: 'layout as of' } as const
  const asOf = await startOn(topic, folder, undefined, settings)
  await caughtUp(asOf, topic)
  assert.deepEqual(asOf.unusable, ['layout'])
  assert.deepEqual([rowAt(asOf, 'ada', 1), rowAt(asOf, 'ada', 2)], ['old', 'new'])
  await asOf.dimension.close()
})
