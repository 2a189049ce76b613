/** What a client has written, as our reader and Kafka's own consumer see it. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Broker } from '../../src/broker/port.ts'
import { connect, createTopic, deleteTopics, readAll } from '../support/topics.ts'
import { type Client, type Codec, java } from './clients.ts'
import {
  contentOf,
  contentsOf,
  GROUPS,
  type Group,
  KEYED,
  lineOf,
  partitionersOf,
  recordsFile,
  writableBy,
} from './records.ts'

const PARTITIONS = 7
const MOST_MS = 120_000

export class Matrix {
  readonly #address: string
  readonly #broker: Broker
  readonly #folder: string
  readonly #topics: string[] = []

  private constructor(address: string, broker: Broker, folder: string) {
    this.#address = address
    this.#broker = broker
    this.#folder = folder
  }

  /** @param folder where clients are installed */
  static async on(address: string, folder: string): Promise<Matrix> {
    return new Matrix(address, await connect(address), folder)
  }

  /** @param command of the client’s writer. @returns what differs; undefined: nothing does */
  async content(
    client: Client,
    command: readonly string[],
    codec: Codec,
    isTransactional: boolean,
  ): Promise<string | undefined> {
    const groups = writableBy(client, GROUPS)
    const options = { codec, partitions: 1, isTransactional }
    const { ours, javas } = await this.#written(command, groups, options)
    return (
      difference('we and the Java consumer differ', ours, javas) ??
      difference(
        'what was read and what was written differ',
        ours.map(contentOf),
        expected(groups, isTransactional),
      )
    )
  }

  /** Whether its keys lie where its partitioner puts them. */
  async keys({ partitioner }: Client, command: readonly string[]): Promise<string | undefined> {
    const options = { codec: 'none', partitions: PARTITIONS, isTransactional: false } as const
    const { ours, javas } = await this.#written(command, KEYED, options)
    const names = partitionersOf(ours, PARTITIONS).map(({ name }) => name)
    const differ = difference('we and the Java consumer differ', ours, javas)
    if (differ !== undefined || names.includes(partitioner!)) return differ
    return `keys lie as by ${names.join(', ') || 'none that is known'}, not ${partitioner}`
  }

  async close(): Promise<void> {
    await this.#broker.close()
    await deleteTopics(this.#address, this.#topics)
  }

  /** @returns what our reader has of it, and the Java consumer, in the order of places */
  async #written(
    command: readonly string[],
    groups: readonly Group[],
    options: { codec: Codec; partitions: number; isTransactional: boolean },
  ): Promise<{ ours: string[]; javas: string[] }> {
    const { codec, partitions, isTransactional } = options
    const topic = `clients-${process.pid}-${this.#topics.length}`
    this.#topics.push(topic)
    await createTopic(this.#broker, topic, partitions)
    const file = join(this.#folder, 'records.tsv')
    writeFileSync(file, recordsFile(groups))
    const partition = partitions === 1 ? '0' : '-1'
    const args = [this.#address, topic, codec, partition, isTransactional ? '1' : '0', file]
    run([...command, ...args])
    const javas = run([...java(this.#folder, 'Read'), this.#address, topic])
    const ours: string[] = []
    await readAll(this.#broker, topic, (record) => ours.push(lineOf(record)))
    return { ours: ours.sort(byPlace), javas: javas.trimEnd().split('\n').sort(byPlace) }
  }
}

const run = ([program, ...args]: readonly string[]): string =>
  execFileSync(program, args, {
    encoding: 'utf8',
    timeout: MOST_MS,
    maxBuffer: 1 << 28,
    stdio: 'pipe',
  })

function byPlace(a: string, b: string): number {
  const [[p, o], [q, n]] = [a.split('\t').map(Number), b.split('\t').map(Number)]
  return p - q || o - n
}

/** What a reader of committed records has to see. */
function expected(groups: readonly Group[], isTransactional: boolean): string[] {
  const seen = groups.filter(({ end }) => end === 'commit' || !isTransactional)
  return contentsOf(seen.flatMap(({ records }) => records))
}

/** The first line that differs. */
function difference(what: string, a: readonly string[], b: readonly string[]): string | undefined {
  const at = a.findIndex((line, i) => line !== b[i])
  if (at < 0 && a.length === b.length) return undefined
  const [one, other] = [a[at]?.slice(0, 120), b[at < 0 ? a.length : at]?.slice(0, 120)]
  return `${what} at record ${at}: ${one} against ${other} (${a.length} and ${b.length} records)`
}
