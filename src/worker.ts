/** The loop that runs the assigned tasks and commits their epochs; rebalances and recovery. */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { assignTasks, decodeUserData, encodeUserData, type MemberInfo } from './assign.ts'
import type { Broker, Group, ProduceBatch, TransactionalProducer } from './broker/port.ts'
import { commitEpoch } from './commit/commit.ts'
import { type ChangelogTopic, epochPart } from './commit/epoch-part.ts'
import type { Counts } from './counts.ts'
import { codeOf, EnricherError } from './errors.ts'
import type { Log } from './events.ts'
import type { HeldTask } from './held-task.ts'
import { asCorrupt } from './level.ts'
import type { TaskContext } from './task.ts'
import { Tasks } from './tasks.ts'

export interface WorkerOptions {
  readonly broker: Broker
  readonly context: TaskContext
  readonly changelog: ChangelogTopic
  readonly partitions: number
  readonly instanceId: string
  /** host:port of our HTTP server, and our version, for the other members. */
  readonly address: string
  readonly version: string
  readonly log: Log
  /** Rejects of the dimensions since the last call: they go with the next epoch. */
  readonly takeRejects: () => readonly ProduceBatch[]
  readonly onStep: (step: number) => void
  readonly onFatal: (error: unknown) => void
}

const TRANSACTION_TIMEOUT_MS = 10_000
const REBALANCE_TIMEOUT_MS = 15_000
/** How long a stop waits for the last commit, where no broker answers. */
const LAST_COMMIT_MS = 1500
/** Between two epochs that fail, the longest wait; what fails again and again does not fill the log. */
const MOST_WAIT_MS = 10_000
/** Failures that taking the tasks anew cures. Anything else ends the process. */
const RECOVERABLE = new Set(['FENCED', 'EPOCH_ABORTED', 'STATE_CORRUPT', 'OFFSET_OUT_OF_RANGE'])

const ignored = (): void => {}

export interface Member extends MemberInfo {
  readonly host: string
  readonly partitions: readonly number[]
}

export class Worker {
  readonly #options: WorkerOptions
  readonly #tasks: Tasks
  readonly #group: Group
  readonly #producer: TransactionalProducer
  /** Between two generations of the group: nothing is processed. */
  #joining = true
  #stopping = false
  #ended: Promise<void> | undefined
  #paused = false
  /** Works during which no slice is taken. */
  #holds = 0
  #lastTurn = Date.now()
  #turn: Promise<void> = Promise.resolve()
  #committing: Promise<void> | undefined
  #recovering: Promise<void> | undefined
  /** The last epoch's outcome is unknown, or another producer has fenced ours. */
  #mustInit = true
  /** Under way since before the first join. */
  #initialized: Promise<void> | undefined
  /** Rejects of the dimensions, until the epoch that holds them is committed. */
  #rejects: readonly ProduceBatch[] = []
  #wake: () => void = ignored
  #lastCommit = Date.now()
  /** Epochs that failed since the last that was committed. */
  #failures = 0
  /** A task has filled its epoch. */
  #full = false
  /** Since when the group is being joined. */
  #joiningSince = performance.now()

