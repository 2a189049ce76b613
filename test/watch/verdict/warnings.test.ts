import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pipelineWith } from '../../support/pipeline.ts'
import { Watched } from '../watched.ts'

test('rejects are told at once with one of them, then once a minute with how many, then that they are over', (t) => {
  const watched = new Watched(t)
  watched.pass(10, () => watched.facts(100))
  assert.equal(watched.lines.length, 0)
  watched.pass(2, () => watched.facts(100, 100))
  const { lines } = watched
  assert.equal(lines.length, 1)
  const [first] = lines
  assert.equal(
    first.msg,
    'orders: 100 of 100 records rejected in 2 s, 100 %, as malformed. The last one is orders-3 @ 100, key "o12": The bytes end too soon',
  )
  assert.equal(first.level, 'warn')
  watched.pass(118, () => watched.facts(100, 25))
  assert.deepEqual(
    watched.of('records_rejected').map(({ count, taken, percent, seconds }) => {
      return { count, taken, percent, seconds }
    }),
    [
      { count: 100, taken: 100, percent: 100, seconds: 2 },
      { count: 750, taken: 3000, percent: 25, seconds: 60 },
    ],
  )
  watched.pass(300, () => watched.facts(100))
  const { level, msg } = watched.lines.at(-1)!
  assert.equal(level, 'info')
  assert.equal(msg, 'orders: malformed is over, none for 120 s; 1575 came in 120 s before')
  assert.equal(watched.of('losses_over').length, 1)
  assert.deepEqual(watched.undeclared, [])
})

test('each reason has its lines, and one record in a million is not 0 %', (t) => {
  const watched = new Watched(t)
  watched.pass(2, () => {
    watched.facts(1_000_000, 1)
    watched.facts(0, 2, 'null_key')
  })
  assert.deepEqual(
    watched.lines.map(({ reason, count, percent }) => [reason, count, percent]),
    [
      ['malformed', 1, 0.0001],
      ['null_key', 2, 0.0002],
    ],
  )
})

test('what a short run has rejected is told at its end', (t) => {
  const watched = new Watched(t)
  watched.facts(5, 5)
  watched.watch.close()
  assert.equal(watched.of('records_rejected').length, 1)
})

test('late records that are dropped are told with how late they are; those that are rejected are rejects', (t) => {
  const late = (watched: Watched): void => {
    watched.pass(2, () => {
      watched.facts(1000)
      watched.counts.late[0] += 800
      for (let i = 0; i < 800; i++) watched.counts.lateness[0].add(5_000_000)
    })
  }
  const dropping = new Watched(t)
  late(dropping)
  assert.deepEqual(
    dropping.lines.map(({ msg }) => msg),
    [
      'orders: 800 of 1000 records late in 2 s, 80 %, and dropped. They were up to 2.3 h behind stream time',
    ],
  )
  assert.deepEqual(dropping.undeclared, [])
  const rejecting = new Watched(t, pipelineWith(', late: reject'))
  late(rejecting)
  assert.deepEqual(rejecting.lines, [])
})

test('look-ups that all miss are told with the keys that were missed and those that are there', (t) => {
  const watched = new Watched(t)
  watched.pass(10, () => watched.lookUps(0, 300))
  assert.deepEqual(
    watched.lines.map(({ msg }) => msg),
    [
      'customer: 300 of 300 look-ups by customer_id found no row in 2 s. Missed most often: "0007". Among the keys of its 2 rows are "1", "2"; where these are of another form, `keyFormat` or `on` is wrong: `stream-enricher check` compares them',
    ],
  )
  watched.pass(10, () => watched.lookUps(300, 0))
  assert.equal(watched.lines.at(-1)!.msg, 'customer: look-ups find rows again')
  assert.deepEqual(watched.undeclared, [])
})

test('keys that are no text are shown by their bytes; a dimension without rows says so', (t) => {
  const binary = new Watched(t, pipelineWith(), ['\0\0\0\0\x05\x0e'])
  binary.pass(2, () => binary.lookUps(0, 300))
  assert.match(String(binary.lines[0].msg), /its 1 row are 0x00000000050e;/)
  const empty = new Watched(t, pipelineWith(), [])
  empty.pass(2, () => empty.lookUps(0, 300))
  assert.match(String(empty.lines[0].msg), /It has no rows: is its topic the right one/)
})

