/** Pipelines drawn by chance, record by record without a broker, beside SQL over the same tables. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Simulation } from '../../../../src/cli/simulate/simulation.ts'
import { queried } from '../../../support/sql-table.ts'
import { columnsOf, compiled, given, shapeOf } from './compiled.ts'
import type { AnyShape } from './shape.ts'
import { START } from './tables.ts'

const RUNS = Number(process.env.SHAPE_RUNS ?? 50)
const FIRST = Number(process.env.SHAPE_FIRST ?? 0)
/** All windows have closed. */
const SILENCE_MS = 8 * 86_400_000

async function cameOut(shape: AnyShape): Promise<string[]> {
  const { streams, dimensions, isJson } = shape
  const { pipeline, codec } = await compiled(shape)
  const simulation = await Simulation.open(pipeline, codec, START)
  try {
    for (const [dimension, table] of dimensions.entries()) {
      for (const record of given(table, isJson))
        await simulation.take({ kind: 'row', dimension, record })
    }
    const records = streams
      .flatMap((table, side) => given(table, isJson).map((record) => ({ side, record })))
      .sort((a, b) => a.record.timestamp - b.record.timestamp)
    for (const { side, record } of records) {
      await simulation.take(
        side === 0 ? { kind: 'fact', record } : { kind: 'right', join: side - 1, record },
      )
    }
    // A stage may go on once the one before has closed its windows.
    for (let stage = 0; stage < streams.length; stage++) {
      await simulation.take({ kind: 'wait', ms: SILENCE_MS })
    }
    const { outputs, unmatched, rejects } = simulation.effects
    assert.deepEqual(
      rejects.filter(({ reason }) => reason !== 'missing_dimension'),
      [],
    )
    const names = columnsOf(codec)
    return [...outputs, ...unmatched].map(({ value }) =>
      JSON.stringify(names.map((name) => value[name])),
    )
  } finally {
    await simulation.close()
  }
}

test('whatever a pipeline is made of, what comes out is what SQL says of the whole tables', async () => {
  let rows = 0
  for (let seed = FIRST; seed < FIRST + RUNS; seed++) {
    const shape = shapeOf(seed)
    const told = `SHAPE_FIRST=${seed} SHAPE_RUNS=1\n${shape.yaml}\n${shape.sql}`
    const tables = [
      ...new Map([...shape.streams, ...shape.dimensions].map((one) => [one.name, one])).values(),
    ]
    const wanted = (await queried(tables, shape.sql)).sort()
    const found = await cameOut(shape).catch((error) => assert.fail(`${told}\n${error.stack}`))
    assert.deepEqual(found.sort(), wanted, told)
    rows += wanted.length
  }
  assert.ok(rows > 10 * RUNS, `${rows} rows show little`)
})
