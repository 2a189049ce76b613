/** What JSON Schemas of generators are as Avro's types. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRecord } from '../../src/codec/avro/parse.ts'
import { typeText } from '../../src/codec/avro/schema.ts'
import { recordOfJsonSchema } from '../../src/codec/json/schema-types.ts'

const NONE = new Map<string, unknown>()

/** The type of a property that has to be there. */
function typeOf(property: unknown, more: object = {}): string {
  const schema = { type: 'object', properties: { p: property }, required: ['p'], ...more }
  const [field] = parseRecord(recordOfJsonSchema(schema, NONE, 'R')).fields
  return typeText(field.type)
}

const connect = (type: string, name: string, more: object = {}): object => ({
  ...{ type, title: name, 'connect.version': 1 },
  ...more,
})
const DECIMAL = 'org.apache.kafka.connect.data.Decimal'
const TYPES: readonly (readonly [schema: object, type: string])[] = [
  [{ type: 'string' }, 'string'],
  [{ type: 'string', format: 'date-time' }, 'string'],
  [{ type: 'string', format: 'date' }, 'int as date'],
  [{ type: 'string', format: 'uuid' }, 'string as uuid'],
  [{ type: 'string', contentEncoding: 'base64' }, 'bytes'],
  [{ type: 'string', 'connect.type': 'bytes' }, 'bytes'],
  [{ type: 'integer' }, 'long'],
  [{ type: 'integer', format: 'int32' }, 'int'],
  [{ type: 'integer', 'connect.type': 'int16' }, 'int'],
  [{ type: 'number' }, 'double'],
  [{ type: 'number', 'connect.type': 'float32' }, 'float'],
  [{ type: 'boolean' }, 'boolean'],
  [{ type: ['string', 'null'] }, 'null or string'],
  [{ type: ['integer', 'number'] }, 'long or double'],
  [{ type: 'string', nullable: true }, 'null or string'],
  [{ anyOf: [{ type: 'string' }, { type: 'null' }], title: 'Zip' }, 'null or string'],
  [{ oneOf: [{ type: 'null', title: 'Not included' }, { type: 'integer' }] }, 'null or long'],
  [{ anyOf: [{ type: 'string' }, { type: 'string', format: 'uuid' }] }, 'string'],
  [{ enum: ['WEB', 'APP'] }, 'enum R_p'],
  [{ enum: ['in-store', 'web'], type: 'string' }, 'string'],
  [{ enum: ['WEB', null] }, 'null or enum R_p'],
  [{ const: 'card' }, 'enum R_p'],
  [{ enum: [1, 2] }, 'long'],
  [{ type: 'array', items: { type: 'number' } }, 'array of double'],
  [{ type: 'object', additionalProperties: { type: 'integer' } }, 'map of long'],
  [{ type: 'object', properties: { a: { type: 'string' } }, title: 'Address' }, 'record Address'],
  [{ allOf: [{ type: 'object', properties: { a: { type: 'string' } } }], title: 'B' }, 'record B'],
  [
    connect('integer', 'org.apache.kafka.connect.data.Timestamp', { 'connect.type': 'int64' }),
    'long as timestamp-millis',
  ],
  [
    connect('integer', 'org.apache.kafka.connect.data.Date', { 'connect.type': 'int32' }),
    'int as date',
  ],
  [connect('integer', 'org.apache.kafka.connect.data.Time'), 'int as time-millis'],
  [
    connect('integer', 'io.debezium.time.MicroTimestamp'),
    'long as io.debezium.time.MicroTimestamp',
  ],
  [
    connect('number', DECIMAL, {
      'connect.parameters': { scale: '2', 'connect.decimal.precision': '10' },
    }),
    'bytes as decimal(10,2)',
  ],
  [
    connect('string', DECIMAL, { 'connect.type': 'bytes', 'connect.parameters': { scale: '2' } }),
    'bytes as decimal(64,2)',
  ],
]

