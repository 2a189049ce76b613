import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Remembered } from '../../../src/watch/status/remembered.ts'

const NEVER_OLD_MS = 1e9
const ALWAYS_OLD_MS = -1

test('who asks first is told what is, not that nothing is known', async () => {
  const remembered = new Remembered('none', NEVER_OLD_MS, async () => 'one')
  assert.equal(await remembered.recent(), 'one')
})

test('it is got once while it is not old, and for all who ask meanwhile', async () => {
  let got = 0
  const remembered = new Remembered(0, NEVER_OLD_MS, async () => ++got)
  assert.deepEqual(await Promise.all([remembered.recent(), remembered.recent()]), [1, 1])
  assert.equal(await remembered.recent(), 1)
  assert.equal(await remembered.fresh(), 2)
})

test('an old one is not told where no newer one comes', async () => {
  const answers: (() => Promise<string>)[] = [
    async () => 'old',
    () => Promise.reject(new Error('away')),
    () => sleep(2000, 'late'),
  ]
  const remembered = new Remembered('none', ALWAYS_OLD_MS, () => answers.shift()!())
  assert.equal(await remembered.recent(), 'old')
  assert.equal(await remembered.recent(), 'none')
  assert.equal(await remembered.recent(), 'none')
})
