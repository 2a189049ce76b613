/** The orders example as end-to-end tests drive it: topics, input, service processes, and the check of every output record. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Check } from '../../examples/orders/check.ts'
import * as data from '../../examples/orders/data.ts'
import { partitionOf } from '../../src/broker/partition-of.ts'
import type { Broker } from '../../src/broker/port.ts'
import type { JoinKind } from '../../src/config/join-kind.ts'
import { loadPipeline } from '../../src/config/load.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'
import { testBroker } from '../support/kafka.ts'
import { connect, createTopic, PlainProducer, readAll } from '../support/topics.ts'

const PARTITIONS = 4
/** Of orders that are keyed by their customer. */
const SCATTERED_PARTITIONS = 3
const EPOCH = 1_735_689_600_000
export const FILE = 'examples/orders/pipeline.yaml'

let counter = 0

export class Orders {
  readonly tag = `t${process.pid}-${counter++}`
  readonly folder = mkdtempSync(join(tmpdir(), 'stream-enricher-test-'))
  readonly broker: Broker
  readonly producer: PlainProducer
  readonly #address: string
  readonly #perSecond: number
  readonly #isSent: (i: number) => boolean
  /** The side of the join whose records have another key than the order. */
  readonly #repartition: 'facts' | 'both' | null
  readonly #services: ServiceProcess[] = []

  private constructor(
    address: string,
    broker: Broker,
    perSecond: number,
    isSent: (i: number) => boolean,
    repartition: 'facts' | 'both' | null,
  ) {
    this.#repartition = repartition
    this.#address = address
    this.#perSecond = perSecond
    this.#isSent = isSent
    this.broker = broker
    this.producer = new PlainProducer(address)
  }

