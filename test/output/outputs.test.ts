/** Several outputs: what each gets, against completed records picked apart by avsc and placed by kafkajs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import avsc from 'avsc'
import { Partitioners } from 'kafkajs'
import { encodeHeaders, type RecordBatchWriter } from '../../src/broker/record-batch-writer.ts'
import { decodeRecordBatches, recordAt } from '../../src/broker/record-columns.ts'
import { bytesOf, NO_BYTES } from '../../src/bytes.ts'
import type { AvroRecordSchema } from '../../src/codec/avro/reader.ts'
import { MessageBytes } from '../../src/codec/protobuf/message-bytes.ts'
import type { Column, OutputConfig, Pipeline } from '../../src/config/pipeline.ts'
import { topicSettingsOf } from '../../src/config/topic-settings.ts'
import { Counts } from '../../src/counts/counts.ts'
import type { OutputTopic } from '../../src/output/batch-list.ts'
import { outputsOf } from '../../src/output/outputs.ts'
import { type Entry, type OutputRejects, TaskOutput } from '../../src/output/task-output.ts'
import { TaskRejects } from '../../src/output/task-rejects.ts'
import { outputCodecs } from '../../src/plan/output-codecs.ts'
import { frameOf } from '../../src/plan/output-frames.ts'
import type { OutputPlan } from '../../src/plan/output-plan.ts'
import { avroShape } from '../../src/plan/pipeline-codec.ts'
import { planOf } from '../../src/plan/plan.ts'
import { typeOfProto } from '../codec/protobuf/output-model.ts'
import { pipelineWith } from '../support/pipeline.ts'

const ROUNDS = 200
const RECORDS = 25
const TASK = 2
const PARTITIONS = 3
const FRAME_BYTES = 5
const NOW = 1_735_689_600_000

/** mulberry32: the same numbers for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const COLOUR = { type: 'enum', name: 'Colour', symbols: ['RED', 'BLUE'] }
const PLACE = {
  type: 'record',
  name: 'Place',
  fields: [
    { name: 'city', type: 'string' },
    { name: 'colour', type: 'Colour' },
  ],
}
const FIELDS = [
  { name: 'id', type: 'string' },
  { name: 'customer', type: ['null', 'long'], default: null },
  { name: 'price', type: 'double' },
  { name: 'colour', type: COLOUR },
  { name: 'place', type: ['null', PLACE], default: null },
  { name: 'shade', type: 'Colour' },
  { name: 'note', type: ['null', 'string'], default: null },
]
const SCHEMA = { type: 'record', name: 'Completed', namespace: 'test', fields: FIELDS }
const completed = avsc.Type.forSchema(SCHEMA as avsc.Schema)

type Row = Record<string, unknown>
type Key = string | null
interface Given {
  readonly key: Key
  readonly time: number
  readonly row: Row
}

function randomRecord(random: () => number): Given {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]
  const text = (): string => 'x'.repeat(Math.floor(random() * 9)) + Math.floor(random() * 50)
  const row = {
    id: text(),
    customer: random() < 0.2 ? null : Math.floor(random() * 40),
    price: random() * 100,
    colour: pick(COLOUR.symbols),
    place: random() < 0.3 ? null : { city: text(), colour: pick(COLOUR.symbols) },
    shade: pick(COLOUR.symbols),
    note: random() < 0.5 ? null : text(),
  }
  return { key: random() < 0.1 ? null : text(), time: NOW + Math.floor(random() * 1000), row }
}

function randomOutput(random: () => number, o: number): OutputConfig {
  const fields = random() < 0.6 ? [] : DERIVED
  const names = [...FIELDS, ...fields].map(({ name }) => name)
  const shuffled = [...names].sort(() => random() - 0.5)
  const some = shuffled.slice(0, 1 + Math.floor(random() * names.length))
  const select: Column[] | null =
    random() < 0.4
      ? null
      : some.map((source) => ({ name: random() < 0.5 ? source : `${source}_${o}`, source }))
  const keys = [...names.slice(0, 2), ...fields.map(({ name }) => name)]
  const key = random() < 0.5 ? null : keys[Math.floor(random() * keys.length)]
  const where = random() < 0.6 ? null : WHERE
  const plain = topicSettingsOf(undefined, [])
  const of = {
    format: formatOf(random()),
    schema: null,
    schemaId: o,
    frame: null,
    rejects: 'rejects',
    compression: 'none',
    topicConfig: plain,
    rejectsConfig: plain,
  } as const
  return { path: ['outputs', `o${o}`], topic: `out.${o}`, where, fields, select, key, ...of }
}

const formatOf = (drawn: number): OutputConfig['format'] =>
  drawn < 0.3 ? 'json' : drawn < 0.6 ? 'protobuf' : 'avro'

const topicOf = (topic: string, maxBatchBytes = 1 << 20): OutputTopic => ({
  topic,
  compression: 'none',
  partitions: PARTITIONS,
  maxBatchBytes,
})

function taskOutput(
  configs: readonly OutputConfig[],
  rejects: OutputRejects,
  counts: Counts,
  maxBatchBytes?: number,
): { output: TaskOutput; read: ((value: Buffer) => Row)[] } {
  const codecs = outputCodecs(
    { outputs: configs, output: configs[0], joins: [], dimensions: [] } as unknown as Pipeline,
    {
      schema: SCHEMA,
    } as unknown as OutputPlan,
    [],
    new Map(),
  )
  const outputs = outputsOf(
    configs.map((config, o) => ({
      topic: topicOf(config.topic, maxBatchBytes),
      shape: avroShape(frameOf(config, o)),
      codec: codecs[o],
    })),
  )
  return {
    output: new TaskOutput(outputs, TASK, [NO_BYTES, NO_BYTES], rejects, counts),
    read: codecs.map(({ schema, view }, o) => {
      if (view !== null) {
        const fields = Object.entries(typeOfProto(schema).fields)
        assert.equal(fields.length, view.fields.length)
        return (value) => message(view, value, o)
      }
      if (configs[o].format === 'json') return (value) => JSON.parse(String(value))
      const type = avsc.Type.forSchema(JSON.parse(schema))
      return (value) => framed(type, value, o)
    }),
  }
}

/** Without avsc's classes, so that it is compared with what JSON has. */
function framed(type: avsc.Type, value: Buffer, id: number): Row {
  assert.equal(value.readInt32BE(1), id)
  return JSON.parse(JSON.stringify(type.fromBuffer(value.subarray(FRAME_BYTES))))
}

