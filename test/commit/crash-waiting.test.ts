/** The same as crash.test.ts of facts that wait for rows: whatever dies, each comes out once, or is rejected once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { begun } from './begun.ts'
import { MemoryWorld } from './memory-world.ts'
import { atEveryStep, moved, moves, successors } from './moves.ts'
import type { Owner } from './owner.ts'
import { alone, joined, ONCE, withLast } from './random-facts.ts'

/** Streams for each way to go on; more of them where somebody has the time. */
const RUNS = Number(process.env.CRASH_RUNS ?? 1)

const KINDS = [
  ['a join', joined(36)],
  ['facts that are joined with nothing', alone(50)],
] as const

const waitingOf = ({ tasks }: Owner): number =>
  tasks.reduce((sum, task) => sum + task.figures().waiting!.facts, 0)

for (const [what, facts] of KINDS) {
  for (const [how, succeed] of successors) {
    test(`a process dies at any await of a commit of ${what} while facts wait, and ${how}: each row and each reject comes out once`, async () => {
      let waiting = 0
      const property = fc.asyncProperty(facts, async (some) => {
        await atEveryStep(async (step) => {
          const { world, owner: first } = await begun(some, true)
          waiting = Math.max(waiting, waitingOf(first))
          first.life.stopAfter(step)
          const isAlive = await first.life.outlives(first.commit())
          const next = isAlive ? first : await succeed(world)
          if (!isAlive) await next.take()
          await world.assertFinished(next)
          assert.equal(waitingOf(next), 0)
          return isAlive
        })
      })
      await fc.assert(property, { numRuns: RUNS, ...ONCE })
      assert.ok(waiting > 0, `${waiting} facts waited`)
    })
  }

  test(`whatever stops, dies and moves on the way of ${what} while facts wait, also to other machines, each row and each reject comes out once`, async () => {
    const property = fc.asyncProperty(facts.map(withLast), moves, async (some, list) => {
      const world = await MemoryWorld.open(some.times, some.records, true)
      let owner = world.owner('a')
      for (const move of list) owner = await moved(world, owner, move)
      if (owner.tasks.length === 0) await owner.take()
      await world.assertFinished(owner)
      assert.equal(waitingOf(owner), 0)
    })
    await fc.assert(property, { numRuns: 20 * RUNS, ...ONCE })
  })
}

test('facts of a pipeline that has run without a join may begin to wait: it goes on from the group’s offsets, which are in its changelog from then on', async () => {
  const property = fc.asyncProperty(alone(50), async ({ times, records }) => {
    const world = await MemoryWorld.open(times, records)
    const before = world.owner('a')
    await before.take()
    await world.put(records.length / 2)
    await before.work()
    await before.putDown()
    world.beginToWait()
    const begun = world.owner('a')
    await begun.take()
    await world.put(records.length / 4)
    await begun.work()
    await begun.putDown()
    const next = world.owner('b')
    await next.fence('a')
    await next.take()
    await world.assertFinished(next)
  })
  await fc.assert(property, { numRuns: 5 * RUNS, ...ONCE })
})
