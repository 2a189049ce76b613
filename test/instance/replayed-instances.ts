/** A replay of a pipeline whose inputs are all there, on a Kafka in memory: one instance after the other, as each is stopped or dies. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { partitionOf } from '../../src/broker/partition-of.ts'
import { InternalEnds } from '../../src/cli/internal-ends.ts'
import { replayInterval } from '../../src/cli/replay-interval.ts'
import { AvroJson } from '../../src/codec/avro/json-encoding.ts'
import type { PipelineCodec } from '../../src/codec/port.ts'
import type { Pipeline } from '../../src/config/pipeline.ts'
import { betweenStages, repartitioned, sourcesOf } from '../../src/config/topic-names.ts'
import { Counts } from '../../src/counts/counts.ts'
import type { Interval, Times } from '../../src/input/interval.ts'
import type { Worker } from '../../src/instance/worker.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'
import { planOf, statefulStages } from '../../src/plan/plan.ts'
import { MemoryKafka } from '../support/memory-broker.ts'
import { committedBodies, committedRecords } from '../support/memory-outputs.ts'
import type { StreamRecord } from '../window/random-streams.ts'
import { chainBytes, chainRowOf } from './chain-shape.ts'
import { changelogOfStage, startWorker } from './start-worker.ts'

const PARTITIONS = 3
/** Of an input that is repartitioned. */
const INPUT_PARTITIONS = 2
const SESSION_MS = 6000
const TICK_MS = 5
const LOOK_MS = 2
/** Longer than this nothing takes, on a busy machine either. */
const PATIENCE_MS = 20_000

/** What ends an instance after so many commits, unless all has ended before. */
export interface End {
  readonly how: 'stops' | 'dies'
  readonly commits: number
}

/** What comes out of a replay of `rows`, sorted; and how many records of the inputs lie before what it has read. */
export async function replayedRows(
  pipeline: Pipeline,
  records: readonly StreamRecord[],
  rows: Times,
  ends: readonly End[],
): Promise<{ rows: string[]; unread: number }> {
  const codec = createPipelineCodec(pipeline, await readSchemas(pipeline, null), null)
  const replay = new Replay(pipeline, codec)
  try {
    await replay.put(records)
    return await replay.run(rows, ends)
  } finally {
    await replay.close()
  }
}

class Replay {
  readonly #kafka = new MemoryKafka()
  readonly #pipeline: Pipeline
  readonly #codec: PipelineCodec
  readonly #folder = mkdtempSync(join(tmpdir(), 'stream-enricher-replay-'))
  /** Time passes at the broker as it does here. */
  readonly #time = setInterval(() => this.#kafka.advance(TICK_MS), TICK_MS)
  /** How many partitions each input has. */
  readonly #inputs = new Map<string, number>()
  readonly #events: string[] = []
  readonly #fatal: unknown[] = []
  readonly #workers: Worker[] = []
  #commits = 0

