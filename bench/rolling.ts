/** A rolling update as Kubernetes makes it, processes standing for pods: how long each partition pauses. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Check } from '../examples/orders/check.ts'
import { Load, sendDimensions } from '../examples/orders/load.ts'
import { loadPipeline } from '../src/config/load.ts'
import { createPipelineCodec, readSchemas } from '../src/plan/pipeline-codec.ts'
import { connect, createTopic, PlainProducer, readAll } from '../test/support/topics.ts'
import { Arrivals } from './arrivals.ts'
import { type BenchKafka, deleteTopicsOf, newName, withKafka } from './kafka.ts'
import { printHeader } from './machine.ts'
import { readOptions } from './options.ts'
import { cpuSeconds, flagsOf, SERVICE_FLAGS, temporaryFolder } from './process.ts'
import { outputTopic, PIPELINE, Service, type ServiceOptions } from './service.ts'
import { describeRuns, number, printTable, showSpread, spreadOf } from './spread.ts'

const USAGE = `npm run bench -- rolling [options]

  --rate N        facts a second (3000); as many payments come, but for 2 %
  --partitions N  of each input topic (12)
  --instances N   that share them, each with an instance id and a state folder of its own (3)
  --warm N        seconds of input before the first restart (20)
  --settle N      seconds between two restarts (3)
  --runs N        rolling updates, one after the other (3)
  --flags "..."   V8 flags of the service (${SERVICE_FLAGS.join(' ')})`

/** For all restarts together; the input is made for so long. */
const MOST_SECONDS_PER_RESTART = 15
/** Payments come up to 50 s after their orders. */
const LAST_OUTPUT_SECONDS = 90

const options = readOptions(USAGE, {
  rate: 3000,
  partitions: 12,
  instances: 3,
  warm: 20,
  settle: 3,
  runs: 3,
  flags: SERVICE_FLAGS.join(' '),
})

/** In milliseconds since SIGTERM. */
interface Restart {
  readonly instance: string
  readonly exit: number
  readonly listening: number
  readonly dimensions: number
  readonly assigned: number
  readonly running: number
  readonly firstOutput: number
  readonly ready: number
  /** Of the new process, from its start to its last task running. */
  readonly cpu: number
  /** The longest time without output of each partition that this instance has, in ms. */
  readonly pauses: readonly { partition: number; ms: number }[]
  /** The same, of the partitions of the others. */
  readonly others: readonly number[]
}

class Rollout {
  readonly #services = new Map<string, Service>()
  readonly #arrivals: Arrivals
  readonly #place: (instance: string) => ServiceOptions
  readonly #kafka: BenchKafka

  constructor(kafka: BenchKafka, arrivals: Arrivals, place: (instance: string) => ServiceOptions) {
    this.#kafka = kafka
    this.#arrivals = arrivals
    this.#place = place
  }

