/** What `select` and `time` take of records inside of records, against the same records flattened before. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bytesOf } from '../../src/bytes.ts'
import { AvroJson } from '../../src/codec/avro/json-encoding.ts'
import type { AvroRecordSchema } from '../../src/codec/avro/reader.ts'
import { rowSchema } from '../../src/codec/envelope/schema.ts'
import {
  type PipelineCodec,
  TAKEN,
  type TopicCodec,
  type ValueReader,
} from '../../src/codec/port.ts'
import { encodeValue } from '../../src/codec/protobuf/encode.ts'
import { parsePipeline } from '../../src/config/load.ts'
import { createPipelineCodec } from '../../src/plan/pipeline-codec.ts'
import { viewOfText } from '../codec/protobuf/reading.ts'
import {
  flatSchema,
  flatValue,
  nestedSchema,
  type Place,
  placesOf,
  trees,
  valuesOf,
} from './nested-records.ts'

type Columns = Readonly<Record<string, Place>>
/** How values are written. */
type Form = 'avro' | 'json' | 'avro in envelopes'
type Entries = readonly (readonly [name: string, source: string])[]

const mapOf = (entries: Entries): string =>
  `{ ${entries.map(([name, source]) => `${name}: ${source}`).join(', ')} }`

const AROUND =
  'name: nested\nkafka: { brokers: "localhost:9092" }\nregistry: { url: "http://here" }\n'

/** Facts, a dimension and a right stream of such records. @param select of each, where columns have its own letter in front */
function codecOf(
  schemaOf: (name: string) => AvroRecordSchema,
  form: Form,
  entries: Entries,
): PipelineCodec {
  const format = form === 'json' ? 'format: json' : 'format: avro'
  const envelope = form === 'avro in envelopes' ? ', envelope: debezium' : ''
  const topic = (letter: string): string => {
    const select = mapOf(entries.map(([name, source]) => [letter + name, source]))
    return `topic: ${letter}, ${format}${envelope}, select: ${select}`
  }
  const text = `${AROUND}
facts: { ${topic('a')} }
dimensions: { d: { ${topic('b')}, on: id } }
join: { ${topic('c')}, on: id, within: 1s, kind: left }
output: { topic: out }
`
  const schema = (name: string): AvroRecordSchema =>
    envelope === '' ? schemaOf(name) : rowSchema(enveloped(schemaOf(name)), 'debezium')
  const schemas = { facts: schema('Fact'), dimensions: [schema('Row')], rights: [schema('Right')] }
  return createPipelineCodec(parsePipeline(text, 'pipeline.yaml', {}), schemas, null)
}

const enveloped = (row: AvroRecordSchema): AvroRecordSchema =>
  ({
    type: 'record',
    name: 'Envelope',
    fields: [
      { name: 'before', type: ['null', row] },
      { name: 'after', type: ['null', `shop.${row.name}`] },
      { name: 'op', type: 'string' },
    ],
  }) as unknown as AvroRecordSchema

function encoder(schema: AvroRecordSchema, form: Form): (value: object) => Buffer {
  if (form === 'json') return (value) => Buffer.from(JSON.stringify(value))
  const isRow = form === 'avro'
  const json = new AvroJson(isRow ? schema : enveloped(schema))
  return (value) => {
    const given = isRow ? value : { before: null, after: value, op: 'c' }
    const body = json.encode(given, (path, fault) => assert.fail(`${path.join('.')}: ${fault}`))!
    return Buffer.concat([Buffer.alloc(5), body])
  }
}

const readerOf = (codec: TopicCodec, value: Buffer): ValueReader =>
  codec.reader(value, 0, value.length, 0, 0) as ValueReader

/** What is projected of a value, in hex. */
function projected(reader: ValueReader, value: Buffer, row = 0): string {
  const bytes = bytesOf(value)
  assert.equal(reader.read(row, bytes, 0, bytes.length), null, reader.fault)
  reader.select(row)
  assert.equal(reader.fate, TAKEN)
  const target = bytesOf(Buffer.alloc(reader.projectedBytes))
  assert.equal(reader.project(target, 0), target.length)
  return target.toString('hex')
}

const topicsOf = ({ sources, dimensions }: PipelineCodec): TopicCodec[] => [
  ...sources.map(({ values }) => values),
  ...dimensions,
]

/** What is written of a side, or a row, that is missing. */
const missingOf = ({ missing, missingDimension }: PipelineCodec): string[] =>
  [missing[0][1], missingDimension[0]].map((bytes) => bytes.toString('hex'))

const columnsOf = (places: readonly Place[]): Columns =>
  Object.fromEntries(places.map((place, i) => [`c${i}`, place]))

const pathsOf = (columns: Columns): Entries =>
  Object.entries(columns).map(([name, { path }]) => [name, path])
const namesOf = (columns: Columns): Entries => Object.keys(columns).map((name) => [name, name])

const samples = trees.chain((fields) => {
  const places = placesOf(fields)
  const most = { minLength: 1, maxLength: Math.min(5, places.length) }
  return fc.record({
    fields: fc.constant(fields),
    columns: fc.shuffledSubarray(places, most).map(columnsOf),
    values: fc.array(valuesOf(fields), { minLength: 1, maxLength: 4 }),
  })
})