/** The first message of the file. */
function message(view: AvroRecordSchema, value: Buffer, id: number): Row {
  assert.deepEqual([value.readInt32BE(1), value[FRAME_BYTES]], [id, 0])
  const avro = new MessageBytes(view).avroOf(value.subarray(FRAME_BYTES + 1))
  return JSON.parse(JSON.stringify(avsc.Type.forSchema(view as avsc.Schema).fromBuffer(avro)))
}

/** A stored record with these bytes of a completed record. */
function entryOf({ key, time }: Given, body: Buffer): Entry {
  const headers = encodeHeaders([['trace', Buffer.from('t1')]])
  const keyBytes = Buffer.from(key ?? '')
  const buffer = bytesOf(Buffer.concat([keyBytes, headers, body]))
  const bodyStart = keyBytes.length + headers.length
  return {
    buffer,
    time,
    keyStart: 0,
    keyEnd: key === null ? -1 : keyBytes.length,
    headersStart: keyBytes.length,
    headersEnd: bodyStart,
    bodyStart,
    bodyEnd: buffer.length,
  }
}

/** A match whose two parts together are the record, wherever it is cut. */
function match(output: TaskOutput, record: Given): void {
  const bytes = completed.toBuffer(record.row)
  const cut = bytes.length >> 1
  output.match(entryOf(record, bytes.subarray(0, cut)), entryOf(record, bytes.subarray(cut)))
}

interface Written {
  readonly topic: string
  readonly partition: number
  readonly key: string | undefined
  readonly timestamp: number
  readonly value: Buffer
  readonly headers: string
}

async function recordsOf(batches: readonly RecordBatchWriter[]): Promise<Written[]> {
  const records: Written[] = []
  for (const batch of batches) {
    const { topic, partition } = batch
    const columns = await decodeRecordBatches(await batch.seal(1n, 0, 0), 0, [])
    for (let i = 0; i < columns.length; i++) {
      const { key, value, headers } = recordAt(columns, i)
      records.push({
        topic,
        partition,
        key: key?.toString(),
        timestamp: columns.timestamps[i],
        value: value!,
        headers: headers.map(([name, text]) => `${name}=${text}`).join(),
      })
    }
  }
  return records
}

const partitioner = Partitioners.DefaultPartitioner()
const partitionMetadata = Array.from({ length: PARTITIONS }, (_, partitionId) => ({
  partitionErrorCode: 0,
  partitionId,
  leader: 0,
  replicas: [],
  isr: [],
}))

const DERIVED = [
  { name: 'label', expression: 'colour + "-" + id' },
  { name: 'buyer', expression: 'customer + 1' },
]
/** The record with all that may be derived of it. */
const extended = (row: Row): Row => ({
  ...row,
  label: `${row.colour}-${row.id}`,
  buyer: row.customer === null ? null : (row.customer as number) + 1,
})

const WHERE = 'price < 60.0 && (colour == "RED" || size(id) > 4)'
const takes = ({ where }: OutputConfig, { row }: Given): boolean =>
  where === null ||
  ((row.price as number) < 60 && (row.colour === 'RED' || (row.id as string).length > 4))

