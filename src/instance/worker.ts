/** Runs the assigned tasks and commits their epochs: the group's rebalances, and recovery. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Group, TransactionalProducer } from '../broker/port.ts'
import { Commits } from '../commit/commits.ts'
import { Epochs, type EpochsOptions } from '../commit/epochs.ts'
import type { RebalanceReason } from '../counts/counts.ts'
import { codeOf, EnricherError } from '../errors.ts'
import type { Log } from '../events.ts'
import type { LastLags } from '../input/last-lags.ts'
import { asCorrupt } from '../state/level.ts'
import type { MemberInfo } from './assign.ts'
import { FormerMembers } from './former-members.ts'
import type { HeldTask } from './held-task.ts'
import { Loop } from './loop.ts'
import { createGroup, type Member, membersOf } from './membership.ts'
import { Tasks } from './tasks.ts'

export interface WorkerOptions extends EpochsOptions {
  /** Of each input topic. */
  readonly partitions: number
  readonly instanceId: string
  /** Group instance id; null: the member is dynamic. */
  readonly staticId: string | null
  readonly sessionTimeoutMs: number
  readonly stateDir: string
  /** host:port of our HTTP server, and our version, for the other members. */
  readonly address: string
  readonly version: string
  /** A broker does not know an input, or not by its id. */
  readonly onUnknownTopic: () => void
  readonly log: Log
  readonly onFatal: (error: unknown) => void
  /** A topic does not take what it was sent: what it takes is read anew. Throws where that cures nothing. */
  readonly onRefused: (error: EnricherError) => Promise<void>
}

export interface Failing {
  readonly epochs: number
  readonly error: unknown
}

/** How long a stop waits for the last commit, where no broker answers. */
const LAST_COMMIT_MS = 1500
/** Between two epochs that fail, the longest wait; what fails again and again does not fill the log. */
const MOST_WAIT_MS = 10_000
/** Failures that taking the tasks anew cures. Anything else ends the process. */
const RECOVERABLE = new Set([
  'FENCED',
  'EPOCH_ABORTED',
  'RECORD_REFUSED',
  'STATE_CORRUPT',
  'OFFSET_OUT_OF_RANGE',
])

export class Worker {
  readonly #options: WorkerOptions
  readonly #tasks: Tasks
  readonly #group: Group
  readonly #epochs: Epochs
  readonly #formerMembers: FormerMembers
  readonly #loop: Loop
  /** Between two generations of the group: nothing is processed. */
  #joining = true
  #stopping = false
  #ended: Promise<void> | undefined
  readonly #commits = new Commits(() => this.#commit())
  #recovering: Promise<void> | undefined
  /** Since when the group is being joined. */
  #joiningSince = performance.now()
  /** Why the next assignment will have come. */
  #joinReason: RebalanceReason = 'start'

  constructor(options: WorkerOptions) {
    this.#options = options
    const { broker, context, partitions, address, instanceId, version, onFatal } = options
    const self: MemberInfo = { address, instance: instanceId, version }
    this.#epochs = new Epochs(options)
    this.#formerMembers = new FormerMembers(broker, context.plan.name, instanceId, options.log)
    this.#group = createGroup(
      {
        broker,
        groupId: context.plan.name,
        topics: context.plan.sources.map(({ topic }) => topic),
        partitions,
        staticId: options.staticId,
        sessionTimeoutMs: options.sessionTimeoutMs,
        claims: () => ({ owned: this.#tasks.partitions, stores: this.#tasks.stores.partitions() }),
        self,
      },
      {
        beforeJoin: () => this.#beforeJoin(),
        onAssigned: (assigned) => this.#assigned(assigned),
        onLost: () => this.#lost(),
        onFatal,
      },
    )
    this.#tasks = new Tasks({
      ...options,
      group: this.#group,
      onWork: () => this.#loop.wake(),
      msToCommit: () => this.#loop.msToCommit,
      onReadError: (error) => this.#recover(error),
    })
    this.#loop = new Loop({
      context,
      tasks: this.#tasks,
      isQuiet: () => this.#quiet,
      commit: () => this.#startCommit(),
      onError: (error) => this.#recover(error),
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

