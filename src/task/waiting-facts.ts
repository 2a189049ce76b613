/**
 * The facts of a task that wait for a row. One that lacks a row is parked as it came; it goes the ordinary way anew when
 * its row has come, and when it has waited for long enough, as what it is then:
 *
 *     look-up finds no row → park → the row comes, or the wait is over → open, look up, join or write
 */
import { SLICE } from '../batch.ts'
import type { WaitCounts } from '../counts/counts.ts'
import type { Block, InputQueue } from '../input/input-queue.ts'
import { ParkedFacts } from '../parked/parked-facts.ts'
import { parkedBytes } from '../parked/parked-page.ts'
import { type AwaitedKey, type Waiter, Waiters } from '../parked/waiters.ts'
import type { LookUp } from '../plan/plan.ts'
import type { TaskState } from '../state/task-state.ts'
import { AwaitedRows } from './awaited-rows.ts'
import type { Facts } from './facts.ts'
import type { RowWait } from './row-wait.ts'
import { NEEDS_KEY_SCHEMA, NEEDS_SCHEMA, REFUSED, TAKEN, WAITING } from './side.ts'
import { SLICES, type TaskContext, type WaitingFigures } from './task.ts'

/** Of a task. */
const MOST_FACTS = 100_000
/** What a fact that waits takes in memory beside its page. */
const INDEX_BYTES = 256
/** Bytes of facts that are read back at once. */
const MOST_READ = 1 << 20
const NEVER = Number.POSITIVE_INFINITY

export interface WaitingOptions {
  readonly facts: Facts
  readonly state: TaskState
  /** How far stream time may have passed a fact by before it is late, in ms; infinite: none is ever. */
  readonly heldMs: number
  /** null: no look-up is as of a time. */
  readonly rowWait: RowWait | null
  readonly context: TaskContext
  readonly way: WayOfFacts
}

/** How a task takes a fact, and whether it may take more now. */
export interface WayOfFacts {
  readonly queues: readonly InputQueue[]
  /** Nothing is under way to these from an earlier stage. */
  isIdle(): boolean
  /** The epoch holds as much as it may, or something else has to be done first. */
  isFull(): boolean
  /** Takes record `i` of a block, which is in `row` of the slice. @returns its fate: see `Side.open` */
  process(block: Block, i: number, row: number): number
}

export class WaitingFacts {
  readonly #facts: Facts
  readonly #state: TaskState
  readonly #heldMs: number
  readonly #rowWait: RowWait | null
  readonly #context: TaskContext
  readonly #way: WayOfFacts
  readonly #counts: WaitCounts
  readonly #store: ParkedFacts
  readonly #waiters = new Waiters()
  readonly #rows: AwaitedRows
  /** Nothing more will come: nobody waits any longer. */
  #isEnded = false
  /** Rows have to be read first, up to the time of a fact that is to be looked up. */
  #isBehind = false
  /** The clock for durations, which counts only while there is nothing to read. */
  #silentAt = Number.NEGATIVE_INFINITY

