/** Instances on a Kafka in memory whose dimension changes while facts flow. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RecordBytes } from '../../src/batch.ts'
import { partitionOf } from '../../src/broker/partition-of.ts'
import { AvroJson } from '../../src/codec/avro/json-encoding.ts'
import type { PipelineCodec } from '../../src/codec/port.ts'
import type { Pipeline } from '../../src/config/pipeline.ts'
import { Counts } from '../../src/counts/counts.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'
import { enrichPipeline, FRAME, factBytes, rowBytes } from '../cli/simulate/join/simulated-join.ts'
import type { Order } from '../support/memory-broker/faults.ts'
import { MemoryKafka } from '../support/memory-broker.ts'
import { assertNothingOpen, committedRecords, committedRejects } from '../support/memory-outputs.ts'
import { type Dimensional, startWithDimensions } from './start-worker.ts'

const FACT_PARTITIONS = 3
const ROW_PARTITIONS = 2
const SESSION_MS = 6000
const COMMIT_MS = 5
const TICK_MS = 5
const HASTE_MS = 40
/** For so long the first rows are on their way. */
const SLOW_MS = 30
const PATIENCE_MS = 20_000
const MALFORMED = Buffer.concat([FRAME, Buffer.from([0xff])])

export type DimensionAction =
  | { readonly do: 'row'; readonly key: string; readonly is: 'there' | 'deleted' | 'malformed' }
  | { readonly do: 'facts'; readonly keys: readonly string[] }
  | { readonly do: 'start' | 'stop' | 'hear'; readonly instance: string }
  | { readonly do: 'cut'; readonly instance: string; readonly isLong: boolean }
  | { readonly do: 'fault'; readonly order: Order }
  /** Every instance has read all rows that are there: facts that come now are joined with them, or with later ones. */
  | { readonly do: 'read rows' }
  /** All facts that are there are committed: rows that come now are too late for them. */
  | { readonly do: 'take facts' }

/** A fact, and what rows it may have found: its key's states from one of them to another, by number. */
interface Fact {
  readonly id: number
  readonly key: string
  readonly from: number
  to: number
}

export class DimensionInstances {
  readonly kafka = new MemoryKafka()
  readonly #pipeline: Pipeline
  readonly #codec: PipelineCodec
  readonly #output: AvroJson
  readonly #folder = mkdtempSync(join(tmpdir(), 'stream-enricher-dimensions-'))
  readonly #running = new Map<string, Dimensional>()
  readonly #fatal: unknown[] = []
  readonly #events: string[] = []
  readonly #time = setInterval(() => this.kafka.advance(TICK_MS), TICK_MS)
  /** By key: each title that its row has had, null while there was none. */
  readonly #states = new Map<string, (string | null)[]>()
  /** By key: the state that every instance has read. */
  #known = new Map<string, number>()
  readonly #facts: Fact[] = []
  /** By title: where its row is. */
  readonly #places = new Map<string, string>()
  /** Where each malformed row is. */
  readonly #malformed: string[] = []
  #starts = 0
  /** Commits whose outcome the instance may not know: what was in them is refused once more. */
  #unknown = 0
  #written = 0

  private constructor(pipeline: Pipeline, codec: PipelineCodec) {
    this.#pipeline = pipeline
    this.#codec = codec
    this.#output = new AvroJson(JSON.parse(codec.outputSchema))
    const { output } = pipeline
    this.kafka.topics.create('facts', FACT_PARTITIONS, {})
    this.kafka.topics.create('rows', ROW_PARTITIONS, { 'cleanup.policy': 'compact' })
    this.kafka.topics.create(output.topic, FACT_PARTITIONS, {})
    this.kafka.topics.create(output.rejects, 1, {})
  }

  /** @param provenance whether headers say where rows were */
  static async open(provenance: boolean): Promise<DimensionInstances> {
    const pipeline = { ...enrichPipeline(), provenance }
    const codec = createPipelineCodec(pipeline, await readSchemas(pipeline, null), null)
    return new DimensionInstances(pipeline, codec)
  }

