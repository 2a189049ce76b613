import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import type { RecordBytes } from '../../src/batch.ts'
import type { Fetched } from '../../src/broker/port.ts'
import { RecordBatchWriter } from '../../src/broker/record-batch-writer.ts'
import { decodeRecordBatches, recordAt } from '../../src/broker/record-columns.ts'
import { taskOf } from '../../src/broker/task-number.ts'
import { AvroJson } from '../../src/codec/avro/json-encoding.ts'
import { keyBytes } from '../../src/codec/keys/keys.ts'
import type { RecordKeyPlan } from '../../src/codec/keys/plan.ts'
import { keyPlan, recordKeyPlan } from '../../src/codec/keys/plan.ts'
import type { PipelineCodec } from '../../src/codec/port.ts'
import { parsePipeline } from '../../src/config/load.ts'
import type { Pipeline } from '../../src/config/pipeline.ts'
import type { DimensionStore } from '../../src/dimension/dimension-store.ts'
import { placeBytes } from '../../src/dimension/place.ts'
import { RowReader } from '../../src/dimension/row-reader.ts'
import { LatestRows } from '../../src/dimension/row-writer.ts'
import { DimensionTable } from '../../src/dimension/table.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'
import { planOf } from '../../src/plan/plan.ts'
import { PageStore } from '../../src/state/page-store.ts'
import { createTask } from '../../src/task/create-task.ts'
import type { TaskEpoch } from '../../src/task/task.ts'
import { Disk } from '../commit/disk.ts'
import { taskContext } from '../support/task-context.ts'
import {
  type Fate,
  NaiveLookUps,
  type World,
  type WorldDimension,
  type WorldRow,
  worlds,
} from './look-up-worlds.ts'

const folder = mkdtempSync(join(tmpdir(), 'look-ups-'))
after(() => rmSync(folder, { recursive: true }))

const record = (name: string, fields: object): object => ({
  type: 'record',
  name,
  fields: Object.entries(fields).map(([field, type]) => ({ name: field, type })),
})
const place = record('Place', {
  town: 'string',
  zone: ['null', 'long'],
  deep: record('Deep', { code: 'string' }),
})
const SCHEMAS = {
  fact: record('Fact', {
    id: 'string',
    k1: ['string', 'null'],
    k2: ['null', 'long'],
    at: ['null', place],
  }),
  row: record('Row', {
    s: ['null', 'string'],
    in: [record('In', { s: ['null', 'string'] }), 'null'],
    n: ['null', 'int'],
  }),
  right: record('Right', { id: 'string', paid: 'string' }),
  text: 'string',
  fields: record('Key', { b: 'string', a: ['null', 'string'] }),
}
for (const [name, schema] of Object.entries(SCHEMAS)) {
  writeFileSync(join(folder, `${name}.avsc`), JSON.stringify(schema))
}
const FRAME = Buffer.alloc(5)
const jsons = {
  fact: new AvroJson(SCHEMAS.fact),
  row: new AvroJson(SCHEMAS.row),
  right: new AvroJson(SCHEMAS.right),
}
const PLANS = {
  text: keyPlan('string'),
  fields: recordKeyPlan(SCHEMAS.fields, ['a', 'b']),
} as { text: ReturnType<typeof keyPlan>; fields: RecordKeyPlan | string }

const encoded = (schema: keyof typeof jsons, value: object): Buffer => {
  const faults: string[] = []
  const body = jsons[schema].encode(value, (_path, message) => faults.push(message))
  assert.deepEqual(faults, [])
  return Buffer.concat([FRAME, body!])
}

function pipelineOf(
  { dimensions, order, select }: World,
  joins: boolean,
  provenance: boolean,
): Pipeline {
  const source = ({ of, field }: WorldDimension['parts'][number]): string =>
    of < 0 ? field : `${dimensions[of].name}.${field}`
  const sections = order.map((d) => {
    const { name, topic, parts, names, keyFormat, columns, missing } = dimensions[d]
    const on =
      names === null
        ? source(parts[0])
        : Object.fromEntries(names.map((key, p) => [key, source(parts[p])]))
    const keySchema = `${names === null ? 'text' : 'fields'}.avsc`
    const taken = Object.fromEntries(columns.map((column) => [`${name}_${column}`, column]))
    const avro = keyFormat === 'avro' ? { keySchema } : {}
    return [name, { topic, schema: 'row.avsc', keyFormat, ...avro, on, select: taken, missing }]
  })
  const file = {
    name: 'look-ups',
    kafka: { brokers: 'localhost:9092' },
    facts: { topic: 'facts', schema: 'fact.avsc', ...(select === null ? {} : { select }) },
    dimensions: Object.fromEntries(sections),
    ...(joins
      ? {
          join: { topic: 'rights', schema: 'right.avsc', on: 'id', within: '1h', select: ['paid'] },
        }
      : {}),
    output: { topic: 'out', schemaId: 1 },
    provenance,
  }
  return parsePipeline(JSON.stringify(file), join(folder, 'pipeline.yaml'), {})
}

