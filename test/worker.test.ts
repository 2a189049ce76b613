/** The worker over a broker that a test holds in its hands: what is under way when. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Broker, GroupEvents, ProduceBatch } from '../src/broker/port.ts'
import { createPipelineCodec, outputFrame, readSchemas } from '../src/codec/avro.ts'
import { loadPipeline } from '../src/config/load.ts'
import { Counts } from '../src/counts.ts'
import { DimensionTable } from '../src/dimension/table.ts'
import { MemoryShares, memoryLimits } from '../src/memory.ts'
import { Worker } from '../src/worker.ts'

const nothing = (): void => {}
const nothingLater = async (): Promise<void> => {}

/** A producer that takes its time, and notes what it is asked in order. */
class SlowProducer {
  readonly asked: string[] = []

  init = (): Promise<void> => this.#slowly('init')
  begin = (): void => void this.asked.push('begin')
  sendOffsets = (): Promise<void> => this.#slowly('offsets')
  commit = (): Promise<void> => this.#slowly('commit')
  close = nothingLater

  async send(batches: readonly ProduceBatch[]): Promise<number[]> {
    await this.#slowly('send')
    return batches.map(() => 0)
  }

  async #slowly(what: string): Promise<void> {
    await sleep(20)
    this.asked.push(what)
  }
}

test('a stop while a rebalance’s commit is under way waits for it, and begins no transaction inside it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-worker-'))
  const pipeline = loadPipeline('examples/orders/pipeline.yaml', { STATE_DIR: folder })
  const codec = createPipelineCodec(pipeline, await readSchemas(pipeline, null), null)
  const output = { topic: 'out', compression: 'none', maxBatchBytes: 1 << 20 } as const
  const producer = new SlowProducer()
  let events: GroupEvents | undefined
  const broker = {
    admin: { offsets: async () => new Map<number, number>() },
    reader: () => ({ add: nothing, remove: nothing, close: nothingLater }),
    producer: () => producer,
    group: (_options: unknown, given: GroupEvents) => {
      events = given
      const membership = () => ({ generationId: 1, memberId: 'm', groupInstanceId: null })
      return { start: nothing, membership, close: nothingLater, prepare: nothingLater }
    },
  } as unknown as Broker
  /** One reject of a dimension, which no task knows of. */
  const rejects = [{ topic: 'rejects', partition: 0, bytes: 1, records: 1, release: nothing }]
  const worker = new Worker({
    broker,
    context: {
      pipeline,
      codec,
      dimensions: pipeline.dimensions.map(() => new DimensionTable()),
      output,
      outputFrame: outputFrame(5),
      rejects: output,
      rejectPartitions: 1,
      aheadMs: Number.POSITIVE_INFINITY,
      behindMs: Number.POSITIVE_INFINITY,
      maxEntryBytes: 1 << 20,
      memory: new MemoryShares(memoryLimits(pipeline.memory, 1 << 30), 1),
      counts: new Counts(pipeline.dimensions.map(({ name }) => name)),
      now: Date.now,
      elapsed: () => performance.now(),
    },
    changelog: {
      topic: 'log',
      layout: codec.layout,
      schemaIds: [],
      maxRecordBytes: 1 << 20,
      shorten: nothing,
    },
    partitions: 1,
    topicIds: [null, null],
    onUnknownTopic: nothing,
    instanceId: 'i',
    transactionalId: 't',
    address: '',
    version: '',
    log: { event: nothing },
    rejects: { take: () => rejects.splice(0) as unknown as ProduceBatch[], settle: nothing },
    onStep: nothing,
    onFatal: (error) => assert.fail(String(error)),
    onRefused: async () => {},
  })
  try {
    await events!.onAssigned([])
    const joining = events!.beforeJoin()
    await sleep(5)
    await Promise.all([worker.stop(), joining])
    assert.deepEqual(
      producer.asked.filter((what) => what === 'begin' || what === 'commit'),
      ['begin', 'commit'],
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
