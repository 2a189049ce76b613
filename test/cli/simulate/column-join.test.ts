/** Facts that are joined by a column of a row that another row leads to: whatever rows there are, as a nested loop has it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { Simulation } from '../../../src/cli/simulate/simulation.ts'
import { AvroJson } from '../../../src/codec/avro/json-encoding.ts'
import { comesOutAlone, type JoinKind } from '../../../src/config/join-kind.ts'
import { parsePipeline } from '../../../src/config/load.ts'
import type { Pipeline } from '../../../src/config/pipeline.ts'
import { createPipelineCodec, readSchemas } from '../../../src/plan/pipeline-codec.ts'
import { LEFT, type ModelRecord, type ModelTimes, NaiveJoin } from '../../window/model.ts'
import { NOON, randomStreams, type StreamRecord } from '../../window/random-streams.ts'
import { FRAME, recordBytes, SILENCE_MS } from './join/simulated-join.ts'

const MISSING = ['null', 'drop', 'reject'] as const
type Missing = (typeof MISSING)[number]

/** @param isDerived whether the columns that lead on are derived ones */
function pipelineOf(times: ModelTimes, missing: readonly Missing[], isDerived: boolean): Pipeline {
  const [fields, k] = isDerived ? [', fields: { code: k }', 'code'] : ['', 'k']
  const { beforeMs, afterMs, graceMs, kind } = times
  const text = `
name: join
kafka: { brokers: "localhost:1" }
facts: { topic: facts, schema: fact.avsc, select: [fact] }
dimensions:
  shop: { topic: shops, schema: keyed-dimension.avsc, on: d${fields}, select: { shop: title }, missing: "${missing[0]}" }
  town: { topic: towns, schema: keyed-dimension.avsc, on: shop.${k}${fields}, select: { town: title }, missing: "${missing[1]}" }
join:
  { topic: right, schema: right.avsc, on: { left: town.${k}, right: k }, repartition: facts, select: [right],
    within: { before: ${beforeMs}ms, after: ${afterMs}ms }, grace: ${graceMs}ms, kind: ${kind}, idle: 7d }
output: { topic: joined, schemaId: 1 }
`
  const path = fileURLToPath(new URL('join/pipeline.yaml', import.meta.url))
  return parsePipeline(text.replaceAll('"null"', 'null'), path, {})
}

/** A row that is put, or deleted, before the record of the stream with this number. */
interface RowChange {
  readonly before: number
  readonly dimension: 0 | 1
  readonly key: string
  readonly row: { readonly title: string; readonly k: string | null } | null
}

/** With which facts have matches. */
const FIRST: readonly RowChange[] = [
  { before: 0, dimension: 0, key: 'a', row: { title: 'one', k: 'x' } },
  { before: 0, dimension: 0, key: 'b', row: { title: '', k: 'y' } },
  { before: 0, dimension: 1, key: 'x', row: { title: 'two', k: 'a' } },
  { before: 0, dimension: 1, key: 'y', row: { title: 'one', k: 'b' } },
]

/** Keys of the one are what the other's rows have, as a rule. */
const changes: fc.Arbitrary<RowChange[]> = fc.array(
  fc.oneof(
    rowChange(0, ['a', 'b', 'c'], ['x', 'y', 'z', null]),
    rowChange(1, ['x', 'y'], ['a', 'b', null]),
  ),
  { maxLength: 12 },
)

function rowChange(
  dimension: 0 | 1,
  keys: readonly string[],
  values: readonly (string | null)[],
): fc.Arbitrary<RowChange> {
  const row = fc.record({
    title: fc.constantFrom('', 'one', 'two'),
    k: fc.constantFrom(...values),
  })
  return fc.record({
    before: fc.nat(30),
    dimension: fc.constant(dimension),
    key: fc.constantFrom(...keys),
    row: fc.option(row, { freq: 6 }),
  })
}

interface Expected {
  readonly rows: string[]
  readonly dropped: number
  readonly rejected: number
}

