import type { hashBytes } from '../bytes.ts'
import type { JoinKind } from '../config/join-kind.ts'
import type { WindowCounts } from '../counts/counts.ts'
import type { EntryCursor } from '../state/page.ts'
import type { PageLog } from '../state/page-log.ts'
import type { StreamClock } from '../state/task-state.ts'
import type { EarlierWindow } from './join-clock.ts'
import type { OwnLayout } from './own-layout.ts'
import type { WindowTimes } from './segments.ts'

/** Takes what the join finds. The cursors are valid until the call returns. */
export interface JoinSink {
  match(left: EntryCursor, right: EntryCursor): void
  /** A record of a side has closed without a match. */
  unmatched(side: number, record: EntryCursor): void
}

export interface WindowOptions {
  readonly times: WindowTimes
  readonly kind: JoinKind
  /** Its number among the task's stores. */
  readonly number: number
  readonly log: PageLog
  /** null, as without it: all that is stored is of the task's layout. */
  readonly layout?: OwnLayout | null
  /** The task's. */
  readonly clock: StreamClock
  /** The window that gives this one its left records; without it they are the facts. */
  readonly earlier?: EarlierWindow | null
  readonly sink: JoinSink
  readonly counts: WindowCounts
  /** Of a key's bytes; tests provoke collisions with another one. */
  readonly hash?: typeof hashBytes
}
