/** The window store: restored from the changelog after its loss, and a restart with it. */
import { rmSync } from 'node:fs'
import { type BenchKafka, deleteTopicsOf, newName, withKafka } from './kafka.ts'
import { type Loaded, loadOrders } from './kafka-streams.ts'
import { printHeader } from './machine.ts'
import { readOptions } from './options.ts'
import { cpuSeconds, flagsOf, SERVICE_FLAGS, temporaryFolder } from './process.ts'
import { outputTopic, Service, type ServiceOptions } from './service.ts'
import { describeRuns, printTable, showSpread } from './spread.ts'

const USAGE = `npm run bench -- restore [options]

  --orders N      facts in the topics (1000000); all of them, and their payments, are in the window
  --runs N        runs of each (3)
  --flags "..."   V8 flags of the service (${SERVICE_FLAGS.join(' ')})`

/** Holds all that is loaded: 20,000 orders are a second of event time. */
const WITHIN = '1h'
const PARTITIONS = 4

interface Start {
  readonly records: number
  /** Of the task that took longest; all begin at once. */
  readonly restoreSeconds: number
  /** From the process's start to its last task running: dimensions and group as well. */
  readonly seconds: number
  readonly cpu: number
}

const options = readOptions(USAGE, {
  orders: 1_000_000,
  runs: 3,
  flags: SERVICE_FLAGS.join(' '),
})

async function fill(kafka: BenchKafka, loaded: Loaded, of: ServiceOptions): Promise<void> {
  const service = await Service.start(kafka, of)
  const all = loaded.orders + loaded.payments
  await service.reaches(
    (read) =>
      read('enricher_records_consumed_total', `topic="${loaded.tag}.orders"`) +
        read('enricher_records_consumed_total', `topic="${loaded.tag}.payments"`) >=
        all &&
      read('enricher_records_produced_total', `topic="${outputTopic(of.name)}"`) >= loaded.payments,
    120 + loaded.orders / 2000,
  )
  await service.stop()
}

async function start(kafka: BenchKafka, of: ServiceOptions): Promise<Start> {
  const begun = performance.now()
  const service = await Service.start(kafka, of)
  await service.logged('Tasks assigned')
  const cpuBefore = cpuSeconds(service.pid)
  const lines = await service.logged('Task running', PARTITIONS)
  const result = {
    records: lines.reduce((sum, { records }) => sum + records, 0),
    restoreSeconds: Math.max(...lines.map(({ ms }) => ms)) / 1000,
    seconds: (performance.now() - begun) / 1000,
    cpu: cpuSeconds(service.pid) - cpuBefore,
  }
  await service.stop()
  return result
}

function row(title: string, starts: readonly Start[]): string[] {
  return [
    title,
    showSpread(starts.map(({ records }) => records)),
    showSpread(starts.map(({ restoreSeconds }) => restoreSeconds)),
    showSpread(starts.map(({ records, restoreSeconds }) => records / restoreSeconds)),
    showSpread(starts.map(({ records, cpu }) => records / cpu)),
    showSpread(starts.map(({ seconds }) => seconds)),
  ]
}

await withKafka(async (kafka) => {
  printHeader('Restore and restart', kafka)
  const loaded = await loadOrders(kafka, options.orders)
  const name = newName()
  const stateDir = temporaryFolder()
  const flags = flagsOf(options.flags)
  const of = { tag: loaded.tag, name, stateDir, flags, within: WITHIN }
  await fill(kafka, loaded, of)
  const cold: Start[] = []
  const warm: Start[] = []
  for (let round = 0; round < options.runs; round++) {
    rmSync(stateDir, { recursive: true })
    cold.push(await start(kafka, of))
    warm.push(await start(kafka, of))
  }
  await deleteTopicsOf(kafka, name)
  console.log(`  ${describeRuns(options.runs, options.flags)}`)
  printTable([
    ['', 'records', 'tasks s', 'records/s', 'records/CPU-s', 'whole start s'],
    row('state folder lost', cold),
    row('state folder kept', warm),
  ])
})
