/** Waits that have an end. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { atMost } from '../../src/retry/at-most.ts'

// Its timer keeps no process alive.
const alive = setInterval(() => {}, 1000)
after(() => clearInterval(alive))

test('what ends in time is waited for, and no longer', async () => {
  assert.equal(await atMost(60_000, sleep(1)), true)
})

test('what does not end is left after the time', async () => {
  assert.equal(await atMost(1, new Promise(() => {})), false)
})

test('what fails in time fails the wait, and later nobody hears of it', async () => {
  await assert.rejects(atMost(60_000, Promise.reject(new Error('no'))), /no/)
  const later = sleep(5).then(() => Promise.reject(new Error('late')))
  assert.equal(await atMost(1, later), false)
  await sleep(10)
})
