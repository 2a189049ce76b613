/** Expressions of a pipeline file: their faults with places, and what follows from them. */
import assert from 'node:assert/strict'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { bytesOf } from '../../src/bytes.ts'
import { checkValues } from '../../src/cli/checks/records.ts'
import { readValues } from '../../src/cli/checks/values.ts'
import { AvroJson } from '../../src/codec/avro/json-encoding.ts'
import { parsePipeline } from '../../src/config/load.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'
import { planOf } from '../../src/plan/plan.ts'

const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-expressions-'))
const schemaFile = (name: string, fields: Record<string, unknown>): string => {
  const file = join(folder, `${name}.avsc`)
  const list = Object.entries(fields).map(([field, type]) => ({ name: field, type }))
  writeFileSync(file, JSON.stringify({ type: 'record', name, fields: list }))
  return file
}
const order = schemaFile('Order', { id: 'string', quantity: 'int', price: 'double', at: 'long' })
const payment = schemaFile('Payment', { id: 'string', amount: 'double', method: 'string' })
const customer = schemaFile('Customer', { name: 'string', country: 'string' })

interface Texts {
  readonly facts?: string
  readonly dimension?: string
  readonly join?: string
  readonly output?: string
}

const pipelineOf = ({ facts = '', dimension = 'on: id', join: right = '', output = '' }: Texts) =>
  parsePipeline(
    `name: job
kafka: { brokers: "localhost:9092" }
facts:
  topic: orders
  schema: ${order}
  ${facts}
dimensions:
  customer:
    topic: customers
    schema: ${customer}
    ${dimension}
join:
  topic: payments
  schema: ${payment}
  on: id
  within: 60s
  kind: left
  ${right.includes('select') ? right : `select: [method, amount]\n  ${right}`}
output: { topic: out, schemaId: 1${output} }
`,
    'pipeline.yaml',
    {},
  )

async function codecOf(texts: Texts) {
  const pipeline = pipelineOf(texts)
  return createPipelineCodec(pipeline, await readSchemas(pipeline, null), null)
}

const faultsOf = (texts: Texts): Promise<string[]> =>
  codecOf(texts).then(
    () => [],
    (error: Error) => error.message.split('\n'),
  )

test('faults of all expressions are told at once, with line and column, and the fields that the file names', async () => {
  const faults = await faultsOf({
    facts: 'where: quantity > "1"\n  fields: { total: quantity * prize }\n  time: ordered',
    dimension: 'on: total\n    where: contry == "DE"',
    join: 'fields: { fee: "amount / 100", cents: "amount +" }',
  })
  assert.deepEqual(
    faults.map((fault) => fault.replace(/(: [^:]*): .*/, '$1')),
    [
      'pipeline.yaml:6:10: facts.where',
      'pipeline.yaml:7:31: facts.fields.total',
      'pipeline.yaml:14:12: dimensions.customer.where',
      'pipeline.yaml:22:50: join.fields.cents',
      'pipeline.yaml:8: facts.time',
    ],
  )
})

test('output.where is checked against the output, with the columns of all sides', async () => {
  assert.deepEqual(await faultsOf({ output: ', where: "price > 1.0 && country != method"' }), [])
  const [fault] = await faultsOf({ output: ', where: cuntry == method' })
  assert.match(
    fault,
    /^pipeline.yaml:20:43: output.where: there is no field cuntry; did you mean "country"/,
  )
})

test('fields of an output are checked against the completed record, and faults of what hangs on them told once', async () => {
  const output = (fields: string, more = ''): { output: string } => ({
    output: `, fields: ${fields}${more}`,
  })
  const made = '{ origin: \'country + "/" + method\', twice: price * 2.0 }'
  assert.deepEqual(await faultsOf(output(made, ', key: origin, select: [id, twice]')), [])
  const faults = await faultsOf(output('{ twice: prize * 2.0 }', ', key: twice'))
  assert.equal(faults.length, 1)
  assert.match(faults[0], /: output.fields.twice: there is no field prize; did you mean "price"/)
  const [taken] = await faultsOf(output('{ country: price * 2.0 }'))
  assert.match(taken, /output.fields.country: the record has a field country already/)
})