/** Each fact with the rows that are there when it comes, then every pair. */
function nestedLoop(
  times: ModelTimes,
  missing: readonly Missing[],
  stream: readonly StreamRecord[],
  put: readonly RowChange[],
): Expected {
  const tables = [0, 1].map(() => new Map<string, NonNullable<RowChange['row']>>())
  const lefts = new Map<number, readonly (string | null)[]>()
  const joined: (ModelRecord & { by: string | null })[] = []
  const fates = { null: 0, drop: 0, reject: 0 }
  for (const [i, record] of stream.entries()) {
    for (const { dimension, key, row } of put.filter(({ before }) => before === i)) {
      if (row === null) tables[dimension].delete(key)
      else tables[dimension].set(key, row)
    }
    if (record.side !== LEFT) {
      joined.push({ ...record, by: record.key })
      continue
    }
    const shop = tables[0].get(record.key)
    const town = tables[1].get(shop?.k ?? '')
    const misses = [shop, town].findIndex((row, d) => row === undefined && missing[d] !== 'null')
    if (misses >= 0) fates[missing[misses]]++
    else {
      const by = town?.k ?? null
      lefts.set(record.id, [shop?.title ?? null, town?.title ?? null, by])
      joined.push({ ...record, key: by ?? `none of ${record.id}`, by })
      if (by === null && !comesOutAlone(times.kind as JoinKind, 'left')) fates.drop++
    }
  }
  const model = new NaiveJoin(times)
  for (const record of joined) model.take(record)
  model.closeAll()
  const rows = model.rows.map(({ left, right }) => {
    const [shop = null, town = null, by = null] = left === undefined ? [] : lefts.get(left.id)!
    const key = left === undefined ? right!.key : by
    return text([left?.id ?? null, shop, town, right?.id ?? null], key)
  })
  return { rows, dropped: fates.drop, rejected: fates.reject }
}

const text = (fields: readonly unknown[], key: string | null): string =>
  JSON.stringify([...fields.map((field) => (field === null ? null : String(field))), key])

async function simulated(
  pipeline: Pipeline,
  stream: readonly StreamRecord[],
  put: readonly RowChange[],
): Promise<Expected> {
  const schemas = await readSchemas(pipeline, null)
  const codec = createPipelineCodec(pipeline, schemas, null)
  const [fact, row] = [schemas.facts, schemas.dimensions[0]].map((of) => new AvroJson(of))
  const framed = (json: AvroJson, value: object): Buffer =>
    Buffer.concat([FRAME, json.encode(value, (_path, fault) => assert.fail(fault))!])
  const simulation = await Simulation.open(pipeline, codec, NOON)
  try {
    for (const [i, record] of stream.entries()) {
      for (const change of put.filter(({ before }) => before === i)) {
        const value = change.row && framed(row, change.row)
        const of = { key: Buffer.from(change.key), value, headers: [], timestamp: undefined }
        await simulation.take({ kind: 'row', dimension: change.dimension, record: of })
      }
      const { id, key: d, side, time: timestamp } = record
      const bytes = recordBytes(record)
      if (side === LEFT) bytes.value = framed(fact, { k: null, fact: id, at: null, d })
      const kind = side === LEFT ? 'fact' : 'right'
      await simulation.take({ kind, record: { ...bytes, headers: [], timestamp } })
    }
    await simulation.take({ kind: 'wait', ms: SILENCE_MS })
    const { outputs, unmatched, drops, rejects } = simulation.effects
    const rows = [...outputs, ...unmatched].map(({ key, value }) =>
      text([value.fact, value.shop, value.town, value.right], key),
    )
    return { rows, dropped: drops.length, rejected: rejects.length }
  } finally {
    await simulation.close()
  }
}

const streams = randomStreams({
  late: false,
  faults: [],
  silences: false,
  grace: { min: 0, max: 6 },
  maxLength: 40,
})

test('joined by a column that a chain of look-ups leads to, each fact comes out as a nested loop over rows and records has it', async () => {
  let total = 0
  const choices = fc.tuple(fc.constantFrom(...MISSING), fc.constantFrom(...MISSING), fc.boolean())
  await fc.assert(
    fc.asyncProperty(
      streams,
      changes,
      choices,
      async ({ times, steps }, more, [shop, town, isDerived]) => {
        const put = [...FIRST, ...more]
        const missing = [shop, town]
        const stream = steps as readonly StreamRecord[]
        const expected = nestedLoop(times, missing, stream, put)
        const came = await simulated(pipelineOf(times, missing, isDerived), stream, put)
        assert.deepEqual(
          { ...came, rows: came.rows.sort() },
          { ...expected, rows: expected.rows.sort() },
        )
        total += expected.rows.filter((row) => !row.includes('null')).length
      },
    ),
    { numRuns: 50 },
  )
  assert.ok(total > 50, `${total} matches`)
})
