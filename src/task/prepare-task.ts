/**
 * A task that completes facts, and brings them to where the key is that they are joined by, which one of their rows has:
 *
 *     fetch → decode → enrich (dimensions) → write under the column's text → epoch → commit
 *
 * What it writes is a fact as a window stores it, behind the name of its layout, so that the next stage copies it. It keeps
 * no state, but where facts wait for a row, those that do: the next stage goes no further than they may still come out.
 */
import { SLICE, type TaskId } from '../batch.ts'
import type { Fetched } from '../broker/port.ts'
import { bytesOf } from '../bytes.ts'
import type { ValueReader } from '../codec/port.ts'
import { DROPPED } from '../dimension/enrich.ts'
import { RowText } from '../dimension/row-look-up.ts'
import type { Block, InputQueue } from '../input/input-queue.ts'
import { LooseRecord } from '../output/loose-record.ts'
import type { ToldHeaders } from '../output/own-headers.ts'
import { type MissingParts, TaskOutput } from '../output/task-output.ts'
import { TaskRejects } from '../output/task-rejects.ts'
import type { InternalTopic, KeyPart } from '../plan/plan.ts'
import { LEFT } from '../state/page.ts'
import type { PageStore } from '../state/page-store.ts'
import { TaskState } from '../state/task-state.ts'
import { latenessOf } from '../window/lateness.ts'
import { Facts } from './facts.ts'
import type { InternalSink } from './internal-sink.ts'
import { IntervalRows } from './interval-rows.ts'
import { provenanceOf } from './provenance.ts'
import { RowWait } from './row-wait.ts'
import { NEEDS_KEY_SCHEMA, NEEDS_SCHEMA, REFUSED, TAKEN, WAITING } from './side.ts'
import {
  type RunnableTask,
  SLICES,
  type TaskContext,
  type TaskEpoch,
  type TaskFigures,
} from './task.ts'
import { WaitingFacts } from './waiting-facts.ts'
import { figuresOf } from './waiting-figures.ts'

export class PrepareTask implements RunnableTask {
  readonly number: number
  readonly stage: number
  readonly partition: number
  readonly queues: readonly [InputQueue]
  /** null: no fact waits. */
  readonly state: TaskState | null
  readonly queries = null
  readonly rowWait: RowWait | null
  readonly #context: TaskContext
  readonly #facts: Facts
  /** That facts are joined by. */
  readonly #column: KeyPart
  readonly #key = new RowText()
  /** Whether the next stage gives on what has no key. */
  readonly #passes: boolean
  readonly #sink: InternalSink
  /** Where facts without a key come out, which can have no match; null: they do not. */
  readonly #output: TaskOutput | null
  readonly #rows: Pick<TaskOutput, 'unmatched'> | null
  readonly #keyless = new LooseRecord()
  readonly #headers: ToldHeaders
  readonly #rejects: TaskRejects
  /** null: none of the pipeline's does. */
  readonly #waiting: WaitingFacts | null
  /** A bounded run takes nothing more once stream time has passed this, in ms. */
  readonly #overAt: number
  #dirty = false
  /** Of no use, but that the look-ahead's reads are not optimized away. */
  ahead = 0

