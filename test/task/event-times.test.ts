import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { TopicCodec, ValueReader } from '../../src/codec/port.ts'
import { Counts } from '../../src/counts/counts.ts'
import type { Block } from '../../src/input/input-queue.ts'
import type { Source } from '../../src/plan/plan.ts'
import { EventTimes, UNTIMED } from '../../src/task/event-times.ts'
import type { TaskContext } from '../../src/task/task.ts'

/** The last that is taken. */
const LAST = 2 ** 51
const NOW = 1_735_689_600_000

interface Checked {
  readonly times: readonly number[]
  /** Of the records that have no time: why, where they are not dropped. */
  readonly reasons: readonly (string | undefined)[]
  readonly replaced: number
}

/** @param fields the times that a field says; without them the records' own are the times */
function checked(
  timestamps: readonly number[],
  source: Partial<Source>,
  topicMs = Number.POSITIVE_INFINITY,
  fields?: readonly number[],
): Checked {
  const counts = new Counts([])
  const plan = { written: { outputs: [{ topic: 'out' }] } }
  const context = { aheadMs: topicMs, now: () => NOW, counts, plan } as unknown as TaskContext
  const time = fields === undefined ? null : 'at'
  const plain = { topic: 'in', time, aheadMs: Number.POSITIVE_INFINITY, early: 'reject' } as const
  const eventTimes = new EventTimes({ ...plain, ...source } as Source, context)
  const length = timestamps.length
  const own = Float64Array.from(timestamps)
  const columns = { length, timestamps: own, ...places(length) }
  const block = {
    columns,
    times: fields === undefined ? own : new Float64Array(length),
    timesRead: false,
    at: 0,
  } as unknown as Block
  const value = (i: number) => ({ time: fields?.[i], timeText: '', timeReading: { unit: 'ms' } })
  assert.equal(eventTimes.read(block, codecOf(fields ?? [])), -1)
  assert.deepEqual([...own], timestamps, 'the records keep their own')
  const reasons = timestamps.flatMap((_, i) =>
    block.times[i] === UNTIMED ? [eventTimes.fault(value(i) as ValueReader, block, i)?.[0]] : [],
  )
  return { times: [...block.times], reasons, replaced: counts.timesReplaced.total }
}

/** Where record `i` has its value: at `i`. */
function places(length: number) {
  const starts = Int32Array.from({ length }, (_, i) => i)
  const ends = starts.map((start) => start + 1)
  return { valueStarts: starts, valueEnds: ends, headerStarts: starts, headerEnds: starts }
}

const codecOf = (fields: readonly number[]): TopicCodec => {
  let at = 0
  const reader = {
    read(_row: number, _buffer: Buffer, start: number) {
      at = start
      return null
    },
    select() {},
    get time() {
      return fields[at]
    },
  }
  return { reader: () => reader } as unknown as TopicCodec
}

test('without a limit ahead a time is any of 71,000 years; what is none is rejected, and never reaches a batch', () => {
  const dates = [NOW, NOW + 1e12, LAST, -LAST]
  assert.deepEqual(checked(dates, {}), { times: dates, reasons: [], replaced: 0 })
  const none = [2 ** 63, 9.2e18, LAST + 1, -LAST - 1, -6_847_804_800_000_000, -(2 ** 63)]
  assert.deepEqual(checked(none, {}), {
    times: none.map(() => UNTIMED),
    reasons: ['future_time', 'future_time', 'future_time', 'too_old', 'too_old', 'too_old'],
    replaced: 0,
  })
})

test('with a limit ahead what is further is rejected', () => {
  const { times, reasons } = checked([NOW + 10, NOW + 11, 2 ** 63], { aheadMs: 10 })
  assert.deepEqual(times, [NOW + 10, UNTIMED, UNTIMED])
  assert.deepEqual(reasons, ['future_time', 'future_time'])
})

const near = fc.constantFrom(-1, 0, 1)
const limits = fc.constantFrom(0, 10, 3_600_000, Number.POSITIVE_INFINITY)
const times = fc.oneof(
  fc.tuple(fc.constantFrom(0, 10, 3_600_000), near).map(([ahead, more]) => NOW + ahead + more),
  fc.tuple(fc.constantFrom(LAST, -LAST), near).map(([edge, more]) => edge + more),
  fc.constantFrom(0, NOW - 1e9, Number.NaN, 2 ** 63),
)

test('a time counts where it is within all limits; else the policy says what becomes of the record', () => {
  const policies = fc.constantFrom<Source['early']>('reject', 'drop', 'timestamp')
  const records = fc.array(fc.tuple(times, times.filter(Number.isFinite)), { maxLength: 20 })
  fc.assert(
    fc.property(records, limits, limits, policies, (some, aheadMs, topicMs, early) => {
      const last = Math.min(LAST, NOW + aheadMs, NOW + topicMs)
      const expected = some.map(([field, own]): number | string | undefined => {
        if (Number.isNaN(field)) return 'null_field'
        if (field < -LAST) return 'too_old'
        if (field <= last) return field
        if (early === 'drop') return undefined
        return early === 'timestamp' && own <= last && own >= -LAST ? own : 'future_time'
      })
      const found = checked(
        some.map(([, own]) => own),
        { aheadMs, early },
        topicMs,
        some.map(([field]) => field),
      )
      const isTime = (of: unknown): of is number => typeof of === 'number'
      assert.deepEqual(
        found.times,
        expected.map((of) => (isTime(of) ? of : UNTIMED)),
      )
      assert.deepEqual(
        found.reasons,
        expected.filter((of) => !isTime(of)),
      )
      const replaced = some.filter(([field], i) => isTime(expected[i]) && field > last)
      assert.equal(found.replaced, replaced.length)
    }),
  )
})
