/** Runs the assigned tasks and commits their epochs: puts the parts of an instance together, and stops them. */

import type { Group, TransactionalProducer } from '../broker/port.ts'
import { taskNumber } from '../broker/task-number.ts'
import { Commits } from '../commit/commits.ts'
import { Epochs, type EpochsOptions } from '../commit/epochs.ts'
import { EnricherError } from '../errors.ts'
import type { Log } from '../events.ts'
import type { LastLags } from '../input/last-lags.ts'
import { statefulStages, topicsRead } from '../plan/plan.ts'
import type { TaskClaims } from './assign.ts'
import { endParts } from './end.ts'
import { FormerMembers } from './former-members.ts'
import { Gate } from './gate.ts'
import type { HeldTask } from './held-task.ts'
import { Loop } from './loop.ts'
import {
  createGroup,
  type Member,
  membersOf,
  partitionsByStage,
  type Rivals,
} from './membership.ts'
import { Rebalance } from './rebalance.ts'
import { Recovery } from './recovery.ts'
import { decideStart } from './start-at.ts'
import { Tasks } from './tasks.ts'

export interface WorkerOptions extends EpochsOptions {
  /** How many partitions each source has, by stage. */
  readonly partitions: readonly number[]
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

export class Worker {
  readonly #options: WorkerOptions
  readonly #gate = new Gate(() => this.#loop.wake())
  readonly #epochs: Epochs
  readonly #group: Group
  readonly #tasks: Tasks
  readonly #commits: Commits
  readonly #loop: Loop
  readonly #recovery: Recovery
  readonly #rebalance: Rebalance
  #stopped: Promise<void> | undefined

  constructor(options: WorkerOptions) {
    this.#options = options
    const { broker, context, instanceId, log, onRefused, onFatal } = options
    const gate = this.#gate
    const epochs = new Epochs(options)
    const group = this.#createGroup()
    const onError = (error: unknown): void => this.#recovery.begin(error)
    const tasks = new Tasks({
      ...options,
      group,
      onWork: () => this.#loop.wake(),
      msToCommit: () => this.#loop.msToCommit,
      onReadError: onError,
    })
    const commits = new Commits({
      epochs,
      group,
      tasks: () => tasks.running.map(({ task }) => task),
      onCommitted: (isSome) => this.#recovery.committed(isSome),
    })
    const loop = new Loop({ context, gate, tasks, commits, onError })
    const { counts, plan } = context
    const recovery = new Recovery({
      gate,
      epochs,
      commits,
      tasks,
      failing: counts.failing,
      log,
      turn: () => loop.turn,
      rejoin: () => this.#rebalance.rejoin(),
      onRefused,
      onFatal,
    })
    const formerMembers = new FormerMembers(broker, plan.name, instanceId, log)
    const parts = { gate, group, epochs, commits, tasks, recovery, formerMembers }
    const own = { instanceId, topics: topicsRead(plan), stages: plan.stages.length }
    this.#rebalance = new Rebalance({ ...parts, ...own, counts, log })
    this.#epochs = epochs
    this.#group = group
    this.#tasks = tasks
    this.#commits = commits
    this.#loop = loop
    this.#recovery = recovery
  }

  /** How many partitions each source has, by stage. */
  get partitions(): readonly number[] {
    return this.#options.partitions
  }

  get joined(): boolean {
    return this.#gate.state !== 'joining'
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
    return this.#recovery.isUnderWay
  }

  /** How many epochs have failed since the last that was committed, and why; undefined: none. */
  get failing(): { readonly epochs: number; readonly error: unknown } | undefined {
    const { count, error } = this.#options.context.counts.failing
    return count === 0 ? undefined : { epochs: count, error }
  }

  /** What others read that have our name, as of the last assignment. */
  get rivals(): Rivals {
    return this.#rebalance.rivals
  }

  /** How many tasks are ours, also those whose stores are still being opened. */
  get assigned(): number {
    return this.#tasks.wanted.length
  }

