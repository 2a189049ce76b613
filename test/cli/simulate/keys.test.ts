/** Keys by their schemas, and ids in headers, through task and dimension, with a registry. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import avsc, { type Schema } from 'avsc'
import type { GivenRecord } from '../../../src/cli/simulate/given-record.ts'
import { Simulation } from '../../../src/cli/simulate/simulation.ts'
import { parsePipeline } from '../../../src/config/load.ts'
import { EnricherError } from '../../../src/errors.ts'
import { compilePipeline } from '../../../src/plan/compile.ts'
import { createPipelineCodec, outputFrame, readSchemas } from '../../../src/plan/pipeline-codec.ts'
import { HastyRegistry } from '../../codec/hasty-registry.ts'

const NOON = Date.parse('2025-01-01T12:00:00Z')
const record = (name: string, ...fields: [string, unknown][]) => ({
  type: 'record',
  name,
  fields: fields.map(([field, type]) => ({ name: field, type })),
})
/** As Debezium and Connect write primary keys. */
const connectKey = (type: unknown) => ['null', record('Key', ['id', type])]
const ids = {
  order: 1,
  payment: 2,
  customer: 3,
  orderKey: 4,
  paymentKey: 5,
  customerKey: 6,
  oddKey: 7,
}
const schemas: Record<number, unknown> = {
  1: record('Order', ['note', ['null', 'string']], ['order_id', 'string'], ['customer_id', 'long']),
  2: record('Payment', ['order_id', 'string'], ['amount', 'int']),
  3: record('Customer', ['name', 'string']),
  4: { type: 'string', 'avro.java.string': 'String' },
  5: connectKey('string'),
  6: connectKey(['null', 'long']),
  7: record('Odd', ['a', 'int'], ['b', 'int']),
}
const subjects: Record<string, number> = {
  'orders-value': 1,
  'payments-value': 2,
  'customers-value': 3,
  'orders-key': 4,
  'payments-key': 5,
  'customers-key': 6,
}
const asked: string[] = []
const server = createServer(({ url = '' }, response) => {
  asked.push(url)
  const [, kind, name, last] = url.split('/')
  const id = kind === 'subjects' ? subjects[name] : Number(last)
  const schema = schemas[id]
  response.statusCode = schema === undefined ? 404 : 200
  const none = { error_code: 40403, message: 'Schema not found' }
  response.end(JSON.stringify(schema === undefined ? none : { id, schema: JSON.stringify(schema) }))
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
after(() => server.close())
const { port } = server.address() as { port: number }

const pipeline = parsePipeline(
  `
name: job
kafka: { brokers: "localhost:9092" }
registry: { url: "http://127.0.0.1:${port}" }
facts: { topic: orders, keyFormat: avro }
dimensions:
  customer: { topic: customers, keyFormat: avro, on: customer_id }
join: { topic: payments, keyFormat: avro, on: order_id, within: 60s, kind: left, select: [amount] }
output: { topic: orders.enriched }
`,
  'pipeline.yaml',
  {},
)
const registry = new HastyRegistry(pipeline.registry!, { event: () => {} })

const framed = (id: number, value: unknown): Buffer => {
  const type = avsc.Type.forSchema(schemas[id] as Schema, { wrapUnions: true })
  return Buffer.concat([outputFrame(id), type.toBuffer(value)])
}
const given = (key: Buffer, value: Buffer | null, header?: string): GivenRecord => ({
  key,
  value,
  headers: header === undefined ? [] : [[header, Buffer.from([1])]],
  timestamp: NOON,
})
const orderKey = (id: string) => framed(ids.orderKey, id)
const paymentKey = (id: string) => framed(ids.paymentKey, { Key: { id } })
const customerKey = (id: number) => framed(ids.customerKey, { Key: { id: { long: id } } })
const order = (id: string, customer: number) =>
  framed(ids.order, { note: null, order_id: id, customer_id: customer })
const payment = (id: string) => framed(ids.payment, { order_id: id, amount: 5 })
const customer = framed(ids.customer, { name: 'Anna' })

async function withSimulation(
  run: (
    take: (kind: 'fact' | 'right' | 'row', record: GivenRecord) => Promise<void>,
  ) => Promise<void>,
) {
  const codec = createPipelineCodec(pipeline, await readSchemas(pipeline, registry), registry)
  const simulation = await Simulation.open(pipeline, codec, NOON)
  try {
    await run(async (kind, record) => {
      await simulation.take(kind === 'row' ? { kind, dimension: 0, record } : { kind, record })
      // Schemas are loaded meanwhile: of a fact its value's, then its key's.
      for (let rounds = 0; rounds < 3; rounds++) {
        await sleep(20)
        await simulation.take({ kind: 'wait', ms: 1 })
      }
    })
    return simulation.effects
  } finally {
    await simulation.close()
  }
}

test('keys of three schemas meet by what they say, and look a row up by it', async () => {
  const { outputs, rejects } = await withSimulation(async (take) => {
    await take('row', given(customerKey(42), customer))
    await take('fact', given(orderKey('o1'), order('o1', 42)))
    await take('right', given(paymentKey('o1'), payment('o1')))
  })
  assert.deepEqual(rejects, [])
  assert.deepEqual(
    outputs.map(({ key, value }) => ({ key, name: value.name, amount: value.amount })),
    [{ key: 'o1', name: 'Anna', amount: 5 }],
  )
})

test('a key of an unknown schema, of none that is a key, and a null one are rejected with why', async () => {
  const unknown = orderKey('o1')
  unknown.writeInt32BE(99, 1)
  const nothing = Buffer.concat([outputFrame(ids.paymentKey), Buffer.from([0])])
  const { rejects } = await withSimulation(async (take) => {
    await take('fact', given(unknown, order('o1', 42)))
    await take('fact', given(framed(ids.oddKey, { a: 1, b: 2 }), order('o1', 42)))
    await take('right', given(nothing, payment('o1')))
    await take('row', given(unknown, customer))
    await take('row', given(Buffer.from('42'), null))
  })
  const found = rejects.map(({ from, reason, error }) => `${from} ${reason} ${error}`)
  // In any order: one whose schema is asked for comes when there is an answer.
  for (const what of [
    /^fact bad_key .*no schema with the id 99/,
    /^fact bad_key .*schema 7 cannot be read as a key: it is a record of 2 fields \(a, b\)/,
    /^right null_key The key is null/,
    /^customer bad_key .*no schema with the id 99/,
    /^customer bad_key The key does not begin with byte 0 .*text, "42"/,
  ]) {
    assert.equal(found.filter((text) => what.test(text)).length, 1, found.join('\n'))
  }
})

test('an id in a header is never looked for in the body, of fact, right record, row or key', async () => {
  // In front of a body there are no five bytes of a frame; this one begins with a null branch.
  const body = order('order-0000000001', 42).subarray(5)
  assert.equal(body[0], 0)
  const before = asked.length
  const { outputs, unmatched, rejects } = await withSimulation(async (take) => {
    await take('fact', given(orderKey('o1'), body, '__value_schema_id'))
    await take('right', given(paymentKey('o1'), payment('o1'), 'apicurio.value.globalId'))
    await take('row', given(customerKey(42), customer, 'apicurio.value.contentId'))
    await take('fact', given(orderKey('o1'), order('o1', 42), '__key_schema_id'))
    await take('row', given(customerKey(42), customer, 'apicurio.key.globalId'))
  })
  assert.deepEqual([...outputs, ...unmatched], [])
  assert.deepEqual(
    rejects.map(({ from, reason, error }) => [from, reason, /header (\S+),/.exec(error)?.[1]]),
    [
      ['fact', 'not_framed', '__value_schema_id'],
      ['right', 'not_framed', 'apicurio.value.globalId'],
      ['customer', 'not_framed', 'apicurio.value.contentId'],
      ['fact', 'not_framed', '__key_schema_id'],
      ['customer', 'not_framed', 'apicurio.key.globalId'],
    ],
  )
  const garbage = asked.slice(before).filter((url) => /ids\/\d{3,}/.test(url))
  assert.deepEqual(garbage, [])
})

test('a latest key schema that is no key ends a first start, and not one of a pipeline that has run', async () => {
  subjects['payments-key'] = ids.oddKey
  try {
    const refused = (error: unknown): boolean => {
      assert.ok(error instanceof EnricherError)
      assert.equal(error.code, 'SCHEMA_INVALID')
      assert.match(
        error.message,
        /pipeline\.yaml:\d+: .*keyFormat: the keys of payments \(schema 7/,
      )
      assert.match(error.message, /a record of 2 fields \(a, b\).*ExtractField\$Key/)
      return true
    }
    await assert.rejects(compilePipeline(pipeline, registry, []), refused)
    const stored = [{ layout: 'any', schemaIds: [1, 2, 3] }]
    const { keys } = await compilePipeline(pipeline, registry, stored)
    assert.match(keys[1]?.fault ?? '', /a record of 2 fields/)
    assert.equal(keys[0]?.fault, null)
  } finally {
    subjects['payments-key'] = ids.paymentKey
  }
})

test('facts that are joined with nothing have keys of any schema, which may change', async () => {
  subjects['orders-key'] = ids.oddKey
  try {
    const alone = { ...pipeline, joins: [] }
    const { keys } = await compilePipeline(alone, registry, [])
    assert.deepEqual([keys[0], keys[1]?.topic], [undefined, 'customers'])
  } finally {
    subjects['orders-key'] = ids.orderKey
  }
})
