/** The worker over a broker that a test holds in its hands: what is under way when. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Broker, GroupEvents, ProduceBatch } from '../../src/broker/port.ts'
import { loadPipeline } from '../../src/config/load.ts'
import { Counts } from '../../src/counts/counts.ts'
import { EnricherError } from '../../src/errors.ts'
import { Worker } from '../../src/instance/worker.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'
import { taskContext } from '../support/task-context.ts'

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

/** A worker that may get no tasks, and rejects of a dimension that it commits. */
async function workerOn(t: TestContext, producer: SlowProducer) {
  const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-worker-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const pipeline = loadPipeline('examples/orders/pipeline.yaml', { STATE_DIR: folder })
  const codec = createPipelineCodec(pipeline, await readSchemas(pipeline, null), null)
  const counts = new Counts(pipeline.dimensions.map(({ name }) => name))
  let events: GroupEvents | undefined
  const broker = {
    admin: { offsets: async () => new Map<number, number>() },
    reader: () => ({ add: nothing, remove: nothing, close: nothingLater }),
    producer: () => producer,
    group: (_options: unknown, given: GroupEvents) => {
      events = given
      const membership = () => ({ generationId: 1, memberId: 'm', groupInstanceId: null })
      const members = async () => []
      return { start: nothing, membership, members, close: nothingLater, prepare: nothingLater }
    },
  } as unknown as Broker
  /** One, which no task knows of. */
  const rejects = [{ topic: 'rejects', partition: 0, bytes: 1, records: 1, release: nothing }]
  const worker = new Worker({
    broker,
    context: taskContext(pipeline, codec, { counts }),
    stateDir: pipeline.state.dir,
    staticId: null,
    sessionTimeoutMs: 10_000,
    changelogs: [
      {
        topic: 'log',
        layout: codec.layout,
        schemaIds: [],
        maxRecordBytes: 1 << 20,
        shorten: nothing,
      },
    ],
    partitions: [1],
    topicIds: [null, null],
    onUnknownTopic: nothing,
    instanceId: 'i',
    transactionalId: 't',
    address: '',
    version: '',
    log: { event: nothing },
    rejects: { drain: () => rejects.splice(0) as unknown as ProduceBatch[], settle: nothing },
    onStep: nothing,
    onFatal: (error) => assert.fail(String(error)),
    onRefused: async () => {},
  })
  return { worker, events: events!, counts }
}

test('a stop while a rebalance’s commit is under way waits for it, and begins no transaction inside it', async (t) => {
  const producer = new SlowProducer()
  const { worker, events } = await workerOn(t, producer)
  await events.onAssigned([])
  const joining = events.beforeJoin()
  await sleep(5)
  await Promise.all([worker.stop(), joining])
  assert.deepEqual(
    producer.asked.filter((what) => what === 'begin' || what === 'commit'),
    ['begin', 'commit'],
  )
})

test('an epoch that failed is no trouble any more where nothing is left to commit', async (t) => {
  const producer = new SlowProducer()
  producer.commit = async () => {
    throw new EnricherError('EPOCH_ABORTED', 'The coordinator moves')
  }
  const { worker, events, counts } = await workerOn(t, producer)
  await events.onAssigned([])
  worker.start()
  t.after(() => worker.stop())
  while (counts.failing.count === 0) await sleep(5)
  for (let tries = 0; tries < 200 && counts.failing.count > 0; tries++) await sleep(10)
  assert.deepEqual([counts.failing.count, counts.failing.ms], [0, 0])
})

for (const [type, isOurs] of [
  ['ILLEGAL_GENERATION', true],
  ['PRODUCER_FENCED', false],
] as const) {
  test(`a stop ${isOurs ? 'aborts' : 'leaves alone'} what an epoch that ${type} refused has left open`, async (t) => {
    const producer = new SlowProducer()
    const { worker, events } = await workerOn(t, producer)
    await events.onAssigned([])
    producer.commit = async () => {
      throw new EnricherError('FENCED', 'Refused', { fields: { type } })
    }
    await worker.stop()
    assert.deepEqual(
      producer.asked.filter((what) => what === 'init' || what === 'begin'),
      isOurs ? ['init', 'begin', 'init'] : ['init', 'begin'],
    )
  })
}
