/** The example of prices on a real broker: orders at the price of their time, while prices change and the service is killed. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { partitionOf } from '../../src/broker/partition-of.ts'
import { AvroJson } from '../../src/codec/avro/json-encoding.ts'
import { loadPipeline } from '../../src/config/load.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'
import { NaiveVersions } from '../dimension/naive-versions.ts'
import { testBroker } from '../support/kafka.ts'
import { exposition, httpPort } from '../support/scrape.ts'
import { connect, createTopic, PlainProducer, readAll } from '../support/topics.ts'
import { ServiceProcess } from './orders.ts'

const FILE = 'examples/prices/pipeline.yaml'
const FRAME = Buffer.alloc(5)
const PARTITIONS = 3
const PRODUCTS = 20
const ROUNDS = 6
const ORDERS = 400
/** The round after which the service is killed. */
const KILLED = 2
const BEGIN = Date.now() - 3_600_000
const STEP_MS = 60_000

/** A number below `most` that follows from what it is asked for. */
const pick = (of: number, most: number): number => (Math.imul(of, 2_654_435_761) >>> 8) % most

test('every order has the price of its time, once, while prices change and the service is killed', async () => {
  const tag = `priced-${process.pid}`
  const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-test-'))
  const own = {
    KAFKA_BROKERS: await testBroker(),
    TAG: tag,
    NAME: `${tag}-job`,
    OUTPUT_TOPIC: `${tag}.out`,
    REJECTS_TOPIC: `${tag}.rejects`,
    STATE_DIR: folder,
    HTTP_PORT: '0',
  }
  const env = { ...process.env, ...own }
  const pipeline = loadPipeline(FILE, own)
  const schemas = await readSchemas(pipeline, null)
  const { outputSchema } = createPipelineCodec(pipeline, schemas, null)
  const [orders, prices] = [schemas.facts, schemas.dimensions[0]].map((of) => new AvroJson(of))
  const encoded = (json: AvroJson, value: object): Buffer =>
    Buffer.concat([FRAME, json.encode(value, (_path, fault) => assert.fail(fault))!])
  const topics = { orders: `${tag}.orders`, prices: `${tag}.prices`, campaigns: `${tag}.campaigns` }
  const broker = await connect(own.KAFKA_BROKERS)
  const compacted = { 'cleanup.policy': 'compact' }
  await createTopic(broker, topics.orders, PARTITIONS)
  await createTopic(broker, topics.prices, 2, compacted)
  await createTopic(broker, topics.campaigns, 1, compacted)
  const producer = new PlainProducer(own.KAFKA_BROKERS)
  await producer.connect(Object.values(topics))

  const model = new NaiveVersions()
  const placed: { id: string; product: string; time: number }[] = []
  const start = (): ServiceProcess =>
    new ServiceProcess(
      spawn(process.execPath, ['dist/main.js', 'run', FILE], { env, stdio: 'pipe' }),
    )
  let service: ServiceProcess | undefined
  let port = 0
  const rowOf = async (product: string, query: string): Promise<Record<string, unknown>> => {
    const path = `/v1/stores/dimensions/price/rows/${product}${query}`
    const answer = await fetch(`http://127.0.0.1:${port}${path}`)
    return (await answer.json()) as Record<string, unknown>
  }

  /** Changes some prices, a minute after those before, and deletes one. */
  async function changePrices(round: number): Promise<string[]> {
    const changed: string[] = []
    for (let p = 0; p < PRODUCTS; p++) {
      if (round > 0 && pick(round * 1000 + p, 3) > 0) continue
      const product = String(100 + p)
      const isDeleted = round > 0 && pick(round * 77 + p, 4) === 0
      const time = BEGIN + round * STEP_MS
      const price = round * 100 + p
      const value = isDeleted ? null : { price, campaign: null, valid_from: time }
      const partition = partitionOf(Buffer.from(product), 2)
      model.put({ key: product, time, partition, row: isDeleted ? null : String(price) })
      const bytes = value && encoded(prices, value)
      // Its time is that of the field, but for a deletion.
      const timestamp = isDeleted ? time : Date.now()
      producer.put(topics.prices, partition, timestamp, Buffer.from(product), bytes)
      changed.push(product)
    }
    await producer.flush()
    return changed
  }

  /** Orders of all times up to the latest prices. */
  async function placeOrders(round: number): Promise<void> {
    for (let i = 0; i < ORDERS; i++) {
      const n = placed.length
      const product = String(100 + pick(n, PRODUCTS))
      const time = BEGIN - 1000 + pick(n * 31, (round + 1) * STEP_MS)
      placed.push({ id: `o${n}`, product, time })
      const order = { order_id: `o${n}`, product_id: Number(product), ordered_at: time }
      producer.put(topics.orders, n % PARTITIONS, Date.now(), null, encoded(orders, order))
    }
    await producer.flush()
  }

  async function untilRead(products: readonly string[]): Promise<void> {
    for (const product of products) {
      const wanted = model.rowAt(product, Number.POSITIVE_INFINITY)
      for (let tries = 0; ; tries++) {
        const { row } = await rowOf(product, '').catch(() => ({ row: undefined }))
        const price = (row as { price?: number } | null | undefined)?.price
        if (row !== undefined && (price ?? null) === (wanted === null ? null : Number(wanted)))
          break
        assert.ok(tries < 600, `${product} is not ${wanted}`)
        await sleep(20)
      }
    }
  }

  try {
    await changePrices(0)
    service = start()
    for (let round = 0; round < ROUNDS; round++) {
      if (round > 0) {
        const changed = await changePrices(round)
        if (!service.alive) service = start()
        port = await httpPort(service)
        await service.logged('Task running')
        await untilRead(changed)
      }
      await placeOrders(round)
      if (round === KILLED) await service.kill()
    }
    const json = new AvroJson(JSON.parse(outputSchema))
    let got = new Map<string, string | null>()
    for (let tries = 0; tries < 100 && got.size < placed.length; tries++) {
      await sleep(200)
      got = new Map()
      await readAll(broker, own.OUTPUT_TOPIC, ({ value }) => {
        const { order_id, price } = json.decode(value!.subarray(FRAME.length))
        assert.ok(!got.has(String(order_id)), `${order_id} comes out twice`)
        got.set(String(order_id), String(price))
      })
      await readAll(broker, own.REJECTS_TOPIC, ({ value, headers }) => {
        const error = headers.find(([name]) => name === 'enricher.error')
        assert.match(String(error?.[1]), /^The dimension price has no row for \d+ as of 20/)
        // Without a frame, as the order is its own record.
        const id = /o\d+/.exec(value!.toString('latin1'))![0]
        assert.ok(!got.has(id), `${id} comes out twice`)
        got.set(id, null)
      })
    }
    assert.equal(got.size, placed.length)
    for (const { id, product, time } of placed) {
      assert.equal(got.get(id), model.rowAt(product, time), `${id}, ${product} at ${time}`)
    }
    assert.ok([...got.values()].includes(null) && new Set(got.values()).size > 2 * PRODUCTS)

    const [product] = model.all.map(({ key }) => key)
    const versions = model.ofKey(product)
    const shown = (await rowOf(product, '')) as { versions: { from: number }[] }
    assert.deepEqual(
      shown.versions.map(({ from }) => from),
      versions.map(({ time }) => time),
    )
    const first = (await rowOf(product, `?at=${BEGIN + 1}`)) as { row: { price: number } }
    assert.equal(first.row.price, 0)
    const refused = await fetch(
      `http://127.0.0.1:${port}/v1/stores/dimensions/campaign/rows/x?at=1`,
    )
    assert.equal(refused.status, 400)
    const metrics = await exposition(service)
    assert.match(metrics, new RegExp(`dimension_versions{.*"price".*} ${model.all.length}\n`))
    assert.match(metrics, /dimension_late_rows_total{.*"price".*} 0\n/)

    const check = spawnSync(process.execPath, ['dist/main.js', 'check', FILE], { env })
    assert.match(String(check.stdout), /prices is compacted, so that all versions .* for 30d/)
  } finally {
    await service?.stop()
    await producer.close()
    await broker.close()
    rmSync(folder, { recursive: true, force: true })
  }
})
