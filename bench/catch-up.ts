/** One run over topics that are there already, from the first fact to the commit of the last output. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type BenchKafka, newName, readBy, recordsOf } from './kafka.ts'
import { type Loaded, peer, type StreamsRun } from './kafka-streams.ts'
import { cpuSeconds, peakMemory, temporaryFolder } from './process.ts'
import { type Build, outputTopic, Service } from './service.ts'

export interface CatchUp {
  /** CPU-seconds from the first fact on, and of the process's whole life until then. */
  readonly cpu: number
  readonly lifeCpu: number
  readonly wall: number
  readonly peakBytes: number
  readonly brokerCpu: number
  /** Prefix of the topics that it wrote. */
  readonly name: string
  readonly output: string
}

const PARTITIONS = 4

/** What a run does with the topics. */
export interface Job {
  /** Those that it reads, by their name behind the tag, with their records. */
  readonly inputs: Readonly<Record<string, number>>
  /** Records that it writes; where it may write more, those that it has to. */
  readonly outputs: number
  /** Which one it is, for `peer run` and `peer check`. */
  readonly peer: readonly string[]
}

/** Orders come out with their payments. */
export const joined = ({ orders, payments }: Loaded): Job => ({
  inputs: { orders, payments },
  outputs: payments,
  peer: [],
})

/** Orders come out as soon as they have their rows. */
export const enriched = ({ orders }: Loaded): Job => ({
  inputs: { orders },
  outputs: orders,
  peer: ['--enrich'],
})

/** Slower than this is taken for stuck. */
const LEAST_ORDERS_PER_SECOND = 2000
const limit = ({ orders }: Loaded): number => 120 + orders / LEAST_ORDERS_PER_SECOND

export async function catchUpOurs(
  kafka: BenchKafka,
  loaded: Loaded,
  build: Build,
  { inputs, outputs }: Job = joined(loaded),
): Promise<CatchUp> {
  const { tag } = loaded
  const name = newName()
  const service = await Service.start(kafka, { tag, name, stateDir: temporaryFolder(), ...build })
  const { pid } = service
  // The fetches begin with this line.
  await service.logged('Task running')
  const begun = Date.now()
  const cpuBefore = cpuSeconds(pid)
  const brokerBefore = cpuSeconds(kafka.pid)
  await done(kafka, name, { inputs: byTopic(tag, inputs), outputs }, limit(loaded))
  const lifeCpu = cpuSeconds(pid)
  const metric = await service.metrics()
  const result = {
    cpu: lifeCpu - cpuBefore,
    lifeCpu,
    wall: metric('enricher_last_commit_timestamp_seconds') - begun / 1000,
    peakBytes: peakMemory(pid),
    brokerCpu: cpuSeconds(kafka.pid) - brokerBefore,
    name,
    output: outputTopic(name),
  }
  await service.logged('Task running', PARTITIONS)
  await service.stop()
  return result
}

const byTopic = (tag: string, inputs: Job['inputs']): Map<string, number> =>
  new Map(Object.entries(inputs).map(([input, records]) => [`${tag}.${input}`, records]))

/**
 * Waits until the group's offsets are behind all records of the inputs, and the output has so many. The broker is asked:
 * a look at the service's metrics would cost the CPU that is measured, the first one as much as 100,000 facts.
 */
async function done(
  kafka: BenchKafka,
  name: string,
  { inputs, outputs }: { inputs: ReadonlyMap<string, number>; outputs: number },
  seconds: number,
): Promise<void> {
  const output = outputTopic(name)
  for (const until = performance.now() + seconds * 1000; performance.now() < until; ) {
    const [end = 0] = await recordsOf(kafka, [output])
    if (end >= outputs && (await hasRead(kafka, name, inputs))) return
    await sleep(250)
  }
  throw new Error(`${output} has not ${outputs} records of all inputs after ${seconds} s`)
}

async function hasRead(
  kafka: BenchKafka,
  group: string,
  inputs: ReadonlyMap<string, number>,
): Promise<boolean> {
  const read = await readBy(kafka, group)
  return [...inputs].every(([topic, records]) => (read.get(topic) ?? 0) >= records)
}

export async function catchUpStreams(
  kafka: BenchKafka,
  loaded: Loaded,
  job: Job = joined(loaded),
): Promise<CatchUp> {
  const name = newName()
  const output = outputTopic(name)
  const run = ['run', '--tag', loaded.tag, '--app-id', name, '--out', output]
  const broker = kafka.pid === 0 ? [] : ['--broker-pid', kafka.pid]
  const args = [...run, ...job.peer, '--state-dir', temporaryFolder(), ...broker]
  const done = await peer<StreamsRun>(kafka, args, limit(loaded))
  if (!done.complete) throw new Error(`Kafka Streams has not written all: ${JSON.stringify(done)}`)
  return {
    cpu: done.cpu_s,
    lifeCpu: done.cpu_total_s,
    wall: done.wall_s,
    peakBytes: done.rss_peak_mb * 2 ** 20,
    brokerCpu: kafka.pid === 0 ? Number.NaN : done.broker_cpu_s,
    name,
    output,
  }
}