test('each form of a JSON Schema has its type', () => {
  for (const [schema, type] of TYPES) assert.equal(typeOf(schema), type, JSON.stringify(schema))
})

test('a reference is its schema under one name, wherever it is, also in itself', () => {
  const schema = {
    $ref: '#/$defs/Node',
    $defs: {
      Node: {
        type: 'object',
        title: 'Node',
        properties: {
          left: { anyOf: [{ $ref: '#/$defs/Node' }, { type: 'null' }] },
          kind: { allOf: [{ $ref: '#/$defs/Kind' }], description: 'What it is.' },
          before: { $ref: '#/$defs/Kind' },
        },
        required: ['kind'],
      },
      Kind: { enum: ['A', 'B'], type: 'string' },
    },
  }
  const record = parseRecord(recordOfJsonSchema(schema, NONE, 'R'))
  assert.deepEqual(
    record.fields.map(({ name, type }) => `${name}: ${typeText(type)}`),
    ['left: null or record Node', 'kind: enum Kind', 'before: null or enum Kind'],
  )
})

test('schemas that the registry has beside it are found by the names of the references', () => {
  const other = {
    type: 'object',
    properties: { zip: { $ref: '#/definitions/Zip' } },
    definitions: { Zip: { type: 'integer' } },
  }
  const schema = { type: 'object', properties: { at: { $ref: 'address.json' } }, required: ['at'] }
  const [at] = parseRecord(
    recordOfJsonSchema(schema, new Map([['address.json', other]]), 'R'),
  ).fields
  assert.equal(at.type.kind === 'record' && typeText(at.type.fields[0].type), 'null or long')
})

test('properties have the order of Connect’s numbers; what is not required is null by default', () => {
  const schema = {
    type: 'object',
    properties: {
      b: { type: 'string', 'connect.index': 1 },
      '@a-b': { type: 'string', 'connect.index': 0, description: 'A.' },
    },
  }
  assert.deepEqual(recordOfJsonSchema(schema, NONE, 'R').fields, [
    { name: '@a-b', type: ['null', 'string'], doc: 'A.', default: null },
    { name: 'b', type: ['null', 'string'], default: null },
  ])
})

test('what is not read is refused with the property', () => {
  const refused = (property: unknown): string => {
    try {
      return typeOf({ type: 'object', properties: { q: property } })
    } catch (error) {
      return (error as Error).message
    }
  }
  assert.match(refused({}), /^the property p\.q has no type/)
  assert.match(refused(true), /^the property p\.q has no type/)
  assert.match(
    refused({ type: 'object' }),
    /^the property p\.q is an object of which no properties are known/,
  )
  assert.match(
    refused({ type: 'array' }),
    /^the property p\.q is a list of which no items are known/,
  )
  assert.match(refused({ type: 'array', items: {} }), /^the property p\.q\[\] has no type/)
  assert.match(
    refused({ type: 'array', prefixItems: [{ type: 'string' }] }),
    /a type for each item/,
  )
  assert.match(refused({ $ref: '#/$defs/None' }), /#\/\$defs\/None, which is not there/)
  assert.match(refused({ $ref: 'other.json' }), /in another document/)
  assert.match(refused({ type: 'strng' }), /has the type strng/)
  assert.match(
    refused({
      oneOf: [
        { type: 'array', items: { type: 'string' } },
        { type: 'array', items: { type: 'null' } },
      ],
    }),
    /both array in Avro/,
  )
  const loop = { $ref: '#/$defs/A', $defs: { A: { $ref: '#/$defs/B' }, B: { $ref: '#/$defs/A' } } }
  assert.throws(() => recordOfJsonSchema(loop, NONE, 'R'), /is a reference to itself/)
  assert.throws(
    () => recordOfJsonSchema({ type: 'string' }, NONE, 'R'),
    /it is no object with properties/,
  )
})
