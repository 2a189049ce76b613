import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkTimes } from '../../../src/cli/checks/times.ts'
import type { SampledTime } from '../../../src/cli/checks/values.ts'
import { parsePipeline } from '../../../src/config/load.ts'
import type { TimeUnit } from '../../../src/config/pipeline.ts'

const NOW = Date.UTC(2026, 5)
const DAY = 86_400_000
const IN_MS: Readonly<Record<TimeUnit, number>> = { s: 1000, ms: 1, us: 1e-3, ns: 1e-6 }

const pipeline = parsePipeline(
  `
name: job
kafka: { brokers: "localhost:9092" }
registry: { url: "http://localhost:8081" }
facts: { topic: orders, time: created_at }
join: { topic: payments, time: paid_at, on: order_id, within: 60s }
output: { topic: orders.enriched }
`,
  'pipeline.yaml',
  {},
)

/** Of times in ms, written in one unit and read in another. */
const sampled = (
  times: readonly number[],
  written: TimeUnit,
  read: TimeUnit,
  timestamp: (ms: number) => number = () => NOW,
  fromSchema = false,
): SampledTime[] =>
  times.map((ms) => {
    const count = BigInt(Math.round(ms)) * 1_000_000n
    const per = BigInt(IN_MS[written] * 1e6)
    const text = String(count / per)
    const reading = { unit: read, fromSchema }
    return { text, ms: Number(text) * IN_MS[read], reading, timestamp: timestamp(ms) }
  })

const marks = (left: SampledTime[] | undefined, right?: SampledTime[]): string[] =>
  checkTimes(pipeline, [left, right], NOW).map(({ mark }) => mark)

const spread = (from: number, count = 100): number[] =>
  Array.from({ length: count }, (_, i) => from + i * 1000)

test('sound topics stay sound: new, replayed, old and future data, few records, sentinels', () => {
  const own = (ms: number): number => ms
  const sound: (readonly [string, number[], ((ms: number) => number)?])[] = [
    ['as they come', spread(NOW - 60_000)],
    ['one record', spread(NOW, 1)],
    ['of 1987, appended now', spread(Date.UTC(1987, 9))],
    ['of 1975, appended now', spread(Date.UTC(1975, 3))],
    ['of 1975, with its own timestamps', spread(Date.UTC(1975, 3)), own],
    ['planned for the next months', spread(NOW + 200 * DAY)],
    ['of a simulation that began at 0 ten days ago', spread(10 * DAY), own],
    ['of a test', spread(0), own],
    ['of a test, appended now', spread(100_000, 20)],
    ['mostly the end of 9999', spread(Date.UTC(9999, 11, 31))],
    ['zeros', new Array(20).fill(0)],
  ]
  for (const [what, times, timestamp] of sound) {
    for (const unit of ['s', 'ms', 'us', 'ns'] as const) {
      const left = sampled(times, unit, unit, timestamp)
      assert.deepEqual(marks(left), ['ok'], `${what}, ${unit}`)
      assert.deepEqual(marks(left, left), ['ok', 'ok'], `${what}, ${unit}`)
    }
  }
  assert.deepEqual(marks(undefined), [])
  assert.deepEqual(marks([], []), [])
})

test('values that make sense in another unit only fail, with field, topic, a value and the line to write', () => {
  for (const written of ['s', 'ms', 'us', 'ns'] as const) {
    for (const read of ['s', 'ms', 'us', 'ns'] as const) {
      if (written === read) continue
      const times = [...spread(Date.UTC(2024, 0), 19), 0]
      const left = sampled(times, written, read)
      const [finding] = checkTimes(pipeline, [left, undefined], NOW)
      assert.equal(finding.mark, 'fail', `${written} as ${read}`)
      const { text } = left[0]
      assert.match(
        finding.detail,
        new RegExp(`^orders: created_at .* of 19 of .*: ${text} is 2024-01-01T`),
      )
      const line = `time: { field: created_at, unit: ${written} }`
      assert.equal(finding.remedy, `write ${line} (pipeline.yaml:5: facts.time)`)
    }
  }
})

test('one record is enough, also of long ago where its own timestamp tells', () => {
  assert.deepEqual(marks(sampled([NOW], 'us', 'ms')), ['fail'])
  const old = sampled(spread(Date.UTC(1975, 3)), 's', 'ms', (ms) => ms + DAY)
  assert.deepEqual(marks(old), ['fail'])
})

test('where only some producers write another unit it is a warning', () => {
  const mixed = [...sampled(spread(NOW), 'ms', 'ms'), ...sampled(spread(NOW, 30), 'us', 'ms')]
  const [finding] = checkTimes(pipeline, [mixed, undefined], NOW)
  assert.equal(finding.mark, 'warn')
  assert.match(finding.detail, /of 30 of the last 130 records/)
  assert.match(finding.remedy!, /have all producers of orders write one unit/)
})

test('a schema that says the wrong unit is not to be contradicted by the file', () => {
  const wrong = sampled(spread(NOW), 'us', 'ms', undefined, true)
  const [finding] = checkTimes(pipeline, [undefined, wrong], NOW)
  assert.equal(finding.mark, 'fail')
  assert.match(finding.remedy!, /^correct the producer, or its schema: by that paid_at is in milli/)
})

test('sides that are a power of 1000 apart fail, though neither makes sense of itself', () => {
  const times = spread(Date.UTC(1975, 3))
  const [left, right] = [sampled(times, 's', 'ms'), sampled(times, 'ms', 'ms')]
  for (const sides of [
    [left, right],
    [right, left],
  ] as const) {
    const findings = checkTimes(pipeline, sides, NOW)
    const [finding] = findings.filter(({ mark }) => mark === 'fail')
    assert.match(finding.detail, /is 1000 times as much as .*two units/)
    assert.match(finding.remedy!, /unit: s }.*, or write .*unit: us }/)
  }
})

test('text says what it means: nothing is guessed of it, nor of the other side', () => {
  const text = (): SampledTime => ({
    text: '"1970-01-02T00:00:00Z"',
    ms: DAY,
    reading: { unit: null, fromSchema: false },
    timestamp: NOW,
  })
  assert.deepEqual(
    marks(
      [text()],
      sampled([1000 * DAY], 'ms', 'ms', (ms) => ms),
    ),
    ['ok', 'ok'],
  )
  const [finding] = checkTimes(pipeline, [[text()], undefined], NOW)
  assert.equal(finding.detail, 'orders: created_at, text in ISO 8601')
})
