/** Orders that are there before the prices of their time, and a service that is killed while they wait. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { AvroJson } from '../../src/codec/avro/json-encoding.ts'
import { loadPipeline } from '../../src/config/load.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'
import { NaiveVersions } from '../dimension/naive-versions.ts'
import { testBroker } from '../support/kafka.ts'
import { scrape } from '../support/scrape.ts'
import { connect, createTopic, PlainProducer, readAll } from '../support/topics.ts'
import { ServiceProcess } from './orders.ts'

const EXAMPLE = 'examples/prices/pipeline.yaml'
const FRAME = Buffer.alloc(5)
const PARTITIONS = 2
const PRODUCTS = 10
const ORDERS = 300
const BEGIN = Date.now() - 3_600_000
/** The prices change after so long; a wait is longer than all orders are apart. */
const CHANGE_MS = 4000
const SPAN_MS = 8000

/** A number below `most` that follows from what it is asked for. */
const pick = (of: number, most: number): number => (Math.imul(of, 2_654_435_761) >>> 8) % most

test('orders that wait for the prices of their times outlive kill -9: each has its own once, also where later ones come first, or is rejected', async () => {
  const tag = `awaited-${process.pid}`
  const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-test-'))
  const file = join(folder, 'pipeline.yaml')
  const text = readFileSync(EXAMPLE, 'utf8')
    .replace('missing: reject', 'missing: { wait: 20s, then: reject }')
    .replaceAll('schema: ./', `schema: ${resolve('examples/prices')}/`)
  writeFileSync(file, text)
  const own = {
    KAFKA_BROKERS: await testBroker(),
    INSTANCE_ID: 'a',
    TAG: tag,
    NAME: `${tag}-job`,
    OUTPUT_TOPIC: `${tag}.out`,
    REJECTS_TOPIC: `${tag}.rejects`,
    STATE_DIR: folder,
    HTTP_PORT: '0',
  }
  const pipeline = loadPipeline(file, own)
  const schemas = await readSchemas(pipeline, null)
  const { outputSchema } = createPipelineCodec(pipeline, schemas, null)
  const [orders, prices] = [schemas.facts, schemas.dimensions[0]].map((of) => new AvroJson(of))
  const encoded = (json: AvroJson, value: object): Buffer =>
    Buffer.concat([FRAME, json.encode(value, (_path, fault) => assert.fail(fault))!])
  const topics = { orders: `${tag}.orders`, prices: `${tag}.prices`, campaigns: `${tag}.campaigns` }
  const broker = await connect(own.KAFKA_BROKERS)
  await createTopic(broker, topics.orders, PARTITIONS)
  await createTopic(broker, topics.prices, 1)
  await createTopic(broker, topics.campaigns, 1)
  const producer = new PlainProducer(own.KAFKA_BROKERS)
  await producer.connect(Object.values(topics))

  const model = new NaiveVersions()
  const placed: { id: string; product: string; time: number }[] = []
  const start = (): ServiceProcess => {
    const env = { ...process.env, ...own }
    return new ServiceProcess(
      spawn(process.execPath, ['dist/main.js', 'run', file], { env, stdio: 'pipe' }),
    )
  }

  async function placeOrders(): Promise<void> {
    for (let n = 0; n < ORDERS; n++) {
      const product = String(100 + pick(n, PRODUCTS))
      const time = BEGIN - 1000 + pick(n * 31, SPAN_MS)
      placed.push({ id: `o${n}`, product, time })
      const order = { order_id: `o${n}`, product_id: Number(product), ordered_at: time }
      producer.put(topics.orders, n % PARTITIONS, Date.now(), null, encoded(orders, order))
    }
    await producer.flush()
  }

  /** Of all products but the last. */
  async function putPrices(time: number, base: number): Promise<void> {
    for (let p = 0; p < PRODUCTS - 1; p++) {
      const product = String(100 + p)
      const price = base + p
      model.put({ key: product, time, partition: 0, row: String(price) })
      const value = encoded(prices, { price, campaign: null, valid_from: time })
      producer.put(topics.prices, 0, Date.now(), Buffer.from(product), value)
    }
    await producer.flush()
  }

  async function untilWaiting(count: number): Promise<void> {
    for (let tries = 0; ; tries++) {
      const [waiting] = (await scrape(service))('facts_waiting')
      if (waiting === count) return
      assert.ok(tries < 600, `${waiting} facts wait, and not ${count}`)
      await sleep(50)
    }
  }

  let service = start()
  try {
    await placeOrders()
    await untilWaiting(ORDERS)
    // What waits is committed.
    await sleep(500)
    assert.equal(await service.kill(), 'SIGKILL')
    service = start()
    await untilWaiting(ORDERS)
    await putPrices(BEGIN + CHANGE_MS, 100)
    const isFound = ({ product, time }: (typeof placed)[number]): boolean =>
      model.rowAt(product, time) !== null
    await untilWaiting(placed.filter((order) => !isFound(order)).length)
    await putPrices(BEGIN, 500)

    const json = new AvroJson(JSON.parse(outputSchema))
    let got = new Map<string, string | null>()
    const came = (id: string, price: string | null): void => {
      assert.ok(!got.has(id), `${id} comes out twice`)
      got.set(id, price)
    }
    for (let tries = 0; tries < 300 && got.size < ORDERS; tries++) {
      await sleep(200)
      got = new Map()
      await readAll(broker, own.OUTPUT_TOPIC, ({ value }) => {
        const { order_id, price } = json.decode(value!.subarray(FRAME.length))
        came(String(order_id), String(price))
      })
      await readAll(broker, own.REJECTS_TOPIC, ({ value }) => {
        came(/o\d+/.exec(value!.toString('latin1'))![0], null)
      })
    }
    assert.equal(got.size, ORDERS)
    for (const { id, product, time } of placed) {
      assert.equal(got.get(id), model.rowAt(product, time), `${id}, ${product} at ${time}`)
    }
    const givenUp = [...got.values()].filter((price) => price === null).length
    assert.ok(givenUp > 0 && givenUp < ORDERS / 2, `${givenUp} are rejected`)
  } finally {
    await service.stop()
    await producer.close()
    await broker.close()
    rmSync(folder, { recursive: true, force: true })
  }
})
