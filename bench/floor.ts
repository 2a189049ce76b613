/** What the same records cost librdkafka, the best-known C client, without decoding, state or join. */
import { existsSync, mkdirSync } from 'node:fs'
import { connect, createTopic } from '../test/support/topics.ts'
import { type CatchUp, type Job, joined } from './catch-up.ts'
import { type BenchKafka, newName } from './kafka.ts'
import type { Loaded } from './kafka-streams.ts'
import { cpuSeconds, outputOf } from './process.ts'
import { outputTopic } from './service.ts'

const SOURCE = 'bench/floor-librdkafka/floor.c'
const FOLDER = new URL('./floor-librdkafka/target/', import.meta.url)
const PROGRAM = 'bench/floor-librdkafka/target/floor'
const PARTITIONS = 4
const SECONDS = 300

/** Compiles it. False, and a word why, where gcc or librdkafka is missing. */
export async function buildFloor(): Promise<boolean> {
  if (existsSync(new URL('floor', FOLDER))) return true
  mkdirSync(FOLDER, { recursive: true })
  try {
    await outputOf('gcc', ['-O2', SOURCE, '-o', PROGRAM, '-lrdkafka'], 60)
    return true
  } catch {
    console.log(
      '  The librdkafka floor is left out: install gcc and librdkafka (Debian: apt-get install gcc librdkafka-dev).',
    )
    return false
  }
}

export async function catchUpFloor(
  kafka: BenchKafka,
  loaded: Loaded,
  { inputs }: Job = joined(loaded),
): Promise<CatchUp> {
  const { tag, orders } = loaded
  const { payments = 0 } = inputs
  const name = newName()
  const output = outputTopic(name)
  const broker = await connect(kafka.address)
  await createTopic(broker, output, PARTITIONS)
  // Waits until the leaders know the topic: a producer must not come earlier.
  await broker.admin.offsets(output, 'stable')
  await broker.close()
  const before = cpuSeconds(kafka.pid)
  const args = [kafka.address, tag, output, `${orders}`, `${payments}`]
  const line = await outputOf(PROGRAM, args, SECONDS)
  const { cpu_s, life_cpu_s, wall_s, rss_mb } = JSON.parse(line)
  return {
    cpu: cpu_s,
    lifeCpu: life_cpu_s,
    wall: wall_s,
    peakBytes: rss_mb * 2 ** 20,
    brokerCpu: cpuSeconds(kafka.pid) - before,
    name,
    output,
  }
}
