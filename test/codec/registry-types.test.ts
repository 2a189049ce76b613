/** JSON Schemas of the registry: which are read, and what is said of others. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { parseRecord } from '../../src/codec/avro/parse.ts'
import { typeText } from '../../src/codec/avro/schema.ts'
import { Registry } from '../../src/codec/registry/registry.ts'
import type { TopicConfig } from '../../src/config/pipeline.ts'
import { AVRO } from '../../src/plan/avro-format.ts'
import { JSON_VALUES } from '../../src/plan/json-format.ts'
import { REGISTRY } from '../support/registry-config.ts'

const ZIP = { type: 'object', properties: { zip: { type: 'integer' } }, required: ['zip'] }
const ORDER = {
  type: 'object',
  title: 'Order',
  properties: { id: { type: 'string' }, at: { $ref: 'zip.json' } },
  required: ['id', 'at'],
}
const REFERENCES = [{ name: 'zip.json', subject: 'zips', version: 3 }]
const order = {
  id: 7,
  schemaType: 'JSON',
  schema: JSON.stringify(ORDER),
  references: REFERENCES,
}
const ANSWERS: Readonly<Record<string, object>> = {
  '/subjects/orders-value/versions/latest': order,
  '/schemas/ids/7': order,
  '/schemas/ids/8': { schema: '"string"' },
  '/subjects/zips/versions/3': { id: 5, schemaType: 'JSON', schema: JSON.stringify(ZIP) },
  '/subjects/rows-value/versions/latest': { id: 8, schema: '"string"' },
}

async function registryOf(t: TestContext): Promise<Registry> {
  const server = createServer(({ url = '' }, response) => {
    const found = ANSWERS[url]
    response.writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(found ?? { error_code: 40401, message: 'not found' }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const config = { ...REGISTRY, url: `http://127.0.0.1:${port}` }
  const registry = new Registry(config, { event() {} } as never)
  t.after(() => {
    registry.close()
    server.closeAllConnections()
    server.close()
  })
  return registry
}

const topic = (name: string): TopicConfig =>
  ({ topic: name, schema: null, type: null }) as TopicConfig

test('a JSON Schema is read with its references, as the latest and as a recorded one', async (t) => {
  const registry = await registryOf(t)
  const latest = await JSON_VALUES.schemaOf(topic('orders'), registry)
  assert.equal(latest.id, 7)
  const [id, at] = parseRecord(latest.schema).fields
  assert.equal(typeText(id.type), 'string')
  assert.equal(at.type.kind === 'record' && typeText(at.type.fields[0].type), 'long')
  assert.deepEqual(await JSON_VALUES.recorded(topic('orders'), 7, registry), latest)
  assert.equal(await JSON_VALUES.recorded(topic('orders'), 8, registry), undefined)
  assert.equal(await JSON_VALUES.recorded(topic('orders'), 9, registry), undefined)
})

test('a schema of another type is refused with the format to write, and none with how to get one', async (t) => {
  const registry = await registryOf(t)
  await assert.rejects(
    AVRO.schemaOf(topic('orders'), registry),
    /of the type JSON.*write format: json there/,
  )
  await assert.rejects(
    JSON_VALUES.schemaOf(topic('rows'), registry),
    /of the type AVRO.*write format: avro there/,
  )
  await assert.rejects(
    JSON_VALUES.schemaOf(topic('none'), registry),
    /no subject none-value.*stream-enricher init/,
  )
})
