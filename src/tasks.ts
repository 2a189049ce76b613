/** The tasks of this instance: taking them, feeding them, giving them up. */
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Broker, Fetched, Group, Reader } from './broker/port.ts'
import type { ChangelogTopic } from './commit/epoch-part.ts'
import { takeTask } from './commit/take-task.ts'
import { codeOf } from './errors.ts'
import type { Log } from './events.ts'
import { asCorrupt, openStore, type Store, timed } from './level.ts'
import { Task, type TaskContext } from './task.ts'
import { WindowStore } from './window/window-store.ts'

export interface TasksOptions {
  readonly broker: Broker
  readonly context: TaskContext
  readonly changelog: ChangelogTopic
  readonly log: Log
  readonly group: Pick<Group, 'committed'>
  /** Records have come, or a task has begun to run. */
  readonly onWork: () => void
  /** Reading cannot go on as it is: see `Reader`. */
  readonly onReadError: (error: unknown) => void
}

/** restoring → running → closed; restoring → closed. A closed one is forgotten. */
export type TaskState = 'restoring' | 'running' | 'closed'

export interface HeldTask {
  readonly task: Task
  readonly store: Store
  state: TaskState
  /** Whether fetching is paused, by side. */
  readonly paused: [boolean, boolean]
  /** Changelog offsets left to read. */
  restoreRemaining: number
  /** Of the restore: the most that was left, and when it began (Unix ms). */
  restoreTotal: number
  readonly restoreBegun: number
}

/** Each holds some fetches of a changelog in memory. */
const RESTORED_AT_ONCE = 4

export class Tasks {
  readonly #options: TasksOptions
  readonly #folder: string
  readonly #held = new Map<number, HeldTask>()
  /** Partitions that are ours. */
  readonly #wanted = new Set<number>()
  readonly #turns = new Map<number, Promise<unknown>>()
  readonly #damaged = new Set<number>()
  #paused = false
  readonly #reader: Reader