  /** What is known of the lag of tasks that are being taken anew. */
  get lastLags(): LastLags {
    return this.#tasks.lastLags
  }

  /** The tasks of an epoch that failed are given up, and not taken again yet. */
  get recovering(): boolean {
    return this.#recovering !== undefined
  }

  /** How many epochs have failed since the last that was committed, and why; undefined: none. */
  get failing(): Failing | undefined {
    const { count, error } = this.#options.context.counts.failing
    return count === 0 ? undefined : { epochs: count, error }
  }

  /** How many tasks are ours, also those whose stores are still being opened. */
  get assigned(): number {
    return this.#tasks.wanted.length
  }

  /** Of a bounded run: every task has come to its end, and all of it is committed. */
  get ended(): boolean {
    const { running } = this.#tasks
    if (this.#quiet || this.#commits.busy) return false
    return running.length === this.partitions && running.every(({ task }) => task.ended)
  }

  get paused(): boolean {
    return this.#loop.paused
  }

  get draining(): boolean {
    return this.#stopping
  }

  /** Milliseconds since the loop has last gone round; 0 where it need not. */
  get silentMs(): number {
    return this.#stopping || this.#tasks.running.length === 0 ? 0 : this.#loop.silentMs
  }

  /** All members of the group; none while it rebalances. */
  members(): Promise<Member[]> {
    return membersOf(this.#group)
  }

  /** Fetches and takes nothing more. The place in the group stays; what was taken is committed. */
  pause(): void {
    this.#loop.pause()
    this.#tasks.inputs.pauseAll()
  }

  resume(): void {
    this.#tasks.inputs.resumeAll()
    this.#loop.resume()
  }

  /** No slice is taken from before `work` begins until it has ended. */
  holdDuring(work: () => Promise<void>): Promise<void> {
    return this.#loop.holdDuring(work)
  }

  /** Puts a task's store aside and restores it, as after damage. False: there is no such task that runs. */
  rebuild(partition: number): boolean {
    const runs = this.#tasks.running.some(({ task }) => task.partition === partition)
    if (!runs || this.#quiet) return false
    this.#tasks.stores.condemn(partition, 'asked')
    const message = `The store of task ${partition} is to be rebuilt`
    this.#recover(new EnricherError('STATE_CORRUPT', message, { fields: { partition } }))
    return true
  }

  /** What can be done while the dimensions are still being read. */
  prepare(): void {
    this.#epochs.prepare()
    void this.#group.prepare()
  }

  /** Ready for transactions after `prepare`; from `start` on it is the epochs'. */
  producer(): Promise<TransactionalProducer> {
    return this.#epochs.producer()
  }

  start(): void {
    this.#group.start()
    void this.#loop.run().catch((error) => this.#options.onFatal(error))
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
    this.#loop.stop()
    const committed = this.#settled()
      .then(() => this.#commits.next())
      .catch((error) => this.#options.log.event('last_epoch_not_committed', { err: error }))
    await Promise.race([committed, sleep(LAST_COMMIT_MS, undefined, { ref: false })])
    const storesClosed = async (): Promise<void> => {
      await this.#epochs.close()
      await committed
      await this.#tasks.close()
    }
    await Promise.all([this.#group.close(forGood), storesClosed()])
  }

  get #quiet(): boolean {
    return this.#joining || this.#stopping || this.#recovering !== undefined
  }

  /** While this epoch commits the next one fills; there are never more than two. */
  #startCommit(): boolean {
    if (this.#commits.busy) return false
    void this.#commits
      .next()
      .catch((error) => this.#recover(error))
      .finally(() => this.#loop.wake())
    return true
  }

  async #commit(): Promise<void> {
    const { context, log } = this.#options
    const tasks = this.#tasks.running.map(({ task }) => task)
    const committed = await this.#epochs.commit(tasks, this.#group)
    if (committed || this.#isSettled) context.counts.failing.over(log)
  }

  /** All that is ours runs, and nothing waits to be committed: what had failed was nothing, or was done since by others. */
  get #isSettled(): boolean {
    const { running, wanted } = this.#tasks
    if (this.#quiet || running.length < wanted.length) return false
    return running.every(({ task: { queues } }) => queues.every((q) => q.lagKnown && q.lag === 0))
  }

  /** No turn, commit or recovery is under way any more. */
  async #settled(): Promise<void> {
    await this.#loop.turn
    // A commit that fails starts a recovery.
    while (this.#recovering !== undefined || this.#commits.busy) {
      await this.#recovering
      await this.#commits.idle()
    }
  }

  #recover(raised: unknown): void {
    const error = asCorrupt(raised)
    const { partition } = error instanceof EnricherError ? error.fields : {}
    if (codeOf(error) === 'STATE_CORRUPT' && typeof partition === 'number') {
      this.#tasks.stores.condemn(partition, 'damaged')
    }
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
        this.#loop.wake()
      })
  }

  /**
   * The epoch is lost: it and the one that fills are dropped, and every task is taken anew. Where we
   * are fenced the group has to be joined again first: another instance may have our place.
   */
  async #takeAnew(error: unknown): Promise<void> {
    const { log } = this.#options
    this.#epochs.aborted(error)
    log.event('epoch_aborted', { err: error })
    this.#options.context.counts.failing.failed(error, log)
    await this.#loop.turn
    await this.#commits.idle()
    const partitions = this.#tasks.wanted
    await this.#giveUp()
    if (error instanceof EnricherError && error.code === 'RECORD_REFUSED') {
      await this.#options.onRefused(error)
    }
    await this.#waitAfterFailure()
    if (codeOf(error) === 'FENCED') {
      this.#joining = true
      // The broker refuses offsets, too, from whom it has lost.
      if (this.#joinReason !== 'lost') this.#joinReason = 'fenced'
      this.#group.rejoin()
      return
    }
    if (this.#joining || this.#stopping) return
    await this.#begin(partitions)
  }

  /** None after the first failure; then each is twice as long as the last. */
  async #waitAfterFailure(): Promise<void> {
    const { count } = this.#options.context.counts.failing
    const wait = Math.min(MOST_WAIT_MS, 50 * 2 ** (count - 1)) - 50
    const until = performance.now() + wait
    while (!this.#joining && !this.#stopping && performance.now() < until) await sleep(50)
  }

  /** Drops every task, with what it has done since the last commit. */
  async #giveUp(): Promise<void> {
    this.#epochs.giveUp()
    await this.#tasks.putDown()
  }

  /** Ends what the last epoch may have left open, then takes the tasks in the background. */
  async #begin(partitions: readonly number[]): Promise<void> {
    await this.#epochs.begin()
    void this.#tasks.take(partitions).catch((error) => {
      if (!this.#stopping) this.#options.onFatal(error)
    })
  }

  /** Nothing may be in flight when the group's generation ends. */
  async #beforeJoin(): Promise<void> {
    if (!this.#joining) this.#joiningSince = performance.now()
    this.#joining = true
    await this.#settled()
    await this.#commits.next().catch(async (error) => {
      this.#epochs.aborted(error)
      this.#options.log.event('joining_epoch_aborted', { err: error })
      await this.#giveUp()
    })
  }

  async #lost(): Promise<void> {
    this.#joining = true
    this.#joinReason = 'lost'
    this.#options.log.event('membership_lost', {})
    await this.#settled()
    await this.#giveUp()
    this.#tasks.lastLags.retain([])
  }

  /** Meanwhile the tasks are taken: who takes one waits until its former owner's transaction has ended. */
  async #endFormer(): Promise<void> {
    const members = await this.members().catch(() => [])
    const instances = members.flatMap(({ instance }) => instance ?? [])
    // Else the group is between two generations.
    if (instances.includes(this.#options.instanceId)) await this.#formerMembers.ended(instances)
  }

  async #assigned(partitions: readonly number[]): Promise<void> {
    const { counts } = this.#options.context
    counts.rebalances.add(this.#joinReason)
    this.#joinReason = 'group'
    const { generationId: generation } = this.#group.membership()
    this.#options.log.event('tasks_assigned', { partitions, generation })
    void this.#endFormer()
    await this.#tasks.keep(partitions)
    await this.#begin(partitions)
    this.#joining = false
    counts.rebalanceTimes.add(performance.now() - this.#joiningSince)
    this.#loop.wake()
  }
}