  constructor(pipeline: Pipeline, codec: PipelineCodec) {
    this.#pipeline = pipeline
    this.#codec = codec
    const through = repartitioned(pipeline)
    for (const [side, { config }] of sourcesOf(pipeline).entries()) {
      const isThrough = through.some((one) => one.side === side)
      this.#inputs.set(config.topic, isThrough ? INPUT_PARTITIONS : PARTITIONS)
    }
    const { topics } = this.#kafka
    for (const [topic, partitions] of this.#inputs) topics.create(topic, partitions, {})
    const changelogs = statefulStages(planOf(pipeline)).map((s) => changelogOfStage(s.state.number))
    const own = [...through.map(({ topic }) => topic), ...betweenStages(pipeline), ...changelogs]
    for (const topic of [...own, pipeline.output.topic]) topics.create(topic, PARTITIONS, {})
    topics.create(pipeline.output.rejects, 1, {})
  }

  async put(records: readonly StreamRecord[]): Promise<void> {
    const through = new Set(repartitioned(this.#pipeline).map(({ side }) => side))
    for (const record of records) {
      const { topic } = sourcesOf(this.#pipeline)[record.side].config
      // Another key, and so anywhere.
      const key = Buffer.from(through.has(record.side) ? String(record.id) : record.key)
      const partition = partitionOf(key, this.#inputs.get(topic)!)
      const one = { key, value: chainBytes(record), headers: [], timestamp: record.time }
      await this.#kafka.append({ topic, partition }, [one])
    }
  }

  async run(rows: Times, ends: readonly End[]): Promise<{ rows: string[]; unread: number }> {
    const { admin } = this.#kafka.client('replay')
    const interval = await replayInterval(this.#pipeline, rows, 0, admin)
    for (const [i, end] of [...ends, null].entries()) {
      const worker = this.#start(interval, `i${i}`, end?.how === 'stops' ? 'kept' : `of-${i}`)
      const hasEnded = await this.#until(worker, `i${i}`, end?.commits ?? Number.POSITIVE_INFINITY)
      if (hasEnded || end === null || end.how === 'stops') await worker.stop()
      else {
        this.#kafka.silence(`i${i}`)
        this.#kafka.advance(SESSION_MS)
      }
      if (hasEnded) break
    }
    assert.deepEqual(this.#fatal, [])
    const found = await this.#rows()
    // Whoever was only cut off changes nothing any more.
    await this.#stop()
    assert.deepEqual(await this.#rows(), found)
    const rejects = await committedRecords(this.#kafka, this.#pipeline.output.rejects)
    assert.deepEqual(rejects, [])
    const starts = interval.offsets.flatMap((of) => [...of.values()].map(({ from }) => from))
    return { rows: found, unread: starts.reduce((sum, from) => sum + from, 0) }
  }

  async close(): Promise<void> {
    await this.#stop()
    clearInterval(this.#time)
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #stop(): Promise<void> {
    for (const i of this.#workers.keys()) this.#kafka.hear(`i${i}`)
    await Promise.all(this.#workers.map((worker) => worker.stop()))
  }

  /** @param folder of its state: what was stopped leaves one that the next may have */
  #start(interval: Interval, instance: string, folder: string): Worker {
    const { kafka, state } = this.#pipeline
    const plan = planOf(this.#pipeline)
    const worker = startWorker({
      broker: this.#kafka.client(instance),
      counts: new Counts(['d'], plan.sources.length, plan.joins.length),
      pipeline: {
        ...this.#pipeline,
        kafka: { ...kafka, sessionTimeoutMs: SESSION_MS },
        state: { ...state, dir: join(this.#folder, folder) },
        commit: { intervalMs: 1 },
      },
      codec: this.#codec,
      partitions: PARTITIONS,
      inputs: this.#inputs,
      instanceId: instance,
      elapsed: () => performance.now(),
      onEvent: (name) => this.#events.push(`${instance} ${name}`),
      onFatal: (error) => this.#fatal.push(error),
      onCommit: () => this.#commits++,
      interval,
    })
    this.#workers.push(worker)
    return worker
  }

  /** @returns whether it has come to its end, before so many commits */
  async #until(worker: Worker, instance: string, commits: number): Promise<boolean> {
    const service = { worker, admin: this.#kafka.client(instance).admin }
    const ends = new InternalEnds(planOf(this.#pipeline), (error) => this.#fatal.push(error))
    const most = this.#commits + commits
    for (const begun = performance.now(); this.#commits < most && !worker.hasEnded(); ) {
      const log = (): string => `It does not end:\n${this.#events.slice(-20).join('\n')}`
      assert.ok(performance.now() - begun < PATIENCE_MS, log())
      assert.deepEqual(this.#fatal, [])
      ends.look(service)
      await sleep(LOOK_MS)
    }
    return worker.hasEnded()
  }

  async #rows(): Promise<string[]> {
    const output = new AvroJson(JSON.parse(this.#codec.outputSchema))
    const bodies = await committedBodies(this.#kafka, this.#pipeline.output.topic)
    return bodies.map((body) => chainRowOf(output.decode(body))).sort()
  }
}
