/** The epochs of this instance: each holds what its tasks have done since the last one. */
import type { Broker, Group, ProduceBatch, TransactionalProducer } from '../broker/port.ts'
import type { Counts } from '../counts/counts.ts'
import { codeOf, EnricherError } from '../errors.ts'
import type { Log } from '../events.ts'
import type { RunnableTask, TaskContext, TaskEpoch } from '../task/task.ts'
import { commitEpoch } from './commit.ts'
import { ConsumedHeads } from './consumed-heads.ts'
import { type ChangelogTopic, type EpochTopics, epochPart } from './epoch-part.ts'

export interface EpochsOptions {
  readonly broker: Broker
  readonly context: TaskContext
  /** Of the stages that keep state, in their order. */
  readonly changelogs: readonly ChangelogTopic[]
  /** Of the plan's sources; null: the broker gives none. */
  readonly topicIds: readonly (string | null)[]
  readonly transactionalId: string
  /** Of the dimensions: they go with the next epoch. */
  readonly rejects: {
    /** All that are not committed. */
    drain(): readonly ProduceBatch[]
    /** What was taken last is committed. */
    settle(): void
  }
  readonly log: Log
  readonly onStep: (step: number) => void
}

const TRANSACTION_TIMEOUT_MS = 10_000
/** Where nothing comes out there is no commit, but for what inputs have passed over: then so often. */
const PASSED_MS = 5000
/** Of a commit; each ends with a step of `commitEpoch`. */
const STAGES = ['pack', 'produce', 'commit', 'store']
/** The step of `commitEpoch` that ends the transaction. */
const COMMITTED = 3
/** Refusals where another producer may have our transactional id, whose transaction is not ours to end. */
const REPLACED = new Set([
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
  'FENCED_INSTANCE_ID',
  'PRODUCER_FENCED',
])

export class Epochs {
  readonly #options: EpochsOptions
  readonly #producer: TransactionalProducer
  readonly #consumedHeads: ConsumedHeads
  /** By stage. */
  readonly #topics: readonly EpochTopics[]
  /** The last epoch's outcome is unknown, or another producer has fenced ours. */
  #mustInit = true
  /** The last epoch has failed, and its transaction may be open; it is no one else's to end. */
  #isLeftOpen = false
  /** Under way since before the first join. */
  #initialized: Promise<void> | undefined
  /** What all slices had taken when the last epoch was closed, in ms. */
  #slicesMs = 0
  /** When the last epoch was closed, by the clock for durations. */
  #closedAt = Number.NEGATIVE_INFINITY

