/** The loop: each turn takes a slice of every task that runs, then has the epoch committed if it is time. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Alarm } from '../broker/alarm.ts'
import { asCorrupt } from '../state/level.ts'
import type { TaskContext } from '../task/task.ts'
import type { HeldTask } from './held-task.ts'
import type { Tasks } from './tasks.ts'

export interface LoopOptions {
  readonly context: TaskContext
  readonly tasks: Tasks
  /** Whether nothing may be processed now. */
  readonly isQuiet: () => boolean
  /** Begins a commit. False: one is under way. */
  readonly commit: () => boolean
  /** A turn has failed. */
  readonly onError: (error: unknown) => void
}

const ignored = (): void => {}

export class Loop {
  readonly #options: LoopOptions
  readonly #alarm = new Alarm()
  #stopped = false
  #paused = false
  /** Works during which no slice is taken. */
  #holds = 0
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

  get paused(): boolean {
    return this.#paused
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

  /** Takes nothing more until `resume`; what was taken is committed. */
  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.wake()
  }

  stop(): void {
    this.#stopped = true
    this.wake()
  }

  /** No slice is taken from before `work` begins until it has ended. */
  async holdDuring(work: () => Promise<void>): Promise<void> {
    this.#holds++
    try {
      await this.#turn
      await work()
    } finally {
      this.#holds--
      this.wake()
    }
  }

  /** Goes round until `stop`. */
  async run(): Promise<void> {
    while (!this.#stopped) {
      const turn = this.#options.isQuiet() ? Promise.resolve(false) : this.#turnOnce()
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
    const { tasks, isQuiet, commit } = this.#options
    let busy = false
    let full = false
    for (const held of tasks.running) {
      if (isQuiet()) return false
      if (this.#paused || this.#holds > 0) break
      busy = (await this.#process(held)) || busy
      full ||= held.task.full
      tasks.inputs.resume(held)
    }
    const now = performance.now()
    const due = this.msToCommit <= 0
    this.#full = full
    if ((due || full) && !isQuiet() && commit()) this.#lastCommit = now
    return busy
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
