/**
 * A pipeline over tables: their rows are sent in the order of time, or nearly, while instances come, die and lose what they
 * hold. What has come out then is what SQL says of the whole tables.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import avro from 'avsc'
import { pick } from '../../../examples/random.ts'
import type { Broker } from '../../../src/broker/port.ts'
import { loadPipeline } from '../../../src/config/load.ts'
import { internalTopics } from '../../../src/config/topic-names.ts'
import { createPipelineCodec, readSchemas } from '../../../src/plan/pipeline-codec.ts'
import { testBroker } from '../../support/kafka.ts'
import { queried, recordsOf, schemaOf, type Table } from '../../support/sql-table.ts'
import { connect, createTopic, PlainProducer, readAll } from '../../support/topics.ts'
import { ServiceProcess } from '../orders.ts'
import { START } from './closing.ts'

export interface Shape {
  /** Of the streams, without what closes their windows, in ms; others than START and STREAM_MS. */
  readonly span?: { readonly from: number; readonly ms: number }
  /** Read to their ends before the facts begin. */
  readonly dimensions: readonly Table[]
  /** Whose rows come in the order of their times, before the facts of these times. */
  readonly versions?: readonly Table[]
  readonly streams: readonly Table[]
  /** What the file has beside name, brokers and folders; topics are `${TAG}.` and the table's name. */
  readonly yaml: string
  /** Its columns are the output's, in the output's order. */
  readonly sql: string
}

/** A record may come so much later than one that is younger. */
const JITTER_MS = 3000
/** Of the records of the streams, each part is sent when the one before was taken, for what is sent at once comes in no order. */
export const PARTS = 5
/** Streams are so long at most, without what closes their windows. */
const STREAM_MS = 1_600_000
/** No record of a part is late. */
export const GRACE_MS = STREAM_MS / PARTS + JITTER_MS
/** After so long rows have been fetched. */
const SEEN_MS = 500
/** Of dimension rows. */
const MORE_BYTES = 400_000

let counter = 0

export class SqlWorld {
  readonly #tag = `sql${process.pid}-${counter++}`
  readonly #folder = mkdtempSync(join(tmpdir(), 'stream-enricher-sql-'))
  readonly #shape: Shape
  readonly #broker: Broker
  readonly #producer: PlainProducer
  readonly #address: string
  readonly #services: ServiceProcess[] = []
  readonly #records
  #sent = 0
  #parts = 0

  private constructor(shape: Shape, address: string, broker: Broker) {
    this.#shape = shape
    this.#address = address
    this.#broker = broker
    this.#producer = new PlainProducer(address)
    this.#records = shape.streams
      .flatMap((table) => recordsOf(table).map((record) => ({ ...record, topic: table.name })))
      .map((record, i) => ({ ...record, at: record.sent ?? record.time + pick(99, i, JITTER_MS) }))
      .sort((a, b) => a.at - b.at)
  }

