import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { Counts } from '../../src/counts/counts.ts'
import { Gate } from '../../src/instance/gate.ts'
import { Loop, type LoopOptions } from '../../src/instance/loop.ts'

test('epochs are committed at their interval, also when the wall clock steps back or ahead', async () => {
  let commits = 0
  const gate = new Gate(() => {})
  gate.to('running')
  const loop = new Loop({
    context: { plan: { commitMs: 10 }, counts: new Counts([]) },
    tasks: { running: [], inputs: {} },
    gate,
    commits: { busy: false, next: async () => ++commits },
    onError: assert.fail,
  } as unknown as LoopOptions)
  const running = loop.run()
  const began = Date.now() - performance.now()
  const clock = mock.method(Date, 'now')
  for (const step of [-3_600_000, 3_600_000]) {
    const now = began + performance.now()
    clock.mock.mockImplementation(() => now + step)
    const before = commits
    for (let i = 0; i < 100 && commits < before + 3; i++) await sleep(10)
    assert.ok(commits >= before + 3)
    assert.ok(loop.silentMs >= 0 && loop.silentMs < 60_000)
  }
  clock.mock.restore()
  gate.to('stopping')
  await running
})

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await nextTurn()
}

/** A loop over tasks whose slices take some turns of the process each, and commits that do, too. */
class Slow {
  readonly gate = new Gate(() => this.loop.wake())
  /** Slices, and commits, under way. */
  slices = 0
  commits = 0
  taken = 0
  committed = 0
  readonly loop: Loop
  readonly #sliceTurns: number

  constructor(sliceTurns: number, commitTurns: number) {
    this.#sliceTurns = sliceTurns
    const slow = this
    const task = { process: () => this.#process(), full: false, partition: 0 }
    this.loop = new Loop({
      context: { plan: { commitMs: 1 }, counts: new Counts([]) },
      tasks: { running: [{ task }, { task }], inputs: { resume: () => {} } },
      gate: this.gate,
      commits: {
        get busy() {
          return slow.commits > 0
        },
        next: async () => {
          assert.ok(this.gate.mayCommit && ++this.commits === 1)
          await turns(commitTurns)
          this.commits--
          this.committed++
        },
      },
      onError: assert.fail,
    } as unknown as LoopOptions)
  }

  async #process(): Promise<boolean> {
    assert.ok(this.gate.mayProcess && ++this.slices === 1)
    await turns(this.#sliceTurns)
    this.slices--
    this.taken++
    return true
  }
}

const changes = fc.array(
  fc.record({
    change: fc.constantFrom('pause', 'resume', 'hold', 'joining', 'recovering'),
    turns: fc.nat(8),
    rest: fc.nat(8),
  }),
  { maxLength: 25, size: 'max' },
)

test('whatever closes the gate and when, no slice begins behind it, and what it was closed for finds none under way', async () => {
  const property = fc.asyncProperty(changes, fc.nat(4), fc.nat(6), async (list, slice, commit) => {
    const slow = new Slow(slice, commit)
    const { gate, loop } = slow
    const holds: Promise<void>[] = []
    const standsStill = async (count: number): Promise<void> => {
      const { taken } = slow
      assert.equal(slow.slices, 0)
      await turns(count)
      assert.deepEqual([slow.slices, slow.taken], [0, taken])
    }
    gate.to('running')
    const running = loop.run()
    const ended = (): Promise<void> => {
      gate.to('stopping')
      return running
    }
    const work = async (): Promise<void> => {
      for (const { change, turns: count, rest } of list) {
        if (change === 'pause') gate.pause()
        else if (change === 'resume') gate.resume()
        else if (change === 'hold') holds.push(loop.holdDuring(() => standsStill(count)))
        else {
          gate.to(change as 'joining' | 'recovering')
          await loop.turn
          await standsStill(count)
          gate.to('running')
        }
        await turns(rest)
      }
      await Promise.all(holds)
      gate.resume()
      const { taken, committed } = slow
      for (
        let tries = 0;
        tries < 1000 && (slow.taken === taken || slow.committed === committed);
        tries++
      ) {
        await sleep(1)
      }
      assert.ok(slow.taken > taken && slow.committed > committed, 'it stands still for ever')
    }
    await work().finally(ended)
  })
  await fc.assert(property, { numRuns: 60, endOnFailure: true, timeout: 30_000 })
})
