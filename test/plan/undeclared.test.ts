/** JSON without a schema, from JSON to JSON: against the texts that it was made of, and against JSON.parse. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Bytes, bytesOf } from '../../src/bytes.ts'
import type { PipelineCodec, TopicCodec, ValueReader } from '../../src/codec/port.ts'
import { parsePipeline } from '../../src/config/load.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'
import { lastOf, type ObjectText, objectText, scalarText, without } from '../codec/object-texts.ts'

const FRAME = Buffer.from([0, 0, 0, 0, 1])

async function codecOf(text: string): Promise<PipelineCodec> {
  const head = 'name: job\nkafka: { brokers: "localhost:9092" }\n'
  const pipeline = parsePipeline(head + text, 'pipeline.yaml', {})
  return createPipelineCodec(pipeline, await readSchemas(pipeline, null), null)
}

const PIPELINE = `
facts: { topic: orders, format: json, time: at }
dimensions:
  customer: { topic: customers, format: json, on: customer_id, select: [name, { since: at }] }
join: { topic: payments, format: json, on: order_id, within: 1m, kind: left, select: [amount] }
outputs:
  all: { topic: out, format: json }
  some: { topic: some, format: json, select: { who: name, amount: amount } }
`.replace('[name, { since: at }]', '{ name: name, since: at }')

/** What comes out of dimension and right stream. */
const COLUMNS = ['name', 'since', 'amount']
const factText = objectText(['order_id', 'customer_id', 'at', ...COLUMNS, 'a', 'b'])
const rowText = objectText(['name', 'at', 'x'])
const rightText = objectText(['order_id', 'amount', 'x'])

function open(codec: TopicCodec, text: string): { reader: ValueReader; fault: string | null } {
  const value = bytesOf(Buffer.from(text))
  const reader = codec.reader(value, 0, value.length, 0, 0) as ValueReader
  const fault = reader.read(0, value, 0, value.length)
  reader.select(0)
  return { reader, fault }
}

function projected(reader: ValueReader): Bytes {
  const target = bytesOf(Buffer.alloc(reader.projectedBytes))
  assert.equal(reader.project(target, 0), target.length)
  return target
}

