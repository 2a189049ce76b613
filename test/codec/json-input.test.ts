/** JSON values as Avro's: against what was written, and against JSON.parse. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bytesOf } from '../../src/bytes.ts'
import { AvroReader, type AvroRecordSchema } from '../../src/codec/avro/reader.ts'
import { JsonInput } from '../../src/codec/json/input.ts'
import { JsonReader } from '../../src/codec/json/reader.ts'
import type { ValueReader } from '../../src/codec/port.ts'
import { canonicalSample } from './json-samples.ts'

const FRAME = Buffer.from([0, 0, 0, 0, 1])

const wholePlan = (schema: AvroRecordSchema) => ({
  select: schema.fields.map(({ name }) => ({ source: name, nullable: false })),
  keys: [],
  time: null,
})

function projected(reader: ValueReader): Buffer {
  reader.select(0)
  const target = bytesOf(Buffer.alloc(reader.projectedBytes))
  reader.project(target, 0)
  return target
}

function jsonOf(schema: AvroRecordSchema, body: Buffer): Buffer {
  const reader = new JsonReader(schema, new AvroReader(schema, wholePlan(schema)), true)
  const value = bytesOf(Buffer.concat([FRAME, body]))
  assert.equal(reader.read(0, value, 0, value.length), null)
  return projected(reader)
}

const INDENT = [0, 1, 4]

test('what is written as JSON is read as the same bytes, framed or not, with spaces or without', () => {
  fc.assert(
    fc.property(
      canonicalSample,
      fc.constantFrom(...INDENT),
      fc.boolean(),
      (of, indent, isFramed) => {
        const { schema, body } = of
        const reader = new JsonInput(schema, wholePlan(schema))
        const text = spaced(jsonOf(schema, body), indent)
        const value = bytesOf(Buffer.concat([Buffer.from('?'), ...(isFramed ? [FRAME] : []), text]))
        assert.equal(reader.read(0, value, 1, value.length), null, reader.fault)
        assert.equal(projected(reader).toString('hex'), body.toString('hex'))
      },
    ),
    { numRuns: 1500 },
  )
})

/** With spaces and lines between what there is, outside of texts. */
function spaced(text: Buffer, indent: number): Buffer {
  if (indent === 0) return text
  const space = ['', ' ', '', '', ' \t\r\n'][indent]
  const out = String(text).replace(/"(?:[^"\\]|\\.)*"|[{}[\],:]/gs, (token) =>
    token.startsWith('"') ? token : `${space}${token}${space}`,
  )
  return Buffer.from(out)
}

const record = (fields: Readonly<Record<string, unknown>>, name = 'R'): AvroRecordSchema =>
  ({
    type: 'record',
    name,
    fields: Object.entries(fields).map(([field, type]) => ({ name: field, type })),
  }) as unknown as AvroRecordSchema

/** The value as JSON once more; else the reason and the sentence. */
function outcome(schema: AvroRecordSchema, text: string | Buffer): string {
  const reader = new JsonInput(schema, wholePlan(schema))
  const value = bytesOf(Buffer.from(text))
  const reason = reader.read(0, value, 0, value.length)
  return reason === null ? String(jsonOf(schema, projected(reader))) : `${reason}: ${reader.fault}`
}

const decimal = { type: 'bytes', logicalType: 'decimal', precision: 20, scale: 2 }
const connect = { ...decimal, 'connect.name': 'org.apache.kafka.connect.data.Decimal' }
const micros = { type: 'long', logicalType: 'timestamp-micros' }
const symbols = { type: 'enum', name: 'E', symbols: ['WEB', 'APP'] }
const fallback = { ...symbols, default: 'APP' }
const card = record(
  { kind: { type: 'enum', name: 'K', symbols: ['card'] }, last4: 'string' },
  'Card',
)
const cash = record({ note: ['null', 'string'] }, 'Cash')

