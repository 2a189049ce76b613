import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parsePipeline } from '../../src/config/load.ts'
import { EnricherError } from '../../src/errors.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'

const FILE = 'examples/orders/pipeline.yaml'
const TEXT = readFileSync(FILE, 'utf8')

/** The lines of the error that the example gets with one text replaced. */
async function faultsWith(was: string, is: string): Promise<string[]> {
  const pipeline = parsePipeline(TEXT.replace(was, is), FILE, {})
  const schemas = await readSchemas(pipeline, null)
  try {
    createPipelineCodec(pipeline, schemas, null)
  } catch (error) {
    assert.ok(error instanceof EnricherError && error.code === 'SCHEMA_INVALID')
    return error.message.replaceAll(`${FILE}:`, 'pipeline.yaml:').split('\n')
  }
  return []
}

const lineOf = (text: string): number => TEXT.slice(0, TEXT.indexOf(text)).split('\n').length

test('a field that its topic’s schema does not have is named with file, line and key', async () => {
  const mistakes = [
    [
      'on: customer_id',
      'on: custmer_id',
      'dimensions.customer.on: demo.orders has no field custmer_id',
    ],
    [
      'on: order_id',
      'on: { left: orderid, right: order_id }',
      'join.on: demo.orders has no field orderid',
    ],
    [
      '[method, amount, paid_at]',
      '[method, amuont]',
      'join.select.amuont: demo.payments has no field amuont',
    ],
    [
      'segment: segment',
      'segment: segmnt',
      'dimensions.customer.select.segment: demo.customers has no field segmnt',
    ],
    [
      'schema: ./schemas/payment.avsc',
      'schema: ./schemas/payment.avsc\n  time: paidat',
      'join.time: demo.payments has no field paidat',
    ],
  ]
  for (const [was, is, message] of mistakes) {
    const [fault, ...more] = await faultsWith(was, is)
    assert.deepEqual(more, [])
    const line = lineOf(was) + is.split('\n').length - 1
    assert.ok(fault.startsWith(`pipeline.yaml:${line}: ${message}; did you mean "`), fault)
    assert.match(fault, /\(fields: .*\)$/)
  }
})

test('a field whose type is no time is named with file and line', async () => {
  const [fault] = await faultsWith(
    'schema: ./schemas/payment.avsc',
    'schema: ./schemas/payment.avsc\n  time: amount',
  )
  assert.match(fault, /^pipeline\.yaml:\d+: join\.time: .*amount.* .*which is no point in time/)
})

test('a unit that contradicts the schema is an error with its line, as a field that is not there', async () => {
  const schema = 'schema: ./schemas/payment.avsc'
  const [fault, ...more] = await faultsWith(
    schema,
    `${schema}\n  time:\n    field: paid_at\n    unit: us`,
  )
  const line = lineOf(schema) + 3
  const start = `pipeline.yaml:${line}: join.time.unit: unit: us contradicts the schema, by which paid_at is in milliseconds`
  assert.ok(fault.startsWith(start), fault)
  assert.deepEqual(more, [])
  const missing = await faultsWith(schema, `${schema}\n  time: { field: paidat, unit: us }`)
  assert.equal(missing.length, 1)
  assert.match(missing[0], /: join\.time\.field: .* has no field paidat/)
})

test('the example as it is has no fault', async () => {
  assert.deepEqual(await faultsWith('', ''), [])
})
