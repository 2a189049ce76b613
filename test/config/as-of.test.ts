/** What a pipeline file says of look-ups as of a time, on the example of prices. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parsePipeline } from '../../src/config/load.ts'
import { EnricherError } from '../../src/errors.ts'
import { tablesOf } from '../../src/plan/tables.ts'

const FILE = 'examples/prices/pipeline.yaml'
const TEXT = readFileSync(FILE, 'utf8')

function loaded(...replacements: [string, string][]) {
  const text = replacements.reduce((now, [was, is]) => {
    assert.ok(now.includes(was), was)
    return now.replace(was, is)
  }, TEXT)
  return parsePipeline(text, FILE, {})
}

const lineOf = (text: string): number => TEXT.slice(0, TEXT.indexOf(text)).split('\n').length

function assertFault(replacement: [string, string], at: string, message: RegExp): void {
  try {
    loaded(replacement)
  } catch (error) {
    assert.ok(error instanceof EnricherError && error.code === 'CONFIG_INVALID')
    assert.match(error.message, message)
    assert.ok(error.message.startsWith(`${FILE}:${lineOf(at)}`), error.message)
    return
  }
  assert.fail(`${replacement} is no fault`)
}

test('a dimension keeps what rows were before for as long as its history says, else for ever', () => {
  const { asOf, historyMs, time } = loaded().dimensions[0]
  assert.deepEqual([asOf, historyMs, time], ['event-time', 30 * 86_400_000, 'valid_from'])
  const forEver = loaded(['    history: 30d # how long it is known after that\n', '']).dimensions[0]
  assert.equal(forEver.historyMs, Number.POSITIVE_INFINITY)
  assert.deepEqual([loaded().dimensions[1].asOf, loaded().dimensions[1].time], [null, null])
})

test('another value of asOf, and what is for it alone, is refused with its line and what to write', () => {
  assertFault(
    ['asOf: event-time', 'asOf: now'],
    'asOf: event-time',
    /dimensions\.price\.asOf: "now" is not one of event-time/,
  )
  const without: [string, string] = ['    asOf: event-time\n', '']
  assert.throws(
    () => loaded(without),
    /history: is for rows as of a time; write asOf: event-time beside it, or leave it out/,
  )
  assert.throws(() => loaded(without), /time: is for rows as of a time; write asOf: event-time/)
  assertFault(['history: 30d', 'history: 30'], 'history:', /history: 30 has no unit; write 30s/)
  assert.throws(() => loaded(['  time: ordered_at', '  asOf: event-time']), /asOf/)
})

test('dimensions of one topic have one table only where they have the same versions', () => {
  const twice = (asOf: string) => {
    const second = `  late: { topic: priced.prices, schema: ./schemas/price.avsc, on: product_id, ${asOf}, select: { other: price } }\n`
    return tablesOf(
      loaded(
        ['  campaign:\n', `${second}  campaign:\n`],
        ['${TAG:-priced}.prices #', 'priced.prices #'],
      ),
    )
  }
  const same = 'asOf: event-time, time: valid_from, history: 30d'
  assert.equal(twice(same).length, 2)
  assert.equal(twice(same.replace('30d', '7d')).length, 3)
  assert.equal(twice('asOf: event-time, history: 30d').length, 3)
  assert.equal(twice('missing: drop').length, 3)
})
