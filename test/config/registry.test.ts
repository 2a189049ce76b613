/** What a file may say of each type of registry. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectionOf } from '../../src/cli/init-connection.ts'
import { parsePipeline } from '../../src/config/load.ts'

const FILE = 'pipeline.yaml'
const text = (registry: string, more = ''): string => `name: job
kafka: { brokers: "localhost:9092" }
registry: ${registry}
facts: { topic: orders${more} }
output: { topic: out }
`
const registryOf = (registry: string) => parsePipeline(text(registry), FILE, {}).registry

function faults(file: string): string[] {
  try {
    parsePipeline(file, FILE, {})
  } catch (error) {
    return (error as Error).message.split('\n')
  }
  assert.fail('It has no fault')
}

test('AWS Glue is where its region is, in China at another domain, or at an endpoint', () => {
  const url = (registry: string) => registryOf(registry)?.url
  assert.equal(
    url('{ type: glue, region: eu-central-1 }'),
    'https://glue.eu-central-1.amazonaws.com',
  )
  assert.equal(
    url('{ type: glue, region: cn-north-1 }'),
    'https://glue.cn-north-1.amazonaws.com.cn',
  )
  const endpoint = 'https://vpce-1.glue.eu-central-1.vpce.amazonaws.com'
  assert.equal(url(`{ type: glue, region: eu-central-1, endpoint: "${endpoint}" }`), endpoint)
  const { region, registryName } = registryOf(
    '{ type: glue, region: us-gov-west-1, registryName: shop }',
  )!
  assert.deepEqual([region, registryName], ['us-gov-west-1', 'shop'])
})

test('Azure is at its namespace, and has a group', () => {
  const url = 'https://shop.servicebus.windows.net'
  const found = registryOf(`{ type: azure, url: "${url}", group: orders }`)!
  assert.deepEqual([found.url, found.group], [url, 'orders'])
})

test('what a type does not have, and what it lacks, is told with its line', () => {
  assert.deepEqual(faults(text('{ type: glue }')), [
    'pipeline.yaml:3: registry: the key "region" is missing',
  ])
  assert.deepEqual(faults(text('{ type: azure }')), [
    'pipeline.yaml:3: registry: the key "url" is missing',
  ])
  assert.deepEqual(
    faults(
      text('{ type: glue, region: eu-central-1, url: "http://r", username: u, useId: contentId }'),
    ),
    [
      'pipeline.yaml:3: registry.url: is for type: confluent, apicurio, azure only',
      'pipeline.yaml:3: registry.username: is for type: confluent, apicurio only',
      'pipeline.yaml:3: registry.useId: is for type: apicurio only',
    ],
  )
  assert.deepEqual(faults(text('{ type: azure, url: "https://r", region: eu-central-1 }')), [
    'pipeline.yaml:3: registry.region: is for type: glue only',
    'pipeline.yaml:3: registry: of the type azure needs group, the schema group of its namespace',
  ])
  assert.match(faults(text('{ type: glue, region: Frankfurt }'))[0], /is no region of AWS/)
})

test('formats that these registries’ frames do not have are told', () => {
  const azure = '{ type: azure, url: "https://r", group: g }'
  const file = text(azure, ', format: protobuf, keyFormat: avro').replace(
    'topic: out',
    'topic: out, format: protobuf, schemaId: 7',
  )
  assert.deepEqual(
    faults(file).filter((fault) => /Azure/.test(fault)),
    [
      'pipeline.yaml:4: facts.format: protobuf with Azure’s frame is not read',
      'pipeline.yaml:4: facts.keyFormat: avro: no header of Azure’s names the schema of keys; use other keys',
      'pipeline.yaml:5: output.format: protobuf with Azure’s frame is not written; say frame: none, and schema',
      'pipeline.yaml:5: output.schemaId: is no id of Azure’s; leave it out: a schema that is registered is found there',
    ],
  )
})

test('`init` writes the registry that it was told of, as the service reads it', () => {
  const of = (options: Parameters<typeof connectionOf>[0]) => {
    const { registry, lines } = connectionOf(options, {})
    const at = lines.indexOf('registry:')
    const written = `name: job\n${lines.join('\n')}\nfacts: { topic: orders }\noutput: { topic: out }\n`
    assert.deepEqual(parsePipeline(written, FILE, {}).registry, registry)
    return lines.slice(at + 1)
  }
  const brokers = 'localhost:9092'
  assert.deepEqual(
    of({ brokers, registryType: 'glue', registryRegion: 'eu-central-1', registryName: 'shop' }),
    ['  type: glue', '  region: eu-central-1', '  registryName: "shop"'],
  )
  const url = 'https://shop.servicebus.windows.net'
  assert.deepEqual(of({ brokers, registryType: 'azure', registry: url, registryGroup: 'orders' }), [
    '  type: azure',
    `  url: \${SCHEMA_REGISTRY_URL:-${url}}`,
    '  group: "orders"',
  ])
  const fault = (options: object) => () => connectionOf({ brokers, ...options }, {})
  assert.throws(fault({ registryType: 'glue' }), /--registry-type glue needs --registry-region/)
  assert.throws(fault({ registryType: 'azure', registry: url }), /needs --registry-group/)
  assert.throws(fault({ registryType: 'azure', registryGroup: 'g' }), /needs --registry$/)
  assert.throws(
    fault({ registry: url, registryGroup: 'g' }),
    /--registry-group is for --registry-type azure only/,
  )
})
