/**
 * Every client writes the same records in every compression, with and without transactions: our reader sees what Kafka's own
 * consumer sees, and that is what was written. Where a client puts a key is what `check` takes it for. Ends with 1 where one of
 * it is not so. Installs the clients in a folder that may be kept.
 *
 *     npm run test:clients -- [--client franz-go] [--folder FOLDER]
 *
 * Needs, beside Java and Maven, Python 3 with venv, Go and Rust; a client whose tools are not there fails.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Broker } from '../../src/broker/port.ts'
import { messageOf } from '../../src/errors.ts'
import { testBroker } from '../support/kafka.ts'
import { connect, createTopic, deleteTopics, readAll } from '../support/topics.ts'
import { CLIENTS, type Client, type Codec, java } from './clients.ts'
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

const { values } = parseArgs({
  options: { client: { type: 'string', multiple: true }, folder: { type: 'string' } },
})
const PARTITIONS = 7
const MOST_MS = 120_000

const folder = values.folder ?? mkdtempSync(join(tmpdir(), 'stream-enricher-clients-'))
const address = await testBroker()
const broker = await connect(address)
const topics: string[] = []
let faults = 0

function tell(client: Client, what: string, fault: string | undefined): void {
  if (fault !== undefined) faults++
  process.stdout.write(
    `${fault === undefined ? '✔' : '✖'} ${client.name}, ${what}${fault === undefined ? '' : `: ${fault}`}\n`,
  )
}

/** @returns what our reader has of it, and the Java consumer, in the order of places */
async function written(
  command: readonly string[],
  groups: readonly Group[],
  options: { codec: Codec; partitions: number; isTransactional: boolean },
): Promise<{ ours: string[]; javas: string[] }> {
  const { codec, partitions, isTransactional } = options
  const topic = `clients-${process.pid}-${topics.length}`
  topics.push(topic)
  await createTopic(broker, topic, partitions)
  const file = join(folder, 'records.tsv')
  writeFileSync(file, recordsFile(groups))
  const partition = partitions === 1 ? '0' : '-1'
  const args = [address, topic, codec, partition, isTransactional ? '1' : '0', file]
  const run = { encoding: 'utf8', timeout: MOST_MS, maxBuffer: 1 << 28, stdio: 'pipe' } as const
  execFileSync(command[0], [...command.slice(1), ...args], run)
  const [program, ...rest] = java(folder, 'Read')
  const javas = execFileSync(program, [...rest, address, topic], run)
  return { ours: await readBy(broker, topic), javas: javas.trimEnd().split('\n').sort(byPlace) }
}

async function readBy(reader: Broker, topic: string): Promise<string[]> {
  const lines: string[] = []
  await readAll(reader, topic, (record) => lines.push(lineOf(record)))
  return lines.sort(byPlace)
}

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

async function checkContent(
  client: Client,
  command: readonly string[],
  codec: Codec,
): Promise<void> {
  const groups = writableBy(client, GROUPS)
  for (const isTransactional of client.transactions ? [false, true] : [false]) {
    const what = `${codec}${isTransactional ? ', transactions' : ''}`
    try {
      const { ours, javas } = await written(command, groups, {
        codec,
        partitions: 1,
        isTransactional,
      })
      const wanted = expected(groups, isTransactional)
      const fault =
        difference('we and the Java consumer differ', ours, javas) ??
        difference('what was read and what was written differ', ours.map(contentOf), wanted)
      tell(client, what, fault)
    } catch (error) {
      tell(client, what, messageOf(error))
    }
  }
}

async function checkPartitions(client: Client, command: readonly string[]): Promise<void> {
  if (client.partitioner === null) return
  const options = { codec: 'none', partitions: PARTITIONS, isTransactional: false } as const
  try {
    const { ours, javas } = await written(command, KEYED, options)
    const names = partitionersOf(ours, PARTITIONS).map(({ name }) => name)
    const is = names.includes(client.partitioner)
    const wrong = `keys lie as by ${names.join(', ') || 'none that is known'}, not ${client.partitioner}`
    const fault =
      difference('we and the Java consumer differ', ours, javas) ?? (is ? undefined : wrong)
    tell(client, `keys by ${client.partitioner}`, fault)
  } catch (error) {
    tell(client, 'keys', messageOf(error))
  }
}

for (const client of CLIENTS) {
  if (values.client !== undefined && !values.client.includes(client.name)) continue
  const command = client.prepare(folder)
  for (const codec of client.codecs) await checkContent(client, command, codec)
  await checkPartitions(client, command)
}
await broker.close()
await deleteTopics(address, topics)
if (values.folder === undefined) rmSync(folder, { recursive: true, force: true })
if (faults > 0) process.exitCode = 1
