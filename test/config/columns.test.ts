import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePipeline } from '../../src/config/load.ts'
import { messageOf } from '../../src/errors.ts'

const load = (select: string, output = '') =>
  parsePipeline(
    `name: p
kafka: { brokers: "localhost:9092" }
registry: { url: "http://localhost:8081" }
facts:
  topic: orders
  select: ${select}
output: { topic: out${output} }
`,
    'pipeline.yaml',
    {},
  )

const faults = (select: string, output?: string): string[] => {
  try {
    load(select, output)
  } catch (error) {
    return messageOf(error).split('\n')
  }
  return []
}

test('a column is called by the last part of its path, or as the file says', () => {
  const columns = [
    { name: 'id', source: 'id' },
    { name: 'city', source: 'address.city' },
    { name: 'home', source: 'address.country' },
  ]
  assert.deepEqual(load('[id, address.city, { home: address.country }]').facts.select, columns)
  const map = '{ id: id, city: address.city, home: address.country }'
  assert.deepEqual(load(map).facts.select, columns)
  assert.deepEqual(load('[id]', `, select: ${map}`).output.select, columns)
})

test('a name that two columns have is told with line and column, and how to give another', () => {
  const rename = 'is already taken by address.city; rename one, as { other_name: shop.city }'
  assert.deepEqual(faults('[id, address.city, shop.city]'), [
    `pipeline.yaml:6:30: facts.select.2: the name city ${rename}`,
  ])
  assert.deepEqual(faults('\n    - address.city\n    - { city: shop.city }'), [
    `pipeline.yaml:8:15: facts.select.1.city: the name city ${rename}`,
  ])
  assert.deepEqual(faults('[id]', ', select: [address.city, shop.city]'), [
    `pipeline.yaml:7:46: output.select.1: the name city ${rename}`,
  ])
})

test('an entry of the list has one name, and a column a field', () => {
  assert.deepEqual(faults('[{ a: x, b: y }]'), [
    'pipeline.yaml:6: facts.select.0: has 2 keys, and may have 1: begin a new entry (-) for each',
  ])
  assert.deepEqual(faults('[id, ""]'), ['pipeline.yaml:6: facts.select.1: is empty'])
  assert.deepEqual(faults('[7]'), [
    'pipeline.yaml:6: facts.select.0: must be text or a block of keys, and is a number; put it in quotes',
  ])
})
