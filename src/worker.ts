/** The assignment: partitions → tasks; the loop that runs them and commits their epochs. */
import { existsSync, readdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { assignTasks, decodeUserData, encodeUserData } from './assign.ts'
import type { Broker, Group, ProduceBatch, Reader, TransactionalProducer } from './broker/port.ts'
import { commitEpoch } from './commit/commit.ts'
import { epochPart } from './commit/epoch-part.ts'
import { takeTask } from './commit/take-task.ts'
import { EnricherError, messageOf } from './errors.ts'
import { openStore, type Store } from './level.ts'
import { Task, type TaskContext } from './task.ts'
import { windowTimes } from './window/segments.ts'
import { WindowStore } from './window/window-store.ts'

export interface WorkerLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export interface WorkerOptions {
  readonly broker: Broker
  readonly context: TaskContext
  readonly changelog: { topic: string; layout: string; maxRecordBytes: number }
  readonly partitions: number
  readonly instanceId: string
  readonly log: WorkerLog
  /** Rejects of the dimensions since the last call: they go with the next epoch. */
  readonly takeRejects: () => readonly ProduceBatch[]
  readonly onStep: (step: number) => void
  readonly onCommitted: (milliseconds: number, outputs: number) => void
  readonly onAborted: () => void
  readonly onFatal: (error: unknown) => void
}

/** Bytes of one input that a task buffers before its fetching pauses. */
const BUFFER_BYTES = 4 * 1024 * 1024

interface Held {
  readonly store: Store
  task: Task
  state: 'restoring' | 'running' | 'closed'
  paused: [boolean, boolean]
  /** Changelog offsets left to read. */
  restoreRemaining: number
}

export class Worker {
  readonly #options: WorkerOptions
  readonly #held = new Map<number, Held>()
  readonly #reader: Reader
  readonly #group: Group
  #producer: TransactionalProducer
  #quiet = false
  #stopping = false
  #committing: Promise<void> | undefined
  #turn: Promise<void> = Promise.resolve()
  #wake: () => void = () => {}
  #lastCommit = Date.now()
  #joined = false
  rebalances = 0

  constructor(options: WorkerOptions) {
    this.#options = options
    const { broker, context, partitions } = options
    const { pipeline } = context
    this.#reader = broker.reader(
      { maxBytesPerPartition: 1 << 20, maxBytes: 8 << 20, minBytes: 1, maxWaitMs: 50 },
      {
        onFetched: (fetched) => this.#fetched(fetched),
        onError: (_partition, error) => options.onFatal(error),
      },
    )
    this.#producer = broker.producer({
      transactionalId: `${pipeline.name}-${options.instanceId}`,
      timeoutMs: 10_000,
    })
    this.#group = broker.group(
      {
        groupId: pipeline.name,
        topics: [pipeline.facts.topic, pipeline.join.topic],
        partitions,
        instanceId: pipeline.kafka.instanceId,
        sessionTimeoutMs: pipeline.kafka.sessionTimeoutMs,
        rebalanceTimeoutMs: 15_000,
      },
      {
        userData: () => encodeUserData({ owned: [...this.#held.keys()], stores: this.#stores() }),
        assign: (members, count) =>
          assignTasks(
            members.map(({ memberId, userData }) => ({ memberId, ...decodeUserData(userData) })),
            count,
          ),
        beforeJoin: () => this.#beforeJoin(),
        onAssigned: (assigned) => this.#assigned(assigned),
        onLost: () => this.#lost(),
        onFatal: options.onFatal,
      },
    )
  }

  /** Partitions whose window store is on this disk. */
  #stores(): number[] {
    const folder = join(this.#options.context.pipeline.state.dir, 'window')
    return existsSync(folder) ? readdirSync(folder).map(Number).filter(Number.isInteger) : []
  }

  get joined(): boolean {
    return this.#joined
  }

  get tasks(): readonly { task: Task; state: string; restoreRemaining: number }[] {
    return [...this.#held.values()]
  }

  async start(): Promise<void> {
    await this.#producer.init()
    this.#group.start()
    void this.#loop().catch((error) => this.#options.onFatal(error))
  }

  /** Commits, leaves the group, closes the stores. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#quiet = true
    this.#wake()
    await this.#turn
    await this.#commitAll().catch((error) =>
      this.#options.log.warn({ err: error }, 'Last epoch not committed'),
    )
    await this.#group.close()
    await this.#reader.close()
    for (const held of this.#held.values()) await held.store.close()
    await this.#producer.close()
  }

  /** One turn of the loop takes a slice of every task, then commits if it is time. */
  async #loop(): Promise<void> {
    while (!this.#stopping) {
      let busy = false
      if (!this.#quiet) {
        const turn = this.#turnOnce()
        this.#turn = turn.then(
          () => {},
          () => {},
        )
        busy = await turn.catch(async (error) => {
          await this.#failed(error)
          return false
        })
      }
      if (busy) await nextTurn()
      else await this.#sleep()
    }
  }

  async #turnOnce(): Promise<boolean> {
    let busy = false
    let full = false
    for (const held of this.#held.values()) {
      if (held.state !== 'running' || this.#quiet) continue
      busy = (await held.task.process()) || busy
      full ||= held.task.full
      this.#resumeInputs(held)
    }
    const due = Date.now() - this.#lastCommit >= this.#options.context.pipeline.commit.intervalMs
    if ((due || full) && this.#committing === undefined && !this.#quiet) this.#startCommit()
    return busy
  }

  #sleep(): Promise<void> {
    const { intervalMs } = this.#options.context.pipeline.commit
    const left = this.#lastCommit + intervalMs - Date.now()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(1, Math.min(left, intervalMs)))
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  #fetched(fetched: Parameters<Task['offer']>[1]): void {
    const held = this.#held.get(fetched.partition)
    if (held === undefined || held.state !== 'running') return
    const side = fetched.topic === this.#options.context.pipeline.facts.topic ? 0 : 1
    held.task.offer(side, fetched)
    if (held.task.queues[side].bufferedBytes > BUFFER_BYTES && !held.paused[side]) {
      held.paused[side] = true
      this.#reader.pause(fetched)
    }
    this.#wake()
  }

  #resumeInputs(held: Held): void {
    for (const side of [0, 1]) {
      if (!held.paused[side] || held.task.queues[side].bufferedBytes > BUFFER_BYTES / 2) continue
      held.paused[side] = false
      this.#reader.resume(this.#input(side, held.task.partition))
    }
  }

  #input(side: number, partition: number): { topic: string; partition: number } {
    const { facts, join: right } = this.#options.context.pipeline
    return { topic: side === 0 ? facts.topic : right.topic, partition }
  }

  /** While this epoch commits the next one fills; there are never more than two. */
  #startCommit(): void {
    this.#lastCommit = Date.now()
    const commit = this.#commit().catch((error) => this.#failed(error))
    this.#committing = commit.finally(() => {
      this.#committing = undefined
      this.#wake()
    })
  }

  async #commit(): Promise<void> {
    const { context, changelog, takeRejects, onStep, onCommitted } = this.#options
    const epochs = [...this.#held.values()]
      .filter((held) => held.state === 'running')
      .flatMap((held) => held.task.take() ?? [])
    const rejects = takeRejects()
    if (epochs.length === 0 && rejects.length === 0) return
    const begun = performance.now()
    const parts = epochs.map((epoch) => epochPart(epoch, context.pipeline, changelog))
    await commitEpoch(parts, rejects, {
      producer: this.#producer,
      group: this.#group,
      groupId: context.pipeline.name,
      onStep,
    })
    let outputs = 0
    for (const epoch of epochs) for (const batch of epoch.outputs) outputs += batch.records
    onCommitted(performance.now() - begun, outputs)
  }

  async #commitAll(): Promise<void> {
    await this.#committing
    await this.#commit()
  }

  /** The epoch is lost: it and the one that fills are dropped, and every task is taken anew. */
  async #failed(error: unknown): Promise<void> {
    const { log, onFatal } = this.#options
    if (
      error instanceof EnricherError &&
      (error.code === 'STATE_LAYOUT_CHANGED' || error.code === 'OFFSETS_CHANGED')
    ) {
      onFatal(error)
      return
    }
    this.#options.onAborted()
    log.warn({ err: error }, `Epoch aborted: ${messageOf(error)}`)
    const wasQuiet = this.#quiet
    this.#quiet = true
    const partitions = [...this.#held.keys()]
    for (const partition of partitions) await this.#drop(partition)
    await this.#producer.abort().catch(() => {})
    await this.#producer.init()
    this.#quiet = wasQuiet
    if (!this.#stopping) await this.#takeAll(partitions)
  }

  /** Nothing may be in flight when the group's generation ends. */
  async #beforeJoin(): Promise<void> {
    this.#quiet = true
    this.#joined = false
    await this.#turn
    await this.#commitAll().catch((error) => this.#failed(error))
  }

  async #lost(): Promise<void> {
    this.#quiet = true
    this.#options.log.warn({}, 'Lost the place in the group; its tasks are given up')
    await this.#turn
    await this.#committing
    for (const partition of [...this.#held.keys()]) await this.#drop(partition)
    await this.#producer.abort().catch(() => {})
    await this.#producer.init()
  }

  async #assigned(partitions: readonly number[]): Promise<void> {
    this.rebalances++
    for (const partition of [...this.#held.keys()]) {
      if (!partitions.includes(partition)) await this.#drop(partition)
    }
    this.#joined = true
    this.#quiet = false
    this.#options.log.info({ partitions }, 'Tasks assigned')
    void this.#takeAll(partitions.filter((p) => !this.#held.has(p))).catch(this.#options.onFatal)
    this.#wake()
  }

  async #takeAll(partitions: readonly number[]): Promise<void> {
    await Promise.all(partitions.map((partition) => this.#takeOne(partition)))
  }

  async #takeOne(partition: number): Promise<void> {
    const { context, changelog, broker, log } = this.#options
    const folder = join(context.pipeline.state.dir, 'window', String(partition))
    const begun = performance.now()
    const store = await openStore(folder)
    const { segmentMs } = windowTimes(context.pipeline.join)
    const task = new Task(partition, new WindowStore(store, segmentMs, changelog.layout), context)
    const held: Held = {
      store,
      task,
      state: 'restoring',
      paused: [false, false],
      restoreRemaining: 0,
    }
    this.#held.set(partition, held)
    try {
      const starts = await takeTask(task, {
        pipeline: context.pipeline,
        layout: changelog.layout,
        changelogTopic: changelog.topic,
        admin: broker.admin,
        group: this.#group,
        onProgress: (remaining) => {
          held.restoreRemaining = remaining
        },
        createReader: (events) =>
          broker.reader(
            { maxBytesPerPartition: 4 << 20, maxBytes: 16 << 20, minBytes: 1, maxWaitMs: 100 },
            events,
          ),
      })
      if (held.state === 'closed') return
      held.state = 'running'
      for (const side of [0, 1]) this.#reader.add(this.#input(side, partition), starts[side])
      const ms = Math.round(performance.now() - begun)
      const records = task.window.side(0).entries + task.window.side(1).entries
      log.info({ partition, starts, records, ms }, 'Task running')
    } catch (error) {
      if (held.state === 'closed') return
      if (!(error instanceof EnricherError) || error.code !== 'STATE_CORRUPT') throw error
      log.error({ err: error, partition }, 'The store is damaged and is rebuilt from the changelog')
      await this.#drop(partition)
      await rm(folder, { recursive: true, force: true })
      await this.#takeOne(partition)
    }
  }

  async #drop(partition: number): Promise<void> {
    const held = this.#held.get(partition)
    if (held === undefined) return
    held.state = 'closed'
    this.#held.delete(partition)
    for (const side of [0, 1]) this.#reader.remove(this.#input(side, partition))
    await held.store.close()
  }
}
