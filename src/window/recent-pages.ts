import { PAGE_BYTES, PAGE_HEADER, type Page } from './page.ts'

/** Pages lie in slabs, so that a page costs no allocation; a slab is used again once its pages have gone. */
const SLAB_BYTES = 64 * 1024

interface Slab {
  readonly buffer: Buffer
  top: number
  /** Pages that still lie in here. */
  pages: number
}

/**
 * The pages of a task that are in memory: all of the running epochs, and as many of the committed
 * ones, newest first, as `limitBytes` allows. Whoever holds a committed page over an await must
 * not: its bytes may be overwritten.
 */
export class RecentPages {
  readonly #limitBytes: number
  readonly #slabs = new Map<number, Slab>()
  readonly #pages = new Map<number, Page>()
  /** Committed pages in the order in which they may go. */
  #committed: Page[] = []
  #gone = 0
  readonly #free: Slab[] = []
  readonly #current: (Slab | undefined)[] = []
  #bytes = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  get bytes(): number {
    return this.#bytes
  }

  get(number: number): Page | undefined {
    return this.#pages.get(number)
  }

  /** An empty page with room for `entryBytes`. */
  open(number: number, kind: number, segment: number, entryBytes: number): Page {
    const bytes = Math.max(PAGE_BYTES, PAGE_HEADER + entryBytes)
    const slab = this.#slabWith(kind, bytes)
    const start = slab.top
    slab.top += bytes
    slab.pages++
    this.#slabs.set(number, slab)
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
    this.#pages.set(number, page)
    return page
  }

  /** The page is full, or its epoch ends: what it has not used is given back. */
  seal(page: Page): void {
    const slab = this.#slabs.get(page.number)!
    if (slab.top === page.limit) slab.top = page.end
    page.limit = page.end
  }

  /** The pages are in LevelDB now, so that the oldest may leave memory. */
  committed(pages: readonly Page[]): void {
    for (const page of pages) this.#committed.push(page)
    while (this.#bytes > this.#limitBytes && this.#gone < this.#committed.length) {
      this.#drop(this.#committed[this.#gone++])
    }
    if (this.#gone > 4096) {
      this.#committed = this.#committed.slice(this.#gone)
      this.#gone = 0
    }
  }

  #drop(page: Page): void {
    const slab = this.#slabs.get(page.number)!
    this.#slabs.delete(page.number)
    this.#pages.delete(page.number)
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
    return { buffer: Buffer.allocUnsafeSlow(Math.max(bytes, SLAB_BYTES)), top: 0, pages: 0 }
  }
}
