import type { TaskState } from '../state/task-state.ts'
import { NO_FIGURES, type TaskFigures } from './task.ts'
import type { WaitingFacts } from './waiting-facts.ts'

/** What is shown of a task that keeps nothing but these, or nothing at all. */
export function figuresOf(state: TaskState | null, waiting: WaitingFacts | null): TaskFigures {
  if (state === null) return NO_FIGURES
  const { log, livePages, clock } = state
  return {
    ...NO_FIGURES,
    streamTime: Number.isFinite(clock.streamTime) ? clock.streamTime : null,
    pages: livePages,
    pageBytes: log.recent.bytes,
    waiting: waiting!.figures,
  }
}
