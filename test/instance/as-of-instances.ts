/** Instances on a Kafka in memory whose facts have the rows of their times, while the rows come. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TransactionalProducer } from '../../src/broker/port.ts'
import { RecordBatchWriter } from '../../src/broker/record-batch-writer.ts'
import { AvroJson } from '../../src/codec/avro/json-encoding.ts'
import type { PipelineCodec } from '../../src/codec/port.ts'
import type { Pipeline } from '../../src/config/pipeline.ts'
import { keepsState } from '../../src/config/waits.ts'
import { Counts } from '../../src/counts/counts.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'
import { enrichPipeline, FRAME, factBytes, rowBytes } from '../cli/simulate/join/simulated-join.ts'
import { NaiveVersions } from '../dimension/naive-versions.ts'
import { MemoryKafka } from '../support/memory-broker.ts'
import { committedBodies } from '../support/memory-outputs.ts'
import { CHANGELOG, type Dimensional, startWithDimensions } from './start-worker.ts'

const FACT_PARTITIONS = 2
const ROW_PARTITIONS = 2
const SESSION_MS = 6000
const TICK_MS = 5
const HASTE_MS = 40
const PATIENCE_MS = 20_000
/** Of a few long polls. */
const SETTLE_MS = 150
/** Longer than any run is. */
const WAIT_MS = 30 * 86_400_000

const partitionOf = (key: string): number => key.charCodeAt(0) % ROW_PARTITIONS

interface Fact {
  readonly id: number
  readonly key: string
  readonly time: number
}

export class AsOfInstances {
  readonly kafka = new MemoryKafka()
  readonly #pipeline: Pipeline
  readonly #codec: PipelineCodec
  readonly #folder = mkdtempSync(join(tmpdir(), 'stream-enricher-as-of-'))
  readonly #running = new Map<string, Dimensional>()
  readonly #fatal: unknown[] = []
  readonly #events: string[] = []
  readonly #time = setInterval(() => this.kafka.advance(TICK_MS), TICK_MS)
  readonly #rows = new NaiveVersions()
  readonly #facts: Fact[] = []
  readonly #counts = new Map<string, Counts>()
  #writer: TransactionalProducer | undefined
  /** Event time, which goes on with each row. */
  #now = Date.now() - 600_000
  readonly #begin = this.#now
  /** Whether facts wait for rows that come late. */
  readonly #waits: boolean
  /** By fact, of those that wait no more: the row that it has. */
  readonly #decided = new Map<number, string | null>()
  #silence = 0

  private constructor(pipeline: Pipeline, codec: PipelineCodec) {
    this.#pipeline = pipeline
    this.#waits = keepsState(pipeline)
    this.#codec = codec
    const { output } = pipeline
    this.kafka.topics.create('facts', FACT_PARTITIONS, {})
    this.kafka.topics.create('rows', ROW_PARTITIONS, {})
    this.kafka.topics.create(output.topic, FACT_PARTITIONS, {})
    this.kafka.topics.create(output.rejects, 1, {})
    this.kafka.topics.create(CHANGELOG, FACT_PARTITIONS, {})
  }

  /** @param waits whether facts wait for rows that come late */
  static async open(waits: boolean): Promise<AsOfInstances> {
    const latest = enrichPipeline()
    const [dimension] = latest.dimensions
    const waitMs = waits ? WAIT_MS : 0
    const asOf = { ...dimension, asOf: 'event-time', missing: 'null', waitMs } as const
    const pipeline = { ...latest, dimensions: [asOf] }
    const codec = createPipelineCodec(pipeline, await readSchemas(pipeline, null), null)
    return new AsOfInstances(pipeline, codec)
  }

  /** Writes a row, and waits until every instance has it: a fact that comes then has it, or one from before. */
  async putRow(key: string, isDeleted: boolean): Promise<void> {
    const { partition, value, time } = this.#nextRow(key, isDeleted)
    const record = { key: Buffer.from(key), value, headers: [], timestamp: time }
    await this.kafka.append({ topic: 'rows', partition }, [record])
    await this.#readRows()
  }

