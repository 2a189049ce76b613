/** The catalog example on a real broker: chained look-ups, a key of two fields, and a topic that two dimensions have. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { source } from '../../examples/catalog/source.ts'
import type { Broker } from '../../src/broker/port.ts'
import { AvroJson } from '../../src/codec/avro/json-encoding.ts'
import { loadPipeline } from '../../src/config/load.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'
import { testBroker } from '../support/kafka.ts'
import { exposition, httpPort } from '../support/scrape.ts'
import { connect, readAll } from '../support/topics.ts'
import { ServiceProcess } from './orders.ts'

const FILE = 'examples/catalog/pipeline.yaml'
const FRAME = 5
const FACTS = 3000

type Fields = Readonly<Record<string, unknown>>
interface Order {
  readonly order_id: string
  readonly product_id: number
  readonly quantity: number
  readonly ship_to: { readonly street: string; readonly country: string | null } | null
}

/** The generator's rows of a dimension, by their keys. */
function rowsOf(dimension: string): (key: unknown) => Fields | undefined {
  const rows = [...source.dimensions[dimension]()].map(
    ({ key, value }) => [JSON.stringify(key), value] as const,
  )
  const byKey = new Map(rows)
  return (key) => byKey.get(JSON.stringify(key))
}

/** What has to come of the first facts, as objects and maps have it. */
function expected(): { outputs: string[]; rejected: number } {
  const [product, supplier, country, price] = ['product', 'supplier', 'origin', 'price'].map(rowsOf)
  const outputs: string[] = []
  let rejected = 0
  for (let i = 0; i < FACTS; i++) {
    const { ship_to, ...order } = source.fact(i, 0).value as unknown as Order
    const { order_id, product_id, quantity } = order
    const its = product(product_id)
    const sold = ship_to === null ? undefined : price({ product_id, country: ship_to.country })
    if (its === undefined) rejected++
    if (its === undefined || sold === undefined) continue
    const maker = supplier(its.supplier_id)
    const completed = {
      ...{ order_id, product_id, quantity, street: ship_to?.street ?? null },
      ...{ title: its.title, supplier: maker?.name ?? null },
      made_in: country(maker?.country)?.name ?? null,
      sent_to: country(ship_to?.country)?.name ?? null,
      price: sold.price,
    }
    outputs.push(JSON.stringify(completed))
  }
  return { outputs: outputs.sort(), rejected }
}

function start(args: string[], env: Record<string, string>): ServiceProcess {
  const options = { env: { ...process.env, ...env }, stdio: 'pipe' } as const
  return new ServiceProcess(spawn(process.execPath, args, options))
}

/** Without the time, which is that of the record. */
async function outputsOf(broker: Broker, topic: string, schema: string): Promise<string[]> {
  const json = new AvroJson(JSON.parse(schema))
  const outputs: string[] = []
  await readAll(broker, topic, ({ value, timestamp }) => {
    const { ordered_at, ...completed } = json.decode(value!.subarray(FRAME))
    assert.equal(Date.parse(String(ordered_at)), timestamp)
    outputs.push(JSON.stringify(completed))
  })
  return outputs.sort()
}

test('every order comes out with the rows of its rows, or is rejected; a topic of two dimensions is read once', async () => {
  const tag = `catalog-${process.pid}`
  const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-test-'))
  const env = {
    KAFKA_BROKERS: await testBroker(),
    TAG: tag,
    NAME: `${tag}-job`,
    OUTPUT_TOPIC: `${tag}.completed`,
    REJECTS_TOPIC: `${tag}.rejects`,
    STATE_DIR: folder,
    HTTP_PORT: '0',
  }
  const pipeline = loadPipeline(FILE, env)
  const { outputSchema } = createPipelineCodec(pipeline, await readSchemas(pipeline, null), null)
  const broker = await connect(env.KAFKA_BROKERS)
  const generator = start(
    ['examples/generate.mjs', 'catalog', '--rate', `${FACTS / 3}`, '--seconds', '3'],
    env,
  )
  let service: ServiceProcess | undefined
  try {
    await generator.logged('facts a second begin')
    service = start(['dist/main.js', 'run', FILE], env)
    assert.equal(await generator.ended, 0, generator.log)
    const { outputs, rejected } = expected()
    assert.ok(outputs.length > 1500 && rejected > 10)
    await service.logged('Task running')
    let got: string[] = []
    for (let tries = 0; tries < 120 && got.length < outputs.length; tries++) {
      await sleep(500)
      got = await outputsOf(broker, pipeline.output.topic, outputSchema)
    }
    assert.deepEqual(got, outputs)
    const errors: string[] = []
    await readAll(broker, pipeline.output.rejects, ({ headers }) => {
      errors.push(String(headers.find(([name]) => name === 'enricher.error')?.[1]))
    })
    assert.equal(errors.length, rejected)
    assert.match(errors[0], /^The dimension product has no row for 20\d\d$/)

    const port = await httpPort(service)
    const row = async (path: string): Promise<unknown> => {
      const answer = await fetch(`http://127.0.0.1:${port}/v1/stores/dimensions/${path}`)
      return ((await answer.json()) as { row?: unknown }).row
    }
    const [sold] = source.dimensions.price()
    const { product_id, country } = sold.key as { product_id: number; country: string }
    assert.deepEqual(await row(`price/rows/${product_id},${country}`), sold.value)
    assert.deepEqual(await row('product/rows/7'), { title: 'Product 7' })
    assert.deepEqual(await row('destination/rows/DE'), { sent_to: 'Land DE' })
    // The generator has written each country twice, once for each dimension.
    const read = new RegExp(`records_consumed_total{.*topic="${tag}.countries".*} (\\d+)`)
    assert.equal(read.exec(await exposition(service))?.[1], '10')

    const check = spawnSync(process.execPath, ['dist/main.js', 'check', FILE], {
      env: { ...process.env, ...env },
      encoding: 'utf8',
    })
    assert.match(
      check.stdout,
      /✓ look-up product .*of the last \d+ facts find a row of \S+products/,
    )
    assert.match(check.stdout, /✓ look-up supplier .*facts find a row of \S+suppliers/)
    assert.match(check.stdout, /✓ look-up origin .*facts find a row of \S+countries/)
    assert.match(check.stdout, /✓ look-up price .*facts find a row of \S+prices/)

    assert.equal(await service.stop(), 0, service.log)
    const stores = ['origin', 'price', 'product', 'supplier']
    assert.deepEqual(readdirSync(join(folder, 'dimension')).sort(), stores)
    const plan = spawnSync(process.execPath, ['dist/main.js', 'plan', FILE], {
      env: { ...process.env, ...env },
      encoding: 'utf8',
    })
    for (const store of stores) assert.match(plan.stdout, new RegExp(`= .*${store}`))
    assert.doesNotMatch(plan.stdout, /destination/)
  } finally {
    generator.child.kill('SIGKILL')
    service?.child.kill('SIGKILL')
    await broker.close()
    rmSync(folder, { recursive: true, force: true })
  }
})
