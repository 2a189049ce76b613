/**
 * A task that this instance has.
 *
 *     restoring ── restored ──▶ running
 *         │                        │
 *         │     given up, or       │
 *         └────── damaged ─────────┴──▶ closed
 *
 * Before, it is ours, but its store is not open yet: it is among `Tasks.wanted`. A closed one is forgotten; the
 * task may be taken anew, as another `HeldTask`.
 */
import type { Store } from '../state/level.ts'
import type { RunnableTask } from '../task/task.ts'
import { StateMachine, type Steps } from './state-machine.ts'

export type HeldState = 'restoring' | 'running' | 'closed'

export const TASK_STEPS: Steps<HeldState> = {
  restoring: ['running', 'closed'],
  running: ['closed'],
  closed: [],
}

export class HeldTask {
  readonly task: RunnableTask
  /** null: the task keeps no state. */
  readonly store: Store | null
  /** Whether fetching is paused, by source. */
  readonly paused: boolean[]
  /** Changelog offsets left to read. */
  restoreRemaining = 0
  /** Of the restore: the most that was left, and when it began, by `performance.now`. */
  restoreTotal = 0
  readonly restoreBegun = performance.now()
  readonly #machine: StateMachine<HeldState>

  constructor(task: RunnableTask, store: Store | null) {
    this.task = task
    this.store = store
    this.paused = task.queues.map(() => false)
    this.#machine = new StateMachine(`Task ${task.number}`, TASK_STEPS, 'restoring')
  }

  get state(): HeldState {
    return this.#machine.state
  }

  /** Throws where there is no such step. */
  to(next: HeldState): void {
    this.#machine.to(next)
  }
}