/** What an output has to get of a record. */
function expected({ key, time, row: own }: Given, config: OutputConfig) {
  const { topic, select, fields, key: field } = config
  const row = extended(own)
  const keyed = field === null ? key : row[field]
  const text = keyed === null ? undefined : String(keyed)
  const partition =
    field === null || text === undefined
      ? TASK
      : partitioner({ topic, message: { key: text, value: null }, partitionMetadata })
  const columns = select ?? [...FIELDS, ...fields].map(({ name }) => ({ name, source: name }))
  const value = Object.fromEntries(columns.map(({ name, source }) => [name, row[source]]))
  return { partition, key: text, timestamp: time, value, headers: 'trace=t1' }
}

test('each output gets each completed record once, with its fields and derived ones, under its key and on its partition', async () => {
  const none = (): never => assert.fail()
  const rejects = { tooLarge: none, tooOld: none, unwritten: none }
  for (let round = 0; round < ROUNDS; round++) {
    const random = randomOf(round)
    const configs = Array.from({ length: 1 + Math.floor(random() * 3) }, (_, o) =>
      randomOutput(random, o),
    )
    // Of a single one in Protobuf the parts are messages themselves.
    if (configs.length === 1 && configs[0].format === 'protobuf')
      configs.push(randomOutput(random, 1))
    const counts = new Counts([])
    const { output, read } = taskOutput(configs, rejects, counts)
    const records = Array.from({ length: RECORDS }, () => randomRecord(random))
    for (const record of records) match(output, record)
    const written = await recordsOf(output.drain())
    assert.equal(output.bytes, 0)
    for (const [o, config] of configs.entries()) {
      const got = written
        .filter(({ topic }) => topic === config.topic)
        .map(({ topic: _, value, ...rest }) => ({
          ...rest,
          value: read[o](value),
        }))
      const some = records.filter((record) => takes(config, record))
      const filtered = counts.filtered.get(config.topic) ?? 0
      assert.equal(filtered, records.length - some.length)
      const wanted = some.map((record) => expected(record, config))
      // In order within each partition.
      for (let p = 0; p < PARTITIONS; p++) {
        const of = (list: readonly { partition: number }[]) =>
          list.filter(({ partition }) => partition === p)
        assert.deepEqual(of(got), of(wanted), `round ${round}, output ${o}, partition ${p}`)
      }
    }
  }
})

test('what one output does not take is rejected with that topic’s name, and the others get it', async () => {
  const counts = new Counts([])
  const pipeline = pipelineWith(null)
  const rejects = new TaskRejects(TASK, planOf(pipeline).sources, {
    counts,
    rejects: topicOf('rejects'),
  })
  const base = { ...pipeline.output, rejects: 'rejects', schemaId: 0 }
  const configs = [
    { ...base, topic: 'small', select: [{ name: 'id', source: 'id' }] },
    { ...base, topic: 'large', key: 'id' },
  ]
  const { output } = taskOutput(configs, rejects, counts, 400)
  const record = randomRecord(randomOf(1))
  const row = { ...record.row, note: 'n'.repeat(600) }
  match(output, { ...record, row })
  const topics = (await recordsOf(output.drain())).map(({ topic }) => topic)
  assert.deepEqual(topics, ['small'])
  assert.equal(counts.rejects.get('large output too_large'), 1)
  const [reject] = await recordsOf(rejects.batches.drain())
  assert.match(reject.headers, /enricher.error=The completed record has \d+ bytes.*large takes/)
  assert.deepEqual(framed(completed, reject.value, 0), row)
})

test('a JSON output that does not take a record rejects it, also where no output is Avro', async () => {
  const counts = new Counts([])
  const pipeline = pipelineWith(null)
  const rejects = new TaskRejects(TASK, planOf(pipeline).sources, {
    counts,
    rejects: topicOf('rejects'),
  })
  const base = { ...pipeline.output, rejects: 'rejects', schemaId: null, format: 'json' } as const
  const configs = [
    { ...base, topic: 'small', select: [{ name: 'id', source: 'id' }] },
    { ...base, topic: 'large' },
  ]
  const { output } = taskOutput(configs, rejects, counts, 400)
  const record = randomRecord(randomOf(1))
  // Each of these is six characters in JSON, and one in Avro.
  const row = { ...record.row, note: '\u0001'.repeat(60) }
  match(output, { ...record, row })
  const [small, ...others] = await recordsOf(output.drain())
  assert.deepEqual(
    [small.topic, String(small.value)],
    ['small', JSON.stringify({ id: record.row.id })],
  )
  assert.deepEqual(others, [])
  assert.equal(counts.rejects.get('large output too_large'), 1)
  const [reject] = await recordsOf(rejects.batches.drain())
  assert.match(reject.headers, /enricher.error=The completed record has \d+ bytes.*large takes/)
  assert.deepEqual(framed(completed, reject.value, 0), row)
})
