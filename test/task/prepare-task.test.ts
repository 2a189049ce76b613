/** What a stage that completes facts writes for the join, and what the join makes of what is not of its layout. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { RecordBytes } from '../../src/batch.ts'
import type { Fetched } from '../../src/broker/port.ts'
import { RecordBatchWriter } from '../../src/broker/record-batch-writer.ts'
import { decodeRecordBatches, recordAt } from '../../src/broker/record-columns.ts'
import { taskOf } from '../../src/broker/task-number.ts'
import { bytesOf } from '../../src/bytes.ts'
import { AvroJson } from '../../src/codec/avro/json-encoding.ts'
import type { PipelineCodec } from '../../src/codec/port.ts'
import { parsePipeline } from '../../src/config/load.ts'
import type { Pipeline } from '../../src/config/pipeline.ts'
import { DimensionTable } from '../../src/dimension/table.ts'
import { markAt } from '../../src/output/internal-records.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'
import { PageStore } from '../../src/state/page-store.ts'
import { createTask } from '../../src/task/create-task.ts'
import type { TaskContext } from '../../src/task/task.ts'
import { Disk } from '../commit/disk.ts'
import { taskContext } from '../support/task-context.ts'

const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-prepare-'))
after(() => rmSync(folder, { recursive: true }))

const schemas = {
  trip: { id: 'string', station: 'int', minutes: 'int' },
  station: { name: 'string', zone: ['null', 'string'] },
  weather: { zone: 'string', celsius: 'int' },
}
type Name = keyof typeof schemas

const schemaOf = (name: Name): object => ({
  type: 'record',
  name,
  fields: Object.entries(schemas[name]).map(([field, type]) => ({ name: field, type })),
})
for (const name of Object.keys(schemas) as Name[]) {
  writeFileSync(join(folder, `${name}.avsc`), JSON.stringify(schemaOf(name)))
}

const pipelineOf = (kind: string, select = '[name]', on = 'station.zone'): Pipeline =>
  parsePipeline(
    `name: job
kafka: { brokers: "localhost:9092" }
facts: { topic: trips, schema: ./trip.avsc, where: minutes > 1, fields: { hours: minutes / 60 } }
dimensions:
  station: { topic: stations, keyFormat: int, schema: ./station.avsc, on: station, select: ${select} }
join:
  topic: weather
  schema: ./weather.avsc
  on: { left: ${on}, right: zone }
  within: 60s
  kind: ${kind}
  late: { left: reject, right: drop }
  repartition: facts
  select: [celsius]
output: { topic: out, schemaId: 1 }
`,
    join(folder, 'pipeline.yaml'),
    {},
  )

const NOON = Date.parse('2025-01-01T12:00:00Z')
const TO = { compression: 'none', partitions: 1, maxBatchBytes: 1 << 20 } as const

function encoded(name: Name, value: object): Buffer {
  const faults: string[] = []
  const body = new AvroJson(schemaOf(name)).encode(value, (_path, fault) => faults.push(fault))
  assert.deepEqual(faults, [])
  return Buffer.concat([Buffer.from([0, 0, 0, 0, 1]), body!])
}

async function answer(topic: string, batch: RecordBatchWriter): Promise<Fetched> {
  const columns = await decodeRecordBatches(Buffer.from(await batch.seal(-1n, -1, -1)), 0, [])
  const end = columns.nextOffset
  return { topic, partition: 0, columns, lastStableOffset: end, highWatermark: end }
}

function fetched(
  topic: string,
  records: readonly (RecordBytes & { readonly time: number })[],
): Promise<Fetched> {
  const to = { topic, partition: 0, transactional: false, compression: 'none' } as const
  const writer = new RecordBatchWriter(to)
  for (const one of records) writer.recordOf(one.time, one)
  return answer(topic, writer)
}

const trip = (id: string, station: number, time = NOON) => ({
  key: Buffer.from(`key of ${id}`),
  value: encoded('trip', { id, station, minutes: 90 }),
  headers: [['of', Buffer.from(id)]] as [string, Buffer][],
  time,
})

/** Stations 1 (north), 2 (no zone), 3 (south). */
function stations(codec: PipelineCodec): DimensionTable {
  const table = new DimensionTable()
  for (const [key, zone] of Object.entries({ 1: 'north', 2: null, 3: 'south' })) {
    const value = bytesOf(encoded('station', { name: `s${key}`, zone }))
    const reader = codec.dimensions[0].reader(value, 0, value.length, 0, 0)
    assert.ok(reader !== null && typeof reader === 'object')
    assert.equal(reader.read(0, value, 0, value.length), null)
    reader.select(0)
    const row = bytesOf(Buffer.alloc(reader.projectedBytes))
    table.put(bytesOf(Buffer.from(key)), 0, key.length, row, 0, reader.project(row, 0))
  }
  return table
}