/** One answer of a broker with all of these. */
async function fetched(topic: string, records: readonly RecordBytes[]): Promise<Fetched> {
  const writer = new RecordBatchWriter({
    topic,
    partition: 0,
    transactional: false,
    compression: 'none',
  })
  for (const one of records) writer.recordOf(1000, one)
  const bytes = records.length === 0 ? Buffer.alloc(0) : Buffer.from(await writer.seal(-1n, -1, -1))
  const columns = await decodeRecordBatches(bytes, 0, [])
  const end = columns.nextOffset
  return { topic, partition: 0, columns, lastStableOffset: end, highWatermark: end }
}

function rowRecord({ key, value }: WorldRow, { keyFormat, names }: WorldDimension): RecordBytes {
  const plan = (names === null ? PLANS.text : PLANS.fields) as RecordKeyPlan
  const bytes = keyBytes(keyFormat, key, plan)
  assert.ok(bytes !== undefined)
  return { key: bytes, value: value === null ? null : encoded('row', value), headers: [] }
}

/** The tables of the pipeline's dimensions, with the world's rows in them. */
async function tablesOf(pipeline: Pipeline, codec: PipelineCodec, world: World) {
  const store = { put() {}, delete() {} } as unknown as DimensionStore
  const tables: DimensionTable[] = []
  for (const { dimensions: some } of planOf(pipeline).tables) {
    const table = new DimensionTable()
    table.clear(0, placeBytes({ keepsPlaces: pipeline.provenance }))
    const [d] = some
    const ports = {
      codec: codec.dimensions[d],
      key: codec.dimensionKeys[d],
      former: codec.formerRows[d],
      onReject: (...[, , , reason, error]: unknown[]) => assert.fail(`${reason}: ${error}`),
      keepsPlaces: pipeline.provenance,
      onOtherType: () => assert.fail(),
      onFiltered: () => assert.fail(),
      onDeleted: () => {},
      onPassedOver: () => assert.fail(),
      config: pipeline.dimensions[d],
    }
    const rows = new RowReader(ports, new LatestRows(table, store))
    const { topic } = pipeline.dimensions[d]
    const of = world.dimensions.find((one) => one.topic === topic)!
    const records = world.rows.filter((row) => row.topic === topic)
    const { columns } = await fetched(
      topic,
      records.map((row) => rowRecord(row, of)),
    )
    for (let i = 0; i < columns.length; i++) assert.equal(rows.apply(columns, 0, i), 'done')
    for (const one of some) tables[one] = table
  }
  return tables
}

interface Came {
  /** Of the outputs, in their order. */
  readonly headers: Record<string, string>[]
  readonly outputs: Record<string, unknown>[]
  readonly rejects: { id: string; error: string }[]
  readonly dropped: number
}

async function run(world: World, joins: boolean, provenance: boolean): Promise<Came> {
  const pipeline = pipelineOf(world, joins, provenance)
  const codec = createPipelineCodec(pipeline, await readSchemas(pipeline, null), null)
  const context = taskContext(pipeline, codec, {
    dimensions: await tablesOf(pipeline, codec, world),
  })
  const pages = joins ? new PageStore(new Disk().open(), codec.layout) : null
  const task = createTask(taskOf(0, 1), pages, context)
  const facts = world.facts.map((fact) => ({
    key: Buffer.from(fact.id),
    value: encoded('fact', fact),
    headers: [],
  }))
  task.offer(0, await fetched('facts', facts))
  if (joins) {
    const rights = world.facts.map(({ id }) => ({
      key: Buffer.from(id),
      value: encoded('right', { id, paid: `paid ${id}` }),
      headers: [],
    }))
    task.offer(1, await fetched('rights', rights))
  }
  const epochs: TaskEpoch[] = []
  while (await task.process()) epochs.push(...[task.drain()].filter((epoch) => epoch !== undefined))
  const output = new AvroJson(JSON.parse(codec.outputSchema))
  const outputs = await written(epochs.flatMap((epoch) => epoch.outputs))
  const rejects = await written(epochs.flatMap((epoch) => epoch.rejects))
  return {
    headers: outputs.map(({ headers }) =>
      Object.fromEntries(headers.map(([name, text]) => [name, String(text)])),
    ),
    outputs: outputs.map(({ value }) => output.decode(value!.subarray(FRAME.length))),
    rejects: rejects.map(({ key, headers }) => ({
      id: String(key),
      error: String(headers.find(([name]) => name === 'enricher.error')![1]),
    })),
    dropped: context.counts.droppedMissing,
  }
}

