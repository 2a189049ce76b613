/** What the chart says of itself: values, their schema, their description. Needs no Helm. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Ajv } from 'ajv'
import { parse } from 'yaml'
import { STOP_MS } from '../../src/cli/run.ts'
import { CHART, features } from './chart.ts'

const read = (...path: string[]): string => readFileSync(join(CHART, ...path), 'utf8')
const values = parse(read('values.yaml'))
const schema = JSON.parse(read('values.schema.json'))
const validate = new Ajv({ allErrors: true, strict: false }).compile(schema)

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function merged(base: Record<string, unknown>, over: Record<string, unknown>) {
  const result = { ...base }
  for (const [key, value] of Object.entries(over)) {
    const below = result[key]
    result[key] = isMap(below) && isMap(value) ? merged(below, value) : value
  }
  return result
}

/** Keys that the schema names, to the depth where it leaves the rest open. */
function schemaKeys(part: Record<string, unknown>, path: string): string[] {
  const target = String(part.$ref ?? '').replace('#/definitions/', '')
  const { properties } = target === '' ? part : schema.definitions[target]
  if (properties === undefined) return [path]
  return Object.entries(properties).flatMap(([key, value]) =>
    schemaKeys(value as Record<string, unknown>, path === '' ? key : `${path}.${key}`),
  )
}

const at = (path: string): unknown =>
  path.split('.').reduce<unknown>((value, key) => (isMap(value) ? value[key] : undefined), values)

test('the schema takes the values by default, and those of each feature', () => {
  for (const feature of ['', ...features]) {
    const over = feature === '' ? {} : parse(read('ci', feature))
    assert.ok(validate(merged(values, over)), `${feature} ${JSON.stringify(validate.errors)}`)
  }
})

test('the schema refuses a key that is misspelt, at every depth', () => {
  for (const over of [{ replicas: 2 }, { kafka: { sasl: { secret: 'x' } } }]) {
    assert.ok(!validate(merged(values, over)), JSON.stringify(over))
  }
})

test('every key of the schema has a default, and a line in the README', () => {
  const readme = read('README.md')
  const keys = schemaKeys(schema, '').filter((key) => key !== 'global')
  // Of an object that exists: only named where it is used.
  const open = [
    'autoscaling.keda.authenticationRef.name',
    'autoscaling.keda.authenticationRef.kind',
  ]
  assert.deepEqual(
    keys.filter((key) => at(key) === undefined),
    open,
  )
  const row = (key: string): string =>
    `| ${key.replace('.authenticationRef.name', '.authenticationRef')} |`
  assert.deepEqual(
    keys.filter((key) => !key.endsWith('.kind') && !readme.includes(row(key))),
    [],
  )
})

test('the README was generated since the descriptions changed', () => {
  const described = [...read('values.yaml').matchAll(/# -- (.*(?:\n *# (?!--).*)*)/g)]
  const readme = read('README.md')
  const lost = described
    .map(([, text]) => text.replaceAll(/\n *# /g, ' '))
    .filter((text) => !readme.includes(text))
  assert.deepEqual(lost, [])
})

test('the chart installs the version of the package', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
  assert.equal(parse(read('Chart.yaml')).appVersion, version)
})

test('a pod has more time to end than the service takes at most', () => {
  const { minimum } = schema.properties.terminationGracePeriodSeconds
  assert.ok(minimum * 1000 >= 2 * STOP_MS)
  assert.ok(values.terminationGracePeriodSeconds >= minimum)
})
