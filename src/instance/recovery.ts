/**
 * What is done about a failure. The epoch is lost, and with it the one that fills, for that one has read the first
 * one's pages:
 *
 * 1. the turn and the commit under way end, so that nothing uses the tasks any more
 * 2. the tasks are put down, with what they have done since the last commit
 * 3. where the topic has refused a record, what it takes is read anew
 * 4. where epochs have failed one after the other, some time passes
 * 5. a producer that is begun anew aborts the transaction, and the tasks are taken from where the last commit has left them
 *
 * Where we are fenced another instance may have our place: instead of 5 the group is joined again, and its assignment
 * says what is taken. Where a join has begun in the meantime, it does that, too; where a stop has, nothing is taken.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Commits } from '../commit/commits.ts'
import type { Epochs } from '../commit/epochs.ts'
import type { Counts } from '../counts/counts.ts'
import { codeOf, EnricherError } from '../errors.ts'
import type { Log } from '../events.ts'
import { asCorrupt } from '../state/level.ts'
import type { Gate } from './gate.ts'
import type { Tasks } from './tasks.ts'

export interface RecoveryOptions {
  readonly gate: Gate
  readonly epochs: Pick<Epochs, 'aborted' | 'giveUp' | 'begin'>
  readonly commits: Pick<Commits, 'busy' | 'idle'>
  readonly tasks: Pick<Tasks, 'stores' | 'wanted' | 'running' | 'putDown' | 'take'>
  readonly failing: Counts['failing']
  readonly log: Log
  /** Resolves when the loop's turn under way has ended. */
  readonly turn: () => Promise<void>
  /** Joins the group again, as one that was fenced. */
  readonly rejoin: () => void
  /** A topic does not take what it was sent: what it takes is read anew. Throws where that cures nothing. */
  readonly onRefused: (error: EnricherError) => Promise<void>
  readonly onFatal: (error: unknown) => void
}

/** Between two epochs that fail, the longest wait; what fails again and again does not fill the log. */
const MOST_WAIT_MS = 10_000
const FIRST_WAIT_MS = 50
/** Failures that taking the tasks anew cures. Anything else ends the process. */
const RECOVERABLE = new Set([
  'FENCED',
  'EPOCH_ABORTED',
  'RECORD_REFUSED',
  'STATE_CORRUPT',
  'OFFSET_OUT_OF_RANGE',
])

export class Recovery {
  readonly #options: RecoveryOptions
  #underWay: Promise<void> | undefined

  constructor(options: RecoveryOptions) {
    this.#options = options
  }

  /** The tasks of an epoch that failed are given up, and not taken again yet. */
  get isUnderWay(): boolean {
    return this.#underWay !== undefined
  }

  /** Resolves when the one that is under way has ended. */
  async idle(): Promise<void> {
    await this.#underWay
  }

  /** No turn, commit or recovery is under way any more. */
  async settled(): Promise<void> {
    const { turn, commits } = this.#options
    await turn()
    // A commit that fails starts a recovery.
    while (this.isUnderWay || commits.busy) {
      await this.#underWay
      await commits.idle()
    }
  }

  /** A turn, a commit or a read has failed, or a task's store is to be rebuilt. */
  begin(raised: unknown): void {
    const { gate, onFatal } = this.#options
    const error = asCorrupt(raised)
    if (!this.#mayRecover(error) || this.isUnderWay) return
    if (gate.state === 'running') gate.to('recovering')
    this.#underWay = this.#takeAnew(error)
      .catch((fault) => {
        if (!gate.isStopping) onFatal(fault)
      })
      .finally(() => {
        this.#underWay = undefined
        if (gate.state === 'recovering') gate.to('running')
      })
  }

  /**
   * The commit before a join has failed. What is done about it is the same, but that the assignment says what is taken;
   * and the join, which the others wait for, is not held up by a pause.
   */
  async beforeJoin(raised: unknown): Promise<void> {
    const { gate, onFatal } = this.#options
    const error = asCorrupt(raised)
    if (!this.#mayRecover(error)) return this.giveUp()
    this.#tell(error)
    await this.#drop(error).catch((fault) => {
      if (!gate.isStopping) onFatal(fault)
    })
  }

  /** Condemns the store that is damaged. False: the process ends, and until then nothing more is committed. */
  #mayRecover(error: unknown): boolean {
    const { epochs, tasks, onFatal } = this.#options
    const { partition } = error instanceof EnricherError ? error.fields : {}
    if (codeOf(error) === 'STATE_CORRUPT' && typeof partition === 'number') {
      tasks.stores.condemn(partition, 'damaged')
    }
    if (RECOVERABLE.has(codeOf(error) ?? '')) return true
    epochs.giveUp()
    onFatal(error)
    return false
  }

  #tell(error: unknown): void {
    const { epochs, failing, log } = this.#options
    epochs.aborted(error)
    log.event('epoch_aborted', { err: error })
    failing.failed(error, log)
  }

  /** Puts the tasks down, and reads anew what a topic takes that has refused a record. */
  async #drop(error: unknown): Promise<void> {
    await this.giveUp()
    if (error instanceof EnricherError && error.code === 'RECORD_REFUSED') {
      await this.#options.onRefused(error)
    }
  }

  /** Drops every task, with what it has done since the last commit. */
  async giveUp(): Promise<void> {
    this.#options.epochs.giveUp()
    await this.#options.tasks.putDown()
  }

  /** Takes the tasks in the background. */
  take(numbers: readonly number[]): void {
    const { gate, tasks, onFatal } = this.#options
    if (gate.isStopping) return
    void tasks.take(numbers).catch((error) => {
      if (!gate.isStopping) onFatal(error)
    })
  }

  /** An epoch was committed, or there was none: is what has failed before made up for? */
  committed(isSome: boolean): void {
    const { failing, log } = this.#options
    if (isSome || this.#isCaughtUp) failing.over(log)
  }

  /** All that is ours runs, and nothing waits to be committed: what had failed was nothing, or was done since by others. */
  get #isCaughtUp(): boolean {
    const { gate, tasks } = this.#options
    const { running, wanted } = tasks
    if (!gate.mayCommit || running.length < wanted.length) return false
    return running.every(({ task: { queues } }) => queues.every((q) => q.lagKnown && q.lag === 0))
  }

  async #takeAnew(error: unknown): Promise<void> {
    const { gate, epochs, commits, tasks, turn, rejoin } = this.#options
    this.#tell(error)
    await turn()
    await commits.idle()
    const numbers = tasks.wanted
    await this.#drop(error)
    await this.#waitAfterFailure()
    if (gate.isStopping) return
    if (codeOf(error) === 'FENCED') {
      rejoin()
    } else if (gate.state === 'recovering') {
      await epochs.begin()
      this.take(numbers)
    }
  }

  /** None after the first failure; then each is twice as long as the last. */
  async #waitAfterFailure(): Promise<void> {
    const { gate, failing } = this.#options
    const wait = Math.min(MOST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failing.count - 1)) - FIRST_WAIT_MS
    const until = performance.now() + wait
    while (gate.state === 'recovering' && performance.now() < until) await sleep(FIRST_WAIT_MS)
  }
}
