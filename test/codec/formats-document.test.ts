/** docs/formats.md, cell by cell: each row's example is what is written. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { bytesOf } from '../../src/bytes.ts'
import { logicalOf } from '../../src/codec/avro/logical.ts'
import { parseSchema } from '../../src/codec/avro/parse.ts'
import { AvroSink } from '../../src/codec/avro/sink.ts'
import { AvroSource } from '../../src/codec/avro/walk.ts'
import { compileJson } from '../../src/codec/json/values.ts'
import { TextBuffer } from '../../src/codec/text-buffer.ts'

type Write = (sink: AvroSink) => unknown

const document = readFileSync('docs/formats.md', 'utf8')

/** The cells of the rows below a heading. */
function rowsBelow(heading: string): string[][] {
  const [, table] = document.split(`\n${heading}\n| --- |`)
  const lines = table.slice(table.indexOf('\n') + 1).split('\n')
  const end = lines.findIndex((line) => !line.startsWith('|'))
  return lines.slice(0, end).map((line) => line.slice(2, -2).split(' | '))
}

const bytes = (...some: number[]) => bytesOf(Buffer.from(some))
const logical = (type: string, logicalType: string, more: object = {}): object => ({
  type,
  logicalType,
  ...more,
})
const fixed = (size: number, more: object = {}): object => ({
  type: 'fixed',
  name: 'F',
  size,
  ...more,
})
const MS = 1_769_862_896_789n
const UUID = Array.from({ length: 16 }, (_, i) => i * 17)
const whole =
  (value: Buffer): Write =>
  (sink) =>
    sink.copy(bytesOf(value), 0, value.length)

/** What the examples are, by the row's first cell. */
const EXAMPLES: Readonly<Record<string, readonly [schema: unknown, write: Write]>> = {
  '`null`': ['null', () => {}],
  '`boolean`': ['boolean', (sink) => sink.int(-1)],
  '`int`': ['int', (sink) => sink.int(-7)],
  '`long`': ['long', (sink) => sink.long(2n ** 53n + 1n)],
  '`float`': ['float', (sink) => sink.float(0.1)],
  '`double`': ['double', (sink) => sink.double(1e21)],
  '`float`, `double` without digits': ['float', (sink) => sink.float(Number.NEGATIVE_INFINITY)],
  '`string`': ['string', (sink) => sink.bytes(bytesOf(Buffer.from('Grüße "A"\n')))],
  '`enum`': [{ type: 'enum', name: 'E', symbols: ['APP', 'WEB'] }, (sink) => sink.int(1)],
  '`bytes`': ['bytes', (sink) => sink.bytes(bytes(0, 255, 254))],
  '`fixed`': [fixed(2), whole(bytes(1, 2))],
  '`array`': [{ type: 'array', items: 'int' }, whole(bytes(4, 2, 4, 0))],
  '`map`': [{ type: 'map', values: 'int' }, whole(bytes(2, 2, 97, 2, 0))],
  '`record`': [
    {
      type: 'record',
      name: 'R',
      fields: [
        { name: 'city', type: 'string' },
        { name: 'zip', type: 'int' },
      ],
    },
    (sink) => {
      sink.bytes(bytesOf(Buffer.from('Bonn')))
      sink.int(53_111)
    },
  ],
  'a union': [['null', 'int'], whole(bytes(2, 10))],
  '`decimal` of `bytes` or `fixed`': [
    logical('bytes', 'decimal', { precision: 4, scale: 2 }),
    (sink) => sink.bytes(bytes(0xce)),
  ],
  '`uuid` of `string`': [
    logical('string', 'uuid'),
    (sink) => sink.bytes(bytesOf(Buffer.from('0c1d'))),
  ],
  '`uuid` of `fixed`': [fixed(16, { logicalType: 'uuid' }), whole(bytes(...UUID))],
  '`date`': [logical('int', 'date'), (sink) => sink.int(20_484)],
  '`time-millis`': [logical('int', 'time-millis'), (sink) => sink.int(45_296_789)],
  '`time-micros`': [logical('long', 'time-micros'), (sink) => sink.long(45_296_789_000n)],
  '`timestamp-millis`': [logical('long', 'timestamp-millis'), (sink) => sink.long(MS)],
  '`timestamp-micros`': [
    logical('long', 'timestamp-micros'),
    (sink) => sink.long(MS * 1000n + 12n),
  ],
  '`timestamp-nanos`': [
    logical('long', 'timestamp-nanos'),
    (sink) => sink.long(MS * 1_000_000n + 12_345n),
  ],
  '`local-timestamp-millis`': [logical('long', 'local-timestamp-millis'), (sink) => sink.long(MS)],
  '`local-timestamp-micros`': [
    logical('long', 'local-timestamp-micros'),
    (sink) => sink.long(MS * 1000n + 12n),
  ],
  '`local-timestamp-nanos`': [
    logical('long', 'local-timestamp-nanos'),
    (sink) => sink.long(MS * 1_000_000n + 12_345n),
  ],
  '`duration`, `big-decimal` and others': [
    logical('bytes', 'big-decimal'),
    (sink) => sink.bytes(bytes(1, 2)),
  ],
  'a date or time before the year 0 or after 9999': [
    logical('int', 'date'),
    (sink) => sink.int(2_932_897),
  ],
  'a time of day beyond 24 hours': [logical('int', 'time-millis'), (sink) => sink.int(90_000_000)],
  'a time of day below zero': [logical('int', 'time-millis'), (sink) => sink.int(-3_600_000)],
}

function jsonOf(schema: unknown, write: Write): string {
  const sink = new AvroSink()
  write(sink)
  const source = new AvroSource()
  source.open(sink.buffer, sink.start, sink.at)
  const out = new TextBuffer()
  compileJson(parseSchema(schema))(source, out)
  assert.equal(source.at, sink.at)
  return out.buffer.toString('utf8', 0, out.at)
}

test('each row of the table has an example, which is what is written', () => {
  const rows = rowsBelow('| Avro | JSON | for example |')
  assert.deepEqual(rows.map(([type]) => type).sort(), Object.keys(EXAMPLES).sort())
  for (const [type, , example] of rows) {
    assert.equal(jsonOf(...EXAMPLES[type]), example.slice(1, -1), type)
  }
})

test('each name of Connect and Debezium stands for the logical type beside it', () => {
  const rows = rowsBelow('| name | as |')
  assert.ok(rows.length >= 7)
  for (const [names, as] of rows) {
    const base = /^`(date|time-millis)`$/.test(as) ? 'int' : 'long'
    const logicalType = as.startsWith('`') ? as.slice(1, -1) : null
    const wanted = logicalType === null ? null : logicalOf(base, { logicalType })
    for (const [, name] of names.matchAll(/`([^`]+)`/g)) {
      const got = logicalOf(base, { 'connect.name': name })!
      const of = wanted ?? { family: 'time', perSecond: 1e9 }
      assert.deepEqual([got.family, got.perSecond], [of.family, of.perSecond], name)
    }
  }
})
