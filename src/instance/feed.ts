/** Feeds the tasks that run: fetched batches go to their queues, and what a task cannot hold is not fetched. */
import type { TaskId, TopicPartition } from '../batch.ts'
import type { Admin, Broker, Fetched, Reader } from '../broker/port.ts'
import { taskNumber } from '../broker/task-number.ts'
import type { Source } from '../plan/plan.ts'
import type { RunnableTask, TaskContext } from '../task/task.ts'
import type { HeldTask } from './held-task.ts'

/** Between two looks at the ends of paused inputs. */
const LOOK_MS = 2000
/** Records that come between two commits wait for the second anyway, so they may gather before they are fetched … */
const MOST_GATHER_MS = 20
const LEAST_GATHER_MS = 5
/** … but those just before it should still be part of it: what a fetch and its processing take. */
const LEAD_MS = 10

export interface FeedOptions {
  readonly broker: Broker
  readonly context: TaskContext
  /** Of the plan's sources; null: the broker gives none. */
  readonly topicIds: readonly (string | null)[]
  /** A broker does not know an input, or not by its id. */
  readonly onUnknownTopic: () => void
  /** Records have come, or a task has begun to run. */
  readonly onWork: () => void
  /** Until the next commit is due; negative once it is. */
  readonly msToCommit: () => number
  /** Reading cannot go on as it is: see `Reader`. */
  readonly onReadError: (error: unknown) => void
}

export class Feed {
  readonly #context: TaskContext
  readonly #onWork: () => void
  readonly #held: ReadonlyMap<number, HeldTask>
  readonly #reader: Reader
  readonly #topicIds: readonly (string | null)[]
  /** By topic: its stage, and its number among that one's sources. */
  readonly #places: ReadonlyMap<string, readonly [stage: number, side: number]>
  #paused = false
  readonly #admin: Admin
  /** Runs while paused. */
  #looking: NodeJS.Timeout | undefined
  /** A look waits for a broker that is away. */
  #asking = false

  /** @param held all tasks, by number */
  constructor(options: FeedOptions, held: ReadonlyMap<number, HeldTask>) {
    const { broker, context, onWork, msToCommit, onReadError, onUnknownTopic } = options
    this.#context = context
    this.#topicIds = options.topicIds
    this.#places = new Map(
      context.plan.stages.flatMap(({ number, topics }) =>
        topics.map((topic, side) => [topic, [number, side] as const]),
      ),
    )
    this.#admin = broker.admin
    this.#onWork = onWork
    this.#held = held
    const { partitionFetchBytes: maxBytesPerPartition, answerBytes: maxBytes } = context.memory
    this.#reader = broker.reader(
      {
        maxBytesPerPartition,
        maxBytes,
        minBytes: 1,
        maxWaitMs: 50,
        gatherMs: () => gatherMs(msToCommit()),
      },
      {
        onFetched: (fetched) => this.#fetched(fetched),
        onError: (_partition, error) => onReadError(error),
        onUnknownTopic,
      },
    )
  }

  /** @param starts the offsets to read from, by side */
  add(held: HeldTask, starts: readonly number[]): void {
    for (const [side, { index }] of this.#sources(held.task).entries()) {
      this.#reader.add(this.#input(held.task, side), starts[side], this.#topicIds[index])
      if (this.#paused) this.#pause(held, side)
    }
  }

  remove(task: RunnableTask): void {
    for (const side of task.queues.keys()) this.#reader.remove(this.#input(task, side))
  }

  /** Fetches nothing until `resumeAll`, also for tasks that are added meanwhile. */
  pauseAll(): void {
    this.#paused = true
    for (const held of this.#running) {
      for (const side of held.task.queues.keys()) this.#pause(held, side)
    }
    this.#looking ??= setInterval(() => void this.#lookAtEnds(), LOOK_MS).unref()
  }

  resumeAll(): void {
    this.#paused = false
    clearInterval(this.#looking)
    this.#looking = undefined
    for (const held of this.#running) {
      held.task.restartIdle()
      this.resume(held)
    }
  }

  /** Fetches again what was paused, once most of it has been taken. */
  resume(held: HeldTask): void {
    if (this.#paused) return
    for (const side of held.task.queues.keys()) {
      if (!held.paused[side] || held.task.queues[side].bufferedBytes > this.#inputBytes / 2)
        continue
      held.paused[side] = false
      this.#reader.resume(this.#input(held.task, side))
    }
  }

  close(): Promise<void> {
    clearInterval(this.#looking)
    return this.#reader.close()
  }

  /** Fetches say where a partition ends; while there are none the lag would stay as it was. */
  async #lookAtEnds(): Promise<void> {
    if (this.#asking) return
    this.#asking = true
    for (const { topic } of this.#context.plan.sources) {
      // It fails only once the broker is closed.
      const ends = await this.#admin.offsets(topic, 'stable').catch(() => new Map())
      const [stage, side] = this.#places.get(topic)!
      for (const { task } of this.#running) {
        const end = ends.get(task.partition)
        if (end !== undefined && task.stage === stage) task.queues[side].sawEnd(end)
      }
    }
    this.#asking = false
  }

  get #running(): HeldTask[] {
    return [...this.#held.values()].filter(({ state }) => state === 'running')
  }

  #pause(held: HeldTask, side: number): void {
    held.paused[side] = true
    this.#reader.pause(this.#input(held.task, side))
  }

  get #inputBytes(): number {
    return this.#context.memory.inputBytes
  }

  #sources({ stage }: TaskId): readonly Source[] {
    return this.#context.plan.stages[stage].sources
  }

  #input(task: TaskId, side: number): TopicPartition {
    return { topic: this.#sources(task)[side].topic, partition: task.partition }
  }

  #fetched(fetched: Fetched): void {
    const { counts, plan } = this.#context
    const [stage, side] = this.#places.get(fetched.topic)!
    const held = this.#held.get(taskNumber(stage, fetched.partition, plan.stages.length))
    if (held?.state !== 'running') return
    counts.lastFetchMs = Date.now()
    counts.consumedBytes[this.#sources(held.task)[side].index] += fetched.columns.buffer.length
    held.task.offer(side, fetched)
    if (held.task.queues[side].complete) this.#reader.remove(fetched)
    if (held.task.queues[side].bufferedBytes > this.#inputBytes && !held.paused[side]) {
      this.#pause(held, side)
    }
    this.#onWork()
  }
}

/** How long records gather after an answer of little. */
export function gatherMs(msToCommit: number): number {
  return Math.max(LEAST_GATHER_MS, Math.min(MOST_GATHER_MS, msToCommit - LEAD_MS))
}