/** The text of a key; null: it is none. undefined: it cannot be one. */
function keyText(value: string): string | null | undefined {
  if (value === 'null') return null
  if (value.startsWith('"')) return JSON.parse(value)
  if (/^-?\d+$/.test(value)) return String(BigInt(value))
  const [, sign, whole, fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(value) ?? []
  if (whole === undefined || Math.abs(Number(exponent)) > 1000)
    return value === '0e9' ? '0' : undefined
  const shift = Number(exponent) - fraction.length
  const digits = BigInt(whole + fraction)
  if (shift < 0 && digits % 10n ** BigInt(-shift) !== 0n) return undefined
  const number = shift < 0 ? digits / 10n ** BigInt(-shift) : digits * 10n ** BigInt(shift)
  // More digits than a double holds have to be written as digits.
  if (number >= 10n ** 15n) return undefined
  return String(sign === '-' ? -number : number)
}

const keyOf = (reader: ValueReader, k: number): string | null =>
  reader.keyEnd(k) < 0
    ? null
    : reader.keyBuffer(k).toString('utf8', reader.keyStart(k), reader.keyEnd(k))

test('a fact comes out with all its members as they came, columns in place of members of their names', async () => {
  const codec = await codecOf(PIPELINE)
  const [facts, rights] = codec.sources.map(({ values }) => values)
  const [{ reader: all }, { reader: some }] = codec.outputs
  const run = (fact: ObjectText, row: ObjectText | null, right: ObjectText | null): void => {
    const left = open(facts, fact.text)
    const scalars = ['customer_id', 'order_id', 'at']
    const values = scalars.map((name) => lastOf(fact, name))
    const isFine = fact.members
      .filter(({ name }) => scalars.includes(name))
      .every(({ value }) => keyText(value) !== undefined)
    assert.equal(left.fault, isFine ? null : 'incompatible_schema', left.reader.fault)
    if (!isFine) return
    const keys = [values[1], values[0]].map(keyText)
    assert.deepEqual([keyOf(left.reader, 0), keyOf(left.reader, 1)], keys)
    const columns =
      row === null
        ? codec.missingDimension[0]
        : projected(open(codec.dimensions[0], row.text).reader)
    const suffix = right === null ? codec.missing[0][1] : projected(open(rights, right.text).reader)
    const value = bytesOf(Buffer.concat([FRAME, projected(left.reader), columns, suffix]))
    const of = (name: string, from: ObjectText | null): string =>
      from === null ? 'null' : lastOf(from, name)
    const [name, since, amount] = [of('name', row), of('at', row), of('amount', right)]
    const members = without(fact, COLUMNS)
    const written = `{${members}${members === '' ? '' : ','}"name":${name},"since":${since},"amount":${amount}}`
    all.read(0, value, 0, value.length)
    all.select(0)
    const text = String(projected(all))
    assert.equal(text, written)
    const parsed = {
      ...JSON.parse(fact.text),
      name: JSON.parse(name),
      since: JSON.parse(since),
      amount: JSON.parse(amount),
    }
    assert.deepEqual(JSON.parse(text), parsed)
    some.read(0, value, 0, value.length)
    some.select(0)
    assert.equal(String(projected(some)), `{"who":${name},"amount":${amount}}`)
  }
  const nullable = <T>(one: fc.Arbitrary<T>) => fc.option(one, { freq: 4 })
  fc.assert(fc.property(factText, nullable(rowText), nullable(goodRight), run), {
    numRuns: 3000,
    includeErrorInReport: true,
  })
})

/** With nothing but texts where a key is. */
const goodRight = rightText.filter(({ members }) =>
  members.every(({ name, value }) => name !== 'order_id' || keyText(value) !== undefined),
)

test('what is stored is shown as the objects that came, a number that no double holds as its digits', async () => {
  const codec = await codecOf(PIPELINE)
  const [facts, rights] = codec.sources.map(({ values }) => values)
  const left = projected(
    open(facts, '{"order_id":"A","n":123456789012345678901,"amount":1,"in":{"x":[null]}}').reader,
  )
  const fact = Buffer.concat([left, codec.missingDimension[0]])
  assert.deepEqual(codec.views.sources[0](fact), {
    ...{ order_id: 'A', n: '123456789012345678901', in: { x: [null] } },
    ...{ name: null, since: null },
  })
  const right = projected(open(rights, '{"order_id":"A","amount":{"sum":1.50}}').reader)
  assert.deepEqual(codec.views.sources[1](right), { amount: { sum: 1.5 } })
})

test('a key is a text or a whole number, whichever way it is written', async () => {
  const codec = await codecOf(`
facts: { topic: orders, format: json }
dimensions:
  customer: { topic: customers, format: json, on: id, select: [name] }
output: { topic: out, format: json }
`)
  const [{ values }] = codec.sources
  fc.assert(
    fc.property(scalarText, (value) => {
      const { reader, fault } = open(values, `{"id":${value}}`)
      const text = keyText(value)
      assert.equal(fault, text === undefined ? 'incompatible_schema' : null)
      if (text !== undefined) assert.equal(keyOf(reader, 0), text)
      else
        assert.match(
          reader.fault,
          /^The field id is .*; the pipeline reads a text, a whole number or null$/,
        )
    }),
    { numRuns: 2000 },
  )
})

test('members inside of objects are selected as they came, and are null where no object is', async () => {
  const codec = await codecOf(`
facts: { topic: orders, format: json, select: [a, { city: shop.city }, { deep: shop.at.deep }] }
dimensions:
  shop: { topic: shops, format: json, on: shop.id, select: { place: address.city } }
output: { topic: out, format: json }
`)
  const [{ values }] = codec.sources
  const [{ reader: output }] = codec.outputs
  const inner = objectText(['deep', 'b'])
  const shop = fc.tuple(objectText(['city', 'b']), fc.option(inner), fc.option(scalarText))
  const run = (
    a: string,
    [members, at, id]: [ObjectText, ObjectText | null, string | null],
    row: ObjectText | null,
  ): void => {
    const own = without(members, ['id', 'at'])
    const more = [...(at ? [`"at": ${at.text}`] : []), ...(id === null ? [] : [`"id":${id}`])]
    const text = `{"shop":{${[...(own === '' ? [] : [own]), ...more].join(',')}},"a" :${a}}`
    const left = open(values, text)
    const key = keyText(id ?? 'null')
    assert.equal(left.fault, key === undefined ? 'incompatible_schema' : null, left.reader.fault)
    if (key === undefined) return
    assert.equal(keyOf(left.reader, 0), key)
    const rowValue = row === null ? '{"address":null}' : `{"address":${row.text}}`
    const column = projected(open(codec.dimensions[0], rowValue).reader)
    const value = bytesOf(Buffer.concat([FRAME, projected(left.reader), column]))
    output.read(0, value, 0, value.length)
    output.select(0)
    const deep = at === null ? 'null' : lastOf(at, 'deep')
    const place = row === null ? 'null' : lastOf(row, 'city')
    const [city, written] = [lastOf(members, 'city'), String(projected(output))]
    assert.equal(written, `{"a":${a},"city":${city},"deep":${deep},"place":${place}}`)
  }
  const row = fc.option(objectText(['city', 'b']))
  fc.assert(fc.property(scalarText, shop, row, run), { numRuns: 1000 })
})
