/** What docker-compose.yml runs of this image, on a real broker and registry. `npm run test:image`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import avsc from 'avsc'
import * as data from '../../examples/orders/data.ts'
import { ServiceProcess } from '../e2e/orders.ts'
import { freePort, startKafka } from '../support/kafka.ts'
import { startRegistry } from '../support/registry.ts'
import { connect, readAll } from '../support/topics.ts'
import { buildImage, engine, runContainer } from './engine.ts'

const RATE = 1000
const ENOUGH = 5000
const EXAMPLES = fileURLToPath(new URL('../../examples', import.meta.url))
const PIPELINE = `${EXAMPLES}/compose/pipeline.yaml:/etc/stream-enricher/pipeline.yaml:ro`

test('the compose demo: the generator’s orders come out of two replicas, each right', async () => {
  const image = buildImage('slim')
  const [kafka, registry] = await Promise.all([startKafka(), startRegistry()])
  const broker = await connect(kafka.address)
  const names: string[] = []
  const start = async (name: string, ...args: string[]): Promise<ServiceProcess> => {
    names.push(name)
    const env = {
      KAFKA_BROKERS: kafka.address,
      SCHEMA_REGISTRY_URL: registry.url,
      HTTP_PORT: String(await freePort()),
      HOSTNAME: name,
      RATE: String(RATE),
    }
    const flags = Object.entries(env).flatMap(([key, value]) => ['--env', `${key}=${value}`])
    return new ServiceProcess(runContainer('--name', name, '--read-only', ...flags, ...args))
  }
  try {
    const generator = await start(
      'enricher-test-generator',
      ...['--volume', `${EXAMPLES}:/app/examples:ro`, '--entrypoint', 'node'],
      ...[image, 'examples/compose/generate.ts'],
    )
    await generator.logged('orders a second begin', 60)
    for (const n of [1, 2]) {
      const volumes = ['--volume', PIPELINE, '--volume', '/var/lib/stream-enricher']
      const replica = await start(`enricher-test-${n}`, ...volumes, image)
      await replica.logged('Task running', 60)
    }
    let outputs: (Buffer | null)[] = []
    for (let tries = 0; outputs.length < ENOUGH; tries++) {
      assert.ok(tries < 120, `${outputs.length} came`)
      await sleep(500)
      outputs = []
      await readAll(broker, 'orders.enriched', ({ value }) => outputs.push(value))
    }
    const latest = await fetch(`${registry.url}/subjects/orders.enriched-value/versions/latest`)
    const { schema } = (await latest.json()) as { schema: string }
    const type = avsc.Type.forSchema(JSON.parse(schema))
    const keys = new Set<string>()
    for (const value of outputs) {
      const got = JSON.parse(JSON.stringify(type.fromBuffer(value!.subarray(5))))
      const id: string = got.order_id
      const i = data.indexOf(id)
      const expected = data.enriched(i, Math.floor((i * 1000) / RATE), got.method !== null)
      assert.deepEqual(got, expected)
      keys.add(id)
    }
    assert.equal(keys.size, outputs.length)
  } finally {
    for (const name of names) engine('rm', '--force', '--volumes', name)
    await broker.close()
    await Promise.all([kafka.stop(), registry.stop()])
  }
})