/** What is read of a field of a type: its JSON; false: it is refused as of another type. */
const READ: readonly (readonly [type: unknown, text: string, read: string | false])[] = [
  ['long', '9223372036854775807', '9223372036854775807'],
  ['long', '-9223372036854775808', '-9223372036854775808'],
  ['long', '9223372036854775808', false],
  ['long', '-9223372036854775809', false],
  ['long', '1000000000000000000', '1000000000000000000'],
  ['long', '9007199254740993', '9007199254740993'],
  ['long', '-4503599627370497', '-4503599627370497'],
  ['long', '1e3', '1000'],
  ['long', '1.0', '1'],
  ['long', '12.5e1', '125'],
  ['long', '922337203685477580700e-2', '9223372036854775807'],
  ['long', '1.5', false],
  ['long', '1e19', false],
  ['long', '1e999999999999', false],
  ['long', '0e999999999999', '0'],
  ['long', '-0', '0'],
  ['long', '"1"', false],
  ['int', '2147483647', '2147483647'],
  ['int', '2147483648', false],
  ['int', '-2147483648', '-2147483648'],
  ['int', 'true', false],
  ['double', '1e400', false],
  ['double', '1e-400', '0'],
  ['double', '-0', '-0'],
  ['double', '0.1', '0.1'],
  ['double', '123456789012345678', '123456789012345680'],
  ['double', '"NaN"', '"NaN"'],
  ['double', '"-Infinity"', '"-Infinity"'],
  ['double', '"1"', false],
  ['float', '3.5e38', false],
  ['float', '0.1', '0.1'],
  [decimal, '19.5', '19.50'],
  [decimal, '"19.50"', '19.50'],
  [decimal, '19.505', false],
  [decimal, '19.500', '19.50'],
  [decimal, '1234567890123456.78', '1234567890123456.78'],
  [decimal, '-123456789012345678.99', '-123456789012345678.99'],
  [decimal, '1234567890123456789.01', false],
  [decimal, '2e3', '2000.00'],
  [decimal, '1e99999999', false],
  [decimal, '0e99999999', '0.00'],
  [decimal, '"B54="', false],
  [decimal, '"1 "', false],
  [connect, '"B54="', '19.50'],
  [connect, '19.5', '19.50'],
  [micros, '"2026-01-31T12:34:56.789012Z"', '"2026-01-31T12:34:56.789012Z"'],
  [micros, '"2026-01-31T13:34:56+01:00"', '"2026-01-31T12:34:56.000000Z"'],
  [micros, '"2026-01-31 13:34+0100"', '"2026-01-31T12:34:00.000000Z"'],
  [micros, '"2026-01-31T12:34:56.7890129Z"', '"2026-01-31T12:34:56.789012Z"'],
  [micros, '"1969-12-31T23:59:59.9999999Z"', '"1969-12-31T23:59:59.999999Z"'],
  [micros, '1769862896789012', '"2026-01-31T12:34:56.789012Z"'],
  [micros, '"2026-01-31T12:34:56"', false],
  [micros, '"2026-02-30T12:34:56Z"', false],
  [{ type: 'int', logicalType: 'date' }, '"2026-01-31"', '"2026-01-31"'],
  [{ type: 'int', logicalType: 'date' }, '20484', '"2026-01-31"'],
  [{ type: 'int', logicalType: 'date' }, '"2026-01-31T00:00:00Z"', false],
  ['string', '"\\u00e9\\n\\/\\ud83d\\ude00"', '"é\\n/😀"'],
  ['string', '1', false],
  ['bytes', '"AP/+"', '"AP/+"'],
  ['bytes', '"AP/"', false],
  ['bytes', '"A-_="', false],
  [symbols, '"APP"', '"APP"'],
  [symbols, '"OTHER"', false],
  [fallback, '"OTHER"', '"APP"'],
  [['null', 'string'], 'null', 'null'],
  ['string', 'null', false],
  [['double', 'long'], '5', '5'],
  [['long', 'double'], '5.5', '5.5'],
  [['long', decimal], '5.50', '5.50'],
  [['string', symbols], '"WEB"', '"WEB"'],
  [['double', 'string'], '"NaN"', '"NaN"'],
  [['int', 'string'], 'true', false],
  [[cash, card], '{"kind":"card","last4":"1234"}', '{"kind":"card","last4":"1234"}'],
  [[card, cash], '{"note":"x"}', '{"note":"x"}'],
  [[card, cash], '{"note":"x","more":1}', '{"note":"x"}'],
  [{ type: 'map', values: 'int' }, '{"a":1,"a":2}', '{"a":1,"a":2}'],
  [{ type: 'array', items: 'int' }, '{}', false],
]

