/** What `select` and `time` take of records inside of records, against the same records flattened before. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bytesOf } from '../../src/bytes.ts'
import { AvroJson } from '../../src/codec/avro-json.ts'
import type { AvroRecordSchema } from '../../src/codec/avro-reader.ts'
import type { PipelineCodec, TopicCodec, ValueReader } from '../../src/codec/port.ts'
import { parsePipeline } from '../../src/config/load.ts'
import { createPipelineCodec } from '../../src/plan/pipeline-codec.ts'
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
type Format = 'avro' | 'json'

const mapOf = (entries: readonly (readonly [string, string])[]): string =>
  `{ ${entries.map(([name, source]) => `${name}: ${source}`).join(', ')} }`

/** Facts, a dimension and a right stream of such records. @param select by column of the topic's own letter */
function codecOf(
  schema: (name: string) => AvroRecordSchema,
  format: Format,
  select: (letter: string) => string,
): PipelineCodec {
  const topic = (letter: string): string =>
    `topic: ${letter}, format: ${format}, select: ${select(letter)}`
  const text = `
name: nested
kafka: { brokers: "localhost:9092" }
registry: { url: "http://localhost:8081" }
facts: { ${topic('a')} }
dimensions: { d: { ${topic('b')}, on: id } }
join: { ${topic('c')}, on: id, within: 1s, kind: left }
output: { topic: out }
`
  const pipeline = parsePipeline(text, 'pipeline.yaml', {})
  const schemas = { facts: schema('Fact'), dimensions: [schema('Row')], rights: [schema('Right')] }
  return createPipelineCodec(pipeline, schemas, null)
}

const encoder = (schema: AvroRecordSchema, format: Format) => {
  const json = new AvroJson(schema)
  return (value: object): Buffer => {
    if (format === 'json') return Buffer.from(JSON.stringify(value))
    const body = json.encode(value, (path, fault) => assert.fail(`${path.join('.')}: ${fault}`))!
    return Buffer.concat([Buffer.alloc(5), body])
  }
}

/** What is projected of a value, in hex. */
function projected(codec: TopicCodec, value: Buffer, row: number): string {
  const bytes = bytesOf(value)
  const reader = codec.reader(bytes, 0, bytes.length, 0, 0) as ValueReader
  assert.equal(reader.read(row, bytes, 0, bytes.length), null, reader.fault)
  reader.select(row)
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

const samples = trees.chain((fields) => {
  const places = placesOf(fields)
  const most = { minLength: 1, maxLength: Math.min(5, places.length) }
  return fc.record({
    fields: fc.constant(fields),
    columns: fc.shuffledSubarray(places, most).map(columnsOf),
    values: fc.array(valuesOf(fields), { minLength: 1, maxLength: 4 }),
  })
})

for (const format of ['avro', 'json'] as const) {
  test(`columns from inside of records, in ${format}, are those of records that were flat before`, () => {
    fc.assert(
      fc.property(samples, ({ fields, columns, values }) => {
        const paths = Object.entries(columns).map(([name, { path }]) => [name, path] as const)
        const ofLetter = (entries: readonly (readonly [string, string])[]) => (letter: string) =>
          mapOf(entries.map(([name, source]) => [letter + name, source]))
        const nested = codecOf((name) => nestedSchema(name, fields), format, ofLetter(paths))
        const flat = codecOf(
          (name) => flatSchema(name, columns),
          format,
          ofLetter(paths.map(([name]) => [name, name])),
        )
        assert.equal(nested.outputSchema, flat.outputSchema)
        assert.deepEqual(missingOf(nested), missingOf(flat))
        const encode = encoder(nestedSchema('Fact', fields), format)
        const encodeFlat = encoder(flatSchema('Fact', columns), format)
        const all = topicsOf(flat)
        for (const [t, topic] of topicsOf(nested).entries()) {
          for (const [row, value] of values.entries()) {
            const given = { id: 'k', ...value }
            const wanted = projected(all[t], encodeFlat(flatValue(given, columns)), row)
            assert.equal(projected(topic, encode(given), row), wanted)
          }
        }
      }),
      { numRuns: 40, includeErrorInReport: true },
    )
  })
}