async function worldOf(
  pipeline: Pipeline,
  over: Partial<TaskContext> = {},
): Promise<{ context: TaskContext; codec: PipelineCodec }> {
  const codec = createPipelineCodec(pipeline, await readSchemas(pipeline, null), null)
  const context = taskContext(pipeline, codec, {
    dimensions: [stations(codec)],
    repartition: [{ ...TO, topic: 'job-facts-repartition' }],
    partitions: new Map([['trips', 1]]),
    now: () => NOON,
    ...over,
  })
  return { context, codec }
}

/** What the first stage writes of these trips, by topic. */
async function prepared(pipeline: Pipeline, trips: readonly ReturnType<typeof trip>[]) {
  const { context, codec } = await worldOf(pipeline)
  const first = createTask(taskOf(0, 2), null, context)
  first.offer(0, await fetched('trips', trips))
  while (await first.process());
  const epoch = first.drain()!
  const answers = new Map<string, Fetched>()
  for (const batch of epoch.outputs) answers.set(batch.topic, await answer(batch.topic, batch))
  return { context, codec, answers, rejects: epoch.rejects }
}

async function rejected(batches: readonly RecordBatchWriter[]) {
  const all: { value: Buffer | null; headers: Record<string, string> }[] = []
  for (const batch of batches) {
    const { columns } = await answer('rejects', batch)
    for (let i = 0; i < columns.length; i++) {
      const { value, headers } = recordAt(columns, i)
      all.push({
        value,
        headers: Object.fromEntries(headers.map(([name, text]) => [name, String(text)])),
      })
    }
  }
  return all
}

test('the internal record is the layout and the fact as the window stores it, under the column’s text and the event time', async () => {
  const { codec, answers } = await prepared(pipelineOf('inner'), [trip('a', 1, NOON - 5)])
  const { columns } = answers.get('job-facts-repartition')!
  // The fact, and the mark behind it.
  assert.equal(columns.length, 2)
  const { key, value } = recordAt(columns, 0)
  assert.deepEqual([String(key), columns.timestamps[0]], ['north', NOON - 5])
  assert.equal(value!.subarray(0, 8).toString('hex'), codec.layout)
  const left = codec.views.sources[0](value!.subarray(8))
  assert.deepEqual({ ...left }, { id: 'a', station: 1, minutes: 90, hours: 1, name: 's1' })
})

test('a fact without a row, or whose column is null, comes out of the first stage where such facts do, and else is dropped and counted', async () => {
  const trips = [trip('a', 2), trip('b', 9), trip('c', 1)]
  for (const [kind, isOut] of [
    ['left', true],
    ['outer', true],
    ['inner', false],
    ['right', false],
  ] as const) {
    const text = pipelineOf(kind)
    const pipeline = {
      ...text,
      joins: text.joins.map((join) => ({
        ...join,
        late: { left: 'drop', right: 'drop' } as const,
      })),
    }
    const { context, codec, answers, rejects } = await prepared(pipeline, trips)
    assert.equal(rejects.length, 0)
    assert.equal(context.counts.droppedMissing, isOut ? 0 : 2)
    assert.equal(context.counts.window.unmatched[0], isOut ? 2 : 0)
    const out = answers.get('out')
    assert.equal(out !== undefined, isOut)
    const json = new AvroJson(JSON.parse(codec.outputSchema))
    const rows = Array.from({ length: out?.columns.length ?? 0 }, (_, i) => {
      const { key, value, headers } = recordAt(out!.columns, i)
      const { id, name, celsius } = json.decode(value!.subarray(5)) as Record<string, unknown>
      return [key, id, name, celsius, String(headers[0][1])]
    })
    const expected = [
      [null, 'a', 's2', null, 'a'],
      [null, 'b', null, null, 'b'],
    ]
    assert.deepEqual(rows, isOut ? expected : [])
  }
})

test('facts of several keys in one slice keep each its own', async () => {
  const trips = Array.from({ length: 40 }, (_, i) => trip(`t${i}`, i % 3 === 0 ? 1 : 3))
  const { context, codec, answers } = await prepared(pipelineOf('left'), trips)
  const last = createTask(taskOf(1, 2), new PageStore(new Disk().open(), codec.layout), context)
  last.offer(0, answers.get('job-facts-repartition')!)
  const weather = ['north', 'south'].map((zone, celsius) => ({
    ...{ key: Buffer.from(zone), value: encoded('weather', { zone, celsius }) },
    ...{ headers: [], time: NOON },
  }))
  last.offer(1, await fetched('weather', weather))
  for (let turn = 0; turn < 20; turn++) await last.process()
  const [batch] = last.drain()!.outputs
  const { columns } = await answer('out', batch)
  const json = new AvroJson(JSON.parse(codec.outputSchema))
  const rows = Array.from({ length: columns.length }, (_, i) => {
    const { key, value } = recordAt(columns, i)
    const { id, name, celsius } = json.decode(value!.subarray(5)) as Record<string, unknown>
    return `${id} ${key} ${name} ${celsius}`
  })
  const expected = trips.map((_, i) => `t${i} ${i % 3 === 0 ? 'north s1 0' : 'south s3 1'}`)
  assert.deepEqual(rows.sort(), expected.sort())
})

