import { type Bytes, NO_BYTES, reusedBuffer } from '../bytes.ts'
import { KINDS, PAGE_BYTES, PAGE_HEADER, type Page, type PageRef, pageRef } from './page.ts'

/** Pages lie in slabs, so that a page costs no allocation; a slab is used again once its pages have gone. */
const SLAB_BYTES = 64 * 1024

/** A place: slab, position. */
const PLACE = 2
const START = 1

interface Slab {
  readonly number: number
  top: number
  /** Pages that still lie in here. */
  pages: number
}

/**
 * The pages of a task that are in memory: all that LevelDB does not have, and as many of the others,
 * newest first, as `limitBytes` allows. Numbers follow on each other. Whoever holds
 * the place of a committed page over an await must not: its bytes may be overwritten.
 */
export class RecentPages {
  readonly #limitBytes: () => number
  /** Where the page with number `#first + i` lies: slab, position in it. An object each would be a cache miss more per match. */
  #places = new Int32Array(1024 * PLACE)
  #count = 0
  #first = 0
  /** So many of the list's first pages have left memory. */
  #gone = 0
  #committedTo = 0
  /** Pages up to this number are in LevelDB. */
  #storedTo = 0
  readonly #slabs: Slab[] = []
  /** Of the slabs, by number. */
  readonly #buffers: Bytes[] = []
  /** To be used again. */
  readonly #free: Slab[] = []
  /** Numbers of slabs whose memory has been given back. */
  readonly #unused: number[] = []
  /** By store and kind. */
  readonly #current: (Slab | undefined)[] = []
  #bytes = 0

  /** @param limitBytes asked at each commit */
  constructor(limitBytes: () => number) {
    this.#limitBytes = limitBytes
  }

  get bytes(): number {
    return this.#bytes
  }

  has(number: number): boolean {
    return this.find(number) >= 0
  }

  /** The page's place, for `bufferAt` and `startAt`; -1: it is not in memory. */
  find(number: number): number {
    const at = (number - this.#first) | 0
    return at >= this.#gone && at < this.#count ? at : -1
  }

  bufferAt(place: number): Bytes {
    return this.#buffers[this.#places[place * PLACE]]
  }

  startAt(place: number): number {
    return this.#places[place * PLACE + START]
  }

  /** Those from one number to before another, which are sealed and in memory. */
  between(from: number, to: number): PageRef[] {
    const pages: PageRef[] = []
    for (let number = from; number < to; number++) {
      const place = this.find(number)
      pages.push(pageRef(number, this.bufferAt(place), this.startAt(place)))
    }
    return pages
  }

  /** It is part of a committed epoch: what is not in memory is in LevelDB. */
  isCommitted(number: number): boolean {
    return number <= this.#committedTo || !this.has(number)
  }

  /** An empty page with room for `entryBytes`. */
  open(number: number, store: number, kind: number, segment: number, entryBytes: number): Page {
    const bytes = Math.max(PAGE_BYTES, PAGE_HEADER + entryBytes)
    const slab = this.#slabWith(store * KINDS + kind, bytes)
    const start = slab.top
    slab.top += bytes
    slab.pages++
    if (this.#count === 0) this.#first = number
    this.#place(slab.number, start)
    return {
      number,
      store,
      kind,
      segment,
      buffer: this.#buffers[slab.number],
      start,
      end: start + PAGE_HEADER,
      limit: slab.top,
      count: 0,
    }
  }

  /** The page is full, or its epoch ends: what it has not used is given back. */
  seal(page: Page): void {
    const slab = this.#slabs[this.#places[this.find(page.number) * PLACE]]
    if (slab.top === page.limit) slab.top = page.end
    page.limit = page.end
  }

  /** Pages up to this number are of committed epochs. */
  committed(number: number): void {
    this.#committedTo = number
    this.#makeRoom()
  }

  /** Pages up to this number are in LevelDB now, so that the oldest may leave memory. */
  stored(number: number): void {
    this.#storedTo = number
    this.#makeRoom()
  }

  /** Pages before this number are needed no more. */
  expired(number: number): void {
    while (this.#gone < this.#count && this.#oldest < number) this.#drop(this.#gone++)
    this.#shorten()
  }

  /** Committed pages have to leave memory, but LevelDB does not have them yet. */
  get isOver(): boolean {
    return this.#oldest <= this.#committedTo && this.#mustLeave
  }

  /** The number of the first page in memory. */
  get #oldest(): number {
    return this.#first + this.#gone
  }

  get #mustLeave(): boolean {
    return this.#gone < this.#count && this.#bytes > this.#limitBytes()
  }

  #makeRoom(): void {
    while (this.#oldest <= this.#storedTo && this.#mustLeave) this.#drop(this.#gone++)
    this.#shorten()
  }

  #shorten(): void {
    if (this.#gone < 4096) return
    this.#places.copyWithin(0, this.#gone * PLACE, this.#count * PLACE)
    this.#first += this.#gone
    this.#count -= this.#gone
    this.#gone = 0
  }

  #place(slab: number, start: number): void {
    const at = this.#count++ * PLACE
    if (at === this.#places.length) {
      const grown = new Int32Array(2 * at)
      grown.set(this.#places)
      this.#places = grown
    }
    this.#places[at] = slab
    this.#places[at + START] = start
  }

  #drop(at: number): void {
    const slab = this.#slabs[this.#places[at * PLACE]]
    slab.pages--
    if (slab.pages === 0 && !this.#current.includes(slab)) this.#giveBack(slab)
  }

  #slabWith(stream: number, bytes: number): Slab {
    const current = this.#current[stream]
    if (current !== undefined && current.top + bytes <= this.#buffers[current.number].length) {
      return current
    }
    if (current !== undefined && current.pages === 0) this.#giveBack(current)
    const slab = (bytes <= SLAB_BYTES && this.#free.pop()) || this.#newSlab(bytes)
    this.#bytes += this.#buffers[slab.number].length
    this.#current[stream] = slab
    return slab
  }

  #newSlab(bytes: number): Slab {
    const number = this.#unused.pop() ?? this.#buffers.length
    this.#buffers[number] = reusedBuffer(Math.max(bytes, SLAB_BYTES))
    return (this.#slabs[number] = { number, top: 0, pages: 0 })
  }

  #giveBack(slab: Slab): void {
    const { length } = this.#buffers[slab.number]
    this.#bytes -= length
    if (length === SLAB_BYTES && this.#free.length <= 64) {
      slab.top = 0
      this.#free.push(slab)
    } else {
      this.#buffers[slab.number] = NO_BYTES
      this.#unused.push(slab.number)
    }
  }
}
