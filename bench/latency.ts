/** Paced input: how long after its later event a joined record reaches a read_committed reader. */
import type { ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka, logLevel } from '../src/broker/kafkajs.ts'
import { type BenchKafka, deleteTopicsOf, newName, recordsOf, withKafka } from './kafka.ts'
import { peer, startPeer } from './kafka-streams.ts'
import { printHeader } from './machine.ts'
import { readOptions, wholeNumber } from './options.ts'
import { cpuSeconds, ended, flagsOf, SERVICE_FLAGS, temporaryFolder } from './process.ts'
import { outputTopic, Service } from './service.ts'
import { describeRuns, printTable, showSpread } from './spread.ts'

const USAGE = `npm run bench -- latency [options]

  --rate N,N      facts a second (5000,10000,50000); as many payments come, but for 2 %
  --skip N        seconds before the measured stretch (20): payments come up to 50 s after their
                  facts, half of them within 7
  --seconds N     length of the measured stretch (20)
  --runs N        runs of each (1)
  --flags "..."   V8 flags of the service (${SERVICE_FLAGS.join(' ')})
  --peer          Kafka Streams takes turns with the service`

interface Paced {
  readonly p50: number
  readonly p95: number
  readonly p99: number
  /** CPU-seconds a second. */
  readonly cores: number
  /** A second, as they came: the load generator has kept up where they are as asked. */
  readonly facts: number
  readonly payments: number
}

/** The application under measurement, ready for its first fact. */
interface Application {
  readonly pid: number
  stop(): Promise<void>
}

type Start = (kafka: BenchKafka, run: string) => Promise<Application>

const START_SECONDS = 60
/** Of the rate asked for. */
const PACE_TOLERANCE = 0.02

const options = readOptions(USAGE, {
  rate: '5000,10000,50000',
  skip: 20,
  seconds: 20,
  runs: 1,
  flags: SERVICE_FLAGS.join(' '),
  peer: false,
})

const startOurs: Start = async (kafka, run) => {
  const flags = flagsOf(options.flags)
  const place = { tag: run, name: run, stateDir: temporaryFolder() }
  const service = await Service.start(kafka, { ...place, flags })
  await service.logged('Task running', 4, START_SECONDS)
  return service
}

const startStreams: Start = async (kafka, run) => {
  const job = ['run', '--live', '--tag', run, '--app-id', `${run}-streams`]
  const place = ['--out', outputTopic(run), '--state-dir', temporaryFolder()]
  const child = await startPeer(kafka, [...job, ...place])
  const said = whatItSays(child)
  await joined(kafka, `${run}-streams`, child, said)
  return {
    pid: child.pid!,
    async stop() {
      child.kill('SIGKILL')
      await ended(child)
    },
  }
}

/** Collects its output, so that it does not block either. */
function whatItSays(child: ChildProcess): () => string {
  let said = ''
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on('data', (chunk) => {
      said = (said + chunk).slice(-4000)
    })
  }
  return () => said
}

/** Kafka Streams joins its group once the dimensions are read. */
async function joined(
  { address }: BenchKafka,
  group: string,
  child: ChildProcess,
  said: () => string,
): Promise<void> {
  const admin = new Kafka({ brokers: address.split(','), logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  try {
    for (let tries = 0; tries < START_SECONDS * 4; tries++) {
      if (child.exitCode !== null) break
      const { groups } = await admin.describeGroups([group])
      if (groups[0].state === 'Stable') return
      await sleep(250)
    }
  } finally {
    await admin.disconnect()
  }
  throw new Error(`Kafka Streams has not joined its group:\n${said()}`)
}

async function until(what: string, done: () => Promise<boolean> | boolean): Promise<void> {
  for (const limit = performance.now() + START_SECONDS * 1000; performance.now() < limit; ) {
    if (await done()) return
    await sleep(100)
  }
  throw new Error(`${what} has not happened within ${START_SECONDS} s`)
}

async function measure(kafka: BenchKafka, rate: number, start: Start): Promise<Paced> {
  const { skip, seconds } = options
  const run = newName()
  await peer(kafka, ['load', '--tag', run, '--dims-only'], 120)
  const application = await start(kafka, run)
  const stretch = ['--skip', skip, '--for', seconds]
  const probe = await startPeer(kafka, ['latency', '--topic', outputTopic(run), ...stretch])
  const heard = whatItSays(probe)
  await until('The probe listening', () => heard().includes('latency: listening'))

  // It goes on a little, so that the measured stretch does not see its end.
  const orders = rate * (skip + seconds + 5)
  const pace = ['--paced', '--rate', rate, '--orders', orders]
  const load = await startPeer(kafka, ['load', '--tag', run, '--no-dims', ...pace])
  const problems = whatItSays(load)
  const inputs = async (): Promise<number[]> =>
    (await recordsOf(kafka, [`${run}.orders`, `${run}.payments`])).map((count) => count ?? 0)
  await until('The first fact', async () => (await inputs())[0] > 0)

  await sleep(skip * 1000)
  const factsBefore = await inputs()
  const before = performance.now()
  const cpuBefore = cpuSeconds(application.pid)
  await sleep(seconds * 1000)
  const cpu = cpuSeconds(application.pid) - cpuBefore
  const factsAfter = await inputs()
  const passed = (performance.now() - before) / 1000

  const timer = setTimeout(() => probe.kill('SIGKILL'), 60_000)
  await ended(probe)
  clearTimeout(timer)
  load.kill('SIGKILL')
  await ended(load)
  await application.stop()
  await deleteTopicsOf(kafka, run)
  const line = heard()
    .split('\n')
    .findLast((text) => text.startsWith('{'))
  if (line === undefined) throw new Error(`No latency was measured:\n${heard()}${problems()}`)
  const { measured, p50_ms: p50, p95_ms: p95, p99_ms: p99 } = JSON.parse(line)
  if (measured === 0) throw new Error(`No record came in time at ${rate}/s:\n${line}`)
  const [facts, payments] = factsAfter.map((count, i) => (count - factsBefore[i]) / passed)
  return { p50, p95, p99, cores: cpu / seconds, facts, payments }
}

const COLUMNS = ['facts', 'payments', 'p50', 'p95', 'p99', 'cores'] as const

await withKafka(async (kafka) => {
  printHeader('Paced', kafka)
  const { runs, skip, seconds, flags } = options
  const what = `${seconds} s after the first ${skip} s, commit interval 100 ms`
  console.log(`  ${what}, ${describeRuns(runs, flags)}`)
  const rates = options.rate.split(',').map((text) => wholeNumber('rate', text))
  const contestants: [string, Start][] = [['stream-enricher', startOurs]]
  if (options.peer) contestants.push(['Kafka Streams', startStreams])
  const rows = [['', 'facts/s', 'payments/s', 'p50 ms', 'p95 ms', 'p99 ms', 'cores']]
  for (const rate of rates) {
    const results = contestants.map((): Paced[] => [])
    for (let round = 0; round < runs; round++) {
      for (const [i, [title, start]] of contestants.entries()) {
        const paced = await measure(kafka, rate, start)
        results[i].push(paced)
        if (Math.abs(paced.facts / rate - 1) < PACE_TOLERANCE) continue
        console.log(`  ${title} at ${rate}/s: the load generator has not held this rate`)
      }
    }
    for (const [i, [title]] of contestants.entries()) {
      const cells = COLUMNS.map((column) => showSpread(results[i].map((paced) => paced[column])))
      rows.push([`${title} at ${rate}/s`, ...cells])
    }
  }
  printTable(rows)
})
