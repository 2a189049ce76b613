import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TopicCodec, ValueReader } from '../../src/codec/port.ts'
import type { Block } from '../../src/input/input-queue.ts'
import { EventTimes, UNTIMED } from '../../src/task/event-times.ts'
import type { TaskContext } from '../../src/task/task.ts'

/** The last that is taken. */
const LAST = 2 ** 51
const NOW = 1_735_689_600_000

function checked(times: number[], aheadMs: number): { times: number[]; reasons: unknown[] } {
  const plan = { aheadMs, early: 'reject' }
  const context = { plan, aheadMs, now: () => NOW } as unknown as TaskContext
  const eventTimes = new EventTimes(null, context)
  const timestamps = Float64Array.from(times)
  const columns = { length: times.length, timestamps }
  const block = { columns, times: timestamps, timesRead: false, at: 0 } as unknown as Block
  assert.equal(eventTimes.read(block, {} as TopicCodec), -1)
  assert.deepEqual([...timestamps], times, 'the records keep their own')
  const reasons = times.flatMap((_, i) =>
    block.times[i] === UNTIMED ? [eventTimes.fault({} as ValueReader, block, i)?.[0]] : [],
  )
  return { times: [...block.times], reasons }
}

test('without a limit ahead a time is any of 71,000 years; what is none is rejected, and never reaches a batch', () => {
  const dates = [NOW, NOW + 1e12, LAST, -LAST]
  assert.deepEqual(checked(dates, Number.POSITIVE_INFINITY), { times: dates, reasons: [] })
  const none = [2 ** 63, 9.2e18, LAST + 1, -LAST - 1, -6_847_804_800_000_000, -(2 ** 63)]
  assert.deepEqual(checked(none, Number.POSITIVE_INFINITY), {
    times: none.map(() => UNTIMED),
    reasons: ['future_time', 'future_time', 'future_time', 'too_old', 'too_old', 'too_old'],
  })
})

test('with a limit ahead what is further is rejected', () => {
  const { times, reasons } = checked([NOW + 10, NOW + 11, 2 ** 63], 10)
  assert.deepEqual(times, [NOW + 10, UNTIMED, UNTIMED])
  assert.deepEqual(reasons, ['future_time', 'future_time'])
})
