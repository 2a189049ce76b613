/** Instances of a pipeline without a join on a Kafka in memory. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { RecordBatchWriter } from '../../src/broker/record-batch-writer.ts'
import { decodeRecordBatches, recordAt } from '../../src/broker/record-columns.ts'
import { AvroJson } from '../../src/codec/avro/json-encoding.ts'
import type { PipelineCodec } from '../../src/codec/port.ts'
import { Counts } from '../../src/counts/counts.ts'
import type { Worker } from '../../src/instance/worker.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'
import { enrichPipeline, FRAME, recordBytes } from '../cli/simulate/join/simulated-join.ts'
import { MemoryKafka } from '../support/memory-broker.ts'
import { LEFT } from '../window/model.ts'
import { NOON } from '../window/random-streams.ts'
import { startWorker } from './start-worker.ts'

const TICK_MS = 5
/** Longer than this nothing takes, on a busy machine either. */
const PATIENCE_MS = 20_000

export class PlainInstances {
  readonly kafka = new MemoryKafka()
  /** What the instances have logged. */
  readonly events: { readonly name: string; readonly fields: object }[] = []
  readonly fatal: unknown[] = []
  commits = 0
  readonly #codec: PipelineCodec
  readonly #partitions: number
  readonly #folder = mkdtempSync(join(tmpdir(), 'stream-enricher-plain-'))
  readonly #workers: Worker[] = []
  #waited = 0
  #producers = 0
  /** Time passes at the broker as it does here; this also keeps the process alive, as connections would. */
  readonly #time = setInterval(() => this.kafka.advance(TICK_MS), TICK_MS)

  private constructor(codec: PipelineCodec, partitions: number) {
    this.#codec = codec
    this.#partitions = partitions
    for (const topic of ['facts', 'joined']) this.kafka.topics.create(topic, partitions, {})
    this.kafka.topics.create('joined.rejects', 1, {})
  }

  static async open(partitions = 1): Promise<PlainInstances> {
    const pipeline = enrichPipeline()
    const codec = createPipelineCodec(pipeline, await readSchemas(pipeline, null), null)
    return new PlainInstances(codec, partitions)
  }

  /** @param facts their topic, by what this instance's file says */
  async start(instance = 'a', facts = 'facts'): Promise<Worker> {
    const broker = this.kafka.client(instance)
    const identities = await broker.admin.identify([facts])
    const pipeline = enrichPipeline(facts)
    const worker = startWorker({
      broker,
      pipeline: {
        ...pipeline,
        state: { ...pipeline.state, dir: join(this.#folder, instance) },
        commit: { intervalMs: 5 },
      },
      codec: this.#codec,
      counts: new Counts(['d']),
      partitions: this.#partitions,
      topicIds: [identities.get(facts)!.id],
      instanceId: instance,
      elapsed: () => performance.now() + this.#waited,
      onEvent: (name, fields) => this.events.push({ name, fields }),
      onFatal: (error) => this.fatal.push(error),
      onCommit: () => this.commits++,
    })
    this.#workers.push(worker)
    return worker
  }

  /** Facts of these numbers, in one partition. */
  async put(ids: readonly number[], partition = 0, topic = 'facts'): Promise<void> {
    for (const id of ids) {
      const bytes = recordBytes({ side: LEFT, key: `k${id}`, id, time: NOON, fault: undefined })
      await this.kafka.append({ topic, partition }, [{ ...bytes, headers: [], timestamp: NOON }])
    }
  }

  /** Facts of these numbers, in a transaction that is aborted. */
  async putAborted(ids: readonly number[]): Promise<void> {
    const transactionalId = `aborted-${this.#producers++}`
    const producer = this.kafka.client('producer').producer({ transactionalId, timeoutMs: 10_000 })
    await producer.init()
    producer.begin()
    const place = {
      topic: 'facts',
      partition: 0,
      transactional: true,
      compression: 'none',
    } as const
    const batch = new RecordBatchWriter(place)
    for (const id of ids) {
      const bytes = recordBytes({ side: LEFT, key: `k${id}`, id, time: NOON, fault: undefined })
      batch.recordOf(NOON, { ...bytes, headers: [] })
    }
    await producer.send([batch])
    await producer.init()
    await producer.close()
  }

  /** To the instances' clock for durations. */
  wait(ms: number): void {
    this.#waited += ms
  }

  /** Where the facts end. */
  end(partition = 0): number {
    return this.kafka.topics.log({ topic: 'facts', partition }).end
  }

  /** The numbers of all facts that have come out, in the output's order. */
  async rows(): Promise<number[]> {
    const output = new AvroJson(JSON.parse(this.#codec.outputSchema))
    const rows: number[] = []
    for (const log of this.kafka.topics.get('joined').partitions) {
      const { records, aborted } = log.read(log.start, Number.POSITIVE_INFINITY)
      const columns = await decodeRecordBatches(records, log.start, aborted)
      for (let i = 0; i < columns.length; i++) {
        const { value } = recordAt(columns, i)
        rows.push(Number(output.decode(value!.subarray(FRAME.length)).fact))
      }
    }
    return rows
  }

  /** The group's offset of the facts; -1: there is none. */
  committed(partition = 0): number {
    const { committed } = this.kafka.group('join').offsets
    return committed.find((of) => of.partition === partition)?.offset ?? -1
  }

  async until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
    const end = performance.now() + PATIENCE_MS
    while (!(await isSo())) {
      const log = (): string => `Not so: ${what}\n${JSON.stringify(this.events.slice(-20))}`
      assert.ok(performance.now() < end, log())
      await sleep(5)
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop()))
    clearInterval(this.#time)
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** Gives instances to a test, and ends them after it. */
export async function withPlain(
  body: (on: PlainInstances) => Promise<void>,
  partitions = 1,
): Promise<void> {
  const on = await PlainInstances.open(partitions)
  try {
    await body(on)
  } finally {
    await on.close()
  }
}