  constructor(options: EpochsOptions) {
    this.#options = options
    const { broker, context, changelogs, topicIds, transactionalId, log } = options
    this.#consumedHeads = new ConsumedHeads(broker.admin, log, context.elapsed)
    this.#topics = context.plan.stages.map(({ topics, sources, state }) => ({
      topics,
      topicIds: sources.map(({ index }) => topicIds[index]),
      changelog: state === null ? null : changelogs[state.number],
    }))
    this.#producer = broker.producer({
      transactionalId,
      timeoutMs: TRANSACTION_TIMEOUT_MS,
    })
  }

  /** What can be done while the dimensions are still being read. */
  prepare(): void {
    this.#initialized = this.#producer.init()
    this.#initialized.catch(() => {})
  }

  /** Ready for transactions after `prepare`; from `begin` on it is the epochs'. */
  async producer(): Promise<TransactionalProducer> {
    await this.#initialized
    return this.#producer
  }

  /** Ends what the last epoch may have left open. */
  async begin(): Promise<void> {
    const initialized = this.#initialized
    this.#initialized = undefined
    if (this.#mustInit) await (initialized ?? this.#producer.init())
    this.#mustInit = false
    this.#isLeftOpen = false
  }

  /**
   * Nothing more is committed. What the last epoch may have left open is aborted: until the coordinator times it out,
   * readers of the outputs, and whoever takes the tasks, would wait in front of it.
   */
  async end(): Promise<void> {
    if (this.#isLeftOpen) await this.#producer.init()
    this.#isLeftOpen = false
  }

  /** Nothing is committed until `begin`. */
  giveUp(): void {
    this.#mustInit = true
  }

  /**
   * Commits what the tasks have done. False: they have done nothing.
   * @param isLast no other may follow soon
   */
  async commit(tasks: readonly RunnableTask[], group: Group, isLast: boolean): Promise<boolean> {
    const { context, rejects, onStep } = this.#options
    if (this.#mustInit) return false
    const others = rejects.drain()
    const drained = this.#drain(tasks, isLast || others.length > 0)
    const epochs = drained.filter((epoch) => epoch !== undefined)
    if (epochs.length === 0 && others.length === 0) return false
    const begun = performance.now()
    const onStage = this.#timed(context.counts, begun)
    const parts = drained.flatMap((epoch, i) =>
      epoch === undefined ? [] : [epochPart(epoch, this.#topics[tasks[i].stage])],
    )
    const count = countOf([...parts.flatMap((p) => [...p.changelog, ...p.batches]), ...others])
    const committed = commitEpoch(parts, others, {
      producer: this.#producer,
      group,
      groupId: context.plan.name,
      onStep: (step) => {
        // Committed, whatever becomes of the stores.
        if (step === COMMITTED) rejects.settle()
        onStage(STAGES[step - 1])
        onStep(step)
      },
    })
    await committed.catch((error) => {
      this.#isLeftOpen = !isReplaced(error)
      throw error
    })
    count(context.counts)
    for (const [i, epoch] of drained.entries()) {
      if (epoch !== undefined) this.#committed(tasks[i], epoch)
    }
    const now = Date.now()
    // A loop of its own: V8 compiles an async function anew, whole, for each loop that runs long.
    for (const { outputTimes } of epochs) context.counts.latencies.addSince(outputTimes, now)
    const ms = performance.now() - begun
    context.counts.commits.add(ms)
    context.counts.epochs.add(ms)
    context.counts.transactions.add('committed')
    return true
  }

  /**
   * Offsets that nothing came of go along with others, else once in a while: an idle input's would be behind for
   * ever, and retention seem to delete what was never read.
   */
  #drain(tasks: readonly RunnableTask[], all: boolean): (TaskEpoch | undefined)[] {
    const { elapsed } = this.#options.context
    const drained = tasks.map((task) => task.drain())
    const isSome = all || drained.some((epoch) => epoch !== undefined)
    if (!isSome && elapsed() - this.#closedAt < PASSED_MS) return drained
    this.#closedAt = elapsed()
    return drained.map((epoch, i) => epoch ?? tasks[i].drain(true))
  }

  #committed({ stage, partition, queues }: RunnableTask, { offsets }: TaskEpoch): void {
    for (const [source, queue] of queues.entries()) queue.committed(offsets[source])
    this.#consumedHeads.committed(this.#options.context.plan.stages[stage], partition, offsets)
  }

  /** Of an epoch that is closed at `begun`. @returns to be told of the end of each stage */
  #timed({ slices, stages }: Counts, begun: number): (stage: string | undefined) => void {
    stages.add('process', slices.sum - this.#slicesMs)
    this.#slicesMs = slices.sum
    let last = begun
    return (stage) => {
      const now = performance.now()
      if (stage !== undefined) stages.add(stage, now - last)
      last = now
    }
  }

  /** Counts an epoch that could not be committed. */
  aborted(error: unknown): void {
    const { counts } = this.#options.context
    counts.transactions.add(codeOf(error) === 'FENCED' ? 'fenced' : 'aborted')
    counts.errors.add(`epoch ${codeOf(error) ?? 'unknown'}`)
  }

  /** A commit that still waits for its broker is given up. */
  close(): Promise<void> {
    return this.#producer.close()
  }
}

/** Whether another process has our transactional id, or our place as a static member, which has the same one. */
function isReplaced(error: unknown): boolean {
  const { type } = error instanceof EnricherError ? error.fields : {}
  return REPLACED.has(String(type))
}

/** What is counted once the batches are committed; they may not be looked at then any more. */
function countOf(batches: readonly ProduceBatch[]): (counts: Counts) => void {
  const counted = batches.map(({ topic, records, bytes }) => ({ topic, records, bytes }))
  return ({ produced, producedBytes }) => {
    for (const { topic, records, bytes } of counted) {
      produced.add(topic, records)
      producedBytes.add(topic, bytes)
    }
  }
}
