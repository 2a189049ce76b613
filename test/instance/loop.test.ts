import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
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
