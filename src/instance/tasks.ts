/** The tasks of this instance: taking them, and giving them up. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { TaskId } from '../batch.ts'
import type { Group } from '../broker/port.ts'
import { taskOf } from '../broker/task-number.ts'
import type { ChangelogTopic } from '../commit/epoch-part.ts'
import { codeOf } from '../errors.ts'
import type { Log } from '../events.ts'
import { LastLags } from '../input/last-lags.ts'
import { startOffsets } from '../input/start-offsets.ts'
import { statefulStages } from '../plan/plan.ts'
import { asCorrupt, type Store } from '../state/level.ts'
import { PageStore } from '../state/page-store.ts'
import { Restore } from '../state/restore.ts'
import { TaskStores } from '../state/stores.ts'
import { groupOffsetsOf } from '../state/topic-ids.ts'
import { createTask } from '../task/create-task.ts'
import type { RunnableTask } from '../task/task.ts'
import { Feed, type FeedOptions } from './feed.ts'
import { HeldTask } from './held-task.ts'
import { tellIfReadAgain } from './read-again.ts'

export interface TasksOptions extends FeedOptions {
  /** Of the stages that keep state, in their order. */
  readonly changelogs: readonly ChangelogTopic[]
  readonly stateDir: string
  readonly log: Log
  readonly group: Pick<Group, 'committed'>
}

/** Each holds some fetches of a changelog in memory. */
const RESTORED_AT_ONCE = 4
/** Part of the time that a stop may take. What a slow disk has not got by then a restore reads about as fast. */
const FLUSH_MS = 2000
/** Restores in a row of one task that may find its store damaged, and how much longer each waits. */
const MOST_DAMAGED = 3
const DAMAGED_MS = 1000

export class Tasks {
  readonly #options: TasksOptions
  readonly stores: TaskStores
  readonly inputs: Feed
  /** Of the tasks that were given up, and are to be taken here again. */
  readonly lastLags = new LastLags()
  readonly #held = new Map<number, HeldTask>()
  /** Numbers of the tasks that are ours. */
  readonly #wanted = new Set<number>()
  readonly #turns = new Map<number, Promise<unknown>>()
  /** By task: restores in a row that have found damage. */
  readonly #damaged = new Map<number, number>()

