import { LEFT, RIGHT } from '../state/page.ts'
import type { TaskState } from '../state/task-state.ts'
import type { JoinWindow } from '../window/join-window.ts'
import type { TaskFigures } from './task.ts'
import type { WaitingFacts } from './waiting-facts.ts'

/** What is shown of a task that joins. */
export function joinFigures(
  { clock, log, livePages }: TaskState,
  windows: readonly JoinWindow[],
  waiting: WaitingFacts | undefined,
): TaskFigures {
  return {
    streamTime: Number.isFinite(clock.streamTime) ? clock.streamTime : null,
    records: windows.flatMap(({ segments }) => [segments.entries(LEFT), segments.entries(RIGHT)]),
    segments: windows.flatMap(({ segments }) => [segments.count(LEFT), segments.count(RIGHT)]),
    pages: livePages,
    pageBytes: log.recent.bytes,
    indexBytes: windows.reduce((sum, { segments }) => sum + segments.bytes, 0),
    waiting: waiting?.figures ?? null,
  }
}
