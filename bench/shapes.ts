/** What each shape of a pipeline costs: the service and a Kafka Streams program that does the same, on the same topics. */
import { type CatchUp, catchUpOurs, catchUpStreams, type Job } from './catch-up.ts'
import { type BenchKafka, deleteTopicsOf, withKafka } from './kafka.ts'
import { checkOutput, type Loaded, loadOrders } from './kafka-streams.ts'
import { printHeader } from './machine.ts'
import { readOptions } from './options.ts'
import { flagsOf, SERVICE_FLAGS } from './process.ts'
import { pipelineOf, SHAPES, type Shape } from './shape-pipelines.ts'
import { describeRuns, number, printTable, showSpread } from './spread.ts'

const USAGE = `npm run bench -- shapes [options]

  --orders N        facts in the topics (200000); as many payments, but for 2 %
  --shapes A,B      these alone, and what they are compared with (${SHAPES.map(({ name }) => name).join(',')})
  --runs N          runs of each (1)
  --alone           without Kafka Streams
  --flags "..."     V8 flags of the service (${SERVICE_FLAGS.join(' ')})`

/** Orders of a second of event time: so few that windows close, and segments expire, while it runs. */
const RATE = 2000

const options = readOptions(USAGE, {
  orders: 200_000,
  shapes: '',
  runs: 1,
  alone: false,
  flags: SERVICE_FLAGS.join(' '),
})

/** Of all runs, by shape's name: CPU-seconds. */
interface Costs {
  readonly ours: Map<string, number[]>
  readonly streams: Map<string, number[]>
}

function wanted(): Shape[] {
  const names = options.shapes.split(',').filter((name) => name !== '')
  const wrong = names.find((name) => !SHAPES.some((shape) => shape.name === name))
  if (wrong !== undefined) {
    console.error(`There is no shape ${wrong}\n\n${USAGE}`)
    process.exit(2)
  }
  if (names.length === 0) return [...SHAPES]
  const bases = SHAPES.filter(({ name }) => names.includes(name)).map(({ base }) => base)
  return SHAPES.filter(({ name }) => names.includes(name) || bases.includes(name))
}

/** Runs one of both, holds its output against what must be in it, and keeps what it cost. */
async function measure(
  kafka: BenchKafka,
  { name, keepsUnpaid = false }: Shape,
  run: () => Promise<CatchUp>,
  { peer }: Job,
  isOurs: boolean,
  costs: Costs,
): Promise<void> {
  const { cpu, output, name: topics } = await run()
  const kind = [...peer, '--rate', RATE]
  const { unpaid_out = 0, unpaid_due = 0 } = await checkOutput(kafka, output, options.orders, kind)
  if (keepsUnpaid) console.log(`  Without a payment: ${unpaid_out}, of ${unpaid_due} that are due`)
  // Kafka Streams lets them wait for up to twice as long, and for the next record.
  if (isOurs && unpaid_out < unpaid_due) throw new Error('Not all that are due have come out')
  const of = isOurs ? costs.ours : costs.streams
  of.set(name, [...(of.get(name) ?? []), cpu])
  console.log(`  ${name}, ${isOurs ? 'stream-enricher' : 'Kafka Streams'}: ${number(cpu)} CPU-s`)
  await deleteTopicsOf(kafka, topics)
}

async function round(kafka: BenchKafka, loaded: Loaded, costs: Costs): Promise<void> {
  const flags = flagsOf(options.flags)
  for (const shape of wanted()) {
    const job = { ...shape.job(loaded), peer: ['--shape', shape.name] }
    const build = { flags, pipeline: pipelineOf(shape) }
    const ours = (): Promise<CatchUp> => catchUpOurs(kafka, loaded, build, job)
    await measure(kafka, shape, ours, job, true, costs)
    if (options.alone) continue
    const streams = (): Promise<CatchUp> => catchUpStreams(kafka, loaded, job)
    await measure(kafka, shape, streams, job, false, costs)
  }
}

/** Of the same round: figures drift within minutes on a shared machine. */
const ratios = (of: readonly number[], to: readonly number[] = []): string =>
  showSpread(of.map((cost, i) => cost / (to[i] ?? Number.NaN)))

function print({ ours, streams }: Costs): void {
  const row = ({ name, base }: Shape): string[] => {
    const own = ours.get(name)!
    const peer = streams.get(name) ?? [Number.NaN]
    return [
      name,
      showSpread(own),
      showSpread(peer),
      ratios(peer, own),
      name === base ? '' : `${ratios(own, ours.get(base))} × ${base}`,
      name === base ? '' : ratios(peer, streams.get(base)),
    ]
  }
  const head = ['', 'CPU-s', 'Kafka Streams', 'its : ours', 'over the same without', 'its']
  printTable([head, ...wanted().map(row)])
}

await withKafka(async (kafka) => {
  printHeader('Shapes of a pipeline', kafka)
  const more = ['--shapes', '--rate', RATE]
  const loaded = await loadOrders(kafka, options.orders, 'shapes', more)
  const costs: Costs = { ours: new Map(), streams: new Map() }
  for (let run = 0; run < options.runs; run++) await round(kafka, loaded, costs)
  console.log(
    `  ${options.orders} facts, CPU-seconds from the first fact on, ${describeRuns(options.runs, options.flags)}`,
  )
  print(costs)
})
