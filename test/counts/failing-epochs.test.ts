import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FailingEpochs } from '../../src/counts/failing-epochs.ts'
import type { Log } from '../../src/events.ts'

test('epochs that fail for five minutes are an error, said once a minute, until one is committed', () => {
  const said: [string, unknown][] = []
  const log = {
    event: (name: string, fields: { ms: number }) => said.push([name, fields.ms]),
  } as unknown as Log
  let now = 7000
  const failing = new FailingEpochs(() => now)
  assert.deepEqual([failing.count, failing.ms], [0, 0])
  for (let second = 0; second <= 425; second += 10) {
    now = 7000 + second * 1000
    failing.failed(new Error('away'), log)
    assert.equal(failing.ms, second * 1000)
  }
  failing.over(log)
  assert.deepEqual([failing.count, failing.ms], [0, 0])
  failing.failed(new Error('away'), log)
  failing.over(log)
  assert.deepEqual(said, [
    ['epochs_failing', 300_000],
    ['epochs_failing', 360_000],
    ['epochs_failing', 420_000],
    ['epochs_work', 420_000],
  ])
})
