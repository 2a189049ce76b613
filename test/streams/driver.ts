/** Kafka Streams in its own test driver, as a process: streams go in, rows come out. */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { ModelTimes } from '../window/model.ts'

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

export interface DriverRecord {
  /** 0: the left stream; n: the right one of the n-th join. */
  readonly side: number
  readonly key: string | null
  /** Event time in ms. */
  readonly time: number
  /** The value; null: the record has none. */
  readonly id: number | null
}

type DriverJoin = Pick<ModelTimes, 'beforeMs' | 'afterMs' | 'graceMs' | 'kind'>

export interface DriverStream {
  /** One after the other; a right or outer one stands alone. */
  readonly joins: readonly DriverJoin[]
  readonly records: readonly DriverRecord[]
}

/** A joined row, or an unmatched one. */
export interface DriverRow {
  readonly key: string | null
  readonly time: number
  /** By side. */
  readonly ids: readonly (string | null)[]
  /** The place of the record whose headers it has. */
  readonly headers: string
}

export interface DriverOptions {
  /** As Maven names it: 4.4.0. */
  readonly version: string
  readonly store: 'rocksDB' | 'in_memory'
}

/** @returns the rows of each stream, in their order */
export async function rowsOfKafkaStreams(
  streams: readonly DriverStream[],
  { version, store }: DriverOptions,
): Promise<DriverRow[][]> {
  const jars = fetchJars(version)
  const folder = `-Djava.io.tmpdir=${tmpdir()}`
  const java = spawn('java', [folder, '-cp', `${jars}/*`, file('JoinDriver.java')], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let faults = ''
  java.stderr.on('data', (text) => {
    faults += text
  })
  const ended = new Promise<number | null>((resolve) => java.once('exit', resolve))
  java.stdin.end(streams.map((stream) => `${lineOf(stream, store)}\n`).join(''))
  const rows: DriverRow[][] = []
  for await (const line of createInterface({ input: java.stdout })) rows.push(JSON.parse(line))
  const code = await ended
  if (code !== 0) throw new Error(`Kafka Streams has ended with ${code}:\n${faults}`)
  return rows
}

function lineOf({ joins, records }: DriverStream, store: string): string {
  const texts = records.map(({ id, ...record }) => ({
    ...record,
    id: id === null ? null : `${id}`,
  }))
  return JSON.stringify({ joins, store, records: texts })
}

/** Once for each version. */
function fetchJars(version: string): string {
  const folder = fileURLToPath(new URL(`../../.kafka/streams-${version}`, import.meta.url))
  const done = join(folder, '.complete')
  if (existsSync(done)) return folder
  mkdirSync(folder, { recursive: true })
  const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${folder}`]
  const args = ['-q', '-f', file('pom.xml'), `-Dkafka.version=${version}`, ...goal]
  execFileSync('mvn', args, { stdio: ['ignore', 'inherit', 'inherit'] })
  writeFileSync(done, '')
  return folder
}
