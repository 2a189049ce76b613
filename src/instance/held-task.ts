import type { Store } from '../state/level.ts'
import type { RunnableTask } from '../task/task.ts'

/** restoring → running → closed; restoring → closed. A closed one is forgotten. */
type TaskState = 'restoring' | 'running' | 'closed'

/** A task that this instance has, and how far its restore is. */
export interface HeldTask {
  readonly task: RunnableTask
  /** null: the task keeps no state. */
  readonly store: Store | null
  state: TaskState
  /** Whether fetching is paused, by source. */
  readonly paused: boolean[]
  /** Changelog offsets left to read. */
  restoreRemaining: number
  /** Of the restore: the most that was left, and when it began, by `performance.now`. */
  restoreTotal: number
  readonly restoreBegun: number
}
