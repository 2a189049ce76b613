/** How many facts have a match; a window that misses, and times that do not meet, are told as these. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { checkJoined, type Joined } from '../../../src/cli/checks/joined.ts'
import { KeyHunt } from '../../../src/cli/checks/key-hunt.ts'
import { roughly } from '../../../src/cli/checks/roughly.ts'
import { checkTimeSpans } from '../../../src/cli/checks/time-spans.ts'
import { pipelineWith } from '../../support/pipeline.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const AT = Date.UTC(2026, 0)
const COUNT = 50

/** Facts a second apart. @param right the key and the time of the right record of each; undefined: it has none */
function joined(
  right: (i: number) => readonly [string, number] | undefined,
  span: readonly [number, number] = [AT - 9 * HOUR, AT + 9 * HOUR],
): Joined {
  const lefts = Array.from({ length: COUNT }, (_, i) => ({ text: `o${i}`, time: AT + i * 1000 }))
  const texts = lefts.map(({ text }) => text)
  const hunt = new KeyHunt({ texts, keyFormat: null, isComposite: false, fields: new Map() })
  const times = new Map<string, number[]>()
  for (const i of lefts.keys()) {
    const one = right(i)
    if (one === undefined) continue
    hunt.see(Buffer.from(one[0]), one[0])
    times.set(one[0], [one[1]])
  }
  const [join] = pipelineWith('').joins
  return {
    join: { ...join, beforeMs: 0, afterMs: 15 * MINUTE },
    ...{ lefts, times, span, hunt, on: 'order_id', type: 'text', topic: 'payments' },
    ...{ keyFormat: null, isComposite: false, derivable: null },
    seen: { read: COUNT, all: COUNT, isWhole: true },
  }
}

const time = (i: number, later: number): number => AT + i * 1000 + later

test('each fact with a right record in its window is counted, and the window’s ends are in it', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: COUNT }),
      fc.constantFrom(0, 15 * MINUTE),
      (count, later) => {
        const of = joined((i) => (i < count ? [`o${i}`, time(i, later)] : undefined))
        const [finding] = checkJoined(of)
        assert.equal(finding.mark, 'ok')
        assert.match(
          finding.detail,
          new RegExp(`^${count} of the last 50 facts have a record of pay`),
        )
      },
    ),
  )
})

test('matches that lie outside of the window are a warning, with how far, and the end that is to be longer', () => {
  const [later] = checkJoined(joined((i) => [`o${i}`, time(i, 3 * HOUR)]))
  assert.equal(later.mark, 'warn')
  assert.match(later.detail, /payments is 3h later: within\.after is 15m$/)
  assert.match(later.remedy!, /join\.within\.after/)
  const [earlier] = checkJoined(joined((i) => [`o${i}`, time(i, -2 * HOUR - i * MINUTE)]))
  assert.match(earlier.detail, /payments is 2h\d*m? earlier \(-2h49m to -2h\): within\.before is /)
  assert.match(earlier.remedy!, /join\.within\.before/)
})

test('records of another time are no alarm, and other keys of the same time are one', () => {
  const other = (i: number) => [`x${i}`, time(i, 0)] as const
  const [apart] = checkJoined(joined(other, [AT - 9 * HOUR, AT - HOUR]))
  assert.equal(apart.mark, 'ok')
  assert.match(apart.detail, /do not meet: the facts are from 2026-01-01T00:00:00/)
  assert.equal(checkJoined(joined(other))[0].mark, 'warn')
})

test('right records whose keys are written otherwise fail, with the difference', () => {
  const [finding] = checkJoined(joined((i) => [`O${i}`, time(i, 0)]))
  assert.equal(finding.mark, 'fail')
  assert.match(
    finding.detail,
    /order_id is "o\d+" \(text\), the key is "O\d+": upper and lower case/,
  )
})

test('times far from any event, and ahead of their records, are warnings with how many', () => {
  const facts = '{ topic: orders, time: at, ahead: 10s }'
  const pipeline = pipelineWith('', '', undefined, undefined, facts)
  const of = (...times: number[]) => {
    const reading = { unit: 'ms', fromSchema: false } as const
    const read = times.map((ms) => ({ text: String(ms), ms, reading, timestamp: AT }))
    return checkTimeSpans(pipeline, [{ times: read, of: 4 }, undefined], AT)[0]
  }
  assert.equal(of(AT, AT - HOUR).mark, 'ok')
  assert.match(
    of(AT, AT - HOUR).detail,
    /^orders: 2 of the last 4 records have a time, 1h before to/,
  )
  assert.match(of(AT, Date.UTC(9999, 11)).detail, /1 of them far from any event/)
  assert.match(of(AT, AT + 2 * HOUR).detail, /1 are more than 10s \((join|facts)\.ahead\) ahead/)
  assert.equal(of(AT + 10_000).mark, 'ok')
  assert.equal(of().mark, 'warn')
})

test('a duration is told in two units at most, to its nearest', () => {
  const told = [0, 340, 12_345, 3 * HOUR, 2 * HOUR + 58 * MINUTE + 9000, 90_000, -26 * HOUR]
  assert.deepEqual(told.map(roughly), ['0ms', '340ms', '12s', '3h', '2h58m', '1m30s', '1d2h'])
})