  async start(instances: readonly string[]): Promise<void> {
    for (const instance of instances) this.#services.set(instance, await this.#start(instance))
    for (const service of this.#services.values()) await service.ready()
  }

  /** SIGTERM, its end, the same id on the same folder, ready: what a StatefulSet does to a pod. */
  async restart(instance: string): Promise<Restart> {
    const begun = Date.now()
    await this.#services.get(instance)!.stop()
    const exit = Date.now() - begun
    const service = await this.#start(instance)
    this.#services.set(instance, service)
    const [assigned] = await service.logged('Tasks assigned')
    const mine = new Set(assigned.partitions)
    const running = await service.logged('Task running', mine.size)
    const cpu = cpuSeconds(service.pid) * 1000
    await service.ready()
    const ready = Date.now() - begun
    await sleep(options.settle * 1000)
    const since = async (msg: string) => Date.parse((await service.logged(msg))[0].time) - begun
    const pauses = this.#arrivals.pauses(begun, begun + ready + options.settle * 1000)
    const all = Array.from(pauses, (ms, partition) => ({ partition, ms }))
    const first = Math.min(...[...mine].map((p) => this.#arrivals.firstAfter(p, begun + exit)))
    return {
      instance,
      exit,
      listening: await since('Listening'),
      dimensions: await since('Dimensions read'),
      assigned: await since('Tasks assigned'),
      running: Math.max(...running.map(({ time }) => Date.parse(time))) - begun,
      firstOutput: first - begun,
      ready,
      cpu,
      pauses: all.filter(({ partition }) => mine.has(partition)),
      others: all.filter(({ partition }) => !mine.has(partition)).map(({ ms }) => ms),
    }
  }

  /** Rebalances that the running instances have seen: one each, when they joined. */
  async rebalances(): Promise<number> {
    const each = await Promise.all(
      [...this.#services.values()].map(async (service) =>
        (await service.metrics())('enricher_rebalances_total'),
      ),
    )
    return each.reduce((sum, count) => sum + count, 0)
  }

  async stop(): Promise<void> {
    for (const service of this.#services.values()) await service.stop()
  }

  #start(instance: string): Promise<Service> {
    return Service.start(this.#kafka, this.#place(instance))
  }
}

/** Compares all output, record by record, once it is there. */
async function checkOutput(kafka: BenchKafka, of: ServiceOptions, load: Load): Promise<string> {
  const { tag: TAG, name } = of
  const topic = outputTopic(name)
  const pipeline = loadPipeline(PIPELINE, { ...process.env, TAG, OUTPUT_TOPIC: topic })
  const { outputSchema } = createPipelineCodec(pipeline, await readSchemas(pipeline, null), null)
  const broker = await connect(kafka.address)
  try {
    for (const limit = performance.now() + LAST_OUTPUT_SECONDS * 1000; ; await sleep(1000)) {
      const check = new Check(outputSchema, load.ordersSent, 'inner', load.orderedAt)
      await readAll(broker, topic, ({ key, value }) => check.add(key, value))
      if (check.seen < check.wanted && performance.now() < limit) continue
      const { missing, duplicated, wrong } = check.result()
      if (missing + duplicated + wrong > 0) process.exitCode = 1
      const came = `expected ${number(check.wanted)}, came ${number(check.seen)}`
      return `${came}: missing ${missing}, duplicated ${duplicated}, wrong ${wrong}`
    }
  } finally {
    await broker.close()
  }
}

const STEPS = [
  'exit',
  'listening',
  'dimensions',
  'assigned',
  'running',
  'firstOutput',
  'ready',
] as const

function print(restarts: readonly Restart[], quiet: readonly number[]): void {
  const rows = [['ms since SIGTERM', ...STEPS, 'CPU', 'longest pause', 'others’ longest']]
  for (const restart of restarts) {
    const longest = Math.max(...restart.pauses.map(({ ms }) => ms))
    rows.push([
      restart.instance,
      ...STEPS.map((step) => String(restart[step])),
      String(restart.cpu),
      String(longest),
      String(Math.max(...restart.others)),
    ])
  }
  printTable(rows)
  const each = Array.from({ length: options.partitions }, (_, partition) =>
    restarts.flatMap(({ pauses }) => pauses).filter((pause) => pause.partition === partition),
  )
  console.log('')
  printTable([
    ['pause, ms', ...each.map((_, partition) => `p${partition}`)],
    ...Array.from({ length: options.runs }, (_, run) => [
      `update ${run + 1}`,
      ...each.map((pauses) => String(pauses[run]?.ms ?? '–')),
    ]),
  ])
  const all = each.flat().map(({ ms }) => ms)
  const { median, max } = spreadOf(all)
  console.log(`
  pause of a partition, median: ${number(median)} ms, longest: ${number(max)} ms
  longest time between outputs of a partition without a restart: ${showSpread(quiet)} ms`)
}

await withKafka(async (kafka) => {
  printHeader('Rolling update', kafka)
  const { rate, partitions, instances, warm, settle, runs, flags } = options
  const run = newName()
  const folder = temporaryFolder()
  const place = (instance: string): ServiceOptions => ({
    tag: run,
    name: run,
    stateDir: join(folder, instance),
    flags: flagsOf(flags),
    instanceId: instance,
  })
  const pods = Array.from({ length: instances }, (_, i) => `pod-${i}`)
  console.log(
    `  ${instances} static members, ${partitions} partitions, ${number(rate)} facts/s, ${describeRuns(runs, flags)}`,
  )
  const broker = await connect(kafka.address)
  const producer = new PlainProducer(kafka.address)
  const topic = (name: string): string => `${run}.${name}`
  const inputs = ['orders', 'payments', 'customers', 'products'].map(topic)
  for (const name of [...inputs, outputTopic(run)]) await createTopic(broker, name, partitions)
  await producer.connect(inputs)
  const target = { producer, topic, partitions }
  await sendDimensions(target)
  const arrivals = await Arrivals.of(broker, outputTopic(run), partitions)
  const rollout = new Rollout(kafka, arrivals, place)
  await rollout.start(pods)

  const seconds = warm + runs * instances * (settle + MOST_SECONDS_PER_RESTART)
  const load = new Load({ ...target, rate, orders: rate * seconds })
  const loading = load.run()
  await sleep(warm * 1000)
  const now = Date.now()
  const quiet = arrivals.pauses(now - Math.min(warm / 2, 5) * 1000, now)
  const restarts: Restart[] = []
  for (let update = 0; update < runs; update++) {
    // The last ordinal first, as a StatefulSet does.
    for (const pod of [...pods].reverse()) restarts.push(await rollout.restart(pod))
  }
  print(restarts, quiet)
  load.endOrders()
  await loading
  console.log(`  ${await checkOutput(kafka, place(pods[0]), load)}`)
  console.log(`  rebalances seen by the instances that run: ${await rollout.rebalances()}`)
  await rollout.stop()
  await arrivals.close()
  await producer.close()
  await broker.close()
  await deleteTopicsOf(kafka, run)
})
