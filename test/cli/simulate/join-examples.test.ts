/** The examples with numbers of docs/joins.md. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LEFT, RIGHT } from '../../window/model.ts'
import { NOON } from '../../window/random-streams.ts'
import { SimulatedJoin } from './join/simulated-join.ts'

type Given = readonly [side: number, key: string, seconds: number]

const order = (seconds: number): Given => [LEFT, 'a', seconds]
const ORDER = order(0)
const otherOrder = (seconds: number): Given => [LEFT, 'z', seconds]
const payment = (seconds: number): Given => [RIGHT, 'a', seconds]
const other = (seconds: number): Given => [RIGHT, 'z', seconds]

const examples: readonly [readonly Given[], readonly string[]][] = [
  [[payment(-5), ORDER], ['1-0']],
  [[payment(-6), ORDER], []],
  [[ORDER, payment(60)], ['0-1']],
  [[ORDER, other(70), payment(60)], ['0-2']],
  [[ORDER, other(72)], ['0-']],
  [[ORDER, other(72), payment(60)], ['0-']],
  [[other(74), payment(30), ORDER], ['2-1']],
  [[other(76), ORDER], ['1-']],
]

const outerExamples: readonly [readonly Given[], readonly string[]][] = [
  [[payment(0), otherOrder(15), order(-60)], ['2-0']],
  [[payment(0), otherOrder(17)], ['-0']],
  [
    [payment(0), otherOrder(17), ORDER, other(80)],
    ['-0', '2-'],
  ],
  [[otherOrder(69), ORDER, payment(0)], ['1-2']],
  [[otherOrder(76), payment(0)], ['-1']],
]

const all = [
  ...examples.map((example) => ['left', ...example] as const),
  ...outerExamples.map((example) => ['outer', ...example] as const),
]

for (const [kind, records, rows] of all) {
  const stream = records.map(([side, key, at]) => `${side === LEFT ? 'L' : 'R'} ${key} @${at}`)
  test(`${kind}, 5 s before, 60 s after, 10 s of grace: ${stream.join(', ')} gives ${rows.join() || 'nothing'}`, async () => {
    const times = { beforeMs: 5000, afterMs: 60_000, graceMs: 10_000, kind } as const
    const join = await SimulatedJoin.open(times, false)
    for (const [id, [side, key, at]] of records.entries()) {
      await join.take({ side, key, id, time: NOON + at * 1000, fault: undefined })
    }
    assert.deepEqual(join.rows, rows)
    await join.close()
  })
}