  /** @param to the topic behind the sink. @param pages of its state; null: it keeps none */
  constructor(
    id: TaskId,
    to: InternalTopic,
    sink: InternalSink,
    pages: PageStore | null,
    context: TaskContext,
  ) {
    const { number, stage, partition } = id
    const { plan, outputs, counts } = context
    const of = plan.stages[stage]
    const { sources, lookUps } = of
    this.number = number
    this.stage = stage
    this.partition = partition
    this.#context = context
    this.#column = to.key
    this.#passes = to.withoutKey === 'pass'
    this.#sink = sink
    this.#overAt = context.interval?.overAt ?? Number.POSITIVE_INFINITY
    this.#rejects = new TaskRejects(partition, sources, context)
    this.#facts = new Facts(sources[0], partition, context, this.#rejects, lookUps)
    this.queues = [this.#facts.queue]
    this.rowWait = RowWait.of(context, lookUps)
    this.#headers = provenanceOf(of, partition, this.#facts, context).headers[0]
    this.#output =
      to.withoutKey === 'emit'
        ? new TaskOutput(outputs, partition, withoutRights(context), this.#rejects, counts)
        : null
    this.#rows = this.#output && IntervalRows.of(of, this.#output, context.interval)
    this.state = pages && new TaskState(pages, () => context.memory.pageBytes)
    this.#waiting = this.state && this.#waitingIn(this.state)
  }

  #waitingIn(state: TaskState): WaitingFacts {
    const context = this.#context
    return new WaitingFacts({
      facts: this.#facts,
      state,
      // For longer than the join holds it a fact is late there.
      heldMs: latenessOf(context.plan.joins[0]).heldMs,
      rowWait: this.rowWait,
      context,
      way: {
        queues: this.queues,
        isIdle: () => true,
        isFull: () => this.full,
        process: (block, i, row) => this.#processFact(block, i, row),
      },
    })
  }

  offer(_source: number, fetched: Fetched): void {
    this.#facts.queue.offer(fetched)
  }

  restartIdle(): void {
    this.#sink.restartIdle()
  }

  get epochBytes(): number {
    const written = this.#sink.bytes + (this.#output?.bytes ?? 0) + this.#rejects.batches.bytes
    return written + (this.state?.log.epochBytes ?? 0)
  }

  get full(): boolean {
    return this.epochBytes >= this.#context.memory.epochBytes
  }

  async process(): Promise<boolean> {
    const { now, behindMs } = this.#context
    if (this.#output !== null) this.#output.oldest = now() - behindMs
    const { streamTime = Number.NEGATIVE_INFINITY } = this.state?.clock ?? {}
    if (this.#sink.isPast(this.#overAt) || streamTime > this.#overAt) this.#facts.queue.end()
    const isAgain = this.#waiting !== null && (await this.#retake(this.#waiting))
    let taken = 0
    while (taken < SLICES && this.#processSlice()) taken++
    if (taken > 0 || isAgain) return true
    const isNews = this.#fallIdle()
    if (isNews) this.#dirty = true
    return isNews
  }

  /** Takes the facts that wait no longer. @returns whether there was one */
  async #retake(waiting: WaitingFacts): Promise<boolean> {
    if (this.#facts.loading || !(await waiting.retake())) return false
    this.state!.expire()
    this.restartIdle()
    this.#dirty = true
    return true
  }

  /** What waits may come out yet, and is waited for. @returns whether there is anything to be told */
  #fallIdle(): boolean {
    const waiting = this.rowWait?.waiting ?? null
    if (waiting !== null) return this.#sink.hold(waiting.time)
    return this.#waiting?.isEmpty !== false && this.#sink.fallIdle(this.#facts.queue)
  }

  /** Takes the next records. @returns whether there was one */
  #processSlice(): boolean {
    const facts = this.#facts
    if (this.full || facts.loading || !facts.readTimes()) return false
    const block = facts.queue.head
    if (block === undefined) return false
    const first = block.at
    const most = Math.min(block.columns.length, first + SLICE)
    const end = this.rowWait === null ? most : this.rowWait.endOf(block, most)
    if (end === first) return false
    facts.lookAhead(block, end, facts.enricher)
    this.ahead ^= facts.enricher.lookAhead(end - first, facts.readers)
    const clock = this.state?.clock
    let hasWritten = false
    let i = first
    for (; i < end; i++) {
      let fate = this.#processFact(block, i, i - first)
      if (fate === WAITING) fate = this.#waiting!.park(block, i, i - first)
      if (fate === NEEDS_SCHEMA || fate === NEEDS_KEY_SCHEMA) {
        facts.loadFor(block, i, fate)
        break
      }
      if (fate !== TAKEN) continue
      hasWritten = true
      if (clock !== undefined && block.times[i] > clock.streamTime) {
        clock.streamTime = block.times[i]
      }
    }
    if (hasWritten) this.restartIdle()
    facts.taken(i - first, i)
    if (i > first) this.#dirty = true
    return i > first
  }

  #processFact(block: Block, i: number, row: number): number {
    const facts = this.#facts
    const value = facts.open(block, i, row)
    if (typeof value === 'number') return value
    const rowBytes = facts.lookUp(value, row)
    if (rowBytes < 0) return facts.withoutRows(rowBytes, block, i)
    const { columns, times } = block
    const { preparedFrame: frame } = this.#context.codec
    const bodyBytes = value.projectedBytes + rowBytes
    const { lookUp, key: part } = this.#column
    const hasKey = facts.enricher.readText(lookUp, part, this.#key)
    if (!hasKey && !this.#passes) return this.#withoutKey(value, block, i, bodyBytes)
    const key = hasKey ? this.#key : null
    const valueBytes = frame.length + bodyBytes
    const told = this.#headers
    told.write(columns, times, i)
    const writer = this.#sink.begin(columns, i, times[i], key, valueBytes, told)
    if (writer === undefined) return facts.reject(block, i, 'output', 'too_large', this.#sink.fault)
    writer.append(frame, 0, frame.length)
    const at = value.project(writer.buffer, writer.position)
    writer.wrote(facts.enricher.write(writer.buffer, at))
    this.#sink.end(writer)
    return TAKEN
  }

  /** A null equals nothing, as in SQL: the fact comes out at once without a match, or not at all. */
  #withoutKey(value: ValueReader, block: Block, i: number, bodyBytes: number): number {
    const { counts } = this.#context
    if (this.#rows === null) {
      counts.droppedMissing++
      return this.#facts.withoutRows(DROPPED, block, i)
    }
    const { columns, times } = block
    this.#headers.write(columns, times, i)
    const record = this.#keyless
    record.begin(times[i], null, this.#headers, bodyBytes)
    this.#facts.enricher.write(record.buffer, value.project(record.buffer, record.bodyStart))
    this.#rows.unmatched(LEFT, record)
    counts.windows[0].unmatched[LEFT]++
    return REFUSED
  }

  get ended(): boolean {
    return !this.#dirty && this.#sink.isIdle && this.#facts.queue.ended
  }

  drain(passed = false): TaskEpoch | undefined {
    const { queue } = this.#facts
    if (!this.#dirty && !(passed && queue.hasMoved)) return undefined
    this.#dirty = false
    this.#reach()
    return {
      partition: this.partition,
      outputs: [...this.#sink.drain(), ...(this.#output?.drain() ?? [])],
      outputTimes: this.#output?.drainTimes() ?? NO_TIMES,
      rejects: this.#rejects.batches.drain(),
      offsets: [queue.taken],
      state: this.state?.drain() ?? null,
    }
  }

  /** Stream time goes on in the next stage only so far that no fact that waits will be late there. */
  #reach(): void {
    if (this.state === null) return
    const { streamTime } = this.state.clock
    const waiting = this.#waiting!
    if (!waiting.isEmpty) this.#sink.reach(Math.min(streamTime, waiting.firstUntil))
    else if (!this.#sink.isIdle) this.#sink.reach(streamTime)
  }

  figures(): TaskFigures {
    return figuresOf(this.state, this.#waiting)
  }
}

/** What a fact that meets nothing has in place of all right records. */
function withoutRights({ codec, outputs }: TaskContext): MissingParts {
  const { between } = outputs.shape
  const rights = codec.missing.flatMap(([, right], j) => (j === 0 ? [right] : [between, right]))
  return [codec.missing[0][0], bytesOf(Buffer.concat(rights))]
}

const NO_TIMES = new Float64Array(0)