test('numbers, texts and times are read exactly, or refused', () => {
  for (const [type, text, read] of READ) {
    const got = outcome(record({ f: type }), `{"f":${text}}`)
    const what = `${JSON.stringify(type)} ${text}: ${got}`
    if (read === false) assert.match(got, /^incompatible_schema: The field f is /, what)
    else assert.equal(got, `{"f":${read}}`, what)
  }
})

test('a refusal says where, what was there, and what is wanted', () => {
  const line = record({ price: 'long', tags: { type: 'map', values: 'int' } }, 'Line')
  const order = record({ id: 'string', lines: { type: 'array', items: line } })
  const of = (text: string): string => outcome(order, text)
  const lines = (inner: string): string => `{"id":"a","lines":[{"price":1,"tags":{}},${inner}]}`
  const wanted: readonly (readonly [string, string])[] = [
    [
      lines('{"price":"x","tags":{}}'),
      'incompatible_schema: The field lines[1].price is "x"; the pipeline reads long',
    ],
    [
      lines('{"price":1,"tags":{"a":1,"b":[2]}}'),
      'incompatible_schema: The field lines[1].tags.b is [2]; the pipeline reads int',
    ],
    [
      lines('{"tags":{}}'),
      'incompatible_schema: The field lines[1].price is not there; the schema neither lets it be null nor has a default for it',
    ],
    ['{"id":1}', 'incompatible_schema: The field id is 1; the pipeline reads string'],
    [
      '{"before":1}',
      'incompatible_schema: None of the members of {"before":1} is a field of the record R',
    ],
    ['[1]', 'incompatible_schema: The value is [1]; the pipeline reads record R'],
    [
      lines('{"price":1,}'),
      'malformed: The value is no JSON: at byte 52, in lines[1], there is } where a name in quotes is expected',
    ],
    [
      '{"id":"a" "lines":[]}',
      'malformed: The value is no JSON: at byte 10 there is " where a comma or } is expected',
    ],
    [
      '{"id":"a","lines":[]} x',
      'malformed: The value is no JSON: at byte 22 there is x where the end is expected',
    ],
    [
      '{"id":"a',
      'malformed: The value is no JSON: at byte 8, in id, the value ends where the " at a text’s end is expected',
    ],
    ['', 'malformed: The value is empty'],
    ['{"id":NaN}', 'incompatible_schema: The field id is NaN}; the pipeline reads string'],
    [
      '{"x":NaN}',
      'malformed: The value is no JSON: at byte 5 there is N where a value (NaN and Infinity are none in JSON: write them as text, or null) is expected',
    ],
  ]
  for (const [text, sentence] of wanted) assert.equal(of(text), sentence)
  assert.match(
    of('{"schema":{},"payload":{"id":"a"}}'),
    /wrapped in schema and payload.*schemas\.enable/,
  )
  assert.match(outcome(order, Buffer.from([0, 0, 0, 0, 1, 2, 97])), /it may be Avro or Protobuf/)
})

test('of a name that is there twice the last one counts; what is absent is null, or its default', () => {
  const schema = {
    type: 'record',
    name: 'R',
    fields: [
      { name: 'a', type: 'int' },
      { name: 'b', type: ['null', 'string'] },
      { name: 'c', type: 'int', default: 7 },
    ],
  } as AvroRecordSchema
  assert.equal(outcome(schema, '{"a":1,"a":2}'), '{"a":2,"b":null,"c":7}')
  assert.equal(
    outcome(schema, '{"c":1,"x":{"a":[1,{}]},"b":"q","\\u0061":3}'),
    '{"a":3,"b":"q","c":1}',
  )
  assert.equal(
    outcome(schema, '{"b":"q","c":1}'),
    'incompatible_schema: The field a is not there; the schema neither lets it be null nor has a default for it',
  )
})

