import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parsePipeline } from '../../src/config/load.ts'
import { levelsOf } from '../../src/config/look-ups.ts'
import { EnricherError } from '../../src/errors.ts'

const FILE = 'examples/catalog/pipeline.yaml'
const TEXT = readFileSync(FILE, 'utf8')

const loaded = (...replacements: [string, string][]) =>
  parsePipeline(
    replacements.reduce((text, [was, is]) => {
      assert.ok(text.includes(was), was)
      return text.replace(was, is)
    }, TEXT),
    FILE,
    {},
  )

function faultsWith(...replacements: [string, string][]): string[] {
  try {
    loaded(...replacements)
  } catch (error) {
    assert.ok(error instanceof EnricherError && error.code === 'CONFIG_INVALID')
    return error.message.split('\n').map((line) => line.replace(`${FILE}:`, ''))
  }
  return []
}

const lineOf = (text: string): number => TEXT.slice(0, TEXT.indexOf(text)).split('\n').length

test('what is looked up is a field, a path, a column of a dimension, or several of them by the names of the key', () => {
  const partsOf = (on: string) => {
    const { dimensions } = loaded(['on: [product_id, ship_to.country]', `on: ${on}`])
    return dimensions.at(-1)!
  }
  const price = partsOf('[product_id, ship_to.country]')
  const mapped = partsOf('{ product_id: product.product_id, country: ship_to.country }')
  assert.equal(price.on, 'product_id, ship_to.country')
  assert.deepEqual(price.parts, [
    { name: 'product_id', dimension: null, field: 'product_id' },
    { name: 'country', dimension: null, field: 'ship_to.country' },
  ])
  assert.deepEqual(mapped.parts, [
    { name: 'product_id', dimension: 'product', field: 'product_id' },
    { name: 'country', dimension: null, field: 'ship_to.country' },
  ])
  const { dimensions } = loaded()
  assert.deepEqual(
    dimensions
      .map(({ parts: [{ name, dimension, field }] }) => [name, dimension, field])
      .slice(0, 3),
    [
      [null, null, 'product_id'],
      [null, 'product', 'supplier_id'],
      [null, 'supplier', 'country'],
    ],
  )
  assert.deepEqual(levelsOf(dimensions), [0, 1, 2, 0, 0])
})

test('a dimension with the name of a record of the fact is looked up by what is in that record', () => {
  const { dimensions } = loaded(['destination:\n    topic', 'ship_to:\n    topic'])
  const its = dimensions.find(({ name }) => name === 'ship_to')!
  assert.deepEqual(its.parts, [{ name: null, dimension: null, field: 'ship_to.country' }])
})

test('look-ups that need one another are told once, with the way round and the line', () => {
  const line = lineOf('on: product_id')
  assert.deepEqual(faultsWith(['on: product_id', 'on: origin.code']), [
    `${line}: dimensions.product.on: look-ups that need one another, product → origin → supplier → product, have no beginning; look one of them up by a field of the facts`,
  ])
  assert.deepEqual(
    faultsWith(
      ['on: product_id', 'on: origin.code'],
      ['on: [product_id, ship_to.country]', 'on: [price.price, destination.code]'],
      ['on: ship_to.country', 'on: price.price'],
    ).map((fault) => fault.replace(/that need one another, (.*), have.*/, '$1')),
    [
      `${line}: dimensions.product.on: look-ups product → origin → supplier → product`,
      `${lineOf('on: ship_to')}: dimensions.destination.on: look-ups destination → price → destination`,
    ],
  )
})

test('a key of several fields says how it is written, and which field is which', () => {
  const on = 'on: [product_id, ship_to.country]'
  const line = lineOf(on)
  const json = 'keyFormat: json'
  assert.deepEqual(faultsWith([json, 'keyFormat: text']), [
    `${line}: dimensions.price.on: a key of several fields is an Avro record, a JSON object or a Protobuf message; write keyFormat: avro, json or protobuf`,
  ])
  assert.deepEqual(faultsWith([json, 'keyFormat: avro']), [
    `${line}: dimensions.price.on: without a registry a key of several fields needs keySchema, an .avsc file`,
  ])
  assert.deepEqual(faultsWith([on, 'on: [ship_to.country, supplier.country]']), [
    `${line}: dimensions.price.on: two fields would be the key’s country; write { field of the key: field }`,
  ])
  for (const one of ['[product_id]', '{ id: product_id }']) {
    assert.deepEqual(faultsWith([on, `on: ${one}`]), [
      `${line}: dimensions.price.on: needs two fields or more; write a single one as text`,
    ])
  }
})
