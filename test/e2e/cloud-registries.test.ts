/** Pipelines with the registries of AWS Glue and Azure: values of their frames come in, and come out. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import avsc from 'avsc'
import * as data from '../../examples/orders/data.ts'
import { schemaFrame } from '../../src/codec/frame/schema-frame.ts'
import type { SchemaId } from '../../src/codec/frame/schema-id.ts'
import { azureEnv, GROUP, startAzure } from '../support/registries/azure.ts'
import { GLUE_ENV, REGION, startGlue } from '../support/registries/glue.ts'
import type { ReadRecord } from '../support/topics.ts'
import { Orders } from './orders.ts'
import { read, schemaOf, under, waitFor, withRegistryOf } from './registered.ts'

const AT = 1_735_689_600_000
const NAMES = ['order', 'payment', 'customer', 'product']
/** Beside the output of the example one that reads completed records. */
const JSON_OUTPUT = '{ topic: "${TAG}.json", format: json }'

/** A cloud's registry, as a pipeline has it. */
interface Cloud {
  readonly registry: string
  readonly env: Record<string, string>
  /** Registers a schema. */
  add(name: string, schema: object): SchemaId
  /** The last version of the schema. */
  latest(name: string): { id: SchemaId; definition: string }
  /** What a value without the frame is told. */
  readonly fault: RegExp
}

/** By the bytes in front of a value, or by the last header of its kind. */
function frameFound({ value, headers }: ReadRecord): { id: string; body: Buffer } {
  const type = headers.findLast(([name]) => name === 'content-type')?.[1]
  if (type) return { id: String(type), body: value! }
  return { id: value!.toString('hex', 0, 18), body: value!.subarray(18) }
}

const frameOf = (id: SchemaId): string => {
  const { prefix, header } = schemaFrame(id)
  return header.length === 0
    ? prefix.toString('hex')
    : String(id).replace('Azure id ', 'avro/binary+')
}