async function written(batches: TaskEpoch['outputs']): Promise<RecordBytes[]> {
  const records: RecordBytes[] = []
  for (const batch of batches) {
    const columns = await decodeRecordBatches(await batch.seal(1n, 0, 0), 0, [])
    for (let i = 0; i < columns.length; i++) records.push(recordAt(columns, i))
  }
  return records
}

/** What has to come out, by the definition. */
function expected(world: World, joins: boolean): Omit<Came, 'headers'> {
  const model = new NaiveLookUps(world)
  const fates = world.facts.map((fact) => ({ fact, fate: model.fateOf(fact) }))
  const names = world.order.flatMap((d) => {
    const { name, columns } = world.dimensions[d]
    return columns.map((column) => `${name}_${column}`)
  })
  return {
    outputs: fates.flatMap(({ fact, fate }) => {
      if (!('columns' in fate)) return []
      const fields = world.select ?? Object.keys(fact)
      const own = fields.map((field) => [field, fact[field as keyof typeof fact]])
      const columns = names.map((name, c) => [name, fate.columns[c]])
      const right = joins ? [['paid', `paid ${fact.id}`]] : []
      return [Object.fromEntries([...own, ...columns, ...right])]
    }),
    rejects: fates.flatMap(({ fact: { id }, fate }) =>
      'error' in fate ? [{ id, error: fate.error }] : [],
    ),
    dropped: fates.filter(({ fate }) => 'dropped' in fate).length,
  }
}

/** Each row that headers name is the last one of its key, and its columns are the output's; where none is named these are null. */
function assertMadeOf(world: World, output: Record<string, unknown>, headers: object): void {
  const named = new Map(Object.entries(headers))
  const fact = world.facts.findIndex(({ id }) => id === output.id)
  const isKnown = world.select === null || world.select.includes('id')
  const factPlace = /^facts-0@(\d+) 1970-01-01T00:00:01\.000Z$/.exec(named.get('enricher.facts'))
  assert.ok(factPlace !== null)
  if (isKnown) assert.equal(Number(factPlace[1]), fact)
  for (const { name, topic, columns } of world.dimensions) {
    const place = named.get(`enricher.dimension.${name}`)
    const rows = world.rows.filter((row) => row.topic === topic)
    const found = place && rows[Number(place.slice(`${topic}-0@`.length))]
    assert.equal(place !== undefined, found !== undefined)
    if (found !== undefined) {
      const { key: itsKey } = found as WorldRow
      const last = rows.findLast(({ key }) => isDeepStrictEqual(key, itsKey))
      assert.equal(found, last)
      assert.equal(place, `${topic}-0@${rows.indexOf(found as WorldRow)}`)
    }
    const own: Record<string, unknown> = { ...found?.value }
    for (const column of columns) {
      assert.deepEqual(output[`${name}_${column}`], own[column] ?? null)
    }
  }
}

const byId = (a: object, b: object): number => JSON.stringify(a).localeCompare(JSON.stringify(b))

for (const joins of [false, true]) {
  test(`300 worlds of dimensions that hang on one another give what nested maps give, ${joins ? 'with' : 'without'} a join`, async () => {
    const seen = { chained: 0, composite: 0, shared: 0, refused: 0, rows: 0 }
    await fc.assert(
      fc.asyncProperty(worlds, fc.boolean(), async (world, provenance) => {
        const came = await run(world, joins, provenance)
        const wanted = expected(world, joins)
        for (const [i, output] of came.outputs.entries()) {
          if (provenance) assertMadeOf(world, output, came.headers[i])
          else assert.deepEqual(came.headers[i], {})
        }
        assert.deepEqual(came.outputs.sort(byId), wanted.outputs.sort(byId))
        assert.deepEqual(came.rejects.sort(byId), wanted.rejects.sort(byId))
        assert.equal(came.dropped, wanted.dropped)
        const topics = new Set(world.dimensions.map(({ topic }) => topic))
        if (world.dimensions.some(({ level }) => level === 2)) seen.chained++
        if (world.dimensions.some(({ names }) => names !== null)) seen.composite++
        if (topics.size < world.dimensions.length) seen.shared++
        seen.refused += wanted.rejects.length + wanted.dropped
        const isFound = (fate: Fate): boolean =>
          'columns' in fate && fate.columns.some((value) => value !== null)
        const model = new NaiveLookUps(world)
        seen.rows += world.facts.filter((fact) => isFound(model.fateOf(fact))).length
      }),
      { numRuns: 300, includeErrorInReport: true },
    )
    for (const [what, count] of Object.entries(seen)) assert.ok(count > 30, `${what}: ${count}`)
  })
}