test('what is nested deep, or would have to be gone over again and again, ends', () => {
  const tree = {
    type: 'record',
    name: 'T',
    fields: [
      { name: 'a', type: ['null', 'T'] },
      { name: 'b', type: ['null', 'T'] },
      { name: 'n', type: 'int' },
    ],
  }
  const deep = (levels: number, leaf: string): string =>
    `${'{"n":1,"a":'.repeat(levels)}${leaf}${'}'.repeat(levels)}`
  const of = (text: string): string => outcome(tree as unknown as AvroRecordSchema, text)
  assert.match(of(deep(5000, 'null')), /^malformed: .*nested deeper than 250 levels/)
  assert.match(of(`{"n":1,"x":${'['.repeat(1_000_000)}`), /^malformed: .*nested deeper/)
  const twins = ['A', 'B'].map((name) => ({
    type: 'record',
    name,
    fields: [
      { name: 'c', type: ['null', 'A', 'B'] },
      { name: 'n', type: 'int' },
    ],
  }))
  const either = record({
    u: twins.map((one, i) =>
      i === 0
        ? { ...one, fields: [{ name: 'c', type: ['null', 'A', twins[1]] }, one.fields[1]] }
        : 'B',
    ),
  })
  const began = performance.now()
  assert.match(
    outcome(either, `{"u":${'{"n":1,"c":'.repeat(240)}"x"${'}'.repeat(240)}}`),
    /^incompatible_schema/,
  )
  assert.ok(performance.now() - began < 5000)
})

const jsonish = fc.json({ maxDepth: 4 })
const BITS = [
  '{',
  '}',
  '[',
  ']',
  '"',
  ':',
  ',',
  '\\',
  '\\u',
  'e',
  '-',
  '.',
  '0',
  '1',
  ' ',
  '\n',
  'null',
  'tru',
  '\ud800',
  '\u0001',
]

test('bytes that are changed anyhow are refused, or what JSON.parse has of them: never anything else', () => {
  const plain = record({
    a: ['null', 'long', 'string'],
    b: ['null', { type: 'map', values: ['null', 'string', 'double', 'boolean'] }],
  })
  fc.assert(
    fc.property(
      fc.oneof(
        jsonish.map((text) => `{"a":1,"b":{"k":"v"},"c":${text}}`),
        fc
          .record({
            a: fc.oneof(fc.string(), fc.maxSafeInteger()),
            b: fc.dictionary(
              fc.string(),
              fc.oneof(fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true })),
              { noNullPrototype: true },
            ),
          })
          .map((of) => JSON.stringify(of)),
      ),
      fc.array(fc.tuple(fc.nat(), fc.nat(4), fc.constantFrom('', ...BITS)), { maxLength: 3 }),
      (text, changes) => {
        let bytes = Buffer.from(text)
        for (const [at, length, put] of changes) {
          const from = at % (bytes.length + 1)
          bytes = Buffer.concat([
            bytes.subarray(0, from),
            Buffer.from(put),
            bytes.subarray(from + length),
          ])
        }
        const got = outcome(plain, bytes)
        let parsed: { a?: unknown; b?: Record<string, unknown> } | undefined
        try {
          parsed = JSON.parse(
            new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes),
          )
        } catch {
          assert.match(got, /^(malformed|incompatible_schema): /, String(bytes))
          return
        }
        if (/^(malformed|incompatible_schema): /.test(got)) return
        const mine = JSON.parse(got)
        if (typeof parsed?.a !== 'number' || Number.isSafeInteger(parsed.a))
          assert.deepEqual(mine.a, parsed?.a ?? null)
        assert.deepEqual(mine.b, parsed?.b ?? null)
      },
    ),
    { numRuns: 3000 },
  )
})

