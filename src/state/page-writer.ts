import { MATCHED, type Page, writePageHeader } from './page.ts'
import type { RecentPages } from './recent-pages.ts'

/** What begins then, in ms: an object, for a time among the arguments would be boxed. */
interface Segment {
  readonly start: number
}

/** The pages of the running epoch: one open page per kind and segment, sealed when it is full. */
export class PageWriter {
  readonly #recent: RecentPages
  readonly #open: readonly Map<number, Page>[] = [new Map(), new Map(), new Map()]
  readonly #last: (Page | undefined)[] = [undefined, undefined, undefined]
  #sealed: Page[] = []
  /** Numbers only grow; they are LevelDB's key order. */
  nextPage = 1
  /** Memory of the epoch's pages. */
  bytes = 0

  constructor(recent: RecentPages) {
    this.#recent = recent
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
      page = this.#recent.open(this.nextPage++, kind, segment, entryBytes)
      this.bytes += page.limit - page.start
      open.set(segment, page)
    }
    this.#last[kind] = page
    return page
  }

  /** Left entries of a segment that have found a match. */
  marks(of: Segment, entries: readonly number[]): void {
    for (const entry of entries) {
      const page = this.pageFor(MATCHED, of, 4)
      page.buffer.writeUInt32LE(entry, page.end)
      page.end += 4
      page.count++
    }
  }

  /** Ends the epoch: seals its pages and returns them, oldest first. */
  take(): Page[] {
    for (const open of this.#open) {
      for (const page of open.values()) this.#seal(page)
      open.clear()
    }
    this.#last.fill(undefined)
    const pages = this.#sealed
    this.#sealed = []
    this.bytes = 0
    return pages.sort((a, b) => a.number - b.number)
  }

  #seal(page: Page): void {
    this.#recent.seal(page)
    writePageHeader(page)
    this.#sealed.push(page)
  }
}