  static async create(shape: Shape): Promise<SqlWorld> {
    const address = await testBroker()
    const world = new SqlWorld(shape, address, await connect(address))
    const tables = tablesOf(shape)
    for (const { name, partitions } of tables) {
      await createTopic(world.#broker, world.#topic(name), partitions)
    }
    await world.#producer.connect(tables.map(({ name }) => world.#topic(name)))
    world.#writeFiles(tables)
    for (const table of shape.dimensions) {
      for (const record of recordsOf(table)) await world.#put(table.name, record)
    }
    await world.#producer.flush()
    return world
  }

  /** Sends the next part. */
  async send(): Promise<void> {
    const { from: start, ms } = this.#shape.span ?? { from: START, ms: STREAM_MS }
    const from = start + (this.#parts * ms) / PARTS
    const end = start + (++this.#parts * ms) / PARTS
    for (const table of this.#shape.versions ?? []) {
      for (const record of recordsOf(table).sort((a, b) => a.time - b.time)) {
        if (record.time >= from && record.time < end) await this.#put(table.name, record)
      }
    }
    await this.#producer.flush()
    // Who has just been told that there is nothing more has to ask again.
    if (this.#shape.versions !== undefined) await sleep(SEEN_MS)
    await this.#sendTo(end)
  }

  /** Sends what closes the windows. */
  async sendEnd(): Promise<void> {
    assert.equal(this.#parts, PARTS)
    await this.#sendTo(Number.POSITIVE_INFINITY)
  }

  /** Waits until all that was sent is in outputs and stores. */
  async taken(seconds = 60): Promise<void> {
    for (let tries = 0; !(await this.#isTaken()); tries++) {
      assert.ok(tries < seconds * 5, `Not taken: ${this.#logs()}`)
      await sleep(200)
    }
  }

  async start(instance: string): Promise<ServiceProcess> {
    const service = this.#spawn(['run', this.#file], this.#env(instance))
    await service.logged('"tasks_assigned"')
    return service
  }

  /** Replays into an output of this name. */
  replay(output: string, args: readonly string[], env: object = {}): ServiceProcess {
    const all = ['replay', this.#file, '--output', this.#topic(output), ...args]
    return this.#spawn(all, { ...this.#env('replay'), ...env })
  }

  #spawn(args: readonly string[], env: object): ServiceProcess {
    const child = spawn(process.execPath, ['dist/main.js', ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const service = new ServiceProcess(child)
    this.#services.push(service)
    return service
  }

  /** The replay's group, without its members once they are gone; and its internal topics that are there. */
  async replayed(output: string, times: string): Promise<{ group: string; internal: string[] }> {
    const name = `${this.#tag}-job-replay-${this.#topic(output)}-${times}`
    const group = async () => this.#broker.administration.describeGroup(name)
    for (let tries = 0; (await group()).members.length > 0; tries++) {
      assert.ok(tries < 150, 'The member is still there')
      await sleep(200)
    }
    const { output: _, ...rest } = loadPipeline(this.#file, this.#env('replay'))
    const internal = internalTopics({ ...rest, name })
    const found = await this.#broker.admin.describeTopics(internal)
    return { group: (await group()).state, internal: [...found.keys()] }
  }

  loseState(instance: string): void {
    rmSync(join(this.#folder, instance), { recursive: true })
  }

  /** Waits for as many rows as the query has, and compares each. */
  async expectRows(seconds = 120): Promise<void> {
    const wanted = await this.#wanted(this.#shape.sql)
    let found = await this.#rows()
    for (let tries = 0; found.length < wanted.length && tries < seconds * 2; tries++) {
      await sleep(500)
      found = await this.#rows()
    }
    this.#expect(found, wanted)
  }

  /** Compares what an output has with a query. @returns how many rows that are */
  async expectReplayed(output: string, sql: string): Promise<number> {
    const wanted = await this.#wanted(sql)
    this.#expect(await this.#rows(output), wanted)
    return wanted.length
  }

  async #wanted(sql: string): Promise<string[]> {
    const wanted = (await queried(tablesOf(this.#shape), sql)).sort()
    assert.ok(wanted.length > 100, `${wanted.length} rows show little`)
    return wanted
  }

  #expect(found: readonly string[], wanted: readonly string[]): void {
    const missing = without(wanted, found)
    const surplus = without(found, wanted)
    assert.deepEqual(
      { missing: missing.slice(0, 5), surplus: surplus.slice(0, 5), of: wanted.length },
      { missing: [], surplus: [], of: wanted.length },
      this.#logs(),
    )
  }

  async close(): Promise<void> {
    for (const service of this.#services) service.child.kill('SIGKILL')
    await this.#producer.close()
    await this.#broker.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #isTaken(): Promise<boolean> {
    const offsets = await this.#broker.administration.groupOffsets(`${this.#tag}-job`)
    for (const { name } of this.#shape.streams) {
      const topic = this.#topic(name)
      for (const [partition, end] of await this.#broker.admin.offsets(topic, 'stable')) {
        const committed = offsets.find((one) => one.topic === topic && one.partition === partition)
        if (end > 0 && (committed === undefined || committed.offset < end)) return false
      }
    }
    return true
  }

  #logs(): string {
    return this.#services.map((service) => service.log.slice(-2000)).join('\n\n')
  }

  async #sendTo(end: number): Promise<void> {
    for (; this.#sent < this.#records.length; this.#sent++) {
      const record = this.#records[this.#sent]
      if (record.at >= end) break
      await this.#put(record.topic, record)
    }
    await this.#producer.flush()
  }

  async #rows(output = 'out'): Promise<string[]> {
    const pipeline = loadPipeline(this.#file, this.#env('reader'))
    const { outputs } = createPipelineCodec(pipeline, await readSchemas(pipeline, null), null)
    const schema = JSON.parse(outputs[0].schema)
    const type = avro.Type.forSchema(schema, { wrapUnions: 'never' })
    const rows: string[] = []
    const topic = this.#topic(output)
    const there = await this.#broker.admin.describeTopics([topic])
    if (!there.has(topic)) return rows
    await readAll(this.#broker, topic, ({ value }) => {
      const row = type.fromBuffer(value!.subarray(5))
      rows.push(
        JSON.stringify(schema.fields.map(({ name }: { name: string }) => cellOf(row[name]))),
      )
    })
    return rows.sort()
  }

  async #put(name: string, record: ReturnType<typeof recordsOf>[number]): Promise<void> {
    const { partition, time, key, value } = record
    this.#producer.put(this.#topic(name), partition, time, key, value)
    if (this.#producer.bytes > MORE_BYTES) await this.#producer.flush()
  }

  #topic(name: string): string {
    return `${this.#tag}.${name}`
  }

  get #file(): string {
    return join(this.#folder, 'pipeline.yaml')
  }

  #env(instance: string): Record<string, string> {
    return { KAFKA_BROKERS: this.#address, TAG: this.#tag, STATE: join(this.#folder, instance) }
  }

  #writeFiles(tables: readonly Table[]): void {
    for (const table of tables) {
      writeFileSync(join(this.#folder, `${table.name}.avsc`), JSON.stringify(schemaOf(table)))
    }
    const text = `name: ${this.#tag}-job
kafka: { brokers: "\${KAFKA_BROKERS}", sessionTimeout: 6s }
state: { dir: "\${STATE}" }
http: { port: 0 }
${this.#shape.yaml}`
    writeFileSync(this.#file, text)
  }
}

const tablesOf = ({ dimensions, versions = [], streams }: Shape): Table[] => [
  ...dimensions,
  ...versions,
  ...streams,
]

/** SQLite has no booleans. */
const cellOf = (value: unknown): unknown => (typeof value === 'boolean' ? Number(value) : value)

/** What of sorted texts is not among other sorted ones, as often as it is there. */
function without(texts: readonly string[], others: readonly string[]): string[] {
  const counts = new Map<string, number>()
  for (const other of others) counts.set(other, (counts.get(other) ?? 0) + 1)
  return texts.filter((one) => {
    const count = counts.get(one) ?? 0
    counts.set(one, count - 1)
    return count <= 0
  })
}