  constructor(options: TasksOptions) {
    this.#options = options
    this.#folder = join(options.context.pipeline.state.dir, 'window')
    const { partitionFetchBytes: maxBytesPerPartition, answerBytes: maxBytes } =
      options.context.memory
    this.#reader = options.broker.reader(
      { maxBytesPerPartition, maxBytes, minBytes: 1, maxWaitMs: 50 },
      {
        onFetched: (fetched) => this.#fetched(fetched),
        onError: (_partition, error) => options.onReadError(error),
      },
    )
  }

  get all(): readonly HeldTask[] {
    return [...this.#held.values()]
  }

  get running(): readonly HeldTask[] {
    return this.all.filter(({ state }) => state === 'running')
  }

  get partitions(): number[] {
    return [...this.#held.keys()]
  }

  /** Those that are ours, also while their stores are still being opened. */
  get wanted(): number[] {
    return [...this.#wanted]
  }

  /** Partitions whose window store is on this disk. */
  stored(): number[] {
    return existsSync(this.#folder)
      ? readdirSync(this.#folder).map(Number).filter(Number.isInteger)
      : []
  }

  /** Takes the tasks that are not held yet; resolves when all of them run. */
  async take(partitions: readonly number[]): Promise<void> {
    for (const partition of partitions) this.#wanted.add(partition)
    const left = [...partitions]
    await Promise.all(
      Array.from({ length: RESTORED_AT_ONCE }, async () => {
        for (let next = left.shift(); next !== undefined; next = left.shift()) {
          await this.#takeOne(next)
        }
      }),
    )
  }

  /** Gives up all tasks but these, also those that are just being opened. */
  async keep(partitions: readonly number[]): Promise<void> {
    const others = [...this.#wanted].filter((partition) => !partitions.includes(partition))
    for (const partition of others) this.#wanted.delete(partition)
    await Promise.all(others.map((partition) => this.#drop(partition)))
  }

  /** The task's store does not have what it must have: it is put aside when the task is taken again. */
  damaged(partition: number): void {
    this.#damaged.add(partition)
  }

  /** Fetches nothing until `resume`, also for tasks that are taken meanwhile. */
  pause(): void {
    this.#paused = true
    for (const held of this.running) for (const side of [0, 1]) this.#pauseInput(held, side)
  }

  resume(): void {
    this.#paused = false
    for (const held of this.running) {
      held.task.restartIdle()
      this.resumeInputs(held)
    }
  }

  #pauseInput(held: HeldTask, side: number): void {
    held.paused[side] = true
    this.#reader.pause(this.#input(side, held.task.partition))
  }

  /** Fetches again what was paused, once most of it has been taken. */
  resumeInputs(held: HeldTask): void {
    if (this.#paused) return
    for (const side of [0, 1]) {
      if (!held.paused[side] || held.task.queues[side].bufferedBytes > this.#inputBytes / 2)
        continue
      held.paused[side] = false
      this.#reader.resume(this.#input(side, held.task.partition))
    }
  }

  async close(): Promise<void> {
    await this.#reader.close()
    await this.keep([])
  }

  get #inputBytes(): number {
    return this.#options.context.memory.inputBytes
  }

  #input(side: number, partition: number): { topic: string; partition: number } {
    const { facts, join: right } = this.#options.context.pipeline
    return { topic: side === 0 ? facts.topic : right.topic, partition }
  }

  #fetched(fetched: Fetched): void {
    const held = this.#held.get(fetched.partition)
    if (held?.state !== 'running') return
    const side = fetched.topic === this.#options.context.pipeline.facts.topic ? 0 : 1
    const { counts } = this.#options.context
    counts.lastFetchMs = Date.now()
    counts.consumedBytes[side] += fetched.columns.buffer.length
    held.task.offer(side, fetched)
    if (held.task.queues[side].complete) this.#reader.remove(fetched)
    if (held.task.queues[side].bufferedBytes > this.#inputBytes && !held.paused[side]) {
      this.#pauseInput(held, side)
    }
    this.#options.onWork()
  }

  /**
   * Opening and closing the store of a partition go one after the other: where an assignment follows
   * on another at once, a task that is still being opened would be opened twice, or outlive its loss.
   */
  #inTurn<T>(partition: number, work: () => Promise<T>): Promise<T> {
    const mine = (this.#turns.get(partition) ?? Promise.resolve()).then(work)
    this.#turns.set(
      partition,
      mine.catch(() => {}),
    )
    return mine
  }

  async #takeOne(partition: number): Promise<void> {
    const { log } = this.#options
    let held: HeldTask | undefined
    try {
      held = await this.#inTurn(partition, () => this.#open(partition))
      if (held === undefined) return
      await this.#restore(held)
    } catch (raised) {
      if (held?.state === 'closed') return
      await this.#drop(partition)
      const error = asCorrupt(raised)
      const code = codeOf(error)
      // A former owner has just shortened the changelog: what is gone had expired.
      if (code !== 'OFFSET_OUT_OF_RANGE') {
        if (code !== 'STATE_CORRUPT') throw error
        log.event('window_store_damaged', { err: error, partition })
        this.damaged(partition)
      }
      this.#options.context.counts.errors.add(`restore ${code}`)
      await this.#takeOne(partition)
    }
  }

  /** undefined: it is held already, or not ours any more. */
  async #open(partition: number): Promise<HeldTask | undefined> {
    if (this.#held.has(partition) || !this.#wanted.has(partition)) return undefined
    const { context, changelog, log } = this.#options
    const folder = join(this.#folder, String(partition))
    if (this.#damaged.delete(partition) && existsSync(folder)) {
      rmSync(`${folder}.damaged`, { recursive: true, force: true })
      renameSync(folder, `${folder}.damaged`)
      context.counts.quarantined.add('window')
      log.event('window_store_put_aside', { partition, folder: `${folder}.damaged` })
    }
    const store = timed(await openStore(folder), (op, ms) =>
      context.counts.storeOps.add(`window ${op}`, ms),
    )
    const task = new Task(partition, new WindowStore(store, changelog.layout), context)
    const held: HeldTask = {
      store,
      task,
      state: 'restoring',
      paused: [false, false],
      restoreRemaining: 0,
      restoreTotal: 0,
      restoreBegun: Date.now(),
    }
    this.#held.set(partition, held)
    context.memory.tasks = this.#held.size
    return held
  }

  async #restore(held: HeldTask): Promise<void> {
    const { context, changelog, broker, group, log, onWork } = this.#options
    const { task } = held
    const { partition } = task
    const begun = performance.now()
    const starts = await takeTask(task, {
      pipeline: context.pipeline,
      layout: changelog.layout,
      changelogTopic: changelog.topic,
      admin: broker.admin,
      group,
      log,
      from: [0, 1].map((side) => context.interval?.offsets[side].get(partition)?.from ?? 0),
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
    if (held.state === 'closed') return
    held.state = 'running'
    for (const side of [0, 1]) {
      this.#reader.add(this.#input(side, partition), starts[side])
      if (this.#paused) this.#pauseInput(held, side)
    }
    const ms = Math.round(performance.now() - begun)
    context.counts.restores.add('window', ms)
    const records = task.window.side(0).entries + task.window.side(1).entries
    log.event('task_running', { partition, starts, records, ms })
    onWork()
  }

  #drop(partition: number): Promise<void> {
    return this.#inTurn(partition, async () => {
      const held = this.#held.get(partition)
      if (held === undefined) return
      held.state = 'closed'
      this.#held.delete(partition)
      this.#options.context.memory.tasks = this.#held.size
      for (const side of [0, 1]) this.#reader.remove(this.#input(side, partition))
      await held.store.close()
    })
  }
}