async function goesThrough(cloud: Cloud): Promise<void> {
  const orders = await Orders.create({ dimensions: false })
  try {
    const put = (topic: string, id: SchemaId, i: number, key: string, framed: Buffer): void => {
      const { prefix, header } = schemaFrame(id)
      const value = Buffer.concat([prefix, framed.subarray(5)])
      const type = ['content-type', Buffer.from(frameOf(id))] as const
      const own = ['trace', Buffer.from('x')] as const
      const headers = header.length === 0 ? [own] : [own, type]
      orders.producer.put(orders.topic(topic), i % 4, AT + i, Buffer.from(key), value, headers)
    }
    const ids = NAMES.map((name) => cloud.add(orders.topic(`${name}s`), schemaOf(name)))
    const [order, payment, customer, product] = ids
    put('customers', customer, 7, '7', data.encode('customer', data.customer(7)))
    put('products', product, 9, '9', data.encode('product', data.product(9)))
    const given = (i: number) => ({ ...data.order(i, AT + i), customer_id: 7, product_id: 9 })
    const send = async (i: number, id = order, bytes = data.encode('order', given(i))) => {
      put('orders', id, i, data.orderId(i), bytes)
      put('payments', payment, i, data.orderId(i), data.encode('payment', data.payment(i, AT + i)))
      await orders.producer.flush()
    }
    for (let i = 0; i < 8; i++) await send(i)
    const bare = under(7, data.encode('order', given(9)))
    orders.producer.put(orders.topic('orders'), 1, AT, Buffer.from(data.orderId(9)), bare)
    await orders.producer.flush()

    const outputs = `outputs: { avro: { topic: "\${OUTPUT_TOPIC}", rejects: "\${REJECTS_TOPIC}" }, json: ${JSON_OUTPUT} }`
    const file = withRegistryOf(orders, cloud.registry)
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^output:\n( .*\n)+/m, `${outputs}\n`))
    const check = () => {
      const env = { ...process.env, ...orders.env(cloud.env) }
      return text(spawn(process.execPath, ['dist/main.js', 'check', file], { env }).stdout)
    }
    const output = orders.topic('enriched')
    assert.match(
      await check(),
      new RegExp(`${output}: there is none yet; a start registers its first`),
    )
    const service = orders.start(cloud.env, file)
    const records = await waitFor(orders, output, 8)
    const { id, definition } = cloud.latest(output)
    const type = avsc.Type.forSchema(JSON.parse(definition))
    for (const record of records) {
      const found = frameFound(record)
      assert.equal(found.id, frameOf(id))
      assert.deepEqual(record.headers[0], ['trace', Buffer.from('x')])
      const got = JSON.parse(JSON.stringify(type.fromBuffer(found.body)))
      const expected = given(data.indexOf(String(record.key)))
      for (const [name, field] of Object.entries(expected)) assert.equal(got[name], field)
      assert.equal(got.customer_name, data.customer(7).name)
    }
    const texts = await waitFor(orders, orders.topic('json'), 8)
    for (const { value, headers } of texts) {
      assert.equal(JSON.parse(String(value)).title, data.product(9).title)
      assert.deepEqual(headers, [['trace', Buffer.from('x')]])
    }
    const [reject] = await waitFor(orders, orders.topic('rejects'), 1)
    const said = new Map(reject.headers)
    assert.equal(String(said.get('enricher.reason')), 'not_framed')
    assert.match(String(said.get('enricher.error')), cloud.fault)
    assert.equal(await service.stop(), 0)

    // The window goes on with the schema that it was stored with, and reads what the newer one has written.
    const older = schemaOf('order')
    const newer = {
      ...older,
      fields: [...older.fields, { name: 'note', type: 'string', default: '' }],
    }
    const newest = cloud.add(orders.topic('orders'), newer)
    const bytes = avsc.Type.forSchema(newer as avsc.Schema).toBuffer({ ...given(8), note: 'new' })
    const again = orders.start(cloud.env, file)
    await send(8, newest, under(0, Buffer.concat([Buffer.alloc(5), bytes])))
    assert.equal((await waitFor(orders, output, 9)).length, 9)
    assert.match(again.log, /has a newer schema, whose new fields are not read/)
    assert.equal(await again.stop(), 0)
    assert.match(await check(), new RegExp(`${output}: has this schema`))
    assert.equal((await read(orders, orders.topic('rejects'))).length, 1)
  } finally {
    await orders.close()
  }
}

test('values with AWS Glue’s frame come in by their versions, and come out with that of the output’s', async (t) => {
  const glue = await startGlue()
  t.after(() => glue.stop())
  await goesThrough({
    registry: `type: glue, region: ${REGION}, endpoint: "${glue.url}"`,
    env: GLUE_ENV,
    add: (name, schema) => `version ${glue.add(name, JSON.stringify(schema))}`,
    latest(name) {
      const { uuid, definition } = glue.schemas.get(name)!.versions.at(-1)!
      return { id: `version ${uuid}`, definition }
    },
    fault:
      /does not begin with 03 00 or 03 05 .*\(AWS Glue’s framing\): it begins with byte 0 and an id/,
  })
})

test('values with Azure’s content type come in by their ids, and come out with that of the output’s', async (t) => {
  const azure = await startAzure()
  t.after(() => azure.stop())
  await goesThrough({
    registry: `type: azure, url: "${azure.url}", group: ${GROUP}`,
    env: azureEnv(azure),
    add: (name, schema) => `Azure id ${azure.add(name, JSON.stringify(schema))}`,
    latest(name) {
      const { id, definition } = azure.schemas.get(name)!.at(-1)!
      return { id: `Azure id ${id}`, definition }
    },
    fault:
      /has no header content-type with avro\/binary\+ and an id \(Azure’s framing\): it begins with byte 0/,
  })
})
