import assert from 'node:assert/strict'
import { test } from 'node:test'
import { logTo } from '../../../src/watch/log/log.ts'

const silent = () => logTo({ write: () => {} }, 'silent')

test('the last 20 lines of level warn and above are kept, newest first, printed or not', () => {
  const log = silent()
  log.event('stopped', {})
  for (let n = 1; n <= 30; n++) {
    log.event('input_held_up', { reason: 'standstill', why: `No ${n}`, remedy: 'Look' })
  }
  log.event('failed', { err: new Error('It broke') })
  const lines = log.warnings.list(true)
  assert.equal(lines.length, 20)
  const [first, second] = lines
  assert.deepEqual([first.level, first.event], ['fatal', 'failed'])
  assert.equal(first.text, 'The service cannot go on: It broke')
  assert.equal(second.text, 'No 30. Look')
  assert.ok(Math.abs(Date.now() - first.at) < 10_000)
})

test('who may not see records gets the lines without keys and what was wrong with them', () => {
  const log = silent()
  const amounts = { count: 5, taken: 10, percent: 50, seconds: 3 }
  log.event('records_rejected', {
    topic: 'orders',
    stage: 'decode',
    reason: 'malformed',
    place: 'orders-1 @ 7',
    key: '"Ann"',
    fault: 'name is "Smith"',
    ...amounts,
  })
  assert.match(log.warnings.list(true)[0].text, /key "Ann": name is "Smith"$/)
  const [{ text }] = log.warnings.list(false)
  assert.match(text, /^orders: 5 of 10 records rejected .* orders-1 @ 7, key …: …$/)
  const looked = { dimension: 'customer', on: 'id', rows: 3, keys: '"Ann"', hint: 'It has "Bob"' }
  log.event('lookups_missed', { ...looked, ...amounts })
  assert.match(log.warnings.list(false)[0].text, /Missed most often: …\. …$/)
})