/** As in https://github.com/nst/JSONTestSuite: what a parser has to take, and what it must not. */
const TAKEN = [
  '{}',
  ' {"x" : [ ] } ',
  '{"x":[1e5,1E+2,-0.0,0e1]}',
  '{"x":"\\ud801\\udc37\\u0000\\b"}',
  '{"":0}',
  '{"x":{"a":{"b":[[],{}]}}}',
  '\t{\n}\r',
  '{"x":"\u2028\u007f"}',
]
const REFUSED = [
  '{"x":[1,]}',
  '{"x":[,1]}',
  '{"x":[1}',
  '{"x":01}',
  '{"x":-01}',
  '{"x":1.}',
  '{"x":.5}',
  '{"x":+1}',
  '{"x":1e}',
  '{"x":1e+}',
  '{"x":0x1}',
  '{"x":-}',
  '{"x":Infinity}',
  "{'x':1}",
  '{x:1}',
  '{"x":"\t"}',
  '{"x":"\\x"}',
  '{"x":"\\u00g0"}',
  '{"x":"\\ud800"}',
  '{"x":"\\udc00"}',
  '{"x":nul}',
  '{"x":True}',
  '{"x":1,}',
  '{"x"}',
  '{"x":1}}',
  '{"x":1}//',
  '{"x":1 "y":2}',
  '\ufeff{}',
  '{"x":\u00a01}',
  '{"x":"',
]

test('what RFC 8259 has is taken, and what it has not is refused', () => {
  const schema = record({ a: ['null', 'int'], x: ['null', 'int'] })
  const passing = record({ a: ['null', 'int'] })
  for (const text of TAKEN) {
    const read = outcome(
      passing,
      text.replace(/\}\s*$/, (end) =>
        /\{\s*\}/.test(text) && !text.includes(':') ? end : `,"a":1${end}`,
      ),
    )
    assert.doesNotMatch(read, /^malformed/, text)
  }
  for (const text of REFUSED) {
    assert.match(outcome(passing, text.replace('{', '{"a":1,')), /^malformed: /, text)
    assert.match(outcome(schema, text), /^(malformed|incompatible_schema): /, text)
  }
  for (const bytes of [
    [0xc0, 0x80],
    [0xed, 0xa0, 0x80],
    [0xff],
    [0xf4, 0x90, 0x80, 0x80],
    [0xe2, 0x82],
  ]) {
    const text = Buffer.concat([Buffer.from('{"x":"'), Buffer.from(bytes), Buffer.from('"}')])
    assert.match(outcome(passing, text), /^malformed: .*UTF-8/)
  }
})

test('members in any order, there or not, once or more, are the fields in theirs', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f']
  const fieldsOf = (inner: unknown) =>
    names.map((name) => ({
      name,
      type: ['null', ...(name === 'c' ? [inner] : []), 'long', 'string'],
    }))
  const inner = { type: 'record', name: 'Inner', fields: fieldsOf('Inner') }
  const schema = {
    type: 'record',
    name: 'R',
    fields: fieldsOf(inner),
  } as unknown as AvroRecordSchema
  const reader = new JsonInput(schema, wholePlan(schema))
  const scalar = fc.oneof(fc.constant(null), fc.integer(), fc.string())
  const { object } = fc.letrec<{ object: [string, unknown][]; value: unknown }>((tie) => ({
    object: fc.array(fc.tuple(fc.constantFrom(...names, 'other'), tie('value')), { maxLength: 9 }),
    value: fc.oneof({ maxDepth: 3 }, scalar, tie('object')),
  }))
  const isObject = (value: unknown): value is [string, unknown][] => Array.isArray(value)
  const textOf = (members: [string, unknown][], known: boolean): string =>
    `{${[...(known ? [['a', 0] as [string, unknown]] : []), ...members]
      .filter(([name, value]) => !isObject(value) || name === 'c' || name === 'other')
      .map(
        ([name, value]) =>
          `"${name}":${isObject(value) ? textOf(value, false) : JSON.stringify(value)}`,
      )
      .join()}}`
  const expected = (value: Record<string, unknown>): object =>
    Object.fromEntries(
      names.map((name) => {
        const of = value[name] ?? null
        const isInner = typeof of === 'object' && of !== null
        return [name, isInner ? expected(of as Record<string, unknown>) : of]
      }),
    )
  fc.assert(
    fc.property(object, (members) => {
      const text = textOf(members, true)
      const value = bytesOf(Buffer.from(text))
      assert.equal(reader.read(0, value, 0, value.length), null, reader.fault)
      assert.deepEqual(
        JSON.parse(String(jsonOf(schema, projected(reader)))),
        expected(JSON.parse(text)),
      )
    }),
    { numRuns: 2000 },
  )
})
