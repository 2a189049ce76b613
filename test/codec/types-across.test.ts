/**
 * Every type from every input to every output: bytes by Java's Avro and by Google's Protobuf, of the values in across/cells.jsonl.
 * A value is as the JSON output has it, or a pair: as it is given, and as it comes out.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { bytesOf } from '../../src/bytes.ts'
import { parseRecord } from '../../src/codec/avro/parse.ts'
import type { AvroRecordSchema } from '../../src/codec/avro/reader.ts'
import { typeText } from '../../src/codec/avro/schema.ts'
import { parseSchemaText } from '../../src/codec/avro/schema-json.ts'
import { recordOfJsonSchema } from '../../src/codec/json/schema-types.ts'
import type { PipelineCodec, ValueReader } from '../../src/codec/port.ts'
import type { Registry } from '../../src/codec/registry/registry.ts'
import { parsePipeline } from '../../src/config/load.ts'
import { createPipelineCodec } from '../../src/plan/pipeline-codec.ts'
import { CONFLUENT_NAMES } from '../support/registry-config.ts'
import { FIRST, viewOfText } from './protobuf/reading.ts'

type Format = 'avro' | 'json' | 'protobuf'
type Value = string | readonly [given: string, out: string]

interface Cell {
  /** Of the row in docs/formats.md. */
  readonly type: string
  readonly from: Format
  /** An Avro type; a JSON Schema, or where it says `avsc` an Avro type; the fields of a message. */
  readonly schema: unknown
  readonly avsc?: true
  /** The type of the output in Avro, where it is another one; of several fields all of them, with their names. */
  readonly as?: unknown
  readonly values: readonly Value[]
  readonly required?: boolean
  readonly default?: unknown
  readonly syntax?: string
}

const ABSENT = 'absent'
const read = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8')
const linesOf = (name: string): unknown[] =>
  read(name)
    .trimEnd()
    .split('\n')
    .map((line) => parseSchemaText(line))
const cells = linesOf('across/cells.jsonl') as readonly Cell[]
/** By cell and value: what is read, and what is written, in hex. */
const avro = linesOf('across/avro.jsonl') as (readonly [string | null, string])[][]
/** The same of what is read. */
const protobuf = linesOf('across/protobuf.jsonl') as (readonly string[] | null)[]

const record = (...fields: readonly object[]): AvroRecordSchema =>
  ({ type: 'record', name: 'R', fields }) as unknown as AvroRecordSchema

const IMPORTS = [
  'google/type/date.proto',
  'google/type/timeofday.proto',
  'google/protobuf/timestamp.proto',
  'google/protobuf/wrappers.proto',
  'confluent/type/decimal.proto',
  'confluent/meta.proto',
]
  .map((path) => `import "${path}";`)
  .join(' ')

async function schemaOf(cell: Cell): Promise<AvroRecordSchema> {
  const { from, schema, syntax = 'proto3', required = true } = cell
  if (from === 'protobuf')
    return viewOfText(`syntax = "${syntax}"; ${IMPORTS} message R { ${schema} }`)
  if (from === 'avro' || cell.avsc) {
    const fallback = 'default' in cell ? { default: cell.default } : {}
    return record({ name: 'v', type: schema, ...fallback })
  }
  const properties = { v: schema }
  const object = { type: 'object', title: 'R', properties, required: required ? ['v'] : [] }
  return recordOfJsonSchema(object, new Map(), 'R')
}

const pipelineFrom = (format: Format) =>
  parsePipeline(
    `
name: job
kafka: { brokers: "localhost:9092" }
registry: { url: "http://registry" }
facts: { topic: values, format: ${format} }
outputs: { avro: { topic: values.avro }, json: { topic: values.json, format: json } }
`,
    'pipeline.yaml',
    {},
  )

/** Schema 1 is the one that is read with, schema 2 has none of its fields. */
const registryOf = (schema: AvroRecordSchema): Registry =>
  ({
    url: 'http://registry',
    ...CONFLUENT_NAMES,
    type: 'confluent',
    useId: null,
    byId: async (id: number) => (id === 1 ? schema : record()),
  }) as unknown as Registry