  constructor(options: WorkerOptions) {
    this.#options = options
    const { broker, context, partitions } = options
    const { pipeline } = context
    this.#producer = broker.producer({
      transactionalId: `${pipeline.name}-${options.instanceId}`,
      timeoutMs: TRANSACTION_TIMEOUT_MS,
    })
    this.#group = broker.group(
      {
        groupId: pipeline.name,
        topics: [pipeline.facts.topic, pipeline.join.topic],
        partitions,
        instanceId: pipeline.kafka.instanceId,
        sessionTimeoutMs: pipeline.kafka.sessionTimeoutMs,
        rebalanceTimeoutMs: REBALANCE_TIMEOUT_MS,
      },
      {
        userData: () =>
          encodeUserData({
            owned: this.#tasks.partitions,
            stores: this.#tasks.stores.partitions(),
            address: options.address,
            instance: options.instanceId,
            version: options.version,
          }),
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
    this.#tasks = new Tasks({
      ...options,
      group: this.#group,
      onWork: () => this.#wake(),
      onReadError: (error) => this.#recover(error),
    })
  }

  /** Of each input topic. */
  get partitions(): number {
    return this.#options.partitions
  }

  get joined(): boolean {
    return !this.#joining
  }

  get tasks(): readonly HeldTask[] {
    return this.#tasks.all
  }

  /** Of a bounded run: every task has come to its end, and all of it is committed. */
  get ended(): boolean {
    const { running } = this.#tasks
    if (this.#quiet || this.#committing !== undefined) return false
    return running.length === this.partitions && running.every(({ task }) => task.ended)
  }

  get paused(): boolean {
    return this.#paused
  }

  get draining(): boolean {
    return this.#stopping
  }

  /** Milliseconds since the loop has last gone round; 0 where it need not. */
  get silentMs(): number {
    return this.#stopping || this.#tasks.running.length === 0 ? 0 : Date.now() - this.#lastTurn
  }

  /** All members of the group; none while it rebalances. */
  async members(): Promise<Member[]> {
    const members = await this.#group.members()
    return members.map(({ host, partitions, userData }) => {
      const { address, instance, version } = decodeUserData(userData)
      return { host, partitions, address, instance, version }
    })
  }

  /** Fetches and takes nothing more. The place in the group stays; what was taken is committed. */
  pause(): void {
    this.#paused = true
    this.#tasks.inputs.pauseAll()
  }

  resume(): void {
    this.#paused = false
    this.#tasks.inputs.resumeAll()
    this.#wake()
  }

  /** No slice is taken from before `work` begins until it has ended. */
  async holdDuring(work: () => Promise<void>): Promise<void> {
    this.#holds++
    try {
      await this.#turn
      await work()
    } finally {
      this.#holds--
      this.#wake()
    }
  }

  /** Puts a task's store aside and restores it, as after damage. False: there is no such task that runs. */
  rebuild(partition: number): boolean {
    const runs = this.#tasks.running.some(({ task }) => task.partition === partition)
    if (!runs || this.#quiet) return false
    this.#tasks.stores.damaged(partition)
    const message = `The store of task ${partition} is to be rebuilt`
    this.#recover(new EnricherError('STATE_CORRUPT', message, { fields: { partition } }))
    return true
  }

  /** What can be done while the dimensions are still being read. */
  prepare(): void {
    this.#initialized = this.#producer.init()
    this.#initialized.catch(ignored)
    void this.#group.prepare()
  }

  /** Ready for transactions after `prepare`; from `start` on it is the epochs'. */
  async producer(): Promise<TransactionalProducer> {
    await this.#initialized
    return this.#producer
  }

  start(): void {
    this.#group.start()
    void this.#loop().catch((error) => this.#options.onFatal(error))
  }

  /** Commits, leaves the group (unless it is a static member), closes the stores. */
  stop(): Promise<void> {
    return (this.#ended ??= this.#end(false))
  }

  /** The same, where this instance will not come back soon: a static member leaves, too. */
  drain(): Promise<void> {
    return (this.#ended ??= this.#end(true))
  }

  async #end(forGood: boolean): Promise<void> {
    this.#stopping = true
    this.#wake()
    const committed = this.#settled()
      .then(() => this.#commit())
      .catch((error) => this.#options.log.event('last_epoch_not_committed', { err: error }))
    await Promise.race([committed, sleep(LAST_COMMIT_MS, undefined, { ref: false })])
    const storesClosed = async (): Promise<void> => {
      // A commit that still waits for its broker is given up.
      await this.#producer.close()
      await committed
      await this.#tasks.close()
    }
    await Promise.all([this.#group.close(forGood), storesClosed()])
  }

  get #quiet(): boolean {
    return this.#joining || this.#stopping || this.#recovering !== undefined
  }

  /** One turn of the loop takes a slice of every task, then commits if it is time. */
  async #loop(): Promise<void> {
    while (!this.#stopping) {
      const turn = this.#quiet ? Promise.resolve(false) : this.#turnOnce()
      this.#turn = turn.then(ignored, ignored)
      const busy = await turn.catch((error) => {
        this.#recover(error)
        return false
      })
      this.#lastTurn = Date.now()
      if (busy) {
        await nextTurn()
        continue
      }
      const begun = performance.now()
      await this.#sleep()
      const { counts } = this.#options.context
      if (this.#full) counts.waitedForCommitMs += performance.now() - begun
    }
  }

  async #turnOnce(): Promise<boolean> {
    let busy = false
    let full = false
    for (const held of this.#tasks.running) {
      if (this.#quiet) return false
      if (this.#paused || this.#holds > 0) break
      busy = (await this.#process(held)) || busy
      full ||= held.task.full
      this.#tasks.inputs.resume(held)
    }
    const due = Date.now() - this.#lastCommit >= this.#options.context.pipeline.commit.intervalMs
    this.#full = full
    if ((due || full) && this.#committing === undefined && !this.#quiet) this.#startCommit()
    return busy
  }

  async #process({ task }: HeldTask): Promise<boolean> {
    const begun = performance.now()
    try {
      const busy = await task.process()
      if (busy) this.#options.context.counts.slices.add(performance.now() - begun)
      return busy
    } catch (raised) {
      const error = asCorrupt(raised)
      if (codeOf(error) === 'STATE_CORRUPT') this.#tasks.stores.damaged(task.partition)
      throw error
    }
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

  /** While this epoch commits the next one fills; there are never more than two. */
  #startCommit(): void {
    this.#lastCommit = Date.now()
    this.#committing = this.#commit()
      .catch((error) => this.#recover(error))
      .finally(() => {
        this.#committing = undefined
        this.#wake()
      })
  }

  async #commit(): Promise<void> {
    const { context, changelog, takeRejects, onStep } = this.#options
    if (this.#mustInit) return
    const epochs = this.#tasks.running.flatMap(({ task }) => task.take() ?? [])
    this.#rejects = [...this.#rejects, ...takeRejects()]
    if (epochs.length === 0 && this.#rejects.length === 0) return
    const begun = performance.now()
    const parts = epochs.map((epoch) => epochPart(epoch, context.pipeline, changelog))
    const count = countOf([
      ...parts.flatMap((p) => [...p.changelog, ...p.batches]),
      ...this.#rejects,
    ])
    await commitEpoch(parts, this.#rejects, {
      producer: this.#producer,
      group: this.#group,
      groupId: context.pipeline.name,
      onStep,
    })
    this.#rejects = []
    this.#failures = 0
    count(context.counts)
    const now = Date.now()
    // A loop of its own: V8 compiles an async function anew, whole, for each loop that runs long.
    for (const { matchTimes } of epochs) context.counts.latencies.addSince(matchTimes, now)
    const ms = performance.now() - begun
    context.counts.commits.add(ms)
    context.counts.epochs.add(ms)
    context.counts.transactions.add('committed')
  }

  /** No turn, commit or recovery is under way any more. */
  async #settled(): Promise<void> {
    await this.#turn
    // A commit that fails starts a recovery.
    while (this.#recovering !== undefined || this.#committing !== undefined) {
      await this.#recovering
      await this.#committing
    }
  }

  #recover(error: unknown): void {
    if (!RECOVERABLE.has(codeOf(error) ?? '')) {
      this.#options.onFatal(error)
      return
    }
    this.#recovering ??= this.#takeAnew(error)
      .catch((fault) => {
        if (!this.#stopping) this.#options.onFatal(fault)
      })
      .finally(() => {
        this.#recovering = undefined
        this.#wake()
      })
  }

  /**
   * The epoch is lost: it and the one that fills are dropped, and every task is taken anew. Where we
   * are fenced the group has to be joined again first: another instance may have our place.
   */
  async #takeAnew(error: unknown): Promise<void> {
    const { log } = this.#options
    this.#countAborted(error)
    log.event('epoch_aborted', { err: error })
    await this.#turn
    await this.#committing
    const partitions = this.#tasks.wanted
    await this.#giveUp()
    await this.#waitAfterFailure()
    if (codeOf(error) === 'FENCED') {
      this.#joining = true
      this.#group.rejoin()
      return
    }
    if (this.#joining || this.#stopping) return
    await this.#begin(partitions)
  }

  /** None after the first failure; then each is twice as long as the last. */
  async #waitAfterFailure(): Promise<void> {
    const wait = Math.min(MOST_WAIT_MS, 50 * 2 ** this.#failures++) - 50
    const until = Date.now() + wait
    while (!this.#joining && !this.#stopping && Date.now() < until) await sleep(50)
  }

  #countAborted(error: unknown): void {
    const { counts } = this.#options.context
    counts.transactions.add(codeOf(error) === 'FENCED' ? 'fenced' : 'aborted')
    counts.errors.add(`epoch ${codeOf(error) ?? 'unknown'}`)
  }

  /** Drops every task, with what it has done since the last commit. */
  async #giveUp(): Promise<void> {
    this.#mustInit = true
    await this.#tasks.keep([])
  }

  /** Ends what the last epoch may have left open, then takes the tasks in the background. */
  async #begin(partitions: readonly number[]): Promise<void> {
    const initialized = this.#initialized
    this.#initialized = undefined
    if (this.#mustInit) await (initialized ?? this.#producer.init())
    this.#mustInit = false
    void this.#tasks.take(partitions).catch((error) => {
      if (!this.#stopping) this.#options.onFatal(error)
    })
  }

  /** Nothing may be in flight when the group's generation ends. */
  async #beforeJoin(): Promise<void> {
    if (!this.#joining) this.#joiningSince = performance.now()
    this.#joining = true
    await this.#settled()
    await this.#commit().catch(async (error) => {
      this.#countAborted(error)
      this.#options.log.event('joining_epoch_aborted', { err: error })
      await this.#giveUp()
    })
  }

  async #lost(): Promise<void> {
    this.#joining = true
    this.#options.log.event('membership_lost', {})
    await this.#settled()
    await this.#giveUp()
  }

  async #assigned(partitions: readonly number[]): Promise<void> {
    const { counts } = this.#options.context
    counts.rebalances++
    const { generationId: generation } = this.#group.membership()
    this.#options.log.event('tasks_assigned', { partitions, generation })
    await this.#tasks.keep(partitions)
    await this.#begin(partitions)
    this.#joining = false
    counts.rebalanceTimes.add(performance.now() - this.#joiningSince)
    this.#wake()
  }
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
