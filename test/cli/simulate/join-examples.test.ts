/** The examples with numbers of docs/joins.md. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LEFT, RIGHT } from '../../window/model.ts'
import { NOON } from '../../window/random-streams.ts'
import { SimulatedJoin } from './join/simulated-join.ts'

const ORDER = [LEFT, 'a', 0] as const
const payment = (seconds: number) => [RIGHT, 'a', seconds] as const
const other = (seconds: number) => [RIGHT, 'z', seconds] as const

const examples: readonly [(readonly [number, string, number])[], string[]][] = [
  [[payment(-5), ORDER], ['1-0']],
  [[payment(-6), ORDER], []],
  [[ORDER, payment(60)], ['0-1']],
  [[ORDER, other(70), payment(60)], ['0-2']],
  [[ORDER, other(72)], ['0-']],
  [[ORDER, other(72), payment(60)], ['0-']],
  [[other(74), payment(30), ORDER], ['2-1']],
  [[other(76), ORDER], ['1-']],
]

for (const [records, rows] of examples) {
  const stream = records.map(([side, key, at]) => `${side === LEFT ? 'L' : 'R'} ${key} @${at}`)
  test(`5 s before, 60 s after, 10 s of grace: ${stream.join(', ')} gives ${rows.join() || 'nothing'}`, async () => {
    const times = { beforeMs: 5000, afterMs: 60_000, graceMs: 10_000, kind: 'left' } as const
    const join = await SimulatedJoin.open(times, false)
    for (const [id, [side, key, at]] of records.entries()) {
      await join.take({ side, key, id, time: NOON + at * 1000, fault: undefined })
    }
    assert.deepEqual(join.rows, rows)
    await join.close()
  })
}