  /** Writes a row that is as old as facts that have been looked up, of which those that wait have it. @param back how much older than now */
  async putLateRow(key: string, back: number): Promise<void> {
    if (this.#running.size === 0) await this.start('a')
    await this.#settle()
    const partition = partitionOf(key)
    const row = `${key} ${this.#rows.all.length}`
    const time = Math.max(this.#begin, this.#now - back)
    this.#rows.put({ key, time, partition, row })
    const value = Buffer.concat([FRAME, rowBytes(row)])
    const record = { key: Buffer.from(key), value, headers: [], timestamp: time }
    await this.kafka.append({ topic: 'rows', partition }, [record])
    await this.#readRows()
    await this.#settle()
  }

  /** All facts are taken, and those that have rows have come out: nothing that comes from now on changes that. */
  async #settle(): Promise<void> {
    await this.#taken()
    for (const { id, key, time } of this.#facts) {
      const row = this.#rows.rowAt(key, time)
      if (row !== null && !this.#decided.has(id)) this.#decided.set(id, row)
    }
    await this.#came(this.#decided.size)
  }

  /** So many facts have come out. */
  async #came(count: number): Promise<void> {
    await this.#until(`${count} facts have come out`, async () => {
      return (await this.#found()).size >= count
    })
  }

  /**
   * Writes a row in a transaction, and facts behind it; they wait, as nobody may read it. Then the transaction is
   * committed, and each of them has the row.
   */
  async putRowInTransaction(key: string): Promise<void> {
    const { partition, value, time } = this.#nextRow(key, false)
    const writer = await this.#transactional()
    const to = { topic: 'rows', partition, transactional: true, compression: 'none' } as const
    const batch = new RecordBatchWriter(to)
    batch.recordOf(time, { key: Buffer.from(key), value, headers: [] })
    writer.begin()
    await writer.send([batch])
    const known = (): boolean =>
      this.#dimensions.every(({ versions }) => versions!.horizon.limit < time)
    await this.#until('all know of the transaction', known)
    const before = this.#facts.length
    await this.putFacts([key, key], 0)
    await sleep(60)
    const found = await this.#found()
    for (const { id } of this.#facts.slice(before)) assert.ok(!found.has(id), `fact ${id} waits`)
    await writer.commit()
    await this.#readRows()
  }

  /** @param back how much earlier than now they are, at most */
  async putFacts(keys: readonly string[], back: number): Promise<void> {
    for (const key of keys) {
      const id = this.#facts.length
      const time = Math.max(this.#begin, this.#now - ((id * 7) % (back + 1)))
      this.#facts.push({ id, key, time })
      const value = factBytes(id, key)
      const record = { key: null, value, headers: [], timestamp: time }
      await this.kafka.append({ topic: 'facts', partition: id % FACT_PARTITIONS }, [record])
    }
  }

  async start(instance: string): Promise<void> {
    if (this.#running.has(instance) || this.kafka.isSilent(instance)) return
    const { kafka, state } = this.#pipeline
    const counts = new Counts(['d'])
    this.#counts.set(instance, counts)
    const running = await startWithDimensions({
      broker: this.kafka.client(instance),
      pipeline: {
        ...this.#pipeline,
        kafka: { ...kafka, instanceId: null, sessionTimeoutMs: SESSION_MS },
        state: { ...state, dir: join(this.#folder, instance) },
        commit: { intervalMs: 5 },
      },
      codec: this.#codec,
      counts,
      partitions: FACT_PARTITIONS,
      instanceId: instance,
      elapsed: () => performance.now() + this.#silence,
      onEvent: (name) => this.#events.push(`${instance} ${name}`),
      onFatal: (error) => this.#fatal.push(error),
    })
    this.#running.set(instance, running)
    await this.#until('it is ready', () => running.dimensions.every(({ isReady }) => isReady))
  }

  async stop(instance: string): Promise<void> {
    const running = this.#running.get(instance)
    if (running === undefined) return
    this.kafka.hear(instance)
    this.#running.delete(instance)
    await running.stop()
  }

  /** It is gone, as after kill -9: what it had taken is taken by who starts instead, from what it had stored before. */
  async kill(instance: string): Promise<void> {
    const running = this.#running.get(instance)
    if (running === undefined) return
    this.kafka.silence(instance)
    this.#running.delete(instance)
    this.kafka.advance(SESSION_MS)
    await this.start(instance === 'a' ? 'b' : 'a')
    this.kafka.hear(instance)
    await running.stop()
  }

  /** Each fact has come out once, with the row of its time. */
  async assertFinished(): Promise<void> {
    if (this.#running.size === 0) await this.start('a')
    if (this.#waits) await this.#settle()
    else await this.#taken()
    await this.#until('all facts have come out', async () => {
      if ((await this.#found()).size >= this.#facts.length) return true
      // Again and again: for a task that is taken anew the silence begins anew.
      this.#silence += WAIT_MS
      await sleep(SETTLE_MS)
      return false
    })
    for (const instance of [...this.#running.keys()]) await this.stop(instance)
    // What somebody who was killed has left open hides what is behind it.
    const outputs = this.kafka.topics.get(this.#pipeline.output.topic).partitions
    await this.#until('no transaction is open', () =>
      outputs.every(({ stable, end }) => stable === end),
    )
    const found = await this.#found()
    assert.equal(found.size, this.#facts.length)
    for (const { id, key, time } of this.#facts) {
      const row = this.#decided.get(id) ?? this.#rows.rowAt(key, time)
      assert.equal(found.get(id), row, `fact ${id}, ${key} at ${time}`)
    }
    if (this.#waits) return
    for (const { lateRows } of this.#counts.values()) assert.equal(lateRows.total, 0)
  }

  /** The offsets of all facts are committed. */
  async #taken(): Promise<void> {
    const { offsets } = this.kafka.group(this.#pipeline.name)
    const logs = this.kafka.topics.get('facts').partitions
    await this.#until('all facts are committed', () =>
      logs.every(({ partition, end }) => {
        const taken = offsets.committed.find((one) => one.partition === partition)
        return end === 0 || taken?.offset === end
      }),
    )
  }

  /** How many facts have waited for a row, and have got it. */
  get completed(): number {
    return [...this.#counts.values()].reduce((sum, { waits }) => sum + waits.completed, 0)
  }

  get waitedMs(): number {
    return [...this.#counts.values()].reduce((sum, { waitedForRowsMs: ms }) => sum + ms, 0)
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((instance) => this.stop(instance)))
    clearInterval(this.#time)
    rmSync(this.#folder, { recursive: true, force: true })
  }

  get #dimensions() {
    return [...this.#running.values()].flatMap(({ dimensions }) => dimensions)
  }

  #nextRow(key: string, isDeleted: boolean) {
    this.#now += 10
    const row = isDeleted ? null : `${key} ${this.#rows.all.length}`
    const partition = partitionOf(key)
    const version = { key, time: this.#now, partition, row }
    this.#rows.put(version)
    const value = row === null ? null : Buffer.concat([FRAME, rowBytes(row)])
    return { ...version, value }
  }

  async #transactional(): Promise<TransactionalProducer> {
    if (this.#writer !== undefined) return this.#writer
    const options = { transactionalId: 'rows', timeoutMs: 600_000 }
    this.#writer = this.kafka.client('writer').producer(options)
    await this.#writer.init()
    return this.#writer
  }

  /** By fact; each has come out once. */
  async #found(): Promise<Map<number, string | null>> {
    const output = new AvroJson(JSON.parse(this.#codec.outputSchema))
    const found = new Map<number, string | null>()
    for (const body of await committedBodies(this.kafka, this.#pipeline.output.topic)) {
      const { fact, title } = output.decode(body)
      assert.ok(!found.has(Number(fact)), `fact ${fact} comes out twice`)
      found.set(Number(fact), title as string | null)
    }
    return found
  }

  async #readRows(): Promise<void> {
    const ends = this.kafka.topics.get('rows').partitions.map(({ end }) => end)
    await this.#until('all rows are read', () =>
      this.#dimensions.every(({ isReady, progress }) => {
        return isReady && ends.every((end, p) => (progress.positions[p] ?? 0) >= end)
      }),
    )
  }

  async #until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
    const end = performance.now() + PATIENCE_MS
    while (!(await isSo())) {
      if (this.#fatal.length > 0) throw this.#fatal[0]
      assert.ok(performance.now() < end, `Not so: ${what}\n${this.#events.slice(-30).join('\n')}`)
      this.kafka.advance(HASTE_MS)
      await sleep(5)
    }
  }
}
