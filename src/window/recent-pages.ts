import { type Bytes, reusedBuffer } from '../bytes.ts'
import { MatchAges } from './match-ages.ts'
import { PAGE_BYTES, PAGE_HEADER, type Page } from './page.ts'

/** Pages lie in slabs, so that a page costs no allocation; a slab is used again once its pages have gone. */
const SLAB_BYTES = 64 * 1024

/** Of the age that matches have reached lately. */
const MARGIN = 1.25

interface Slab {
  readonly buffer: Bytes
  top: number
  /** Pages that still lie in here. */
  pages: number
}

/**
 * The pages of a task that are in memory: all that LevelDB does not have, and as many of the others,
 * newest first, as matches read, and `limitBytes` allows. Whoever holds a committed page over an await
 * must not: its bytes may be overwritten.
 */
export class RecentPages {
  readonly #limitBytes: () => number
  readonly #ages = new MatchAges()
  /** The page with number `#first + i`, while it is in memory. */
  #pages: (Page | undefined)[] = []
  /** Where each of them lies. Not a field of the page: those read from LevelDB are to be of the same shape. */
  #slabs: (Slab | undefined)[] = []
  #first = 0
  /** So many of the list's first pages have left memory. */
  #gone = 0
  #committedTo = 0
  /** Pages up to this number are in LevelDB. */
  #storedTo = 0
  readonly #free: Slab[] = []
  readonly #current: (Slab | undefined)[] = []
  #bytes = 0

  /** @param limitBytes asked at each commit */
  constructor(limitBytes: () => number) {
    this.#limitBytes = limitBytes
  }

  get bytes(): number {
    return this.#bytes
  }

  get(number: number): Page | undefined {
    return this.#pages[(number - this.#first) | 0]
  }

  /** `get` for a match: what it reads is what stays in memory from now on. */
  match(number: number): Page | undefined {
    const at = (number - this.#first) | 0
    this.#ages.add(this.#pages.length - 1 - at)
    return this.#pages[at]
  }

  /** It is part of a committed epoch: what is not in memory is in LevelDB. */
  isCommitted(number: number): boolean {
    return number <= this.#committedTo || this.get(number) === undefined
  }

  /** An empty page with room for `entryBytes`. */
  open(number: number, kind: number, segment: number, entryBytes: number): Page {
    const bytes = Math.max(PAGE_BYTES, PAGE_HEADER + entryBytes)
    const slab = this.#slabWith(kind, bytes)
    const start = slab.top
    slab.top += bytes
    slab.pages++
    const page: Page = {
      number,
      kind,
      segment,
      buffer: slab.buffer,
      start,
      end: start + PAGE_HEADER,
      limit: slab.top,
      count: 0,
    }
    if (this.#pages.length === 0) this.#first = number
    this.#pages[number - this.#first] = page
    this.#slabs[number - this.#first] = slab
    return page
  }

  /** The page is full, or its epoch ends: what it has not used is given back. */
  seal(page: Page): void {
    const slab = this.#slabs[page.number - this.#first]!
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
    while (this.#gone < this.#pages.length && this.#oldest < number) this.#drop(this.#gone++)
    this.#shorten()
  }

  /** Committed pages have to leave memory, but LevelDB does not have them yet. */
  get isOver(): boolean {
    return this.#oldest <= this.#committedTo && this.#mustLeave(this.#unread)
  }

  /** The number of the first page in memory. */
  get #oldest(): number {
    return this.#first + this.#gone
  }

  /** So many of the list's first pages are older than matches reach. */
  get #unread(): number {
    return this.#pages.length - MARGIN * this.#ages.kept
  }

  #mustLeave(unread: number): boolean {
    return (
      this.#gone < this.#pages.length && (this.#gone < unread || this.#bytes > this.#limitBytes())
    )
  }

  #makeRoom(): void {
    const unread = this.#unread
    while (this.#oldest <= this.#storedTo && this.#mustLeave(unread)) this.#drop(this.#gone++)
    this.#shorten()
  }

  #shorten(): void {
    if (this.#gone < 4096) return
    this.#pages = this.#pages.slice(this.#gone)
    this.#slabs = this.#slabs.slice(this.#gone)
    this.#first += this.#gone
    this.#gone = 0
  }

  #drop(at: number): void {
    const slab = this.#slabs[at]
    this.#pages[at] = undefined
    this.#slabs[at] = undefined
    if (slab === undefined) return
    slab.pages--
    if (slab.pages > 0 || this.#current.includes(slab)) return
    this.#bytes -= slab.buffer.length
    if (slab.buffer.length !== SLAB_BYTES || this.#free.length > 64) return
    slab.top = 0
    this.#free.push(slab)
  }

  #slabWith(kind: number, bytes: number): Slab {
    const current = this.#current[kind]
    if (current !== undefined && current.top + bytes <= current.buffer.length) return current
    if (current !== undefined && current.pages === 0) this.#bytes -= current.buffer.length
    const slab = this.#newSlab(bytes)
    this.#bytes += slab.buffer.length
    this.#current[kind] = slab
    return slab
  }

  #newSlab(bytes: number): Slab {
    if (bytes <= SLAB_BYTES) {
      const free = this.#free.pop()
      if (free !== undefined) return free
    }
    return { buffer: reusedBuffer(Math.max(bytes, SLAB_BYTES)), top: 0, pages: 0 }
  }
}
