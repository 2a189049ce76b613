/** The Java side: Kafka Streams, and the load generator, checker and latency probe for both. */
import type { ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { connect, createTopic } from '../test/support/topics.ts'
import { type BenchKafka, deleteTopicsOf, recordsOf } from './kafka.ts'
import { outputOf, startProcess } from './process.ts'

const FOLDER = new URL('./kafka-streams/', import.meta.url)
const PEER = 'bench/kafka-streams/peer'
const BUILD_SECONDS = 600

type Arguments = readonly (string | number)[]

/** What `peer run` prints. */
export interface StreamsRun {
  readonly complete: boolean
  readonly wall_s: number
  readonly cpu_s: number
  readonly cpu_total_s: number
  readonly broker_cpu_s: number
  readonly rss_peak_mb: number
}

async function build(): Promise<void> {
  if (existsSync(new URL('target/peer.jar', FOLDER))) return
  console.log('  Building bench/kafka-streams (Java 17 and Maven)')
  const goal = ['-q', '-f', 'bench/kafka-streams/pom.xml', 'package', '-DskipTests']
  await outputOf('mvn', goal, BUILD_SECONDS)
}

/** Runs a command of the peer; returns the JSON line that it ends with. */
export async function peer<T>(kafka: BenchKafka, args: Arguments, seconds: number): Promise<T> {
  await build()
  const output = await outputOf(PEER, commandLine(kafka, args), seconds)
  const line = output.split('\n').findLast((text) => text.startsWith('{'))
  // `load --dims-only` prints nothing.
  return JSON.parse(line ?? '{}')
}

/** Starts a command of the peer that goes on until it is ended. */
export async function startPeer(kafka: BenchKafka, args: Arguments): Promise<ChildProcess> {
  await build()
  return startProcess(PEER, commandLine(kafka, args))
}

const commandLine = ({ address }: BenchKafka, args: Arguments): string[] => [
  ...args.map(String),
  '--broker',
  address,
]

/** Topics that `peer load` has filled. */
export interface Loaded {
  readonly tag: string
  readonly orders: number
  readonly payments: number
}

/**
 * Loads orders, payments, customers and products, unless the broker has them from an earlier run.
 * @param name what there is beside, `--shapes`, has topics of its own name
 */
export async function loadOrders(
  kafka: BenchKafka,
  orders: number,
  name = 'orders',
  more: Arguments = [],
): Promise<Loaded> {
  const tag = `bench-${name}-${orders}`
  // Is created last: without it the load was cut off.
  const mark = `${tag}.loaded`
  const inputs = [`${tag}.orders`, `${tag}.payments`, mark]
  const [, before, isLoaded] = await recordsOf(kafka, inputs)
  if (before !== undefined && isLoaded !== undefined) return { tag, orders, payments: before }
  await deleteTopicsOf(kafka, tag)
  const args = ['load', '--tag', tag, '--orders', orders, ...more, '--recreate']
  const { payments } = await peer<{ payments: number }>(kafka, args, 120 + orders / 10_000)
  const broker = await connect(kafka.address)
  await createTopic(broker, mark, 1)
  await broker.close()
  console.log(`  Loaded ${orders} orders, ${payments} payments`)
  return { tag, orders, payments }
}

/** What `peer check` prints. */
interface Checked {
  readonly records: number
  readonly expected: number
  readonly missing: number
  readonly duplicated: number
  readonly wrong: number
  /** Where orders come out without a payment: so many have, and so many have to, as their windows have closed. */
  readonly unpaid_out?: number
  readonly unpaid_due?: number
}

/** Holds an output topic against what must be in it, and prints the result. Throws where it is not that. */
export async function checkOutput(
  kafka: BenchKafka,
  topic: string,
  orders: number,
  kind: Arguments = [],
): Promise<Checked> {
  const args = ['check', '--topic', topic, '--orders', orders, ...kind]
  const result = await peer<Checked>(kafka, args, 120 + orders / 10_000)
  const { records, expected, missing, duplicated, wrong } = result
  console.log(
    `  Output checked: ${records} records, ${expected} expected, ${missing} missing, ${duplicated} duplicated, ${wrong} wrong`,
  )
  return result
}
