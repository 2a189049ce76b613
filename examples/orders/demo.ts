/** The main job on a real Kafka at a steady pace, every output record checked: `npm run demo`. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Broker } from '../../src/broker/port.ts'
import { loadPipeline } from '../../src/config/load.ts'
import { messageOf } from '../../src/errors.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'
import {
  freePort,
  hasDocker,
  type RunningKafka,
  startKafka,
  startKafkaInDocker,
} from '../../test/support/kafka.ts'
import {
  connect,
  createTopic,
  deleteTopics,
  PlainProducer,
  readAll,
} from '../../test/support/topics.ts'
import { Check } from './check.ts'
import { Load, sendDimensions } from './load.ts'
import { Probe } from './probe.ts'
import { ServiceProcess, type Usage } from './service-process.ts'

const FILE = 'examples/orders/pipeline.yaml'
/** Behind by more than this, and by more and more, the machine does not keep the pace. */
const BEHIND_MS = 5000

export interface DemoOptions {
  /** Orders a second. */
  readonly rate: number
  readonly seconds: number
  readonly replicas: number
  readonly keep: boolean
}

const say = (line: string): void => void process.stdout.write(`${line}\n`)
const count = (n: number): string => Math.round(n).toLocaleString('en-US')
/** NaN: no record came. */
const inMs = (ms: number): string => (Number.isNaN(ms) ? '–' : ms.toFixed(0)).padEnd(6)

/** The broker to use, and how it is stopped where it is ours. */
async function chooseBroker(): Promise<Pick<RunningKafka, 'address' | 'stop'>> {
  const given = process.env.KAFKA_BROKERS
  if (given) return { address: given, stop: async () => {} }
  if (hasDocker()) {
    say('Starting Apache Kafka in Docker …')
    try {
      return await startKafkaInDocker()
    } catch (error) {
      say(`Docker could not start Kafka (${error}).`)
    }
  }
  say('Starting Apache Kafka from Maven, on the local Java …')
  return startKafka()
}

class Demo {
  readonly #rate: number
  readonly #orders: number
  readonly #replicas: number
  readonly #keep: boolean
  readonly #partitions: number
  readonly #tag = `demo-${Date.now().toString(36)}`
  readonly #folder = mkdtempSync(join(tmpdir(), 'stream-enricher-demo-'))
  #kafka: Pick<RunningKafka, 'address' | 'stop'> | undefined
  #services: ServiceProcess[] = []
  #load: Load | undefined
  /** What came out, once it has been counted. */
  #came = 0
  /** Whether the output was right; undefined: not compared yet. */
  outcome: boolean | undefined

  constructor({ rate, seconds, replicas, keep }: DemoOptions) {
    this.#rate = rate
    this.#orders = rate * seconds
    this.#replicas = replicas
    this.#keep = keep
    this.#partitions = Math.max(4, replicas)
  }

