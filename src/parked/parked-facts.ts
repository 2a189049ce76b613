import type { RecordColumns } from '../batch.ts'
import { bytesOf } from '../bytes.ts'
import { isMarks, marksOf, PAGE_HEADER, type Page } from '../state/page.ts'
import type { PageLog } from '../state/page-log.ts'
import { readPages } from '../state/page-reader.ts'
import { PageWriter } from '../state/page-writer.ts'
import type { StateStore } from '../state/task-state.ts'
import {
  emptyColumns,
  HEAD_BYTES,
  type ParkedAt,
  parkedBytes,
  readHead,
  readParked,
  writeParked,
} from './parked-page.ts'

/** The kind of the pages that have facts; which of them are settled is on pages of marks. */
const FACTS = 0
/** A segment takes no more facts once it has these: what is left of it goes only when the last of them is settled. */
const SEGMENT = { facts: 1024, bytes: 256 * 1024 }

/** Facts that have been parked one after the other. Its pages go when the last of them is settled. */
interface Segment {
  /** What its pages have as their segment: the number of the first of them. */
  readonly start: number
  /** How many facts it has had. */
  facts: number
  bytes: number
  /** Of them, how many still wait. */
  left: number
}

/** A fact that waits: where it lies, and since when. */
export interface ParkedFact extends ParkedAt {
  readonly segment: Segment
  readonly entry: number
  /** Its event time, in ms. */
  readonly time: number
  readonly page: number
  readonly position: number
  readonly bytes: number
}

/** What is restored of a segment before it is known which of its facts are settled. */
interface RestoredSegment {
  readonly facts: Omit<ParkedFact, 'segment'>[]
  readonly settled: Set<number>
}

/**
 * Facts that wait for a row, as they came, on pages of their task's log, so that they are there after a restart. One that
 * is settled, as it has come out or was given up, is marked so on a page, as the window marks what has matched.
 */
export class ParkedFacts implements StateStore {
  readonly number: number
  readonly closedBefore: readonly number[] = []
  /** How many wait. */
  count = 0
  /** What they have on pages. */
  bytes = 0
  readonly #log: PageLog
  readonly #writer: PageWriter
  readonly #segments = new Map<number, Segment>()
  /** The one that takes facts. */
  #current: Segment | undefined
  /** Of the running epoch: numbers of facts that are settled. */
  readonly #marks = new Map<Segment, number[]>()
  /** Segments of which no fact waits any more. */
  readonly #done: number[] = []
  #restored = new Map<number, RestoredSegment>()
  readonly #onRestored: (fact: ParkedFact) => void

  /** @param onRestored is told of each fact that still waits after a restart, in the order in which they were parked */
  constructor(number: number, log: PageLog, onRestored: (fact: ParkedFact) => void) {
    this.number = number
    this.#log = log
    this.#writer = new PageWriter(log, number)
    this.#onRestored = onRestored
  }

  /** Keeps record `i`, which has a value. @param time its event time, in ms */
  park(columns: RecordColumns, i: number, time: number, at: ParkedAt): ParkedFact {
    const bytes = parkedBytes(columns, i)
    const segment = this.#open()
    const page = this.#writer.pageFor(FACTS, segment, bytes)
    const entry = segment.facts++
    const position = page.end - page.start
    page.end = writeParked(page.buffer, page.end, entry, columns, i, time, at)
    page.count++
    segment.bytes += bytes
    segment.left++
    this.count++
    this.bytes += bytes
    return { ...at, segment, entry, time, page: page.number, position, bytes }
  }

  /** The fact has come out, or was given up: no restart brings it back. */
  settle({ segment, entry, bytes }: ParkedFact): void {
    const marks = this.#marks.get(segment)
    if (marks === undefined) this.#marks.set(segment, [entry])
    else marks.push(entry)
    this.count--
    this.bytes -= bytes
    if (--segment.left === 0) this.#close(segment)
  }

  /** The records of these facts, as they came; pages that have left memory are read from LevelDB. Throws STATE_CORRUPT. */
  async read(facts: readonly ParkedFact[]): Promise<RecordColumns> {
    const { recent, read } = this.#log
    const wanted = [...new Set(facts.map(({ page }) => page))]
    const pages = new Map<number, Page>()
    const missing = (): number[] =>
      wanted.filter((number) => !pages.has(number) && recent.find(number) < 0)
    // Asked again after each wait: while some are read, an older epoch's pages may leave the memory.
    for (let next = missing(); next.length > 0; next = missing()) {
      for (const [number, page] of await readPages(read, next)) pages.set(number, page)
    }
    const size = facts.reduce((sum, { bytes }) => sum + bytes - HEAD_BYTES, 0)
    const columns = emptyColumns(facts.length, bytesOf(Buffer.allocUnsafe(size)))
    let at = 0
    for (const [i, { page: number, position }] of facts.entries()) {
      const page = pages.get(number)
      const place = page === undefined ? recent.find(number) : -1
      const start = page?.start ?? recent.startAt(place)
      at = readParked(page?.buffer ?? recent.bufferAt(place), start + position, columns, i, at)
    }
    return columns
  }

  restore(page: Page): void {
    let of = this.#restored.get(page.segment)
    if (of === undefined) {
      of = { facts: [], settled: new Set() }
      this.#restored.set(page.segment, of)
    }
    const { buffer, start, end, number } = page
    if (isMarks(page.kind)) {
      for (let at = start + PAGE_HEADER; at < end; at += 4) {
        of.settled.add(buffer.readUInt32LE(at))
      }
      return
    }
    for (let at = start + PAGE_HEADER; at < end; ) {
      const head = readHead(buffer, at)
      of.facts.push({ ...head, page: number, position: at - start })
      at += head.bytes
    }
  }

  restored(): void {
    for (const [start, { facts, settled }] of this.#restored) {
      const waiting = facts.filter(({ entry }) => !settled.has(entry))
      if (waiting.length === 0) continue
      const segment = { start, facts: facts.length, bytes: 0, left: waiting.length }
      this.#segments.set(start, segment)
      for (const fact of waiting) {
        this.count++
        this.bytes += fact.bytes
        this.#onRestored({ ...fact, segment })
      }
    }
    this.#restored = new Map()
  }

  get needsOthers(): boolean {
    return this.count > 0
  }

  seal(): void {
    for (const [segment, entries] of this.#marks) {
      this.#writer.marks(marksOf(FACTS), segment, entries)
    }
    this.#marks.clear()
    this.#writer.seal()
  }

  expire(): number[] {
    return this.#done.splice(0)
  }

  hasSegment(start: number): boolean {
    return this.#segments.has(start)
  }

  #open(): Segment {
    const current = this.#current
    if (current !== undefined && current.facts < SEGMENT.facts && current.bytes < SEGMENT.bytes) {
      return current
    }
    const begun = { start: this.#log.nextPage, facts: 0, bytes: 0, left: 0 }
    this.#segments.set(begun.start, begun)
    this.#current = begun
    return begun
  }

  #close(segment: Segment): void {
    this.#segments.delete(segment.start)
    this.#done.push(segment.start)
    if (this.#current === segment) this.#current = undefined
  }
}
