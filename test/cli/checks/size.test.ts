import assert from 'node:assert/strict'
import { test } from 'node:test'
import avsc from 'avsc'
import { TEXT_BYTES, typeBytes, typeText } from '../../../src/cli/checks/size.ts'

const TEXT = 'x'.repeat(TEXT_BYTES)

test('the estimate is what avsc writes for values of the sizes that it assumes', () => {
  const schema = {
    type: 'record' as const,
    name: 'R',
    fields: [
      { name: 'text', type: 'string' },
      { name: 'price', type: 'double' },
      { name: 'seen', type: 'boolean' },
      { name: 'hash', type: { type: 'fixed', name: 'Hash', size: 20 } },
      { name: 'again', type: 'Hash' },
      { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['A', 'B'] } },
      { name: 'maybe', type: ['null', 'string'] },
      { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
      { name: 'tags', type: { type: 'array', items: 'string' } },
      { name: 'labels', type: { type: 'map', values: 'float' } },
    ],
  }
  const hash = Buffer.alloc(20)
  const value = {
    text: TEXT,
    price: 1,
    seen: true,
    hash,
    again: hash,
    kind: 'B',
    maybe: TEXT,
    at: 2 ** 33,
    tags: [TEXT, TEXT, TEXT],
    labels: { [TEXT]: 1, [`${TEXT.slice(1)}y`]: 2, [`${TEXT.slice(1)}z`]: 3 },
  }
  const written = avsc.Type.forSchema(schema as avsc.Schema).toBuffer(value).length
  assert.equal(typeBytes(schema), written)
})

test('a type that contains itself has a size, too', () => {
  const list = {
    type: 'record',
    name: 'List',
    fields: [{ name: 'next', type: ['null', 'List'] }],
  }
  assert.ok(typeBytes(list) < 100)
})

test('types are named in words', () => {
  assert.equal(typeText(['null', 'string']), 'null or string')
  assert.equal(
    typeText({ type: 'long', logicalType: 'timestamp-millis' }),
    'long (timestamp-millis)',
  )
  assert.equal(typeText({ type: 'array', items: 'int' }), 'array of int')
  assert.equal(typeText({ type: 'enum', name: 'Kind', symbols: ['A'] }), 'enum Kind')
})
