import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bytesOf } from '../../src/bytes.ts'
import { schemaAt } from '../../src/codec/avro/field-path.ts'
import { AvroJson } from '../../src/codec/avro/json-encoding.ts'
import type { AvroRecordSchema } from '../../src/codec/avro/reader.ts'
import { Projection } from '../../src/codec/projection.ts'

const record = (name: string, fields: object): AvroRecordSchema =>
  ({
    type: 'record',
    name,
    fields: Object.entries(fields).map(([field, type]) => ({ name: field, type })),
  }) as unknown as AvroRecordSchema
const channel = { type: 'enum', name: 'Channel', symbols: ['WEB', 'APP'] }
const place = { code: 'string', zone: ['null', 'long'], by: channel }

/** The pipeline's schema; `Place` is named where it is used again. */
const SCHEMA = record('Fact', {
  first: 'int',
  at: ['null', record('At', { street: 'string', place: record('Place', place) })],
  to: [record('To', { place: ['Place', 'null'] }), 'null'],
  last: ['null', 'string'],
})
/** Of another writer: fields in another order, more of them, and other integers. */
const OTHER = record('Fact', {
  more: 'double',
  to: [
    'null',
    record('To', {
      place: ['null', record('Place', { by: channel, zone: 'int', code: 'string' })],
    }),
  ],
  at: [record('At', { place: 'Place', note: 'string', street: 'string' }), 'null'],
  last: 'string',
  first: 'int',
})
const KEYS = ['at.place.code', 'at.place.by', 'to.place.zone', 'last', 'at.street', 'to.place.by']

const text = fc.string({ maxLength: 5 })
const places = fc.record(
  { code: text, zone: fc.integer({ min: -9, max: 9 }), by: fc.constantFrom('WEB', 'APP') },
  { noNullPrototype: true },
)
const orNull = <T>(of: fc.Arbitrary<T>) => fc.option(of, { freq: 3 })
const values = fc.record({
  at: orNull(fc.record({ place: places, street: text })),
  to: orNull(fc.record({ place: orNull(places) })),
  last: text,
})

const at = (value: unknown, path: string): unknown =>
  path.split('.').reduce((of, name) => (of as Record<string, unknown> | null)?.[name], value) ??
  null

for (const [whose, schema] of [
  ['the pipeline’s schema', SCHEMA],
  ['another one', OTHER],
] as const) {
  test(`fields inside of records have the text that they have as objects, written with ${whose}`, () => {
    const json = new AvroJson(schema)
    const plan = { select: [], keys: KEYS, time: null }
    const reader = new Projection(SCHEMA, plan).readerOf(schema)
    const more = schema === OTHER ? { more: 1 } : {}
    fc.assert(
      fc.property(values, ({ at: a, ...rest }) => {
        const withNote = a === null || schema === SCHEMA ? a : { ...a, note: 'n' }
        const value = { first: 1, ...rest, at: withNote, ...more }
        const body = json.encode(value, (path, message) => assert.fail(`${path}: ${message}`))!
        const bytes = bytesOf(Buffer.concat([Buffer.alloc(5), body]))
        assert.equal(reader.read(3, bytes, 0, bytes.length), null)
        reader.select(3)
        const texts = KEYS.map((_, k) => {
          const end = reader.keyEnd(k)
          return end < 0 ? null : reader.keyBuffer(k).toString('utf8', reader.keyStart(k), end)
        })
        const wanted = KEYS.map((path) => at(value, path)).map((one) =>
          one === null ? null : String(one),
        )
        assert.deepEqual(texts, wanted)
      }),
    )
  })
}

test('what lies at a path is of its own type, named ones included', () => {
  assert.equal(schemaAt(SCHEMA, 'at.place.code'), 'string')
  assert.deepEqual(schemaAt(SCHEMA, 'to.place.zone'), ['null', 'long'])
  assert.deepEqual(schemaAt(SCHEMA, 'to.place.by'), { ...channel, namespace: '' })
})

test('a path that leads nowhere says how far it goes', () => {
  const faults: Record<string, RegExp> = {
    'at.plac.code':
      /^the field at has no field plac; did you mean "place"\? \(fields: street, place\)$/,
    'at.place.by.x':
      /^at\.place\.by\.x leads into the field at\.place\.by, which is enum Channel and no record$/,
    'last.x':
      /^last\.x leads into the field last, which is null or string and no record; paths go into records alone/,
    nothing: /^Fact has no field nothing/,
  }
  for (const [path, fault] of Object.entries(faults)) {
    assert.throws(
      () => schemaAt(SCHEMA, path),
      (error: Error) => fault.test(error.message),
    )
  }
})
