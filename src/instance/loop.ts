/** The loop: each turn takes a slice of every task that runs, then has the epoch committed if it is time. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Alarm } from '../broker/alarm.ts'
import type { Commits } from '../commit/commits.ts'
import { asCorrupt } from '../state/level.ts'
import type { TaskContext } from '../task/task.ts'
import type { Gate } from './gate.ts'
import type { HeldTask } from './held-task.ts'
import type { Tasks } from './tasks.ts'

export interface LoopOptions {
  readonly context: TaskContext
  readonly gate: Gate
  readonly tasks: Tasks
  readonly commits: Commits
  /** A turn or a commit has failed. */
  readonly onError: (error: unknown) => void
}

const ignored = (): void => {}

export class Loop {
  readonly #options: LoopOptions
  readonly #alarm = new Alarm()
  #lastTurn = performance.now()
  #lastCommit = performance.now()
  /** A task has filled its epoch. */
  #full = false
  #turn: Promise<void> = Promise.resolve()

  constructor(options: LoopOptions) {
    this.#options = options
  }

  /** Resolves when the turn under way has ended, however it ends. */
  get turn(): Promise<void> {
    return this.#turn
  }

  /** Since the loop has last gone round. */
  get silentMs(): number {
    return performance.now() - this.#lastTurn
  }

  /** Until the next commit is due; negative once it is. */
  get msToCommit(): number {
    return this.#lastCommit + this.#options.context.plan.commitMs - performance.now()
  }

  /** There may be something to do. */
  wake(): void {
    this.#alarm.ring()
  }

  /** No slice is taken from before `work` begins until it has ended. */
  async holdDuring(work: () => Promise<void>): Promise<void> {
    const { gate } = this.#options
    gate.hold()
    try {
      await this.#turn
      await work()
    } finally {
      gate.release()
    }
  }

  /** Goes round until the instance stops. */
  async run(): Promise<void> {
    const { gate } = this.#options
    while (!gate.isStopping) {
      const turn = gate.mayCommit ? this.#turnOnce() : Promise.resolve(false)
      this.#turn = turn.then(ignored, ignored)
      const busy = await turn.catch((error) => {
        this.#options.onError(error)
        return false
      })
      this.#lastTurn = performance.now()
      if (busy) {
        await nextTurn()
        continue
      }
      const begun = performance.now()
      await this.#sleep()
      const { counts } = this.#options.context
      // Whole ones: see `waitedForCommitMs`.
      if (this.#full) counts.waitedForCommitMs += Math.round(performance.now() - begun)
    }
  }

  async #turnOnce(): Promise<boolean> {
    const { gate, tasks, commits } = this.#options
    let busy = false
    let full = false
    for (const held of tasks.running) {
      if (!gate.mayProcess) break
      busy = (await this.#process(held)) || busy
      full ||= held.task.full
      tasks.inputs.resume(held)
    }
    this.#full = full
    const isDue = full || this.msToCommit <= 0
    if (isDue && gate.mayCommit && !commits.busy) this.#commit()
    return busy
  }

  /** While this epoch commits the next one fills; there are never more than two. */
  #commit(): void {
    const { commits, onError } = this.#options
    this.#lastCommit = performance.now()
    void commits
      .next(false)
      .catch(onError)
      .finally(() => this.wake())
  }

  async #process({ task }: HeldTask): Promise<boolean> {
    const begun = performance.now()
    try {
      const busy = await task.process()
      if (busy) this.#options.context.counts.slices.add(performance.now() - begun)
      return busy
    } catch (raised) {
      throw asCorrupt(raised, task.partition)
    }
  }

  #sleep(): Promise<void> {
    const { commitMs } = this.#options.context.plan
    return this.#alarm.sleep(Math.max(1, Math.min(this.msToCommit, commitMs)))
  }
}