for (const form of ['avro', 'json', 'avro in envelopes'] as const) {
  test(`columns from inside of records, in ${form}, are those of records that were flat before`, () => {
    fc.assert(
      fc.property(samples, ({ fields, columns, values }) => {
        const nested = codecOf((name) => nestedSchema(name, fields), form, pathsOf(columns))
        const flat = codecOf((name) => flatSchema(name, columns), form, namesOf(columns))
        assert.equal(nested.outputSchema, flat.outputSchema)
        assert.deepEqual(missingOf(nested), missingOf(flat))
        const encode = encoder(nestedSchema('Fact', fields), form)
        const encodeFlat = encoder(flatSchema('Fact', columns), form)
        const all = topicsOf(flat)
        for (const [t, topic] of topicsOf(nested).entries()) {
          for (const [row, value] of values.entries()) {
            const given = { id: 'k', ...value }
            const [bytes, flatBytes] = [encode(given), encodeFlat(flatValue(given, columns))]
            const wanted = projected(readerOf(all[t], flatBytes), flatBytes, row)
            assert.equal(projected(readerOf(topic, bytes), bytes, row), wanted)
          }
        }
      }),
      { numRuns: 30, includeErrorInReport: true },
    )
  })
}

test('an output takes from inside of the completed record’s records what a flat one has', () => {
  const outputOf = (facts: AvroRecordSchema, format: string, select: string) => {
    const text = `${AROUND}facts: { topic: a }\noutput: { topic: out, format: ${format}, select: ${select} }\n`
    const pipeline = parsePipeline(text, 'pipeline.yaml', {})
    return createPipelineCodec(pipeline, { facts, dimensions: [], rights: [] }, null).outputs[0]
  }
  fc.assert(
    fc.property(samples, fc.constantFrom('avro', 'json'), ({ fields, columns, values }, format) => {
      const [schema, flat] = [nestedSchema('Fact', fields), flatSchema('Fact', columns)]
      const ours = outputOf(schema, format, mapOf(pathsOf(columns)))
      const its = outputOf(flat, format, mapOf(namesOf(columns)))
      assert.equal(ours.schema, its.schema)
      const [encode, encodeFlat] = [encoder(schema, 'avro'), encoder(flat, 'avro')]
      for (const value of values) {
        const given = { id: 'k', ...value }
        const wanted = projected(its.reader, encodeFlat(flatValue(given, columns)))
        assert.equal(projected(ours.reader, encode(given)), wanted)
      }
    }),
    { numRuns: 30, includeErrorInReport: true },
  )
})

const PROTO = `syntax = "proto3";
message Order { string id = 1; Meta meta = 2; optional int32 last = 3; }
message Meta { int64 at = 4; Place place = 7; repeated string tags = 2; }
message Place { string city = 1; optional string zone = 2; }`

test('columns and the time from inside of Protobuf’s messages are those of the same records in Avro', async () => {
  const schema = await viewOfText(PROTO)
  const text = (format: string): string =>
    `${AROUND}facts: { topic: a, format: ${format}, time: { field: meta.at, unit: s }, select: [meta.place.city, last, meta.place.zone, meta.tags] }\noutput: { topic: out }\n`
  const [avro, protobuf] = ['avro', 'protobuf'].map((format) => {
    const pipeline = parsePipeline(text(format), 'pipeline.yaml', {})
    return createPipelineCodec(pipeline, { facts: schema, dimensions: [], rights: [] }, null)
  })
  assert.equal(avro.outputSchema, protobuf.outputSchema)
  const place = fc.record({ city: fc.string(), zone: fc.option(fc.string()) })
  const at = fc.integer({ min: 0, max: 1e9 }).map(String)
  const meta = fc.record({ at, place: fc.option(place), tags: fc.array(fc.string()) })
  const values = fc.record({ meta: fc.option(meta), last: fc.option(fc.nat(9)) })
  fc.assert(
    fc.property(values, (value) => {
      const json = new AvroJson(schema)
      const body = json.encode({ id: 'k', ...value }, (path, fault) => assert.fail(path + fault))!
      const inAvro = Buffer.concat([Buffer.alloc(5), body])
      const message = Buffer.concat([Buffer.alloc(5), encodeValue(schema, json.decode(body))])
      const [its, ours] = [avro, protobuf].map(({ sources }, i) => {
        const bytes = [inAvro, message][i]
        const reader = readerOf(sources[0].values, bytes)
        return [projected(reader, bytes), reader.time]
      })
      assert.deepEqual(ours, its)
      assert.equal(ours[1], value.meta === null ? Number.NaN : Number(value.meta.at) * 1000)
    }),
    { numRuns: 50 },
  )
})

test('an output’s key is inside of a record, and none where that is null', async () => {
  const schema = await viewOfText(PROTO)
  const text = `${AROUND}facts: { topic: a }\noutput: { topic: out, key: meta.place.city }\n`
  const pipeline = parsePipeline(text, 'pipeline.yaml', {})
  const codec = createPipelineCodec(pipeline, { facts: schema, dimensions: [], rights: [] }, null)
  const [{ reader }] = codec.outputs
  const keyOf = (meta: object | null): string | null => {
    projected(reader, encoder(schema, 'avro')({ id: 'k', meta, last: 1 }))
    const end = reader.keyEnd(0)
    return end < 0 ? null : reader.keyBuffer(0).toString('utf8', reader.keyStart(0), end)
  }
  assert.equal(keyOf({ at: 1, place: { city: 'Ulm', zone: null }, tags: ['a'] }), 'Ulm')
  assert.equal(keyOf({ at: 1, place: null, tags: [] }), null)
  assert.equal(keyOf(null), null)
})
