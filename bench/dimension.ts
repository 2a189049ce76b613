/** A large dimension: how long it takes to be read whole, and the memory it needs. */

import { loadPipeline } from '../src/config/load.ts'
import { createPipelineCodec, readSchemas } from '../src/plan/pipeline-codec.ts'
import { connect, createTopic, PlainProducer } from '../test/support/topics.ts'
import { CUSTOMERS, readValue } from './dimension-rows.ts'
import { type BenchKafka, deleteTopicsOf, newName, withKafka } from './kafka.ts'
import { printHeader } from './machine.ts'
import { readOptions } from './options.ts'
import { cpuSeconds, flagsOf, peakMemory, SERVICE_FLAGS, temporaryFolder } from './process.ts'
import { PIPELINE, Service, type ServiceOptions } from './service.ts'
import { describeRuns, number, printTable, showSpread } from './spread.ts'

const USAGE = `npm run bench -- dimension [options]

  --rows N        rows of the dimension (1000000)
  --runs N        runs of each (3)
  --flags "..."   V8 flags of the service (${SERVICE_FLAGS.join(' ')})`

const PARTITIONS = 4
const LABEL = 'dimension="customer"'

interface Start {
  readonly seconds: number
  readonly cpu: number
  readonly peakBytes: number
  /** What the table says it occupies. */
  readonly tableBytes: number
}

const options = readOptions(USAGE, {
  rows: 1_000_000,
  runs: 3,
  flags: SERVICE_FLAGS.join(' '),
})

/** The topics of the orders example: all empty, but for the customers. @returns bytes of keys and rows as selected */
async function load(kafka: BenchKafka, tag: string): Promise<number> {
  const broker = await connect(kafka.address)
  for (const topic of ['orders', 'payments', 'products']) {
    await createTopic(broker, `${tag}.${topic}`, PARTITIONS)
  }
  const customers = `${tag}.customers`
  await createTopic(broker, customers, PARTITIONS, { 'cleanup.policy': 'compact' })
  await broker.close()
  const pipeline = loadPipeline(PIPELINE, {})
  const codec = createPipelineCodec(pipeline, await readSchemas(pipeline, null), null)
  const producer = new PlainProducer(kafka.address)
  await producer.connect([customers])
  let bytes = 0
  for (let id = 1; id <= options.rows; id++) {
    const key = Buffer.from(String(id))
    const value = CUSTOMERS.value(id)
    bytes += key.length + readValue(codec.dimensions[CUSTOMERS.dimension], value).projectedBytes
    producer.put(customers, id % PARTITIONS, Date.now(), key, value)
    if (producer.bytes > 800_000) await producer.flush()
  }
  await producer.flush()
  await producer.close()
  return bytes
}

async function start(kafka: BenchKafka, of: ServiceOptions): Promise<Start> {
  const service = await Service.start(kafka, of)
  const [{ ms }] = await service.logged('Dimensions read')
  const cpu = cpuSeconds(service.pid)
  await service.logged('Task running', PARTITIONS)
  const metric = await service.metrics()
  const rows = metric('enricher_dimension_rows', LABEL)
  if (rows !== options.rows) throw new Error(`The dimension has ${rows} rows`)
  const result = {
    seconds: ms / 1000,
    cpu,
    peakBytes: peakMemory(service.pid),
    tableBytes: metric('enricher_dimension_bytes', LABEL),
  }
  await service.stop()
  return result
}

function row(title: string, starts: readonly Start[]): string[] {
  return [
    title,
    showSpread(starts.map(({ seconds }) => seconds)),
    showSpread(starts.map(({ seconds }) => options.rows / seconds)),
    showSpread(starts.map(({ cpu }) => cpu)),
    showSpread(starts.map(({ peakBytes }) => peakBytes / 2 ** 20)),
  ]
}

await withKafka(async (kafka) => {
  printHeader('Dimension', kafka)
  const tag = newName()
  const bytes = await load(kafka, tag)
  const flags = flagsOf(options.flags)
  const cold: Start[] = []
  const warm: Start[] = []
  for (let round = 0; round < options.runs; round++) {
    const of = { tag, name: `${tag}-${round}`, stateDir: temporaryFolder(), flags }
    cold.push(await start(kafka, of))
    warm.push(await start(kafka, of))
  }
  await deleteTopicsOf(kafka, tag)
  console.log(`  ${options.rows} rows, ${describeRuns(options.runs, options.flags)}`)
  printTable([
    ['', 'read whole s', 'rows/s', 'CPU-s of the process', 'peak MB'],
    row('from the topic', cold),
    row('from the state folder', warm),
  ])
  const table = cold[0].tableBytes / options.rows
  const encoded = bytes / options.rows
  console.log(
    `  Memory per row ${number(table)} bytes: ${number(table - encoded)} over its ${number(encoded)} bytes of key and selected columns`,
  )
})