test('a look-up field that is null in all facts finds no row, either', (t) => {
  const watched = new Watched(t)
  watched.pass(2, () => {
    watched.counts.lookupNulls[0] += 300
  })
  assert.match(watched.lines[0].msg, /300 of 300 look-ups .* Missed most often: null\. /)
  assert.deepEqual(watched.reasons, ['missing_rows'])
})

test('late facts that come out all the same, and records that are dropped as too early, are told as what they are', (t) => {
  const watched = new Watched(t, pipelineWith(', kind: left, early: drop'))
  watched.pass(2, () => {
    watched.facts(1000)
    watched.counts.late[0] += 100
    watched.counts.lateness[0].add(5_000_000)
    watched.counts.droppedEarly += 50
  })
  assert.deepEqual(
    watched.lines.map(({ msg }) => msg),
    [
      'orders: 100 of 1000 records late in 2 s, 10 %, and written without a match. They were up to 2.3 h behind stream time',
      'orders, payments: 50 of 1000 records dropped in 2 s, 5 %, as their times are too far ahead of the clock',
    ],
  )
  assert.deepEqual(watched.reasons, ['late', 'early'])
  assert.deepEqual(watched.undeclared, [])
})

test('facts that are dropped for want of a row are told, but not as a warning', (t) => {
  const dimension = 'dimensions: { customer: { topic: customers, on: customer_id, missing: drop } }'
  const watched = new Watched(t, pipelineWith('', '', dimension))
  watched.pass(2, () => watched.lookUps(90, 10))
  assert.deepEqual(
    watched.lines.map(({ level, msg }) => [level, msg]),
    [
      [
        'info',
        'customer: 10 of 100 facts dropped in 2 s, 10 %, as they have no row. Missed most often: "0007"',
      ],
    ],
  )
  watched.pass(4, () => watched.lookUps(0, 900, '0008'))
  assert.deepEqual(
    watched.lines.slice(1).map(({ event, keys }) => [event, keys]),
    [['lookups_missed', '"0008", "0007"']],
    'also where lines of two kinds name keys',
  )
  assert.deepEqual(watched.undeclared, [])
})

/** Both sides, and windows that close. */
function flow(watched: Watched, matches: number): void {
  const { counts } = watched
  counts.consumed[0] += 1000
  counts.consumed[1] += 1000
  counts.window.segmentsExpired[0]++
  counts.window.segmentsExpired[1]++
  for (let i = 0; i < matches; i++) counts.window.matchDelays[0].add(5)
}

test('that nothing ever matches is told once windows have closed, with what to look at', (t) => {
  const open = new Watched(t)
  open.pass(60, () => {
    open.counts.consumed[0] += 1000
    open.counts.consumed[1] += 1000
  })
  assert.deepEqual(open.lines, [])

  const apart = new Watched(t)
  apart.pass(10, () => {
    flow(apart, 0)
    apart.counts.window.probeHits[1] += 10
  })
  assert.deepEqual(
    apart.lines.map(({ msg }) => msg),
    [
      'Nothing matches: 2000 facts and 2000 records of the right stream without one match, though their windows have closed; keys of one side are there on the other, but their event times are further apart than 60 s: look at `time` of both',
    ],
  )
  const strange = new Watched(t)
  strange.pass(10, () => flow(strange, 0))
  assert.match(strange.lines[0].msg, /no key of one side was there on the other/)
  strange.pass(2, () => flow(strange, 900))
  assert.equal(strange.lines.at(-1)!.msg, 'Records match again')
  assert.deepEqual(strange.undeclared, [])
})

test('a join of which few ever match is not taken for one that has ceased to', (t) => {
  const rare = new Watched(t)
  for (let i = 0; i < 20; i++) {
    rare.pass(2, () => flow(rare, 1))
    rare.pass(10, () => flow(rare, 0))
  }
  assert.deepEqual(rare.lines, [])
  const usual = new Watched(t)
  usual.pass(20, () => flow(usual, 900))
  usual.pass(10, () => flow(usual, 0))
  assert.equal(usual.of('nothing_matches').length, 1)
})