  async run(): Promise<boolean> {
    this.#kafka = await chooseBroker()
    const broker = await connect(this.#kafka.address)
    const producer = new PlainProducer(this.#kafka.address)
    try {
      return await this.#enrich(broker, producer)
    } finally {
      await producer.close()
      await this.#deleteTopics()
      await broker.close()
      await this.#kafka.stop()
      this.kill()
    }
  }

  /** How far it is, for who ends it. */
  get progress(): string {
    const orders = `${count(this.#load?.ordersSent ?? 0)} orders sent`
    return this.#came === 0 ? orders : `${orders}, ${count(this.#came)} rows came out`
  }

  /** What to do where the machine is the reason. */
  get slower(): string {
    return `npm run demo -- --rate ${Math.min(10_000, Math.ceil(this.#rate / 5))}`
  }

  get hasLoad(): boolean {
    return this.#load !== undefined
  }

  /** Ends what this process has started, at once. The broker ends with the process. */
  kill(): void {
    for (const service of this.#services) service.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #enrich(broker: Broker, producer: PlainProducer): Promise<boolean> {
    const { address } = this.#kafka!
    const inputs = ['orders', 'payments', 'customers', 'products'].map(this.#topic)
    for (const topic of [...inputs, this.#topic('enriched')]) {
      await createTopic(broker, topic, this.#partitions)
    }
    await producer.connect(inputs)
    say(`Kafka at ${address}; writing ${count(120_000)} dimension rows`)
    const to = { producer, topic: this.#topic, partitions: this.#partitions }
    await sendDimensions(to)
    const load = new Load({ ...to, rate: this.#rate, orders: this.#orders })
    this.#load = load
    for (let n = 0; n < this.#replicas; n++) await this.#startReplica(n)
    await Promise.all(this.#services.map((service) => service.ready()))
    const pages = this.#services.map(({ address }) => `http://${address}/`).join('  ')
    say(`${this.#replicas} instance(s) ready; ${count(this.#rate)} orders/s begin`)
    say(`Status page: ${pages}${this.#keep ? '' : '  (until the end; --keep leaves it)'}\n`)

    const probe = await Probe.start(broker, this.#topic('enriched'))
    const running = load.run()
    await this.#watch(load, probe, running)
    const check = await this.#check(broker, load)
    await probe.close()
    this.outcome = check
    if (this.#keep) {
      sayOutcome(check)
      say(`Service and broker (${this.#kafka!.address}) stay until Ctrl-C. Status page: ${pages}`)
      await new Promise(() => setInterval(() => {}, 1 << 30))
    }
    const codes = await Promise.all(this.#services.map((service) => service.stop()))
    if (codes.some((code) => code !== 0)) say(`An instance ended with ${codes}`)
    return check && codes.every((code) => code === 0)
  }

  #topic = (name: string): string => `${this.#tag}.${name}`

  #env(): Record<string, string> {
    return {
      KAFKA_BROKERS: this.#kafka!.address,
      NAME: `${this.#tag}-job`,
      TAG: this.#tag,
      OUTPUT_TOPIC: this.#topic('enriched'),
      REJECTS_TOPIC: this.#topic('rejects'),
    }
  }

  async #startReplica(n: number): Promise<void> {
    const port = String(await freePort())
    const service = new ServiceProcess(FILE, {
      ...this.#env(),
      STATE_DIR: join(this.#folder, `state-${n}`),
      HTTP_PORT: port,
      HTTP_ADVERTISE: `127.0.0.1:${port}`,
      INSTANCE_ID: `${this.#tag}-${n}`,
    })
    this.#services.push(service)
  }

  /** A line a second while orders come, then one in five until the last payment has gone. */
  async #watch(load: Load, probe: Probe, running: Promise<void>): Promise<void> {
    let ended = false
    const end = running.finally(() => {
      ended = true
    })
    // Awaited below; until then it is not to end the process.
    end.catch(() => {})
    say('  time   facts/s  in/s     out/s    lag      p50 ms  p99 ms  cores  MB')
    let before = {
      sent: 0,
      orders: 0,
      cpu: (await this.#usage()).cpu,
      at: performance.now(),
      behind: 0,
    }
    let isTold = false
    const start = before.at
    while (!ended) {
      await Promise.race([sleep(load.ordersSent < this.#orders ? 1000 : 5000), end])
      for (const service of this.#services) service.check()
      const usage = await this.#usage()
      const now = {
        sent: load.sent,
        orders: load.ordersSent,
        cpu: usage.cpu,
        at: performance.now(),
        behind: load.behindMs,
      }
      const seconds = (now.at - before.at) / 1000
      const { records, p50, p99 } = probe.take()
      const cells = [
        `${((now.at - start) / 1000).toFixed(0)} s`.padStart(6),
        count((now.orders - before.orders) / seconds).padEnd(7),
        count((now.sent - before.sent) / seconds).padEnd(7),
        count(records / seconds).padEnd(7),
        count(usage.lag).padEnd(7),
        inMs(p50),
        inMs(p99),
        ((now.cpu - before.cpu) / seconds).toFixed(2).padEnd(5),
        count(usage.memoryBytes / 2 ** 20),
      ]
      say(cells.join('  '))
      if (!isTold && before.behind > BEHIND_MS && now.behind > before.behind) {
        isTold = true
        const late = `${count(now.behind / 1000)} s late`
        say(
          `This machine does not keep up with ${count(this.#rate)} orders/s: they are sent ${late}, and it takes longer. A slower pace: ${this.slower}`,
        )
      }
      before = now
    }
    await end
  }

  /** Of all instances together. */
  async #usage(): Promise<Usage> {
    const all = await Promise.all(this.#services.map((service) => service.usage()))
    return all.reduce((sum, one) => ({
      cpu: sum.cpu + one.cpu,
      memoryBytes: sum.memoryBytes + one.memoryBytes,
      lag: sum.lag + one.lag,
    }))
  }

  async #check(broker: Broker, load: Load): Promise<boolean> {
    say('\nThe last payment has gone; comparing every output record with what must come out')
    const pipeline = loadPipeline(FILE, this.#env())
    const schemas = await readSchemas(pipeline, null)
    const { outputSchema } = createPipelineCodec(pipeline, schemas, null)
    const newCheck = (): Check => new Check(outputSchema, this.#orders, 'inner', load.orderedAt)
    const { wanted } = newCheck()
    await this.#outputEnds(broker, wanted)
    const check = newCheck()
    let example: Buffer | null = null
    await readAll(broker, this.#topic('enriched'), ({ key, value }) => {
      check.add(key, value)
      example ??= value
    })
    const { missing, duplicated, wrong, examples } = check.result()
    this.#came = check.seen
    say(`\n  expected ${count(wanted)}   came ${count(check.seen)}`)
    say(`  missing ${missing}   duplicated ${duplicated}   wrong ${wrong}\n`)
    for (const fault of examples) say(JSON.stringify(fault, null, 2))
    if (example !== null) say(`One of them: ${JSON.stringify(check.decode(example), null, 2)}\n`)
    return missing + duplicated + wrong === 0
  }

  /** Waits until as many offsets as records are wanted are there, and a moment for what is too much. */
  async #outputEnds(broker: Broker, wanted: number): Promise<void> {
    for (let tries = 0; tries < 120; tries++) {
      const ends = await broker.admin.offsets(this.#topic('enriched'), 'stable')
      const usage = await this.#usage()
      if (usage.lag === 0 && [...ends.values()].reduce((a, b) => a + b, 0) >= wanted) break
      await sleep(250)
    }
    await sleep(500)
  }

  async #deleteTopics(): Promise<void> {
    if (!process.env.KAFKA_BROKERS) return
    const names = ['orders', 'payments', 'customers', 'products', 'enriched', 'rejects']
    const internal = `${this.#tag}-job-window-changelog`
    await deleteTopics(this.#kafka!.address, [...names.map(this.#topic), internal])
  }
}

const sayOutcome = (right: boolean): void =>
  say(right ? 'All records are there, once each, and right.' : 'The output is not what it must be.')

/** Runs it, and ends the process. */
export async function runDemo(options: DemoOptions): Promise<never> {
  const demo = new Demo(options)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      demo.kill()
      say(`\nStopped: ${demo.progress}. Service and broker have ended`)
      process.exit(demo.outcome === undefined ? 130 : demo.outcome ? 0 : 1)
    })
  }
  const failed = (error: unknown): never => {
    demo.kill()
    const remedy = demo.hasLoad ? `. Where the machine is too busy: ${demo.slower}` : ''
    process.stderr.write(`${messageOf(error)}${remedy}\n`)
    process.exit(1)
  }
  process.on('uncaughtException', failed)
  const right = await demo.run().catch(failed)
  sayOutcome(right)
  process.exit(right ? 0 : 1)
}
