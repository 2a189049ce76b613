/** Replays of pipelines drawn by chance, of a part of their streams, beside SQL over the same tables. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mix } from '../../../../examples/random.ts'
import { queried } from '../../../support/sql-table.ts'
import { shapeOf } from './compiled.ts'
import { replayedOf } from './replayed-shape.ts'
import { START } from './tables.ts'

const RUNS = Number(process.env.SHAPE_RUNS ?? 40)
const FIRST = Number(process.env.SHAPE_FIRST ?? 0)

test('whatever a pipeline is made of, a replay of a part gives what SQL says of this part', async () => {
  let rows = 0
  for (let seed = FIRST; seed < FIRST + RUNS; seed++) {
    const shape = shapeOf(seed)
    const from = START + (mix(seed, 9001) % 2000)
    const times = { from, to: from + 1 + (mix(seed, 9002) % 1500) }
    const sql = shape.sqlOf(times)
    const told = `SHAPE_FIRST=${seed} SHAPE_RUNS=1\n${shape.yaml}\n${sql}`
    const tables = [
      ...new Map([...shape.streams, ...shape.dimensions].map((one) => [one.name, one])).values(),
    ]
    const wanted = (await queried(tables, sql)).sort()
    const found = await replayedOf(shape, times).catch((error) =>
      assert.fail(`${told}\n${error.stack}`),
    )
    assert.deepEqual(found.sort(), wanted, told)
    rows += wanted.length
  }
  assert.ok(rows > 2 * RUNS, `${rows} rows show little`)
})
