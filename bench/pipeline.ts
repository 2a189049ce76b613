/** Catch-up: what a fact costs when the topics are full already. */
import { buildAsOf } from './as-of.ts'
import { type CatchUp, catchUpOurs, catchUpStreams } from './catch-up.ts'
import { buildFloor, catchUpFloor } from './floor.ts'
import { type BenchKafka, deleteTopicsOf, withKafka } from './kafka.ts'
import { checkOutput, type Loaded, loadOrders } from './kafka-streams.ts'
import { printHeader } from './machine.ts'
import { readOptions } from './options.ts'
import { flagsOf, ROOT, SERVICE_FLAGS } from './process.ts'
import { describeRuns, number, printTable, showSpread } from './spread.ts'

const USAGE = `npm run bench -- pipeline [options]

  --orders N        facts in the topics (1000000); as many payments, but for 2 %
  --runs N          runs of each (3)
  --flags "..."     V8 flags of the service (${SERVICE_FLAGS.join(' ')})
  --peer            Kafka Streams and librdkafka's floor take turns with the service
  --against COMMIT  so does the service as of a commit, with the same flags`

interface Contestant {
  readonly title: string
  readonly runs: CatchUp[]
  run(): Promise<CatchUp>
}

const options = readOptions(USAGE, {
  orders: 1_000_000,
  runs: 3,
  flags: SERVICE_FLAGS.join(' '),
  peer: false,
  against: '',
})

async function contestants(kafka: BenchKafka, loaded: Loaded): Promise<Contestant[]> {
  const flags = flagsOf(options.flags)
  const ours = (title: string, folder = ROOT): Contestant => ({
    title,
    runs: [],
    run: () => catchUpOurs(kafka, loaded, { flags, folder }),
  })
  const list = [ours('stream-enricher')]
  if (options.against) list.push(ours(options.against, await buildAsOf(options.against)))
  if (!options.peer) return list
  list.push({ title: 'Kafka Streams', runs: [], run: () => catchUpStreams(kafka, loaded) })
  if (await buildFloor()) {
    list.push({ title: 'librdkafka floor', runs: [], run: () => catchUpFloor(kafka, loaded) })
  }
  return list
}

function print(list: readonly Contestant[]): void {
  const { orders, runs, flags } = options
  console.log(`  ${orders} facts, ${describeRuns(runs, flags)}`)
  const head = ['', 'facts/CPU-s', 'whole life', 'facts/s', 'peak MB', 'broker CPU-s']
  const row = ({ title, runs: done }: Contestant): string[] => [
    title,
    showSpread(done.map(({ cpu }) => orders / cpu)),
    showSpread(done.map(({ lifeCpu }) => orders / lifeCpu)),
    showSpread(done.map(({ wall }) => orders / wall)),
    showSpread(done.map(({ peakBytes }) => peakBytes / 2 ** 20)),
    showSpread(done.map(({ brokerCpu }) => brokerCpu)),
  ]
  printTable([head, ...list.map(row)])
  const [ours, ...others] = list
  for (const other of others) {
    // Of the same round: figures drift within minutes on a shared machine.
    const ratios = ours.runs.map(({ cpu }, round) => other.runs[round].cpu / cpu)
    console.log(`  facts/CPU-s, ${ours.title} : ${other.title} = ${showSpread(ratios)}`)
  }
}

await withKafka(async (kafka) => {
  printHeader('Catch-up', kafka)
  const loaded = await loadOrders(kafka, options.orders)
  const list = await contestants(kafka, loaded)
  for (let round = 1; round <= options.runs; round++) {
    for (const contestant of list) {
      const result = await contestant.run()
      contestant.runs.push(result)
      const rate = number(options.orders / result.cpu)
      console.log(`  ${round}/${options.runs} ${contestant.title}: ${rate} facts/CPU-s`)
      if (round === options.runs && contestant === list[0]) {
        await checkOutput(kafka, result.output, options.orders)
      }
      await deleteTopicsOf(kafka, result.name)
    }
  }
  print(list)
})
