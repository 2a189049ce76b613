import { KINDS, type Page, writePageHeader } from './page.ts'
import type { PageLog } from './page-log.ts'

/** What begins then, in ms: an object, for a time among the arguments would be boxed. */
interface Segment {
  readonly start: number
}

/** The pages that one store adds to the running epoch: one open page per kind and segment, sealed when it is full. */
export class PageWriter {
  readonly #log: PageLog
  readonly #store: number
  readonly #open: readonly Map<number, Page>[] = Array.from({ length: KINDS }, () => new Map())
  readonly #last: (Page | undefined)[] = new Array(KINDS).fill(undefined)

  /** @param store its number among the task's */
  constructor(log: PageLog, store: number) {
    this.#log = log
    this.#store = store
  }

  /** A page with room for an entry of this many bytes behind its `end`. */
  pageFor(kind: number, { start: segment }: Segment, entryBytes: number): Page {
    const last = this.#last[kind]
    if (last !== undefined && last.segment === segment && last.end + entryBytes <= last.limit)
      return last
    const open = this.#open[kind]
    let page = open.get(segment)
    if (page === undefined || page.end + entryBytes > page.limit) {
      if (page !== undefined) this.#seal(page)
      page = this.#log.open(this.#store, kind, segment, entryBytes)
      open.set(segment, page)
    }
    this.#last[kind] = page
    return page
  }

  /** Numbers of entries, as `marksOf` pages have them. */
  marks(kind: number, of: Segment, entries: readonly number[]): void {
    for (const entry of entries) {
      const page = this.pageFor(kind, of, 4)
      page.buffer.writeUInt32LE(entry, page.end)
      page.end += 4
      page.count++
    }
  }

  /** The epoch ends. */
  seal(): void {
    for (const open of this.#open) {
      for (const page of open.values()) this.#seal(page)
      open.clear()
    }
    this.#last.fill(undefined)
  }

  #seal(page: Page): void {
    writePageHeader(page)
    this.#log.seal(page)
  }
}
