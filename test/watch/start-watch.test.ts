import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LOOK_MS, standsStill } from '../../src/watch/start-watch.ts'

const PATIENCE_MS = 120_000

/** Looks at a start with 2 minutes of patience. @param at where it is after so many seconds */
async function watched(at: (second: number) => string | undefined) {
  let ms = 0
  const stuck = await standsStill(
    () => at(ms / 1000),
    PATIENCE_MS,
    async () => {
      ms += LOOK_MS
    },
  )
  return { stuck, seconds: ms / 1000 }
}

test('a start is stuck when it has not moved for 2 minutes', async () => {
  assert.deepEqual(await watched(() => 'here'), { stuck: true, seconds: 120 })
  const fromThere = await watched((second) => (second < 60 ? 'here' : 'there'))
  assert.deepEqual(fromThere, { stuck: true, seconds: 180 })
})

test('a start that moves may last, however slow it is', async () => {
  const at = (second: number) => (second < 7200 ? String(Math.floor(second / 115)) : undefined)
  assert.deepEqual(await watched(at), { stuck: false, seconds: 7200 })
})

test('what is done is not looked at any more', async () => {
  const at = (second: number) => (second === 5 ? undefined : 'here')
  assert.deepEqual(await watched(at), { stuck: false, seconds: 5 })
})
