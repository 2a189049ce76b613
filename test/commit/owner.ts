/** A process that takes all partitions of a world, as an instance does, and commits what it has done with them. */
import assert from 'node:assert/strict'
import type { Group } from '../../src/broker/port.ts'
import { decodeRecordBatches } from '../../src/broker/record-columns.ts'
import { taskOf } from '../../src/broker/task-number.ts'
import { Commits } from '../../src/commit/commits.ts'
import { Epochs } from '../../src/commit/epochs.ts'
import { keepsState } from '../../src/config/waits.ts'
import { codeOf } from '../../src/errors.ts'
import { PageStore } from '../../src/state/page-store.ts'
import type { RestorePorts } from '../../src/state/restore.ts'
import { createTask } from '../../src/task/create-task.ts'
import type { RunnableTask, TaskContext } from '../../src/task/task.ts'
import type { MemoryClient } from '../support/memory-broker/memory-client.ts'
import { restore } from '../support/task-context.ts'
import { Life } from './life.ts'
import { BATCH_BYTES, CHANGELOG, type MemoryWorld } from './memory-world.ts'

const nothing = (): void => {}
/** More epochs than what goes wrong here lets fail. */
const MOST_FAILED = 100
/** What an instance takes its tasks anew for. */
const RECOVERABLE = ['FENCED', 'EPOCH_ABORTED', 'RECORD_REFUSED']

export class Owner {
  readonly life = new Life()
  readonly commits: Commits
  tasks: readonly RunnableTask[] = []
  readonly machine: string
  readonly clientId: string
  /** Epochs that could not be committed. */
  failed = 0
  readonly #world: MemoryWorld
  readonly #broker: MemoryClient
  readonly #group: Group
  readonly #context: TaskContext
  readonly #epochs: Epochs
  /** By task and source: what is fetched next. */
  #next: number[][] = []

