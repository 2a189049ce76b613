import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { JOIN_KINDS } from '../../src/config/join-kind.ts'
import { LEFT, type ModelTimes, NaiveJoin, RIGHT } from '../window/model.ts'
import {
  NaiveWaiting,
  type WaitingDimension,
  type WaitingJoin,
  waitingWorlds,
} from './waiting-model.ts'
import { WaitingTask, waitingPipeline } from './waiting-task.ts'

const RUNS = Number(process.env.WAIT_RUNS ?? 300)
const START = 1_700_000_000_000

test('whatever rows and facts come when, with silences and restarts, each fact comes out once: with its rows if they came in time, else as the file says', async () => {
  const seen = { waited: 0, completed: 0, givenUp: 0, rejected: 0, dropped: 0 }
  await fc.assert(
    fc.asyncProperty(waitingWorlds(START), async (world) => {
      const model = new NaiveWaiting(world)
      const real = await WaitingTask.open(waitingPipeline(world.dimensions))
      for (const step of world.steps) {
        model.take(step)
        await real.take(step)
        assert.equal(real.task.figures().waiting!.facts, model.parked)
      }
      model.end()
      await real.end()
      await real.commit()
      const dropped = [...model.outcomes].filter(([, outcome]) => outcome === 'dropped')
      const came = [...model.outcomes].filter(([, outcome]) => outcome !== 'dropped')
      assert.deepEqual([...real.outcomes].sort(), came.sort())
      const { counts } = real.context
      assert.equal(counts.droppedMissing, dropped.length)
      assert.equal(counts.waits.parked, model.waited)
      assert.equal(counts.waits.completed + counts.waits.givenUp, model.waited)
      assert.equal(real.task.figures().waiting!.bytes, 0)
      seen.waited += model.waited
      seen.completed += counts.waits.completed
      seen.givenUp += counts.waits.givenUp
      seen.dropped += dropped.length
      seen.rejected += real.rejectedAt.size
      for (const [id, offset] of real.rejectedAt) assert.equal(id, `f${offset}`)
    }),
    { numRuns: RUNS, includeErrorInReport: true },
  )
  for (const [what, count] of Object.entries(seen))
    assert.ok(count > RUNS / 10, `${what}: ${count}`)
})

/** A naive join of facts whose rows have come, or were waited for in vain. */
class JoinOfWaiting implements WaitingJoin {
  readonly heldMs: number
  readonly #join: NaiveJoin
  readonly #values = new Map<number, readonly (string | null)[]>()

  constructor(times: ModelTimes, dimensions: readonly WaitingDimension[]) {
    const graceMs = times.graceMs + Math.max(...dimensions.map(({ waitMs }) => waitMs))
    this.heldMs = times.beforeMs + times.afterMs + graceMs
    this.#join = new NaiveJoin({ ...times, graceMs })
  }

  take(fact: { id: string; time: number }, values: readonly (string | null)[], at: number): void {
    const now = this.#join.streamTime
    const id = Number(fact.id.slice(1))
    this.#values.set(id, values)
    this.#join.streamTime = at
    this.#join.moveTo(at)
    this.#join.take({ side: LEFT, time: fact.time, key: fact.id, id }, false)
    this.#join.streamTime = Math.max(now, this.#join.streamTime)
  }

  right({ id: key, n: id, time }: { id: string; n: number; time: number }): void {
    this.#join.take({ side: RIGHT, time, key, id }, false)
  }

  moveTo(streamTime: number): void {
    this.#join.moveTo(streamTime)
  }

  rows(): string[] {
    this.#join.closeAll()
    return this.#join.rows.map(({ left, right }) => {
      const values = left === undefined ? [null, null, null] : this.#values.get(left.id)
      return JSON.stringify([left?.key ?? null, values, right?.id ?? null])
    })
  }
}

test('the same of facts that are joined: what has waited is not late, meets what it would have met, and comes out once', async () => {
  const seen = { waited: 0, completed: 0, givenUp: 0, matched: 0, alone: 0 }
  const times = fc.record({
    beforeMs: fc.nat(25),
    afterMs: fc.nat(25),
    graceMs: fc.nat(6),
    kind: fc.constantFrom(...JOIN_KINDS),
  })
  await fc.assert(
    fc.asyncProperty(waitingWorlds(START, true), times, async (world, of) => {
      const join = new JoinOfWaiting(of, world.dimensions)
      const model = new NaiveWaiting(world, join)
      const { beforeMs, afterMs, graceMs, kind } = of
      const within = { before: `${beforeMs}ms`, after: `${afterMs}ms` }
      const file = { topic: 'rights', schema: 'right.avsc', on: 'id', select: ['n'], idle: '7d' }
      const section = { ...file, within, grace: `${graceMs}ms`, kind }
      const real = await WaitingTask.open(waitingPipeline(world.dimensions, section))
      for (const step of world.steps) {
        model.take(step)
        await real.take(step)
        assert.equal(real.task.figures().waiting!.facts, model.parked)
        assert.equal(real.task.state!.clock.streamTime, model.streamTime)
      }
      model.end()
      await real.end()
      await real.commit()
      const rows = join.rows()
      assert.deepEqual(real.rows.sort(), rows.sort())
      const { waits } = real.context.counts
      seen.waited += model.waited
      seen.completed += waits.completed
      seen.givenUp += waits.givenUp
      const isMatch = (row: string): boolean => {
        const [fact, , right] = JSON.parse(row)
        return fact !== null && right !== null
      }
      const matched = rows.filter(isMatch).length
      seen.matched += matched
      seen.alone += rows.length - matched
    }),
    { numRuns: RUNS, includeErrorInReport: true },
  )
  for (const [what, count] of Object.entries(seen))
    assert.ok(count > RUNS / 10, `${what}: ${count}`)
})