test('the join field is none that is derived, unless the side is repartitioned; a look-up’s and the time may be', async () => {
  const fields = 'fields: { key: \'id + "-x"\', when: fromMillis(at) }'
  assert.deepEqual(await faultsOf({ facts: `${fields}\n  time: when`, dimension: 'on: key' }), [])
  const pipeline = pipelineOf({ facts: 'fields: { other: id }' })
  const joins = [{ ...pipeline.joins[0], onLeft: 'other' }]
  const schemas = await readSchemas(pipeline, null)
  assert.throws(() => createPipelineCodec({ ...pipeline, joins }, schemas, null), {
    message:
      'join.on: other is derived, so it is not the key of the records; write `repartition: facts` under `join`',
  })
  const through = { ...pipeline, join: { ...join, repartition: 'facts' as const } }
  assert.ok(createPipelineCodec(through, schemas, null))
})

test('derived fields stand behind those that select names, and are nullable as these are', async () => {
  const { outputSchema } = await codecOf({
    facts: 'fields: { total: quantity * price }',
    dimension:
      'on: id\n    fields: { label: \'name + " " + country\' }\n    select: [label, country]',
    join: 'fields: { cents: int(amount) }\n  select: { cents: cents, paid_by: method }',
  })
  const fields = (JSON.parse(outputSchema) as { fields: { name: string; type: unknown }[] }).fields
  assert.deepEqual(
    fields.map(({ name }) => name),
    ['id', 'quantity', 'price', 'at', 'total', 'country', 'label', 'paid_by', 'cents'],
  )
  assert.deepEqual(fields.find(({ name }) => name === 'cents')?.type, ['null', 'long'])
})

test('stored rows are of no use once a dimension’s expressions are others', async () => {
  const layoutOf = async (dimension: string): Promise<string> =>
    (await codecOf({ dimension })).rowLayouts[0]
  const plain = await layoutOf('on: id')
  const german = await layoutOf('on: id\n    where: country == "DE"')
  assert.notEqual(german, plain)
  assert.notEqual(await layoutOf('on: id\n    where: country == "FR"'), german)
})

test('the plan knows of which sources something is computed', () => {
  const computed = (texts: Texts): boolean[] =>
    planOf(pipelineOf(texts)).sources.map(({ isComputed }) => isComputed)
  assert.deepEqual(computed({}), [false, false])
  assert.deepEqual(computed({ join: 'where: amount > 0.0' }), [false, true])
})

test('check counts what where does not take, and tells of records over which an expression fails', async () => {
  const codec = await codecOf({ facts: 'where: 10 / quantity > 1' })
  const json = new AvroJson(
    JSON.parse(
      `{"type":"record","name":"Order","fields":[{"name":"id","type":"string"},{"name":"quantity","type":"int"},{"name":"price","type":"double"},{"name":"at","type":"long"}]}`,
    ),
  )
  const record = (quantity: number) => {
    const body = json.encode({ id: 'a', quantity, price: 1, at: 1 }, assert.fail)!
    const value = bytesOf(Buffer.concat([Buffer.alloc(5), body]))
    return {
      key: Buffer.from('a'),
      value,
      headers: [],
      timestamp: 1,
      partition: 0,
      offset: quantity,
    }
  }
  const sample = (quantities: number[]) => ({
    topic: 'orders',
    codec: codec.sources[0].values,
    key: codec.sources[0].key,
    keyFormat: 'text' as const,
    isStream: true,
    join: null,
    isOfRegistry: false,
    isBare: false,
    records: quantities.map(record),
  })
  const texts = async (...quantities: number[]): Promise<string[]> => {
    const of = sample(quantities)
    return checkValues(of, await readValues(of)).map(({ detail }) => detail)
  }
  assert.deepEqual(await texts(1, 2, 100), [
    'orders: the last 3 records can be read; 1 are not taken by where',
  ])
  assert.match((await texts(100, 50))[0], /where takes none of the last 2 records/)
  assert.match(
    (await texts(1, 0))[0],
    /1 of the last 2 records would be rejected \(expression_failed: facts.where: /,
  )
})
