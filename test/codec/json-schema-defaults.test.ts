/** Defaults of JSON Schema, against Ajv, which fills in what is not there. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ajv } from 'ajv'
import { bytesOf } from '../../src/bytes.ts'
import { AvroReader } from '../../src/codec/avro/reader.ts'
import { parseSchemaText, schemaText } from '../../src/codec/avro/schema-json.ts'
import { JsonInput } from '../../src/codec/json/input.ts'
import { JsonReader } from '../../src/codec/json/reader.ts'
import { recordOfJsonSchema } from '../../src/codec/json/schema-types.ts'

const recordOf = (schema: unknown) => recordOfJsonSchema(schema, new Map(), 'R')

/** The value as JSON once more. */
function readBy(schema: unknown, text: string): string {
  const record = recordOf(schema)
  const select = record.fields.map(({ name }) => ({ source: name, nullable: false }))
  const plan = { select, keys: [], time: null }
  const input = new JsonInput(record, plan)
  const value = bytesOf(Buffer.from(text))
  assert.equal(input.read(0, value, 0, value.length), null, input.fault)
  input.select(0)
  const avro = bytesOf(Buffer.concat([Buffer.alloc(5), Buffer.alloc(input.projectedBytes)]))
  input.project(avro, 5)
  const reader = new JsonReader(record, new AvroReader(record, plan), false)
  assert.equal(reader.read(0, avro, 0, avro.length), null)
  reader.select(0)
  const json = bytesOf(Buffer.alloc(reader.projectedBytes))
  reader.project(json, 0)
  return String(json)
}

/** Ajv leaves out what is neither there nor has a default, where the pipeline has null. */
const withoutNulls = (json: unknown): unknown =>
  JSON.parse(
    JSON.stringify(json, (_key, value) =>
      value?.constructor === Object
        ? Object.fromEntries(Object.entries(value).filter(([, item]) => item !== null))
        : value,
    ),
  )

const address = {
  type: 'object',
  title: 'Address',
  properties: {
    city: { type: 'string', default: 'Bonn' },
    zip: { type: 'integer' },
    tags: { type: 'array', items: { type: 'string' }, default: ['a', 'b'] },
  },
  required: ['city'],
}
const PROPERTIES = {
  n: { type: 'integer', default: 7 },
  x: { type: 'number', default: 0.1 },
  b: { type: 'boolean', default: false },
  text: { type: 'string', default: 'Grüße "A"\n' },
  colour: { enum: ['RED', 'BLUE'], default: 'BLUE' },
  day: { type: 'string', format: 'date', default: '2026-01-31' },
  raw: { type: 'string', contentEncoding: 'base64', default: 'AP/+' },
  none: { type: ['string', 'null'], default: null },
  either: { type: ['null', 'integer', 'string'], default: 'x' },
  counts: { type: 'object', additionalProperties: { type: 'integer' }, default: { a: 1 } },
  home: { ...address, default: { zip: 53111 } },
  work: { ...address, title: 'Work' },
}
const schemaOf = (required: readonly string[]) => ({
  type: 'object',
  properties: PROPERTIES,
  required,
})

test('what is not there has its default, as Ajv has it, required or not', () => {
  const ajv = new Ajv({ useDefaults: true, strict: false, validateFormats: false })
  const names = Object.keys(PROPERTIES)
  for (const required of [[], names.slice(0, -1)]) {
    for (const given of [{ work: {} }, { work: { zip: 1 }, n: 1 }, { home: { city: 'Ulm' } }]) {
      const schema = schemaOf(required)
      const expected = structuredClone(given)
      assert.ok(ajv.validate(schema, expected), ajv.errorsText())
      const got = JSON.parse(readBy(schema, JSON.stringify(given)))
      assert.deepEqual(withoutNulls(got), withoutNulls(expected))
    }
  }
})

test('a null that is written stays null, and a default that is no value of the type counts for nothing', () => {
  const schema = {
    type: 'object',
    properties: {
      a: { type: ['integer', 'null'], default: 5 },
      b: { type: 'integer', default: 'five' },
      c: { type: 'string', format: 'date', default: 'today' },
    },
  }
  assert.equal(readBy(schema, '{"a":null}'), '{"a":null,"b":null,"c":null}')
  const required = recordOf({ ...schema, required: ['b', 'c'] })
  assert.deepEqual(
    required.fields.map((field) => field.default),
    [5, undefined, undefined],
  )
})

test('a default has all its digits', () => {
  const schema = parseSchemaText(
    '{"type":"object","properties":{"n":{"type":"integer","default":9223372036854775807},"m":{"type":"integer"}}}',
  )
  assert.equal(readBy(schema, '{"m":1}'), '{"n":9223372036854775807,"m":1}')
  assert.match(schemaText(recordOf(schema)), /"default":9223372036854775807/)
})
