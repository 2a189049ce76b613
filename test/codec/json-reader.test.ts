/** JSON of random Avro values, against a naive model of what avsc decodes, and as Python reads it. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { Ajv } from 'ajv'
import fc from 'fast-check'
import { bytesOf } from '../../src/bytes.ts'
import { parseRecord } from '../../src/codec/avro/parse.ts'
import { AvroReader, type AvroRecordSchema } from '../../src/codec/avro/reader.ts'
import { JsonReader } from '../../src/codec/json/reader.ts'
import { jsonSchemaOf } from '../../src/codec/json/schema.ts'
import { writeString } from '../../src/codec/json/strings.ts'
import { TextBuffer } from '../../src/codec/text-buffer.ts'
import { Digits, type Json, JsonObject, modelOf, textOf } from './json-model.ts'
import { sample, typeOf } from './json-samples.ts'

const FRAME = Buffer.from([0, 0, 0, 0, 1])

function readerOf(schema: AvroRecordSchema): JsonReader {
  const select = schema.fields.map(({ name }) => ({ source: name, nullable: false }))
  return new JsonReader(schema, new AvroReader(schema, { select, keys: [], time: null }), false)
}

function jsonOf(schema: AvroRecordSchema, body: Buffer): string {
  const reader = readerOf(schema)
  const value = bytesOf(Buffer.concat([FRAME, body]))
  assert.equal(reader.read(0, value, 0, value.length), null)
  const target = bytesOf(Buffer.alloc(reader.projectedBytes + 2, '!'))
  assert.equal(reader.project(target, 1), target.length - 1)
  assert.equal(String(target.subarray(-1)), '!')
  return target.toString('utf8', 1, target.length - 1)
}

const modelled = (schema: AvroRecordSchema, body: Buffer): Json =>
  modelOf(schema, typeOf(schema).fromBuffer(body))

test('the JSON of any value is that of the model, to the byte, and of the schema that is derived', () => {
  const ajv = new Ajv({ validateFormats: false, strict: false })
  fc.assert(
    fc.property(sample, ({ schema, body }) => {
      const json = jsonOf(schema, body)
      assert.equal(json, textOf(modelled(schema, body)))
      const { fields } = parseRecord(schema)
      const validate = ajv.compile(jsonSchemaOf('Sample', fields, new Map()))
      assert.ok(validate(JSON.parse(json)), JSON.stringify(validate.errors))
      ajv.removeSchema()
    }),
    { numRuns: 700 },
  )
})

test('text that is no UTF-8 is written as readers of UTF-8 would have it', () => {
  const bits = fc.constantFrom(
    0x00,
    0x22,
    0x41,
    0x5c,
    0x7f,
    0x80,
    0x8f,
    0x90,
    0x9f,
    0xa0,
    0xbf,
    0xc1,
    0xc2,
    0xe0,
    0xed,
    0xef,
    0xf0,
    0xf4,
    0xf5,
    0xff,
  )
  fc.assert(
    fc.property(fc.array(fc.oneof(bits, fc.nat(255)), { maxLength: 30 }), (some) => {
      const source = bytesOf(Buffer.from(some))
      const out = new TextBuffer()
      writeString(out, source, 0, source.length)
      assert.equal(out.buffer.toString('utf8', 0, out.at), JSON.stringify(source.toString('utf8')))
    }),
    { numRuns: 5000 },
  )
})

test('a record that is nested in itself, and one without fields, are objects', () => {
  const schema = {
    type: 'record',
    name: 'Tree',
    fields: [
      { name: 'name', type: 'string' },
      { name: 'parent', type: ['null', 'Tree'] },
      { name: 'nothing', type: { type: 'record', name: 'Nothing', fields: [] } },
    ],
  } as unknown as AvroRecordSchema
  const child = (name: string, parent: object | null): object => ({ name, parent, nothing: {} })
  const body = typeOf(schema).toBuffer(child('c', child('b', child('a', null))))
  assert.equal(jsonOf(schema, body), textOf(modelled(schema, body)))
  const validate = new Ajv({ strict: false }).compile(
    jsonSchemaOf('Tree', parseRecord(schema).fields, new Map([['name', 'Its name.']])),
  )
  assert.ok(validate(JSON.parse(jsonOf(schema, body))))
  assert.ok(!validate({ name: 'c', parent: { name: 'b' }, nothing: {} }))
})

test('decimals of any scale are exact, and short', () => {
  const of = (scale: number, bytes: number[]): string => {
    const type = { type: 'bytes', logicalType: 'decimal', precision: 10 ** 9, scale }
    const schema = { type: 'record', name: 'D', fields: [{ name: 'd', type }] }
    return jsonOf(schema as unknown as AvroRecordSchema, Buffer.from([2 * bytes.length, ...bytes]))
  }
  assert.equal(of(2, [4, 0xe2]), '{"d":12.50}')
  assert.equal(of(2, [0xfb]), '{"d":-0.05}')
  assert.equal(of(0, [0xfb]), '{"d":-5}')
  assert.equal(of(3, []), '{"d":0.000}')
  assert.equal(of(10 ** 9, [0xfb]), '{"d":-5e-1000000000}')
})

test('a value of a few bytes whose JSON would be gigabytes is told to be too large for any topic', () => {
  const names = Array.from({ length: 200 }, (_, i) => `a_field_with_a_long_name_${i}`)
  const items = {
    type: 'record',
    name: 'Nulls',
    fields: names.map((name) => ({ name, type: 'null' })),
  }
  const schema = {
    type: 'record',
    name: 'S',
    fields: [{ name: 'list', type: { type: 'array', items } }],
  }
  const reader = readerOf(schema as unknown as AvroRecordSchema)
  // 900,000 items of no bytes.
  const many = bytesOf(Buffer.concat([FRAME, Buffer.from([0xc0, 0xee, 0x6d, 0])]))
  assert.equal(reader.read(0, many, 0, many.length), null)
  assert.equal(reader.projectedBytes, Number.POSITIVE_INFINITY)
  const one = bytesOf(Buffer.concat([FRAME, Buffer.from([2, 0])]))
  assert.equal(reader.read(0, one, 0, one.length), null)
  assert.ok(reader.projectedBytes < 10_000)
})

/** As Python prints it: numbers as their texts. */
function printed(json: Json): unknown {
  if (json instanceof Digits) return { number: plainNumber(json.text) }
  if (json instanceof JsonObject) {
    // Of two keys that are the same the last one counts.
    return { object: [...new Map(json.entries)].map(([name, value]) => [name, printed(value)]) }
  }
  return Array.isArray(json) ? json.map(printed) : json
}

