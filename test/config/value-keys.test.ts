import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePipeline } from '../../src/config/load.ts'

/** @param line of the dimension, behind its topic */
const parse = (line: string) =>
  parsePipeline(
    `name: job
kafka: { brokers: localhost:9092 }
registry: { url: http://registry }
facts: { topic: facts }
dimensions: { price: { topic: prices, ${line} } }
output: { topic: out }
`,
    'pipeline.yaml',
    {},
  )

test('a key of fields of the value is looked up by as many of ours, in the key’s own names', () => {
  assert.deepEqual(parse('key: id, on: price_id').dimensions[0].key, ['id'])
  const { key, parts } = parse('key: [a.id, land], on: { land: country, id: product }')
    .dimensions[0]
  assert.deepEqual(key, ['a.id', 'land'])
  assert.deepEqual(
    parts.map(({ name }) => name),
    ['land', 'id'],
  )
})

for (const [what, line, message] of [
  [
    'another name',
    'key: [id, land], on: [product, country]',
    /:5: .*on.*write \{ id: …, land: … \}/,
  ],
  ['several for one', 'key: id, on: [a, b]', /:5: .*on.*is not what key has; write one field/],
  ['a key format', 'key: id, keyFormat: long, on: id', /:5: .*keyFormat.*is of the record’s key/],
  ['a list of one', 'key: [id], on: id', /:5: .*key.*needs two fields or more/],
] as const) {
  test(`${what} beside key is refused, with its line and what to write instead`, () => {
    assert.throws(() => parse(line), { code: 'CONFIG_INVALID', message })
  })
}
