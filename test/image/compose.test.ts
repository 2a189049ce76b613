/** docker-compose.yml against the Compose specification, and what it has to have besides. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Ajv } from 'ajv'
import { parse } from 'yaml'
import { loadPipeline } from '../../src/config/load.ts'

interface Service {
  readonly image: string
  readonly profiles?: readonly string[]
  readonly container_name?: string
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  readonly depends_on?: Record<string, { condition: string }>
  readonly command?: string | readonly string[]
  readonly environment?: Record<string, unknown>
  readonly restart?: string
  readonly healthcheck?: { test: readonly string[] }
}

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (name: string): Promise<string> => readFile(`${root}${name}`, 'utf8')
const compose = parse(await read('docker-compose.yml'), { merge: true })
const services = Object.entries(compose.services as Record<string, Service>)
const { enricher, kafka } = compose.services as Record<string, Service>

test('the file follows the Compose specification (compose-go 2.9.1 has its schema)', async () => {
  const specification = JSON.parse(await read('test/image/compose-spec.json'))
  // It names draft 7 by another address, and formats that only say what a string is for.
  delete specification.$schema
  const ajv = new Ajv({ strict: false, validateFormats: false })
  const valid = (file: object): boolean => ajv.validate(specification, file)
  assert.ok(valid(compose), JSON.stringify(ajv.errors))
  assert.ok(!valid({ services: { kafka: { ...kafka, helthcheck: {} } } }))
})

/** They do one thing and end, and nothing begins them again. */
const ONCE = ['seed', 'seed-sqlserver', 'apply-sources', 'apply-sinks']

test('every service has a pinned tag, and a health check where it stays', () => {
  assert.ok(services.length > 10)
  for (const [name, { image, healthcheck, restart }] of services) {
    assert.match(image, /:v?\d+\.\d+[\w.-]*$|:\d{4}-CU\d+[\w.-]*$/, name)
    if (ONCE.includes(name)) {
      assert.deepEqual([healthcheck, restart], [undefined, undefined], name)
      continue
    }
    assert.match(healthcheck?.test[0] ?? '', /^CMD(-SHELL)?$/, name)
    assert.ok((healthcheck?.test.length ?? 0) > 1, name)
  }
})

test('a restart loses no schema: the registry has them in topics, which stay', () => {
  const { registry } = compose.services as Record<string, Service>
  assert.equal(registry.environment?.APICURIO_STORAGE_KIND, 'kafkasql')
  assert.equal(registry.environment?.APICURIO_KAFKASQL_BOOTSTRAP_SERVERS, 'kafka:19092')
  assert.equal(registry.depends_on?.kafka.condition, 'service_healthy')
  assert.equal(kafka.environment?.KAFKA_LOG_RETENTION_HOURS, -1)
})

test('the images that are built have the package’s version', async () => {
  const { version } = JSON.parse(await read('package.json'))
  assert.equal(enricher.image, `stream-enricher:${version}`)
  assert.equal(compose.services.connect.image, `stream-enricher-connect:${version}`)
})

test('the broker is of the version that the tests run on', async () => {
  assert.ok((await read('test/support/kafka.ts')).includes(`'${kafka.image}'`))
})

test('services wait for what they need, which is there whenever they are', () => {
  for (const [name, { depends_on = {}, profiles }] of services) {
    for (const [needed, { condition }] of Object.entries(depends_on)) {
      const other = compose.services[needed] as Service
      const ends = ONCE.includes(needed)
      assert.equal(condition, ends ? 'service_completed_successfully' : 'service_healthy')
      const fits =
        other.profiles === undefined || profiles?.every((p) => other.profiles!.includes(p))
      assert.ok(fits, `${name} needs ${needed}`)
    }
  }
})

test('mounted files exist', () => {
  const mounted = services.flatMap(([, { volumes = [] }]) =>
    volumes.filter((volume) => volume.startsWith('./')).map((volume) => volume.split(':')[0]),
  )
  assert.ok(mounted.length > 5)
  const missing = mounted.filter((path) => !existsSync(root + path))
  assert.deepEqual(missing, [])
})

test('the service scales: no name, no single port, no shared state folder', () => {
  assert.equal(enricher.container_name, undefined)
  for (const port of enricher.ports!) {
    const [from, to] = /:(\d+)-(\d+):/.exec(port)!.slice(1).map(Number)
    assert.ok(to - from >= 4, port)
  }
  const state = enricher.volumes!.filter((volume) => volume.endsWith('/var/lib/stream-enricher'))
  assert.deepEqual(state, ['/var/lib/stream-enricher'])
})

test('no two services want one port of the host, and none is open to the network', () => {
  const ports = services.flatMap(([, { ports: all = [] }]) => all)
  const taken = ports.flatMap((port) => {
    const [, from, to = from] = /^127\.0\.0\.1:(\d+)(?:-(\d+))?:\d+$/.exec(port)!
    return Array.from({ length: Number(to) - Number(from) + 1 }, (_, n) => Number(from) + n)
  })
  assert.equal(new Set(taken).size, taken.length)
})

test('the demo’s pipeline file is valid', () => {
  const env = { KAFKA_BROKERS: 'kafka:19092', SCHEMA_REGISTRY_URL: 'http://registry:8080' }
  assert.equal(
    loadPipeline(`${root}examples/compose/pipeline.yaml`, env).output.topic,
    'orders.enriched',
  )
})
