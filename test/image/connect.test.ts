/** What the demo gives Kafka Connect. That it runs is for `npm run test:connect`. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { loadPipeline } from '../../src/config/load.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (name: string): string => readFileSync(`${root}${name}`, 'utf8')
const FOLDER = 'examples/compose/connectors'
const connectors = new Map<string, Record<string, string>>(
  readdirSync(`${root}${FOLDER}`).map((file) => [file, JSON.parse(read(`${FOLDER}/${file}`))]),
)
const { services } = parse(read('docker-compose.yml'), { merge: true })
const pipeline = loadPipeline(`${root}examples/compose/pipeline.yaml`, {
  KAFKA_BROKERS: 'kafka:19092',
  SCHEMA_REGISTRY_URL: 'http://registry:8080',
})
const worker = read('examples/compose/connect/worker.properties')
const dockerfile = read('examples/compose/connect/Dockerfile')

/** The topic that a source's table goes to, through its RegexRouter. */
function topicOf(config: Record<string, string>): string {
  const database = config['database.names'] === undefined ? [] : [config['database.names']]
  const name = [config['topic.prefix'], ...database, config['table.include.list']].join('.')
  const regex = new RegExp(`^${config['transforms.topic.regex']}$`)
  assert.match(name, regex)
  return name.replace(regex, config['transforms.topic.replacement'])
}

test('sources fill the pipeline’s dimensions, under the key that it looks up', () => {
  const sources = [...connectors.values()].filter((config) => config.topics === undefined)
  assert.deepEqual(
    sources.map((config) => [topicOf(config), config['transforms.key.field']]).sort(),
    pipeline.dimensions.map(({ topic, on }) => [topic, on]).sort(),
  )
  for (const config of sources) {
    assert.equal(config['transforms.row.delete.tombstone.handling.mode'], 'tombstone')
    assert.match(config['transforms.row.type'], /\.ExtractNewRecordState$/)
    assert.match(config['transforms.key.type'], /\.ExtractField\$Key$/)
  }
  assert.ok(pipeline.dimensions.every(({ keyFormat }) => keyFormat === 'text'))
  assert.match(worker, /^key\.converter=.*\.StringConverter$/m)
})

test('sinks read the pipeline’s output, and committed records only', () => {
  const sinks = [...connectors.values()].filter((config) => config.topics !== undefined)
  assert.equal(sinks.length, 4)
  for (const { topics } of sinks) assert.equal(topics, pipeline.output.topic)
  assert.match(worker, /^consumer\.isolation\.level=read_committed$/m)
})

test('every connector is applied by the service of its profile', () => {
  const applied = ['apply-sources', 'apply-sinks'].flatMap((name) => services[name].command)
  assert.deepEqual(
    applied.map((path: string) => path.replace(`${FOLDER}/`, '')).sort(),
    [...connectors.keys()].sort(),
  )
})

test('what connectors and worker take from the environment is given to them', () => {
  const text = [worker, ...[...connectors.values()].map((config) => JSON.stringify(config))].join()
  const used = [...text.matchAll(/\$\{env:(\w+)\}/g)].map(([, name]) => name)
  assert.ok(used.length > 10)
  const given = Object.keys(services.connect.environment)
  assert.deepEqual(
    [...new Set(used)].filter((name) => !given.includes(name)),
    [],
  )
})

test('a host of the environment is a service, which its connectors wait for', () => {
  for (const [file, config] of connectors) {
    const [, host] = /\$\{env:(\w+)_HOST\}/.exec(JSON.stringify(config))!
    const service = services.connect.environment[`${host}_HOST`]
    const apply = services[config.topics === undefined ? 'apply-sources' : 'apply-sinks']
    const waits = Object.keys(apply.depends_on)
    assert.ok(waits.includes(service) || waits.includes(`seed-${service}`), file)
  }
})

test('plugins are pinned: a version or a commit each, and a checksum for each package', () => {
  const versions = [...read('examples/compose/connect/pom.xml').matchAll(/<version>(.*?)</g)]
  assert.ok(versions.every(([, version]) => /^\d|^\$\{debezium\}$/.test(version)))
  const sources = [...dockerfile.matchAll(/^ADD (\S+) /gm)]
  assert.equal(sources.length, 2)
  for (const [, source] of sources) assert.match(source, /\.git#[0-9a-f]{40}$/)
  const sums = read('examples/compose/connect/SHA256SUMS').trim().split('\n')
  assert.ok(sums.every((line) => /^[0-9a-f]{64} {2}\.\/[\w-]+\/\S+\.jar$/.test(line)))
  for (const plugin of ['avro', 'debezium-connector-postgres', 'mongodb', 'opensearch', 'redis'])
    assert.ok(
      sums.some((line) => line.includes(` ./${plugin}/`)),
      plugin,
    )
})

test('Connect is of the broker’s version', () => {
  assert.ok(dockerfile.includes(`KAFKA_IMAGE=${services.kafka.image}\n`))
  const [, version] = services.kafka.image.split(':')
  assert.ok(read('test/connect/pom.xml').includes(`<kafka>${version}</kafka>`))
})