  constructor(world: MemoryWorld, machine: string, clientId: string) {
    this.#world = world
    this.machine = machine
    this.clientId = clientId
    this.#broker = world.kafka.client(clientId)
    world.kafka.accompany(clientId, () => this.life.step())
    this.#context = world.context()
    this.#group = groupOf(this.#broker, world)
    this.#epochs = new Epochs({
      broker: this.#broker,
      context: this.#context,
      changelogs: this.#changelog === null ? [] : [this.#changelog],
      topicIds: world.topics.map(() => null),
      transactionalId: transactionalId(world, machine),
      rejects: { drain: () => [], settle: nothing },
      log: { event: nothing },
      onStep: nothing,
    })
    this.commits = new Commits({
      epochs: this.#epochs,
      group: this.#group,
      tasks: () => this.tasks,
      onCommitted: nothing,
    })
  }

  /** Begins the producer anew, and takes the tasks from where the last commit has left them. */
  async take(): Promise<void> {
    await this.#epochs.begin()
    const partitions = Array.from({ length: this.#world.partitions }, (_, partition) => partition)
    this.tasks = await Promise.all(partitions.map((partition) => this.#takeOne(partition)))
    this.#next = this.tasks.map(({ queues }) => queues.map(({ taken }) => Math.max(0, taken)))
  }

  /** Aborts what a machine has left open, and fences it: as one that stays in the group does. */
  async fence(machine: string): Promise<void> {
    const id = transactionalId(this.#world, machine)
    await this.#broker.producer({ transactionalId: id, timeoutMs: 10_000 }).init()
  }

  /** Takes all that can be read. @param commits whether epochs that are full are committed on the way; else they stay full */
  async process(commits: boolean): Promise<void> {
    for (;;) {
      await this.#feed()
      let isBusy = false
      for (const task of this.tasks) isBusy = (await task.process()) || isBusy
      const isFull = this.tasks.some(({ full }) => full)
      if (isFull && commits) await this.commit()
      else if (!isBusy) return
    }
  }

  /** Commits, while the next epoch fills. Where that fails everything is taken anew, as a recovery does. */
  async commit(): Promise<void> {
    const committed = this.commits.next(false)
    const filled = this.process(false)
    await Promise.allSettled([committed, filled])
    await filled
    await committed.catch(async (error) => {
      if (!RECOVERABLE.includes(codeOf(error) ?? '')) throw error
      this.failed++
      await this.putDown()
      await this.take()
    })
  }

  /** Takes and commits all that can be read. */
  async work(): Promise<void> {
    let failed: number
    do {
      failed = this.failed
      assert.ok(failed < MOST_FAILED, 'no epoch can be committed')
      await this.process(true)
      await this.commit()
    } while (this.failed > failed)
  }

  /** What was not committed is dropped, the rest is stored. */
  async putDown(): Promise<void> {
    this.#epochs.giveUp()
    for (const { state } of this.tasks) await state?.flush()
    this.tasks = []
  }

  /** Nothing is kept of segments that begin before `time`, in memory and on the disk. */
  async assertExpired(time: number): Promise<void> {
    for (const { partition, state } of this.tasks) {
      if (state === null) continue
      const { heads, log } = state
      const kept = heads.entries.filter(([, segment]) => segment <= time)
      assert.deepEqual(kept, [], 'segments that have expired are kept')
      await state.flush()
      const first = heads.page(log.nextPage)
      const { pages } = this.#world.disks(this.machine)[partition]
      assert.deepEqual(
        pages.filter((page) => page < first),
        [],
        'pages that have expired are kept',
      )
    }
  }

  get #changelog() {
    const { codec, pipeline } = this.#world
    if (!keepsState(pipeline)) return null
    return {
      topic: CHANGELOG,
      layout: codec.layout,
      schemaIds: [],
      maxRecordBytes: BATCH_BYTES,
      shorten: (partition: number, offset: number) => {
        const place = { topic: CHANGELOG, partition }
        this.#broker.admin.deleteRecords(place, offset).catch(nothing)
      },
    }
  }

  get restorePorts(): RestorePorts {
    const { codec, topics, pipeline } = this.#world
    return {
      mayBegin: pipeline.joins.length === 0,
      topics,
      topicIds: topics.map(() => null),
      layout: codec.layout,
      changelogTopic: CHANGELOG,
      admin: this.#broker.admin,
      group: this.#group,
      log: { event: nothing },
      onProgress: nothing,
      createReader: (events) =>
        this.#broker.reader(
          { maxBytesPerPartition: 1 << 16, maxBytes: 1 << 16, minBytes: 1, maxWaitMs: 1 },
          events,
        ),
    }
  }

  async #takeOne(partition: number): Promise<RunnableTask> {
    const { codec, topics } = this.#world
    const disk = this.#world.disks(this.machine)[partition]
    const pages = new PageStore(
      disk.open(() => this.life.step()),
      codec.layout,
    )
    const task = createTask(taskOf(partition, 1), this.#changelog && pages, this.#context)
    if (task.state === null) {
      const places = topics.map((topic) => ({ topic, partition }))
      const offsets = await this.#group.committed(places)
      for (const [source, queue] of task.queues.entries()) queue.taken = offsets[source].offset
      return task
    }
    try {
      await restore(task, this.restorePorts)
      return task
    } catch (error) {
      // A former owner has just shortened the changelog.
      if (codeOf(error) !== 'OFFSET_OUT_OF_RANGE') throw error
      return this.#takeOne(partition)
    }
  }

  /** Each task is told what there is, and that there is no more. */
  async #feed(): Promise<void> {
    const { kafka, topics } = this.#world
    for (const [t, task] of this.tasks.entries()) {
      const { partition } = task
      for (const [source, topic] of topics.entries()) {
        const log = kafka.topics.log({ topic, partition })
        const from = this.#next[t][source]
        const { records } = log.read(from, Number.POSITIVE_INFINITY)
        const columns = await decodeRecordBatches(records, from, [])
        this.#next[t][source] = columns.nextOffset
        const { stable: lastStableOffset, end: highWatermark } = log
        task.offer(source, { topic, partition, columns, lastStableOffset, highWatermark })
      }
    }
  }
}

const transactionalId = ({ pipeline }: MemoryWorld, machine: string): string =>
  `${pipeline.name}-${machine}`

/** A member of no generation, whose offsets are taken from anybody: here owners are fenced by their producers alone. */
function groupOf(broker: MemoryClient, { pipeline, topics, partitions }: MemoryWorld): Group {
  const timeouts = { sessionTimeoutMs: 6000, rebalanceTimeoutMs: 15_000 }
  const stages = [{ topics, partitions }]
  const options = { groupId: pipeline.name, stages, instanceId: null, ...timeouts }
  return broker.group(options, {
    userData: () => Buffer.alloc(0),
    assign: () => new Map(),
    beforeJoin: async () => {},
    onAssigned: async () => {},
    onLost: async () => {},
    onFatal: nothing,
  })
}