  constructor({ facts, state, heldMs, rowWait, context, way }: WaitingOptions) {
    this.#facts = facts
    this.#state = state
    this.#heldMs = heldMs
    this.#rowWait = rowWait
    this.#context = context
    this.#way = way
    this.#counts = context.counts.waits
    this.#rows = new AwaitedRows(context)
    this.#store = new ParkedFacts(state.nextStore, state.log, (fact) => {
      const parkedAt = context.elapsed() - Math.max(0, context.now() - fact.wall)
      const until = this.#lateAfter(fact.time)
      this.#waiters.restored({ fact, parkedAt, until, untilElapsed: NEVER, keys: [], state: 'new' })
    })
    state.add(this.#store)
  }

  /** undefined: no fact waits where these are looked up. */
  static of(lookUps: readonly LookUp[], options: WaitingOptions): WaitingFacts | undefined {
    return lookUps.some(({ waitMs }) => waitMs > 0) ? new WaitingFacts(options) : undefined
  }

  get isEmpty(): boolean {
    return this.#waiters.size === 0
  }

  /** There are facts that have to be taken before stream time closes anything. */
  get isOverdue(): boolean {
    if (this.#isEnded && !this.isEmpty) return true
    const { clock } = this.#state
    return this.#waiters.hasNew || this.#waiters.isDue(clock.streamTime, this.#silentAt)
  }

  /** The same, and nothing can be done of it before rows have been read. */
  get isHeldUp(): boolean {
    return this.#isBehind && this.isOverdue
  }

  /** The least stream time, in ms, of which one may still have to be taken as of. */
  get firstUntil(): number {
    return this.#waiters.firstUntil
  }

  get figures(): WaitingFigures {
    const { oldest } = this.#waiters
    const oldestMs = oldest === undefined ? null : this.#context.elapsed() - oldest.parkedAt
    return { facts: this.#store.count, bytes: this.#store.bytes, oldestMs }
  }

  /**
   * Parks record `i`, of which the look-ups have just said that it waits. Where there is no room for it, or it is late
   * already, it goes on at once without its row.
   * @param row of the record in the slice. @returns its fate
   */
  park(block: Block, i: number, row: number): number {
    if (this.#keep(block, i, row)) return TAKEN
    const { enricher } = this.#facts
    enricher.isPatient = false
    const fate = this.#way.process(block, i, row)
    enricher.isPatient = true
    return fate
  }

  #keep(block: Block, i: number, row: number): boolean {
    const { columns, times } = block
    const time = times[i]
    const now = this.#state.clock.streamTime
    if (this.#lateAfter(time) < now) return false
    if (!this.#hasRoom(parkedBytes(columns, i))) {
      this.#counts.noRoom++
      return false
    }
    const at = { streamTime: Math.max(now, time), wall: this.#context.now() }
    const fact = this.#store.park(columns, i, time, at)
    const parkedAt = this.#context.elapsed()
    this.#counts.parked++
    this.#wait(
      { fact, parkedAt, until: NEVER, untilElapsed: NEVER, keys: [], state: 'waiting' },
      row,
    )
    return true
  }

  /**
   * Takes the facts that have waited for long enough, and those whose rows have come.
   * @returns whether there was any
   */
  async retake(): Promise<boolean> {
    this.#rows.tell(this.#waiters)
    this.#isBehind = false
    if (this.isEmpty) return false
    this.#look()
    let isAny = false
    for (let n = 0; n < SLICES || this.isOverdue; n++) {
      const isOver = !this.#waiters.hasNew && this.isOverdue
      const some = isOver ? this.#due() : this.#waiters.takeReady(SLICE)
      if (some.length === 0 && !this.#waiters.hasReady && !this.isOverdue) break
      if (this.#way.isFull()) {
        this.#putBack(some, isOver)
        break
      }
      const taken = await this.#takeAll(some, isOver)
      this.#putBack(some.slice(taken), isOver)
      if (taken > 0) isAny = true
      if (taken < some.length) break
    }
    return isAny
  }

  #look(): void {
    const { queues } = this.#way
    this.#isEnded = queues.every((queue) => queue.ended)
    const isSilent = this.#way.isIdle() && queues.every((queue) => queue.caughtUp)
    this.#silentAt = isSilent ? this.#context.elapsed() : Number.NEGATIVE_INFINITY
  }

  #due(): Waiter[] {
    if (this.#isEnded) return this.#waiters.first(SLICE)
    return this.#waiters.takeDue(this.#state.clock.streamTime, this.#silentAt, SLICE)
  }

  #putBack(some: readonly Waiter[], isOver: boolean): void {
    if (!isOver) this.#waiters.putBackReady(some)
    else if (!this.#isEnded) this.#waiters.putBackDue(some)
  }

  /** @returns how many of them were taken */
  async #takeAll(some: readonly Waiter[], isOver: boolean): Promise<number> {
    let taken = 0
    while (taken < some.length) {
      const next = some.slice(taken, taken + fitting(some, taken))
      const done = await this.#take(next, isOver)
      taken += done
      if (done < next.length) break
    }
    return taken
  }

  async #take(some: readonly Waiter[], isOver: boolean): Promise<number> {
    const facts = this.#facts
    const { enricher } = facts
    const times = Float64Array.from(some, ({ fact }) => fact.time)
    const end = this.#rowWait?.endOf({ times, at: 0 }, some.length) ?? some.length
    this.#isBehind = end < some.length
    if (end === 0) return 0
    const columns = await this.#store.read(some.slice(0, end).map(({ fact }) => fact))
    const block: Block = { columns, times, timesRead: true, at: 0 }
    facts.lookAhead(block, end, enricher)
    enricher.lookAhead(end, facts.readers)
    enricher.isPatient = !isOver
    let i = 0
    for (; i < end && !this.#way.isFull(); i++) {
      const fate = this.#takeOne(some[i], block, i)
      if (fate === NEEDS_SCHEMA || fate === NEEDS_KEY_SCHEMA) {
        facts.loadFor(block, i, fate)
        break
      }
      if (fate === WAITING) this.#wait(some[i], i)
      else this.#settle(some[i], isOver && (fate === REFUSED || enricher.lacksAwaited))
    }
    enricher.isPatient = true
    return i
  }

  /** As of when its time had come: what stream time has passed since is not passed for it. */
  #takeOne({ until }: Waiter, block: Block, i: number): number {
    const { clock } = this.#state
    const now = clock.streamTime
    clock.streamTime = Math.min(now, until)
    const fate = this.#way.process(block, i, i)
    clock.streamTime = now
    return fate
  }

  #settle(waiter: Waiter, isGivenUp: boolean): void {
    this.#store.settle(waiter.fact)
    this.#waiters.settle(waiter)
    if (isGivenUp) this.#counts.givenUp++
    else this.#counts.completed++
  }

  /** For the rows that the fact in `row` of the slice has just been found to lack. */
  #wait(waiter: Waiter, row: number): void {
    const { streamTime, time } = waiter.fact
    const keys: AwaitedKey[] = []
    let longest = 0
    this.#facts.enricher.awaited(row, (lookUp, hash, waitMs) => {
      keys.push({ lookUp, hash })
      longest = Math.max(longest, waitMs)
    })
    const until = Math.min(streamTime + longest, this.#lateAfter(time))
    this.#waiters.wait(waiter, keys, until, waiter.parkedAt + longest)
  }

  /** The last stream time at which a fact of this time is not late. */
  #lateAfter(time: number): number {
    return time + this.#heldMs
  }

  #hasRoom(bytes: number): boolean {
    const { maxEntryBytes, memory } = this.#context
    const { count, bytes: held } = this.#store
    const all = held + bytes + (count + 1) * INDEX_BYTES
    return bytes <= maxEntryBytes && count < MOST_FACTS && all <= memory.waitingBytes
  }
}

/** How many of them, from one on, are read at once: one at least. */
function fitting(some: readonly Waiter[], from: number): number {
  let bytes = 0
  let to = from
  while (to < some.length && (to === from || bytes + some[to].fact.bytes <= MOST_READ)) {
    bytes += some[to++].fact.bytes
  }
  return to - from
}
