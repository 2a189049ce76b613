import type { SnapshotConfig } from '../config/pipeline.ts'
import { Reach } from './reach.ts'
import { markOf } from './snapshot-mark.ts'

/** Snapshots that are remembered: a record of a forgotten one begins another. */
const MOST = 100

/** A snapshot, as far as it is known. Times are of records, in ms since 1970. */
export interface Snapshot {
  /** '': nothing names it. */
  readonly name: string
  /** Its first record, of all partitions, and the last one. */
  begin: number
  last: number
  /** The record that said that it is complete; null: none has. */
  saidAt: number | null
  /** What its rows are marked with, and no others: several where two turn out to be one. */
  readonly marks: number[]
  /** It was complete, and would have left too few rows. */
  isRefused: boolean
}

/** What a store keeps of it. */
export interface SnapshotState {
  /** See `Snapshots.boundary`; null: none is complete. */
  readonly boundary: number | null
  readonly complete: string | null
  readonly known: readonly Snapshot[]
  /** Under which share they were refused. */
  readonly atLeast: number
}

/** A record of a snapshot that a complete one has replaced. */
export const OUTDATED = -1

/**
 * Tells the snapshots of a dimension apart, and when one is complete: when each partition was read past its end, or to where
 * the partition ends. It goes by the times of records, so that it comes to the same whatever partition is read first.
 */
export class Snapshots {
  readonly reach = new Reach()
  readonly #config: SnapshotConfig
  readonly #now: () => number
  /** By their begins. */
  #known: Snapshot[] = []
  #last: Snapshot | undefined
  /** The begin of the latest complete one: rows of those before it are gone; -∞: there is none. */
  boundary = Number.NEGATIVE_INFINITY
  /** Its name; null: there is none. */
  complete: string | null = null

  /** @param now the wall clock, in ms */
  constructor(config: SnapshotConfig, now: () => number) {
    this.#config = config
    this.#now = now
  }

  get known(): readonly Snapshot[] {
    return this.#known
  }

  /**
   * Takes a record.
   * @param name null: it is of none, and counts from its own time on
   * @returns the mark of its row; OUTDATED: it is of no row any more
   */
  take(name: string | null, timestamp: number): number {
    const time = markOf(timestamp)
    if (name === null) return time < this.boundary ? OUTDATED : time
    const snapshot = this.#find(name, time) ?? this.#begin(name, time)
    this.#last = snapshot
    if (time < snapshot.begin || time > snapshot.last) this.#widen(snapshot, time)
    return snapshot.begin < this.boundary ? OUTDATED : snapshot.marks[0]
  }

  /** The snapshot of the record that was taken last is complete. */
  say(timestamp: number): void {
    const snapshot = this.#last!
    snapshot.saidAt = Math.max(snapshot.saidAt ?? 0, markOf(timestamp))
  }

  /** When the snapshot with such a mark began; the mark itself, where none has it. */
  beginOf(mark: number): number {
    const last = this.#last
    if (last !== undefined && last.marks[0] === mark) return last.begin
    const known = this.#known
    for (let k = known.length - 1; k >= 0; k--)
      if (known[k].marks.includes(mark)) return known[k].begin
    return mark
  }

  /** Those that are complete, and nothing was made of it yet, by their begins. */
  due(): Snapshot[] {
    return this.#known.filter((one, k) => {
      if (one.begin <= this.boundary || one.isRefused) return false
      const end = this.#endOf(one, k)
      return end !== undefined && this.reach.isPast(end) && this.#hasPassed(end)
    })
  }

  /** Whether it is sure that nothing more comes of them. */
  areSure(due: readonly Snapshot[]): boolean {
    const ends = due.map((one) => this.#endOf(one, this.#known.indexOf(one))!)
    return this.reach.isSurelyPast(Math.max(...ends))
  }

  accept({ begin, name }: Snapshot): void {
    this.boundary = begin
    this.complete = name
  }

  get state(): SnapshotState {
    const { boundary, complete } = this
    const { atLeast } = this.#config
    return {
      boundary: Number.isFinite(boundary) ? boundary : null,
      complete,
      known: this.#known,
      atLeast,
    }
  }

  /** Of a store; undefined: there was none. */
  restore(state: SnapshotState | undefined): void {
    this.boundary = state?.boundary ?? Number.NEGATIVE_INFINITY
    this.complete = state?.complete ?? null
    this.#known = [...(state?.known ?? [])]
    this.#last = undefined
    // Where less is asked now, they may be believed.
    if (state?.atLeast !== this.#config.atLeast)
      for (const one of this.#known) one.isRefused = false
  }

  /** The time of what ends it; undefined: nothing has yet. @param k its place */
  #endOf({ last, saidAt }: Snapshot, k: number): number | undefined {
    const { complete, quietMs } = this.#config
    if (complete !== null) return saidAt ?? undefined
    if (Number.isFinite(quietMs)) return last + quietMs
    return this.#known[k + 1]?.begin
  }

  /** A pause has an end in the times of records, or by the clock. */
  #hasPassed(end: number): boolean {
    if (!Number.isFinite(this.#config.quietMs)) return true
    return this.reach.latest > end || this.#now() >= end
  }

  #find(name: string, time: number): Snapshot | undefined {
    const last = this.#last
    const { quietMs } = this.#config
    const isOne = (one: Snapshot): boolean =>
      one.name === name &&
      // Those without names are known by the pauses between them.
      (name !== '' || (time >= one.begin - quietMs && time <= one.last + quietMs))
    return last !== undefined && isOne(last) ? last : this.#known.findLast(isOne)
  }

  #begin(name: string, time: number): Snapshot {
    let mark = time
    while (this.#known.some(({ marks }) => marks.includes(mark))) mark++
    const made = { name, begin: time, last: time, saidAt: null, marks: [mark], isRefused: false }
    this.#known.push(made)
    this.#sort()
    if (this.#known.length > MOST) this.#known.shift()
    return made
  }

  #widen(snapshot: Snapshot, time: number): void {
    this.#extend(snapshot, time, time)
    if (snapshot.name === '') this.#mergeInto(snapshot)
    this.#sort()
  }

  #extend(snapshot: Snapshot, begin: number, last: number): void {
    const isComplete = snapshot.begin === this.boundary
    snapshot.begin = Math.min(snapshot.begin, begin)
    snapshot.last = Math.max(snapshot.last, last)
    if (isComplete) this.boundary = snapshot.begin
  }

  /** Between two a record of another partition has shown that there was no pause. */
  #mergeInto(snapshot: Snapshot): void {
    const { quietMs } = this.#config
    for (const other of this.#known) {
      if (other === snapshot) continue
      if (other.begin > snapshot.last + quietMs || other.last < snapshot.begin - quietMs) continue
      this.#extend(snapshot, other.begin, other.last)
      snapshot.marks.push(...other.marks)
      this.#known = this.#known.filter((one) => one !== other)
    }
  }

  #sort(): void {
    this.#known.sort((a, b) => a.begin - b.begin)
  }
}