  constructor(options: TasksOptions) {
    this.#options = options
    const { context, log } = options
    this.stores = new TaskStores(
      options.stateDir,
      statefulStages(context.plan).length,
      context.memory.storeBufferBytes,
      context.counts,
      log,
    )
    this.inputs = new Feed(options, this.#held)
  }

  get all(): readonly HeldTask[] {
    return [...this.#held.values()]
  }

  get running(): readonly HeldTask[] {
    return this.all.filter(({ state }) => state === 'running')
  }

  /** The numbers of those that are held. */
  get numbers(): number[] {
    return [...this.#held.keys()]
  }

  /** Those that are ours, also while their stores are still being opened. */
  get wanted(): number[] {
    return [...this.#wanted]
  }

  /** Takes the tasks that are not held yet; resolves when all of them run. */
  async take(tasks: readonly number[]): Promise<void> {
    this.lastLags.retain(tasks)
    for (const task of tasks) this.#wanted.add(task)
    const left = [...tasks]
    await Promise.all(
      Array.from({ length: RESTORED_AT_ONCE }, async () => {
        for (let next = left.shift(); next !== undefined; next = left.shift()) {
          await this.#takeOne(next)
        }
      }),
    )
  }

  /** Gives up all tasks but these, also those that are just being opened. */
  async keep(tasks: readonly number[]): Promise<void> {
    const others = [...this.#wanted].filter((task) => !tasks.includes(task))
    for (const task of others) this.#wanted.delete(task)
    const dropped = others.map((task) => this.#drop(task))
    await Promise.allSettled(dropped)
    await Promise.all(dropped)
  }

  /** Gives up all tasks, which are to be taken here again: their stores get what memory holds for them. */
  async putDown(): Promise<void> {
    const until = performance.now() + FLUSH_MS
    const flushed = this.running.map(({ task }) => this.#flush(task, until))
    await Promise.allSettled(flushed)
    await this.keep([])
  }

  async close(): Promise<void> {
    await this.inputs.close()
    await this.putDown()
    this.lastLags.retain([])
  }

  async #flush({ partition, state }: RunnableTask, until: number): Promise<void> {
    const { log } = this.#options
    try {
      const bytes = (await state?.flush(until)) ?? 0
      if (bytes > 0) log.event('window_store_late', { partition, bytes })
    } catch (err) {
      log.event('window_store_behind', { err, partition })
    }
  }

  /**
   * Opening and closing the store of a task go one after the other: where an assignment follows
   * on another at once, a task that is still being opened would be opened twice, or outlive its loss.
   */
  #inTurn<T>(task: number, work: () => Promise<T>): Promise<T> {
    const mine = (this.#turns.get(task) ?? Promise.resolve()).then(work)
    this.#turns.set(
      task,
      mine.catch(() => {}),
    )
    return mine
  }

  async #takeOne(number: number): Promise<void> {
    const { log } = this.#options
    const { partition } = this.#idOf(number)
    let held: HeldTask | undefined
    try {
      held = await this.#inTurn(number, () => this.#open(number))
      if (held === undefined) return
      await this.#restore(held)
    } catch (raised) {
      if (held?.state === 'closed') return
      await this.#drop(number)
      const error = asCorrupt(raised)
      const code = codeOf(error)
      // A former owner has just shortened the changelog: what is gone had expired.
      if (code !== 'OFFSET_OUT_OF_RANGE') {
        if (code !== 'STATE_CORRUPT') throw error
        log.event('window_store_damaged', { err: error, partition })
        this.stores.condemn(partition, 'damaged')
        await this.#afterDamage(number, error)
      }
      this.#options.context.counts.errors.add(`restore ${code}`)
      await this.#takeOne(number)
    }
  }

  /** A disk that damages what was just written to it will not get better by another try. */
  async #afterDamage(task: number, error: unknown): Promise<void> {
    const times = (this.#damaged.get(task) ?? 0) + 1
    this.#damaged.set(task, times)
    if (times > MOST_DAMAGED) throw error
    await sleep(DAMAGED_MS * (times - 1), undefined, { ref: false })
  }

  /** undefined: it is held already, or not ours any more. */
  async #open(number: number): Promise<HeldTask | undefined> {
    if (this.#held.has(number) || !this.#wanted.has(number)) return undefined
    const { context } = this.#options
    const { store, task } = await this.#create(this.#idOf(number))
    const held = new HeldTask(task, store)
    this.#held.set(number, held)
    context.memory.tasks = this.#held.size
    return held
  }

  async #create(id: TaskId): Promise<{ store: Store | null; task: RunnableTask }> {
    const { context, changelogs } = this.#options
    const { state } = context.plan.stages[id.stage]
    if (state === null) return { store: null, task: createTask(id, null, context) }
    const store = await this.stores.open(id.partition, state.number)
    const pages = new PageStore(store, changelogs[state.number].layout)
    return { store, task: createTask(id, pages, context) }
  }

  async #restore(held: HeldTask): Promise<void> {
    const { context, broker, log, onWork } = this.#options
    const { task } = held
    const { number, stage, partition } = task
    const begun = performance.now()
    const { sources, topics } = context.plan.stages[stage]
    const offsets = await this.#restored(held, topics)
    const starts = await startOffsets(topics, partition, offsets, {
      admin: broker.admin,
      log,
      from: sources.map(({ index }) => context.interval?.offsets[index].get(partition)?.from ?? 0),
    })
    if (held.state === 'closed') return
    for (const [source, queue] of task.queues.entries())
      queue.begin(offsets[source], starts[source])
    held.to('running')
    this.#damaged.delete(number)
    this.inputs.add(held, starts)
    const ms = Math.round(performance.now() - begun)
    if (held.store !== null) context.counts.restores.add('window', ms)
    const records = task.figures().records.reduce((sum, count) => sum + count, 0)
    const named = context.plan.stages.length > 1 ? stage : undefined
    log.event('task_running', { partition, stage: named, starts, records, ms })
    onWork()
  }

  /** Brings the task's state back. @returns the sources' offsets behind the last epoch; -1 where nothing was read */
  async #restored(held: HeldTask, topics: readonly string[]): Promise<readonly number[]> {
    const { context, changelogs, broker, group, log, topicIds } = this.#options
    const { stage, partition, state } = held.task
    const of = context.plan.stages[stage]
    const ids = of.sources.map(({ index }) => topicIds[index])
    if (state === null || of.state === null) {
      const offsets = await groupOffsetsOf(partition, { group, topics, topicIds: ids })
      await tellIfReadAgain(of, partition, offsets[0], context, { broker, group, log })
      return offsets
    }
    const changelog = changelogs[of.state.number]
    const restore = new Restore(partition, state, {
      topics,
      topicIds: ids,
      layout: changelog.layout,
      schemaIds: changelog.schemaIds,
      readersOf: changelog.readersOf,
      changelogTopic: changelog.topic,
      admin: broker.admin,
      group,
      log,
      mayBegin: of.joins.length === 0,
      onProgress: (remaining, records, bytes) => {
        held.restoreRemaining = remaining
        held.restoreTotal = Math.max(held.restoreTotal, remaining)
        context.counts.restored.add('window', records)
        context.counts.restoredBytes.add('window', bytes)
      },
      createReader: (events) =>
        broker.reader(
          { maxBytesPerPartition: 4 << 20, maxBytes: 4 << 20, minBytes: 1, maxWaitMs: 100 },
          events,
        ),
    })
    await restore.open()
    await restore.load()
    await restore.follow()
    return restore.activate()
  }

  #idOf(number: number): TaskId {
    return taskOf(number, this.#options.context.plan.stages.length)
  }

  #drop(number: number): Promise<void> {
    return this.#inTurn(number, async () => {
      const held = this.#held.get(number)
      if (held === undefined) return
      this.lastLags.keep(number, held.task.queues)
      held.to('closed')
      this.#held.delete(number)
      this.#options.context.memory.tasks = this.#held.size
      this.inputs.remove(held.task)
      await held.store?.close()
    })
  }
}