  async run(action: DimensionAction): Promise<void> {
    switch (action.do) {
      case 'row':
        return this.#putRow(action.key, action.is)
      case 'facts':
        for (const key of action.keys) await this.#putFact(key)
        return
      case 'start':
        return this.#start(action.instance)
      case 'stop':
        return this.#stop(action.instance)
      case 'cut':
        this.kafka.silence(action.instance)
        if (action.isLong) this.kafka.advance(SESSION_MS)
        return
      case 'hear':
        return this.kafka.hear(action.instance)
      case 'fault':
        if (action.order.api === 'EndTxn') this.#unknown++
        return this.kafka.faults.order(action.order)
      case 'read rows':
        return this.#readRows()
      case 'take facts':
        return this.#takeFacts()
    }
  }

  /** Each fact has come out once, with a row that it may have found, or is refused once where there was none. */
  async assertFinished(): Promise<void> {
    // Also the last one, for it may have to be refused.
    await this.#readRows()
    await this.#takeFacts()
    await this.#until('all malformed rows are refused', async () => {
      const rejects = await committedRejects(this.kafka, this.#pipeline.output.rejects)
      return this.#malformed.every((row) => rejects.includes(row))
    })
    for (const instance of [...this.#running.keys()]) await this.#stop(instance)
    for (const topic of [this.#pipeline.output.topic, this.#pipeline.output.rejects]) {
      await assertNothingOpen(this.kafka, topic)
    }
    const outputs = await committedRecords(this.kafka, this.#pipeline.output.topic)
    const found = outputs.map(({ value, headers }): [number, string | null] => {
      const { fact, title } = this.#output.decode(value!.subarray(FRAME.length))
      this.#assertPlaces(Number(fact), String(title), headers)
      return [Number(fact), String(title)]
    })
    const rejects = await committedRejects(this.kafka, this.#pipeline.output.rejects)
    const ofFacts = rejects.filter((text) => text.startsWith('facts '))
    const refused = ofFacts.map((text): [number, null] => [this.#factAt(text), null])
    const all = [...found, ...refused].sort(([a], [b]) => a - b)
    assert.deepEqual(
      all.map(([id]) => id),
      this.#facts.map(({ id }) => id),
    )
    for (const [id, title] of all) {
      const { key, from, to } = this.#facts[id]
      const possible = this.#statesOf(key).slice(from, to + 1)
      assert.ok(possible.includes(title), `fact ${id} has ${title}, and not one of ${possible}`)
    }
    this.#assertRows(rejects.filter((text) => text.startsWith('rows ')))
  }

  /** The row that the headers name has the output's title. */
  #assertPlaces(fact: number, title: string, headers: RecordBytes['headers']): void {
    const of = new Map(headers.map(([name, text]) => [name, String(text)]))
    if (!this.#pipeline.provenance) {
      assert.equal(of.size, 0)
      return
    }
    const [place, offset] = [fact % FACT_PARTITIONS, Math.floor(fact / FACT_PARTITIONS)]
    assert.match(of.get('enricher.facts')!, new RegExp(`^facts-${place}@${offset} \\d{4}-`))
    assert.equal(of.get('enricher.dimension.d'), this.#places.get(title))
    assert.equal(of.size, 2)
  }

  async close(): Promise<void> {
    this.kafka.faults.clear()
    await Promise.all([...this.#running.keys()].map((instance) => this.#stop(instance)))
    clearInterval(this.#time)
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** A row that cannot be read is refused by each instance that reads it, once for each start, and once more where it does not know. */
  #assertRows(rejects: readonly string[]): void {
    assert.deepEqual([...new Set(rejects)], [...this.#malformed].sort())
    for (const row of this.#malformed) {
      const times = rejects.filter((text) => text === row).length
      assert.ok(times <= this.#starts + this.#unknown, `${row} is refused ${times} times`)
    }
  }

  #statesOf(key: string): (string | null)[] {
    const states = this.#states.get(key) ?? [null]
    this.#states.set(key, states)
    return states
  }

  async #putRow(key: string, is: 'there' | 'deleted' | 'malformed'): Promise<void> {
    const partition = partitionOf(Buffer.from(key), ROW_PARTITIONS)
    const title = is === 'there' ? `${key} ${++this.#written}` : null
    const value = {
      there: () => Buffer.concat([FRAME, rowBytes(title!)]),
      deleted: () => null,
      malformed: () => MALFORMED,
    }[is]()
    const { end } = this.kafka.topics.log({ topic: 'rows', partition })
    if (title !== null) this.#places.set(title, `rows-${partition}@${end}`)
    if (is === 'malformed') this.#malformed.push(`rows ${partition} ${end} malformed`)
    // The row before it stays where one cannot be read.
    else this.#statesOf(key).push(title)
    await this.#append('rows', partition, key, value)
  }

  async #putFact(key: string): Promise<void> {
    const id = this.#facts.length
    const from = this.#known.get(key) ?? 0
    this.#facts.push({ id, key, from, to: Number.POSITIVE_INFINITY })
    await this.#append('facts', id % FACT_PARTITIONS, null, factBytes(id, key))
  }

  #append(topic: string, partition: number, key: string | null, value: Buffer | null) {
    const record = { key: key === null ? null : Buffer.from(key), value, headers: [] }
    return this.kafka.append({ topic, partition }, [{ ...record, timestamp: Date.now() }])
  }

  /** The fact that a reject is of. */
  #factAt(text: string): number {
    const [, partition, offset, reason] = text.split(' ')
    assert.equal(reason, 'missing_dimension')
    return Number(offset) * FACT_PARTITIONS + Number(partition)
  }

  async #start(instance: string): Promise<void> {
    if (this.#running.has(instance) || this.kafka.isSilent(instance)) return
    this.#starts++
    // Of the rows: whoever does not wait for them has none.
    const until = sleep(SLOW_MS)
    const fault = { hold: 'answer', until } as const
    this.kafka.faults.order({ api: 'Fetch', clientId: instance, fault })
    const { kafka } = this.#pipeline
    const running = await startWithDimensions({
      broker: this.kafka.client(instance),
      pipeline: {
        ...this.#pipeline,
        kafka: { ...kafka, instanceId: null, sessionTimeoutMs: SESSION_MS },
        state: { ...this.#pipeline.state, dir: join(this.#folder, instance) },
        commit: { intervalMs: COMMIT_MS },
      },
      codec: this.#codec,
      counts: new Counts(['d']),
      partitions: FACT_PARTITIONS,
      instanceId: instance,
      elapsed: () => performance.now(),
      onEvent: (name) => this.#events.push(`${instance} ${name}`),
      onFatal: (error) => this.#fatal.push(error),
    })
    this.#running.set(instance, running)
  }

  async #stop(instance: string): Promise<void> {
    const running = this.#running.get(instance)
    if (running === undefined) return
    this.kafka.hear(instance)
    this.#running.delete(instance)
    await running.stop()
  }

  /** Nothing goes wrong any more, and somebody is there. */
  async #calm(): Promise<void> {
    this.kafka.faults.clear()
    for (const instance of ['a', 'b', 'c']) this.kafka.hear(instance)
    if (this.#running.size === 0) await this.#start('a')
  }

  async #readRows(): Promise<void> {
    await this.#calm()
    const ends = this.kafka.topics.get('rows').partitions.map(({ end }) => end)
    await this.#until('all rows are read', () =>
      [...this.#running.values()].every(({ dimensions: [{ isReady, progress }] }) => {
        return isReady && ends.every((end, p) => (progress.positions[p] ?? 0) >= end)
      }),
    )
    this.#known = new Map([...this.#states].map(([key, states]) => [key, states.length - 1]))
  }

  async #takeFacts(): Promise<void> {
    await this.#calm()
    const logs = this.kafka.topics.get('facts').partitions
    const { offsets } = this.kafka.group(this.#pipeline.name)
    await this.#until('all facts are committed', () =>
      logs.every(({ partition, end }) => {
        const taken = offsets.committed.find((one) => one.partition === partition)
        return end === 0 || taken?.offset === end
      }),
    )
    for (const fact of this.#facts) fact.to = Math.min(fact.to, this.#statesOf(fact.key).length - 1)
  }

  async #until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
    const end = performance.now() + PATIENCE_MS
    while (!(await isSo())) {
      if (this.#fatal.length > 0) throw this.#fatal[0]
      assert.ok(performance.now() < end, `Not so: ${what}\n${this.#events.slice(-30).join('\n')}`)
      this.kafka.advance(HASTE_MS)
      await sleep(5)
    }
    if (this.#fatal.length > 0) throw this.#fatal[0]
  }
}
