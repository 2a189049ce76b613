/** The broker to measure on, and its topics. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { Kafka, logLevel } from '../src/broker/kafkajs.ts'
import { startKafka } from '../test/support/kafka.ts'
import { connect, deleteTopics } from '../test/support/topics.ts'

export interface BenchKafka {
  readonly address: string
  /** 0: not known, so its CPU cannot be measured. */
  readonly pid: number
}

/** The broker of KAFKA_BROKERS (KAFKA_PID, where it runs here), else one that ends with the work. */
export async function withKafka(work: (kafka: BenchKafka) => Promise<void>): Promise<void> {
  const { KAFKA_BROKERS, KAFKA_PID } = process.env
  if (KAFKA_BROKERS) {
    await work({ address: KAFKA_BROKERS, pid: Number(KAFKA_PID ?? 0) })
    return
  }
  const kafka = await startKafka()
  try {
    await work(kafka)
  } finally {
    await kafka.stop()
  }
}

/** From the jars on the class path of the broker's process. */
export function kafkaVersion({ pid }: BenchKafka): string {
  if (pid === 0) return '(version not known: not a process of this machine)'
  const path = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(':').split(':')
  const jars = path.flatMap((entry) => (entry.endsWith('/*') ? readdirSync(dirname(entry)) : entry))
  return /kafka_2\.\d+-([\d.]+)\.jar/.exec(jars.join(' '))?.[1] ?? '(version not known)'
}

/** Records of a topic, by its offsets; undefined: there is no such topic. */
export async function recordsOf(
  { address }: BenchKafka,
  topics: readonly string[],
): Promise<(number | undefined)[]> {
  const broker = await connect(address)
  try {
    const there = await broker.admin.describeTopics(topics)
    const counts: (number | undefined)[] = []
    for (const topic of topics) {
      const ends = there.has(topic) ? await broker.admin.offsets(topic, 'stable') : undefined
      counts.push(ends && [...ends.values()].reduce((sum, end) => sum + end, 0))
    }
    return counts
  } finally {
    await broker.close()
  }
}

/** By topic: the sum of the group's committed offsets, which are records where nothing is transactional. */
export async function readBy({ address }: BenchKafka, group: string): Promise<Map<string, number>> {
  const broker = await connect(address)
  try {
    const read = new Map<string, number>()
    for (const { topic, offset } of await broker.administration.groupOffsets(group)) {
      read.set(topic, (read.get(topic) ?? 0) + Number(offset))
    }
    return read
  } finally {
    await broker.close()
  }
}

/** Deletes the topics of one run: those whose names begin with its name and `.` or `-`. */
export async function deleteTopicsOf({ address }: BenchKafka, run: string): Promise<void> {
  const admin = new Kafka({ brokers: address.split(','), logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  const topics = await admin.listTopics()
  await admin.disconnect()
  await deleteTopics(
    address,
    topics.filter((topic) => topic.startsWith(`${run}.`) || topic.startsWith(`${run}-`)),
  )
}

let runs = 0

/** A name that no other run has. */
export const newName = (): string => `bench-${Date.now().toString(36)}${process.pid}r${runs++}`
