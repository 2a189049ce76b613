import type { Bytes } from '../bytes.ts'
import { OutputHeaders } from '../output/output-headers.ts'
import type { OurNames } from '../output/provenance.ts'
import type { Entry } from '../output/task-output.ts'
import type { TaskRejects } from '../output/task-rejects.ts'
import type { Join, Stage } from '../plan/plan.ts'
import { LEFT, RIGHT } from '../state/page.ts'
import type { TaskState } from '../state/task-state.ts'
import { JoinWindow } from '../window/join-window.ts'
import { OwnLayout } from '../window/own-layout.ts'
import { windowTimes } from '../window/segments.ts'
import type { JoinSink } from '../window/window-options.ts'
import type { StoredRecord } from '../window/window-queries.ts'
import { RowMarks } from './interval-rows.ts'
import { type LateSink, NextJoin } from './next-join.ts'
import { Owed } from './owed.ts'
import type { StageEnd } from './stage-end.ts'
import type { TaskContext, TaskQueries } from './task.ts'

interface ChainOptions {
  readonly context: TaskContext
  /** The task's. */
  readonly stage: Stage
  readonly state: TaskState
  readonly rejects: TaskRejects
  /** What takes what comes out of the last join. */
  readonly rows: Pick<StageEnd, 'match' | 'unmatched'>
  /** Of headers that say what records were made of; null: there are none. */
  readonly names: OurNames | null
}

/** The joins of a task, one after the other: what comes out of one is the left side of the next. */
export class JoinChain implements TaskQueries {
  readonly windows: readonly JoinWindow[]
  /** By join: takes what was late, and comes out at once. */
  readonly lates: readonly LateSink[]
  /** null: there is one join only. */
  readonly owed: Owed | null
  readonly #joins: readonly Join[]
  readonly #state: TaskState

  constructor({ context, stage, state, rejects, rows, names }: ChainOptions) {
    const { codec, counts, interval } = context
    const { joins, firstJoin } = stage
    const next = joins.slice(1).map(
      (to, j) =>
        new NextJoin({
          context,
          from: joins[j],
          to,
          missing: codec.missing[firstJoin + j],
          rejects,
          counts: counts.windows[firstJoin + j + 1],
          headers: new OutputHeaders(joins[j].headers, null, names),
          marks: RowMarks.of(stage, j, interval),
        }),
    )
    const sinks: JoinSink[] = [...next, rows]
    const windows: JoinWindow[] = []
    const refused = (record: Entry, fault: string): void =>
      rejects.completed(record, 'too_large', fault)
    for (const [number, join] of joins.entries()) {
      const window = new JoinWindow({
        times: windowTimes(join),
        kind: join.kind,
        number,
        log: state.log,
        layout: new OwnLayout(state.pages.layouts, number, refused),
        clock: state.clock,
        earlier: windows.at(-1) ?? null,
        sink: sinks[number],
        counts: counts.windows[firstJoin + number],
      })
      windows.push(window)
      state.add(window)
    }
    const last: LateSink = { late: (side, record) => rows.unmatched(side, record) }
    this.lates = [...next, last]
    for (const [j, one] of next.entries()) {
      one.connect(windows[j], windows[j + 1], this.lates[j + 1])
    }
    this.windows = windows
    this.owed = joins.length === 1 ? null : new Owed(windows, state.clock)
    this.#joins = joins
    this.#state = state
  }

  /** Whether `close` has anything to do. */
  get isDue(): boolean {
    for (const { outer } of this.windows) if (outer.isDue) return true
    return false
  }

  /** So many matches wait for their pages that `close` has to come first. */
  get coldFull(): boolean {
    const { windows } = this
    for (let k = 0; k < windows.length; k++) if (windows[k].coldFull) return true
    return false
  }

  /** Records that may come out without a match, and have not closed yet. */
  get pending(): number {
    return this.windows.reduce((sum, { outer }) => sum + outer.pending, 0)
  }

  /**
   * `close` of what cannot wait: matches whose pages have to be read are completed, and what has come into a slice that
   * had been emitted already comes out, for a restore would not know of it. Nothing goes.
   */
  async closeOverdue(): Promise<void> {
    for (const [k, { outer }] of this.windows.entries()) {
      await this.#resolveCold(k)
      await outer.close(() => true)
    }
  }

  /**
   * Join by join, in their order: matches whose pages have to be read are completed, and what has closed comes out. What
   * stream time has passed by goes.
   * @param full whether the rest has to wait for the next epoch
   */
  async close(full: () => boolean): Promise<void> {
    const mustWait = (): boolean => full() || this.coldFull
    for (const [k, { outer }] of this.windows.entries()) {
      await this.#resolveCold(k)
      await outer.close(mustWait)
    }
    this.#state.expire()
  }

  /** What waits in the next join because of it is completed on the way, so that memory stays bounded. */
  #resolveCold(k: number): Promise<void> {
    return this.windows[k].resolveCold(async () => {
      if (this.windows[k + 1]?.coldFull === true) await this.#resolveCold(k + 1)
    })
  }

  /**
   * Moves stream time so far that the windows close of all joins whose `idle` is over.
   * @param silentMs since when nothing has come. @returns whether there was anything to close
   */
  moveIdle(silentMs: number): boolean {
    const { clock } = this.#state
    let time = Number.NEGATIVE_INFINITY
    // Until an earlier join has closed all, it gives this one what is in its last slice of time.
    let lagMs = 0
    for (const [j, { outer, clock: own, times }] of this.windows.entries()) {
      if (outer.pending > 0 && silentMs >= this.#joins[j].idleMs) {
        time = Math.max(time, outer.closedAt + own.delayMs + lagMs)
      }
      if (outer.all.length > 0) lagMs += times.sliceMs
    }
    if (time === Number.NEGATIVE_INFINITY) return false
    if (time > clock.streamTime) clock.streamTime = time
    return true
  }

  recordsOf(source: number, key: Bytes, most: number): Promise<StoredRecord[]> {
    const window = this.windows[Math.max(0, source - 1)]
    return window.queries.recordsOf(source === 0 ? LEFT : RIGHT, key, most)
  }
}
