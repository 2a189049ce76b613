/**
 * A process dies, or stands still, at every await of a commit. What it does between two steps outside, a request, an
 * answer, a write to its disk, nobody sees; so those steps are all the places there are, and they are counted, not sampled.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { begun } from './begun.ts'
import { MemoryWorld } from './memory-world.ts'
import { atEveryStep, moved, moves, successors } from './moves.ts'
import { alone, joined, ONCE, withLast } from './random-facts.ts'

/** Streams for each way to go on; more of them where somebody has the time. */
const RUNS = Number(process.env.CRASH_RUNS ?? 1)
/** There and back: AddPartitionsToTxn, Produce, AddOffsetsToTxn, TxnOffsetCommit, EndTxn. */
const LEAST_STEPS = 10
const KINDS = [
  ['a join', joined(36)],
  ['facts that are joined with nothing', alone(50)],
] as const

for (const [what, facts] of KINDS) {
  for (const [how, succeed] of successors) {
    test(`a process dies at any await of a commit of ${what}, and ${how}: each row and each reject comes out once`, async () => {
      let most = 0
      const property = fc.asyncProperty(facts, async (some) => {
        const steps = await atEveryStep(async (step) => {
          const { world, owner: first } = await begun(some)
          first.life.stopAfter(step)
          const isAlive = await first.life.outlives(first.commit())
          const next = isAlive ? first : await succeed(world)
          if (!isAlive) await next.take()
          await world.assertFinished(next)
          return isAlive
        })
        most = Math.max(most, steps)
      })
      await fc.assert(property, { numRuns: RUNS, ...ONCE })
      assert.ok(most >= LEAST_STEPS, `${most} steps`)
    })
  }

  test(`a process stands still at any await of a commit of ${what}, and goes on when another has its tasks: it changes nothing`, async () => {
    const property = fc.asyncProperty(facts, async (some) => {
      await atEveryStep(async (step) => {
        const { world, owner: first } = await begun(some)
        first.life.stopAfter(step)
        const commit = first.commits.next(false)
        if (await first.life.outlives(commit)) return true
        const next = world.owner('b')
        await next.fence('a')
        await next.take()
        await next.work()
        first.life.goOn()
        await Promise.allSettled([commit])
        await world.assertFinished(next)
        return false
      })
    })
    await fc.assert(property, { numRuns: RUNS, ...ONCE })
  })
}

for (const [what, facts] of KINDS) {
  test(`whatever stops, dies and moves on the way of ${what}, also while the tasks are taken, each row and each reject comes out once`, async () => {
    const property = fc.asyncProperty(facts.map(withLast), moves, async (some, list) => {
      const world = await MemoryWorld.open(some.times, some.records)
      let owner = world.owner('a')
      for (const move of list) owner = await moved(world, owner, move)
      if (owner.tasks.length === 0) await owner.take()
      await world.assertFinished(owner)
      await owner.assertExpired(some.lastTime)
    })
    await fc.assert(property, { numRuns: 20 * RUNS, ...ONCE })
  })
}