test('what the join rejects of completed facts is named by its place in the input; the value, which is not that of the input, is left out', async () => {
  const pipeline = pipelineOf('left')
  const { context, codec, answers } = await prepared(pipeline, [
    trip('late', 1, NOON - 3_600_000),
    trip('in time', 1),
  ])
  const last = createTask(taskOf(1, 2), new PageStore(new Disk().open(), codec.layout), context)
  const internal = answers.get('job-facts-repartition')!
  // As if another source partition had moved stream time on before.
  last.state!.clock.streamTime = NOON
  last.offer(0, internal)
  last.offer(1, await fetched('weather', []))
  for (let turn = 0; turn < 20; turn++) await last.process()
  const [one, ...others] = await rejected(last.drain()!.rejects)
  assert.deepEqual(others, [])
  const { value, headers } = one
  assert.equal(value, null)
  const of = (name: string): string => headers[`enricher.${name}`]
  assert.deepEqual(
    [of('topic'), of('partition'), of('offset'), of('reason'), headers.of],
    ['trips', '0', '0', 'late', 'late'],
  )
  assert.match(of('omitted'), /^value: completed by an earlier stage; the topic has it/)
})

test('where a fact waits for its rows the join is told that nobody is silent any more, and goes no further than that fact', async () => {
  let elapsed = 0
  let limit = NOON
  const { context } = await worldOf(pipelineOf('left'), {
    elapsed: () => elapsed,
    rowLimit: {
      get limit() {
        return limit
      },
      slowest: undefined,
    },
  })
  const first = createTask(taskOf(0, 2), null, context)
  /** Keys of facts, and times of marks, in the order in which they are written. */
  const turn = async (): Promise<unknown[]> => {
    while (await first.process());
    const [batch] = first.drain()?.outputs ?? []
    if (batch === undefined) return []
    const { columns } = await answer(batch.topic, batch)
    return Array.from({ length: columns.length }, (_, i) => {
      const mark = markAt(columns, i)
      return mark === undefined ? String(recordAt(columns, i).key) : mark.time
    })
  }
  first.offer(0, await fetched('trips', [trip('before', 1, NOON - 9)]))
  assert.deepEqual(await turn(), ['north', NOON - 9])
  elapsed = 3_600_000
  first.offer(0, { ...(await fetched('trips', [])), highWatermark: 0, lastStableOffset: 0 })
  assert.deepEqual(await turn(), [Number.POSITIVE_INFINITY])
  first.offer(0, await fetched('trips', [trip('waits', 3, NOON + 4), trip('behind', 1, NOON - 2)]))
  assert.deepEqual(await turn(), [NOON + 4])
  elapsed += 3_600_000
  assert.deepEqual(await turn(), [])
  limit = NOON + 5
  assert.deepEqual(await turn(), ['south', 'north'])
})

test('a fact that was completed under another layout is rejected with a sentence, and never read as one of this', async () => {
  const before = await prepared(pipelineOf('left'), [trip('a', 1)])
  const { context, codec } = await worldOf(pipelineOf('left', '{ station_name: name }'))
  assert.notEqual(codec.layout, before.codec.layout)
  const last = createTask(taskOf(1, 2), new PageStore(new Disk().open(), codec.layout), context)
  last.offer(0, before.answers.get('job-facts-repartition')!)
  last.offer(1, await fetched('weather', []))
  for (let turn = 0; turn < 20; turn++) await last.process()
  const epoch = last.drain()!
  assert.equal(epoch.outputs.length, 0)
  const [{ headers }] = await rejected(epoch.rejects)
  assert.equal(headers['enricher.reason'], 'incompatible_schema')
  assert.match(headers['enricher.error'], /^The fact was completed under another layout/)
  assert.equal(headers['enricher.topic'], 'trips')
})

test('another column to be joined by is another layout, and so is another expression of it', async () => {
  const layoutOf = async (pipeline: Pipeline): Promise<string> =>
    (await worldOf(pipeline)).codec.layout
  const plain = pipelineOf('left')
  const zone = await layoutOf(plain)
  assert.notEqual(await layoutOf(pipelineOf('left', '[name]', 'station.name')), zone)
  const [station] = plain.dimensions
  const derived = (expression: string): Pipeline => ({
    ...pipelineOf('left', '[name]', 'station.area'),
    dimensions: [{ ...station, fields: [{ name: 'area', expression }] }],
  })
  const one = await layoutOf(derived('name + "1"'))
  assert.notEqual(await layoutOf(derived('name + "2"')), one)
})