/** Python's Decimal keeps the digits; a whole number of JSON is one of Python's. */
const plainNumber = (digits: string): string => (digits === '-0' ? '0' : digits)

const READER = `
import json, sys
from decimal import Decimal
class Number(str): pass
def printed(value):
    if isinstance(value, Number): return {"number": str(value)}
    if isinstance(value, bool) or value is None or isinstance(value, str): return value
    if isinstance(value, int): return {"number": str(value)}
    if isinstance(value, dict): return {"object": [[k, printed(v)] for k, v in value.items()]}
    return [printed(item) for item in value]
def exact(text):
    Decimal(text)
    return Number(text)
for line in sys.stdin.buffer:
    print(json.dumps(printed(json.loads(line.decode("utf-8", "strict"), parse_float=exact))))
`
const python = spawnSync('python3', ['--version'])

test('Python reads the same values, with all digits', {
  skip: python.status !== 0 && 'There is no python3',
}, () => {
  const samples = fc.sample(sample, 500)
  const input = samples.map(({ schema, body }) => `${jsonOf(schema, body)}\n`).join('')
  const { stdout, stderr, status } = spawnSync('python3', ['-c', READER], {
    input,
    maxBuffer: 1 << 28,
  })
  assert.equal(status, 0, String(stderr))
  const lines = String(stdout).trimEnd().split('\n')
  assert.equal(lines.length, samples.length)
  for (const [i, { schema, body }] of samples.entries()) {
    assert.deepEqual(JSON.parse(lines[i]), printed(modelled(schema, body)))
  }
})