  /** How many of them are of a stage. */
  assignedOf(stage: number): number {
    return partitionsByStage(this.#tasks.wanted, this.partitions.length)[stage].length
  }

  /** Of a bounded run: every task of the first stages has come to its end, and all of it is committed. */
  hasEnded(stages = this.partitions.length): boolean {
    if (!this.#gate.mayCommit || this.#commits.busy) return false
    const tasks = this.partitions.slice(0, stages).reduce((sum, count) => sum + count, 0)
    const running = this.#tasks.running.filter(({ task }) => task.stage < stages)
    return running.length === tasks && running.every(({ task }) => task.ended)
  }

  get paused(): boolean {
    return this.#gate.paused
  }

  get draining(): boolean {
    return this.#gate.isStopping
  }

  /** Milliseconds since the loop has last gone round; 0 where it need not. */
  get silentMs(): number {
    return this.draining || this.#tasks.running.length === 0 ? 0 : this.#loop.silentMs
  }

  /** All members of the group; none while it rebalances. */
  members(): Promise<Member[]> {
    return membersOf(this.#group, this.partitions.length)
  }

  /** Fetches and takes nothing more. The place in the group stays; what was taken is committed. */
  pause(): void {
    this.#gate.pause()
    this.#tasks.inputs.pauseAll()
  }

  resume(): void {
    this.#tasks.inputs.resumeAll()
    this.#gate.resume()
  }

  /** There may be something to do for tasks that had nothing. */
  wake(): void {
    this.#loop.wake()
  }

  /** No slice is taken from before `work` begins until it has ended. */
  holdDuring(work: () => Promise<void>): Promise<void> {
    return this.#loop.holdDuring(work)
  }

  /** Puts a task's store aside and restores it, as after damage. False: there is no such task that runs. */
  rebuild(partition: number): boolean {
    const runs = this.#tasks.running.some(
      ({ task, store }) => store !== null && task.partition === partition,
    )
    if (!runs || !this.#gate.mayCommit) return false
    this.#tasks.stores.condemn(partition, 'asked')
    const message = `The store of task ${partition} is to be rebuilt`
    this.#recovery.begin(new EnricherError('STATE_CORRUPT', message, { fields: { partition } }))
    return true
  }

  /** Commits where a group begins that has never committed: before `start`, and before any other instance reads a record. */
  decideStart(): Promise<void> {
    const { broker, context, topicIds, changelogs, log } = this.#options
    const { partitions } = this
    const { plan, now } = context
    const group = this.#group
    return decideStart({ broker, group, plan, partitions, topicIds, changelogs, now, log })
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
    return (this.#stopped ??= this.#end(false))
  }

  /** The same, where this instance will not come back soon: a static member leaves, too. */
  drain(): Promise<void> {
    return (this.#stopped ??= this.#end(true))
  }

  #end(forGood: boolean): Promise<void> {
    const { log } = this.#options
    this.#gate.to('stopping')
    return endParts(
      {
        settled: () => this.#recovery.settled(),
        commits: this.#commits,
        epochs: this.#epochs,
        group: this.#group,
        tasks: this.#tasks,
        log,
      },
      forGood,
    )
  }

  #claims(): TaskClaims {
    const { plan } = this.#options.context
    const stores = statefulStages(plan).flatMap(({ number, state }) =>
      this.#tasks.stores
        .partitions(state.number)
        .map((partition) => taskNumber(number, partition, plan.stages.length)),
    )
    return { owned: this.#tasks.numbers, stores }
  }

  /** What the group tells goes to the rebalance. */
  #createGroup(): Group {
    const { broker, context, address, instanceId, version, onFatal } = this.#options
    const { partitions, staticId, sessionTimeoutMs } = this.#options
    return createGroup(
      {
        broker,
        groupId: context.plan.name,
        stages: context.plan.stages.map(({ topics, number }) => ({
          topics,
          partitions: partitions[number],
        })),
        staticId,
        sessionTimeoutMs,
        claims: () => this.#claims(),
        self: { address, instance: instanceId, version },
      },
      {
        beforeJoin: () => this.#rebalance.beforeJoin(),
        onAssigned: (assigned) => this.#rebalance.onAssigned(assigned),
        onLost: () => this.#rebalance.onLost(),
        onFatal,
      },
    )
  }
}
