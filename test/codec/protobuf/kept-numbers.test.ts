/** Numbers of an output's fields, from one file to the next. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import protobuf from 'protobufjs'
import type { AvroRecordSchema } from '../../../src/codec/avro/reader.ts'
import { KeptFile } from '../../../src/codec/protobuf/kept-numbers.ts'
import { parseSchema } from '../../../src/codec/protobuf/parse.ts'
import { type ProtobufOutput, protobufOutput } from '../../../src/plan/protobuf-output.ts'

type Field = readonly [name: string, type: unknown]

const recordOf = (fields: readonly Field[]): AvroRecordSchema =>
  ({
    type: 'record',
    name: 'Orders',
    namespace: 'shop',
    fields: fields.map(([name, type]) => ({ name, type })),
  }) as AvroRecordSchema

function fileOf(before: string | undefined, ...fields: readonly Field[]): ProtobufOutput {
  const file = before === undefined ? undefined : parseSchema(before, () => undefined)
  return protobufOutput(recordOf(fields), new KeptFile(file), new Map())
}

const numbersOf = ({ main }: ProtobufOutput): Record<string, number> =>
  Object.fromEntries(main.fields.map(({ name, number }) => [name, number]))

const enumOf = (name: string, ...symbols: string[]) => ({ type: 'enum', name, symbols })

test('a field keeps its number by its name, and no other field ever gets it', () => {
  const first = fileOf(undefined, ['a', 'int'], ['b', 'string'], ['c', 'long'])
  assert.deepEqual(numbersOf(first), { a: 1, b: 2, c: 3 })
  assert.deepEqual(first.invented, ['a', 'b', 'c'])
  const second = fileOf(first.text, ['d', 'int'], ['c', 'long'], ['a', 'int'])
  assert.deepEqual(numbersOf(second), { d: 4, c: 3, a: 1 })
  assert.deepEqual(second.invented, ['d'])
  assert.match(second.text, /reserved 2;\n {2}reserved "b";/)
  const third = fileOf(second.text, ['b', 'string'], ['d', 'int'])
  assert.deepEqual(numbersOf(third), { b: 5, d: 4 })
  assert.match(third.text, /reserved 1, 2, 3;\n {2}reserved "a", "c";/)
  assert.equal(fileOf(third.text, ['b', 'string'], ['d', 'int']).text, third.text)
})

test('a field of another type has the number only where the bytes are the same', () => {
  const { text } = fileOf(
    undefined,
    ['a', 'int'],
    ['b', 'string'],
    ['c', { type: 'array', items: 'int' }],
  )
  const now = fileOf(text, ['a', ['null', 'long']], ['b', 'double'], ['c', 'int'])
  assert.deepEqual(numbersOf(now), { a: 1, b: 4, c: 5 })
  assert.match(now.text, /reserved 2, 3;/)
})

test('nested messages, unions and lists in lists keep their numbers, too', () => {
  const item = (...names: string[]) => ({
    type: 'record',
    name: 'Item',
    fields: names.map((name) => ({ name, type: ['null', 'string', 'long'] })),
  })
  const lists = { type: 'array', items: { type: 'array', items: 'int' } }
  const first = fileOf(
    undefined,
    ['items', { type: 'array', items: item('sku', 'name') }],
    ['m', lists],
  )
  const second = fileOf(
    first.text,
    ['m', lists],
    ['items', { type: 'array', items: item('name', 'tag') }],
  )
  const inner = second.messages.find(({ name }) => name === 'shop.Orders.Item')!
  assert.deepEqual(
    inner.fields.map(({ name, number }) => [name, number]),
    [
      ['name', 2],
      ['tag', 3],
    ],
  )
  assert.deepEqual(second.invented, [
    'ItemTagValue.string_value',
    'ItemTagValue.long_value',
    'Item.tag',
  ])
  assert.deepEqual(numbersOf(second), { m: 2, items: 1 })
})

test('symbols keep their numbers, those that are gone stay, and two enums never have one name', () => {
  const first = fileOf(undefined, ['a', enumOf('Channel', 'WEB', 'SHOP')])
  const second = fileOf(
    first.text,
    ['b', enumOf('Medium', 'WEB', 'TEXT')],
    ['a', enumOf('Channel', 'APP', 'SHOP')],
  )
  const { root } = protobuf.parse(second.text, { keepCase: true })
  assert.deepEqual(
    { ...root.lookupEnum('shop.Orders.Channel').values },
    { WEB: 0, SHOP: 1, APP: 2 },
  )
  assert.deepEqual({ ...root.lookupEnum('shop.Orders.Medium').values }, { MEDIUM_WEB: 0, TEXT: 1 })
  assert.deepEqual(second.invented, ['Medium.WEB', 'Medium.TEXT', 'Channel.APP', 'b'])
})

test('a file that people have written says what message, package and symbols are called, and which numbers are taken', () => {
  const own = `syntax = "proto3"; package shop.v1; option java_package = "x";
    enum Channel { CHANNEL_UNSPECIFIED = 0; CHANNEL_WEB = 5; }
    message Enriched { reserved 7 to 9; reserved 100 to max; Channel a = 3; optional int64 total = 4; }`
  const made = fileOf(
    own,
    ['a', enumOf('Channel', 'WEB', 'SHOP')],
    ['total', ['null', 'long']],
    ['n', 'int'],
  )
  assert.equal(made.main.name, 'shop.v1.Enriched')
  assert.deepEqual(numbersOf(made), { a: 3, total: 4, n: 10 })
  const { root } = protobuf.parse(made.text, { keepCase: true })
  const { values } = root.lookupEnum('shop.v1.Enriched.Channel')
  assert.deepEqual({ ...values }, { CHANNEL_UNSPECIFIED: 0, CHANNEL_WEB: 5, SHOP: 6 })
  assert.match(made.text, /reserved 7 to 9, 100 to max;/)
})