function inputOf(cell: Cell, i: number, v: number, given: string): Buffer {
  switch (cell.from) {
    case 'avro':
      return given === ABSENT
        ? Buffer.from([0, 0, 0, 0, 2])
        : Buffer.from(`0000000001${avro[i][v][0]}`, 'hex')
    case 'protobuf':
      return Buffer.concat([FIRST, Buffer.from(protobuf[i]![v], 'hex')])
    case 'json':
      return Buffer.from(given === ABSENT ? '{}' : `{"v":${given}}`)
  }
}

/** What the reader takes of the value in `buffer`, behind so many bytes. */
function projected(reader: ValueReader, buffer: Buffer, behind: number): Buffer {
  assert.equal(reader.read(0, bytesOf(buffer), 0, buffer.length), null, reader.fault)
  reader.select(0)
  const target = bytesOf(Buffer.alloc(behind + reader.projectedBytes))
  assert.equal(reader.project(target, behind), target.length)
  return target
}

const FRAME = 5

/** The value in Avro, in hex, and in JSON. */
async function outputsOf(codec: PipelineCodec, value: Buffer): Promise<[string, string]> {
  const { values } = codec.sources[0]
  await values.load(value, 0, value.length, 0, 0)
  const reader = values.reader(value, 0, value.length, 0, 0)
  assert.ok(reader !== null && typeof reader !== 'string', values.fault)
  const completed = projected(reader, value, FRAME)
  const [whole, json] = codec.outputs
  assert.ok(whole.isWhole)
  return [completed.toString('hex', FRAME), String(projected(json.reader, completed, 0))]
}

/** Types without the names that are made of a place. */
const typesOf = (schema: unknown): string[] =>
  parseRecord(schema).fields.map(
    ({ name, type }) => `${name}: ${typeText(type).replaceAll(/(record|enum|fixed) \S+/g, '$1')}`,
  )

const isWhole = (as: unknown): as is readonly (readonly [string, unknown])[] =>
  Array.isArray(as) && Array.isArray(as[0])

const FORMATS = ['avro', 'json', 'protobuf'] as const

test('each cell of the table in the document is judged, and what it shows comes out', () => {
  const document = readFileSync('docs/formats.md', 'utf8')
  const [, below] = document.split('| type | Avro input |')
  const rows = below
    .split('\n')
    .slice(2)
    .map((line) => line.slice(2, -2).split(' | '))
  const end = rows.findIndex((row) => row.length < 6)
  const named = rows.slice(0, end).map(([type]) => type)
  assert.deepEqual(named.toSorted(), [...new Set(cells.map(({ type }) => type))].sort())
  for (const [type, ...columns] of rows.slice(0, end)) {
    const of = cells.filter((cell) => cell.type === type)
    for (const [f, format] of FORMATS.entries()) {
      const isJudged = of.some(({ from }) => from === format)
      assert.equal(columns[f] !== '–', isJudged, `${type} from ${format}`)
    }
    const outs = of.flatMap(({ values }) => values.map((value) => [value].flat().at(-1)))
    assert.ok(outs.includes(columns[4].slice(1, -1)), `${type}: ${columns[4]}`)
  }
})

for (const format of FORMATS) {
  test(`values in ${format} come out in Avro as Java writes them, and in JSON to the byte`, async () => {
    const pipeline = pipelineFrom(format)
    let judged = 0
    for (const [i, cell] of cells.entries()) {
      if (cell.from !== format) continue
      const { as = cell.schema, values, type } = cell
      const schema = await schemaOf(cell)
      const topics = { facts: schema, dimensions: [], rights: [] }
      const registry = format === 'avro' ? registryOf(schema) : null
      const codec = createPipelineCodec(pipeline, topics, registry)
      const fields = isWhole(as) ? as : [['v', as] as const]
      const expected = record(...fields.map(([name, of]) => ({ name, type: of })))
      const what = `${type}: ${JSON.stringify(cell.schema)}`
      assert.deepEqual(typesOf(JSON.parse(codec.outputs[0].schema)), typesOf(expected), what)
      for (const [v, value] of values.entries()) {
        const [given, out] = typeof value === 'string' ? [value, value] : value
        const got = await outputsOf(codec, inputOf(cell, i, v, given))
        assert.deepEqual(got, [avro[i][v][1], isWhole(as) ? out : `{"v":${out}}`], what)
        judged++
      }
    }
    assert.ok(judged > 70, `${judged} values`)
  })
}
