import type { RecordColumns, TaskId } from '../batch.ts'
import type { Fetched } from '../broker/port.ts'
import type { RecordBatchWriter } from '../broker/record-batch-writer.ts'
import type { Bytes } from '../bytes.ts'
import type { PipelineCodec } from '../codec/port.ts'
import type { Counts } from '../counts/counts.ts'
import type { RowLimit } from '../dimension/row-limit.ts'
import type { RowTable } from '../dimension/row-table.ts'
import type { InputQueue } from '../input/input-queue.ts'
import type { Interval } from '../input/interval.ts'
import type { OutputTopic } from '../output/batch-list.ts'
import type { Outputs } from '../output/task-output.ts'
import type { MemoryShares } from '../plan/memory.ts'
import type { Plan } from '../plan/plan.ts'
import type { StateEpoch, TaskState } from '../state/task-state.ts'
import type { StoredRecord } from '../window/window-queries.ts'
import type { RowWait } from './row-wait.ts'

/** What all tasks of an instance share. */
export interface TaskContext {
  readonly plan: Plan
  readonly codec: PipelineCodec
  /** Of the plan's look-ups, in their order. */
  readonly dimensions: readonly RowTable[]
  /** Facts before its limit, in ms, find the rows of their times; null: no look-up is as of a time. */
  readonly rowLimit: RowLimit | null
  readonly outputs: Outputs
  readonly rejects: OutputTopic
  /** Where the records of the stages before the last go, by stage. */
  readonly repartition: readonly OutputTopic[]
  /** How many partitions each input has whose records come by an internal topic. */
  readonly partitions: ReadonlyMap<string, number>
  /** The most a stored record may have, so that its changelog record is under the topic's limit. */
  readonly maxEntryBytes: number
  /** How far ahead of the clock the output topics take a time; infinite where none has such a limit. */
  readonly aheadMs: number
  /** How far behind the clock an output's time may be; infinite where no output topic has such a limit. */
  readonly behindMs: number
  readonly memory: MemoryShares
  readonly counts: Counts
  /** Is told of each fact that is dropped for want of a row: record `i`. */
  readonly onDropped?: (columns: RecordColumns, i: number) => void
  /** Without it everything is taken, for ever. */
  readonly interval?: Interval | undefined
  /** The wall clock, in ms: `Date.now`, or a simulation's. */
  readonly now: () => number
  /** A clock for durations, in ms, which never goes back: `performance.now`, or a simulation's. */
  readonly elapsed: () => number
}

/** What a task adds to an epoch. */
export interface TaskEpoch {
  readonly partition: number
  readonly outputs: readonly RecordBatchWriter[]
  /** Event times of the outputs whose latency counts, in ms: matches, and facts that are joined with nothing. */
  readonly outputTimes: Float64Array
  readonly rejects: readonly RecordBatchWriter[]
  /** The next offset to read of each source of the stage; -1 where nothing was read yet. */
  readonly offsets: readonly number[]
  /** null: the task keeps none. */
  readonly state: StateEpoch | null
}

/** What is shown of facts that wait for a row. */
export interface WaitingFigures {
  readonly facts: number
  /** What they have on pages. */
  readonly bytes: number
  /** For how long the first of them has waited, in ms; null: there is none. */
  readonly oldestMs: number | null
}

/** What is shown of a task. */
export interface TaskFigures {
  /** The highest event time that was accepted, in ms; null: before the first, or the task has none. */
  readonly streamTime: number | null
  /** Records and segments in the windows, by join and side; none where there is no window. */
  readonly records: readonly number[]
  readonly segments: readonly number[]
  /** Pages that are still needed, in memory or in LevelDB. */
  readonly pages: number
  /** Memory of pages, and of the index of what is on them. */
  readonly pageBytes: number
  readonly indexBytes: number
  /** null: no fact of the pipeline waits. */
  readonly waiting: WaitingFigures | null
}

/** What others may ask of a task that joins. */
export interface TaskQueries {
  /** A source's records of a key: see `WindowQueries`. Those of the facts are in the first join's window. */
  recordsOf(source: number, key: Bytes, most: number): Promise<StoredRecord[]>
}

/** Of a task that keeps no state. */
export const NO_FIGURES: TaskFigures = {
  streamTime: null,
  records: [],
  segments: [],
  pages: 0,
  pageBytes: 0,
  indexBytes: 0,
  waiting: null,
}

/** A task: one partition of each source of its stage, and what it keeps from one record to the next. */
export interface RunnableTask extends TaskId {
  /** Of the stage's sources. */
  readonly queues: readonly InputQueue[]
  /** null: the task keeps none. */
  readonly state: TaskState | null
  readonly queries: TaskQueries | null
  /** null: no look-up is as of a time. */
  readonly rowWait: RowWait | null
  offer(source: number, fetched: Fetched): void
  /** Until now nothing could come: what waits for silence begins anew. */
  restartIdle(): void
  /** Takes some slices of its inputs through every stage. @returns whether there was anything to do */
  process(): Promise<boolean>
  /** Memory of what the running epoch has added. */
  readonly epochBytes: number
  /** The epoch holds as much as it may: the task goes on after the next commit. */
  readonly full: boolean
  /**
   * Ends the epoch; undefined: nothing was added to it.
   * @param passed also where all that is new are offsets that nothing came of: control records, and aborted ones
   */
  drain(passed?: boolean): TaskEpoch | undefined
  /** Of a bounded run: everything was taken, has come out, and is in an epoch. */
  readonly ended: boolean
  figures(): TaskFigures
}

/** Of one turn, at most: some milliseconds of work. */
export const SLICES = 8