  /**
   * Topics, with all dimension rows in them where these are wanted.
   * @param perSecond orders per second of event time
   * @param isSent false: of the order only its payment is sent
   * @param repartition the side whose records have another key than the order
   */
  static async create({
    dimensions = true,
    broker = '',
    perSecond = 1000,
    isSent = (_: number): boolean => true,
    repartition = null as 'facts' | 'both' | null,
  } = {}): Promise<Orders> {
    const address = broker || (await testBroker())
    const orders = new Orders(address, await connect(address), perSecond, isSent, repartition)
    const names = ['orders', 'payments', 'customers', 'products'].map((name) => orders.topic(name))
    for (const name of names) {
      const isScattered = repartition !== null && name === orders.topic('orders')
      await createTopic(orders.broker, name, isScattered ? SCATTERED_PARTITIONS : PARTITIONS)
    }
    await orders.producer.connect(names)
    if (!dimensions) return orders
    await orders.#dimension('customers', data.CUSTOMERS, (id) =>
      data.encode('customer', data.customer(id)),
    )
    await orders.#dimension('products', data.PRODUCTS, (id) =>
      data.encode('product', data.product(id)),
    )
    return orders
  }

  readonly orderedAt = (i: number): number => EPOCH + Math.floor((i * 1000) / this.#perSecond)

  topic(name: string): string {
    return `${this.tag}.${name}`
  }

  env(more: Record<string, string> = {}): Record<string, string> {
    return {
      KAFKA_BROKERS: this.#address,
      TAG: this.tag,
      NAME: `${this.tag}-job`,
      OUTPUT_TOPIC: this.topic('enriched'),
      REJECTS_TOPIC: this.topic('rejects'),
      STATE_DIR: join(this.folder, 'state'),
      HTTP_PORT: '0',
      ...more,
    }
  }

  /** Orders `from` to `to` and the payments that are due by then, in event-time order. */
  async send(from: number, to: number): Promise<void> {
    const due: { at: number; i: number }[] = []
    for (let i = 0; i < to; i++)
      if (data.isPaid(i)) due.push({ at: this.orderedAt(i) + data.payDelay(i), i })
    const begin = from === 0 ? 0 : this.orderedAt(from)
    const end = this.orderedAt(to)
    const payments = due.filter(({ at }) => at >= begin && at < end).sort((a, b) => a.at - b.at)
    await this.#send(from, to, payments)
  }

  /** The payments that come after the last of `count` orders. */
  async sendRest(count: number): Promise<void> {
    const end = this.orderedAt(count)
    const rest: { at: number; i: number }[] = []
    for (let i = 0; i < count; i++) {
      const at = this.orderedAt(i) + data.payDelay(i)
      if (data.isPaid(i) && at >= end) rest.push({ at, i })
    }
    await this.#send(
      count,
      count,
      rest.sort((a, b) => a.at - b.at),
    )
  }

  async #send(from: number, to: number, payments: { at: number; i: number }[]): Promise<void> {
    const { producer } = this
    for (let i = from; i < to; i++) {
      if (!this.#isSent(i)) continue
      const at = this.orderedAt(i)
      const [partition, key] = this.#placeOfOrder(i)
      const value = data.encode('order', data.order(i, at))
      producer.put(this.topic('orders'), partition, at, key, value)
      if (producer.bytes > 400_000) await producer.flush()
    }
    for (const { at, i } of payments) {
      const [partition, key] = this.#placeOfPayment(i)
      const value = data.encode('payment', data.payment(i, this.orderedAt(i)))
      producer.put(this.topic('payments'), partition, at, key, value)
      if (producer.bytes > 400_000) await producer.flush()
    }
    await producer.flush()
  }

  #placeOfOrder(i: number): [partition: number, key: Buffer] {
    if (this.#repartition === null) return [i % PARTITIONS, Buffer.from(data.orderId(i))]
    const customer = i % 50
    return [customer % SCATTERED_PARTITIONS, Buffer.from(`customer ${customer}`)]
  }

  #placeOfPayment(i: number): [partition: number, key: Buffer] {
    const key = Buffer.from(data.orderId(i))
    if (this.#repartition === 'facts') return [partitionOf(key, PARTITIONS), key]
    return [i % PARTITIONS, this.#repartition === null ? key : Buffer.from(`payment ${i}`)]
  }

  async #dimension(name: string, rows: number, value: (id: number) => Buffer): Promise<void> {
    for (let id = 1; id <= rows; id++) {
      this.producer.put(
        this.topic(name),
        id % PARTITIONS,
        EPOCH,
        Buffer.from(String(id)),
        value(id),
      )
      if (this.producer.bytes > 800_000) await this.producer.flush()
    }
    await this.producer.flush()
  }

  /** Starts the service as the container does. */
  start(more: Record<string, string> = {}, file = FILE): ServiceProcess {
    const child = spawn(process.execPath, ['dist/main.js', 'run', file], {
      env: { ...process.env, ...this.env(more) },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const service = new ServiceProcess(child)
    this.#services.push(service)
    return service
  }

  /** Waits until the group has taken everything, then compares every output record. Rejects when output is missing after `seconds`. */
  async expect(
    count: number,
    kind: JoinKind,
    seconds = 180,
    topic = this.topic('enriched'),
  ): Promise<void> {
    const deadline = Date.now() + seconds * 1000
    let check = await this.#outputs(count, kind, topic)
    for (; Date.now() < deadline && check.seen < check.wanted; ) {
      await sleep(300)
      check = await this.#outputs(count, kind, topic)
    }
    const result = check.result()
    if (result.missing + result.duplicated + result.wrong > 0) {
      for (const service of this.#services) console.error(service.log.slice(-5000))
    }
    assert.deepEqual(result, { missing: 0, duplicated: 0, wrong: 0, examples: [] })
  }

  /** Waits until the group's offsets are at the end of both inputs. */
  async expectTaken(seconds = 180): Promise<void> {
    const topics = [this.topic('orders'), this.topic('payments')]
    const idle = {
      userData: () => Buffer.alloc(0),
      assign: () => new Map(),
      beforeJoin: async () => {},
      onAssigned: async () => {},
      onLost: async () => {},
      onFatal: () => {},
    }
    const options = {
      groupId: `${this.tag}-job`,
      stages: [{ topics, partitions: PARTITIONS }],
      instanceId: 'observer',
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
    }
    const observer = this.broker.group(options, idle)
    const all = topics.flatMap((topic) =>
      Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition })),
    )
    try {
      for (let tries = 0; tries < seconds * 5; tries++) {
        const committed = await observer.committed(all)
        const ends = await Promise.all(
          topics.map((topic) => this.broker.admin.offsets(topic, 'stable')),
        )
        if (
          all.every(
            ({ partition }, i) =>
              committed[i].offset >= ends[Math.floor(i / PARTITIONS)].get(partition)!,
          )
        )
          return
        await sleep(200)
      }
      assert.fail('The inputs were not taken in time')
    } finally {
      await observer.close()
    }
  }

  async #outputs(count: number, kind: JoinKind, topic: string): Promise<Check> {
    const pipeline = loadPipeline(FILE, this.env({ JOIN_KIND: kind, OUTPUT_TOPIC: topic }))
    const schemas = await readSchemas(pipeline, null)
    const { outputSchema } = createPipelineCodec(pipeline, schemas, null)
    const check = new Check(outputSchema, count, kind, this.orderedAt, this.#isSent)
    const there = await this.broker.admin.describeTopics([topic])
    if (!there.has(topic)) return check
    await readAll(this.broker, topic, ({ key, value }) => check.add(key, value))
    return check
  }

  async close(): Promise<void> {
    for (const service of this.#services) service.child.kill('SIGKILL')
    await this.producer.close()
    await this.broker.close()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

export class ServiceProcess {
  readonly child: ChildProcess
  readonly ended: Promise<number | string>
  log = ''

  constructor(child: ChildProcess) {
    this.child = child
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.on('data', (chunk) => {
        this.log += chunk
      })
    }
    this.ended = new Promise((resolve) =>
      child.once('exit', (code, signal) => resolve(code ?? signal!)),
    )
  }

  get alive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  /** Waits for a line of the log. */
  async logged(text: string, seconds = 120): Promise<void> {
    // What it says last may come behind its end.
    for (let tries = 0, ended = 0; tries < seconds * 20 && ended < 20; tries++) {
      if (this.log.includes(text)) return
      if (!this.alive) ended++
      await sleep(50)
    }
    assert.fail(`"${text}" was not logged:\n${this.log.slice(-3000)}`)
  }

  kill(): Promise<number | string> {
    this.child.kill('SIGKILL')
    return this.ended
  }

  stop(): Promise<number | string> {
    this.child.kill('SIGTERM')
    return this.ended
  }
}
