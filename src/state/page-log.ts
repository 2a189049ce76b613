import type { Page } from './page.ts'
import { RecentPages } from './recent-pages.ts'

/** Reads committed pages that are no longer in memory, in the order asked; undefined: not there, or damaged. */
export type ReadPages = (numbers: readonly number[]) => Promise<(Buffer | undefined)[]>

/** The pages of all stores of a task, in the order of their numbers: those of the running epoch, and how to get at earlier ones. */
export class PageLog {
  readonly recent: RecentPages
  readonly read: ReadPages
  /** Numbers only grow; they are LevelDB's key order. */
  nextPage = 1
  /** Memory of the running epoch's pages. */
  epochBytes = 0
  #sealed: Page[] = []

  /** @param recentBytes memory for committed pages; asked at each commit */
  constructor(recentBytes: () => number, read: ReadPages) {
    this.recent = new RecentPages(recentBytes)
    this.read = read
  }

  /** An empty page with room for an entry of so many bytes. */
  open(store: number, kind: number, segment: number, entryBytes: number): Page {
    const page = this.recent.open(this.nextPage++, store, kind, segment, entryBytes)
    this.epochBytes += page.limit - page.start
    return page
  }

  /** The page is full, or its epoch ends; its header is written. */
  seal(page: Page): void {
    this.recent.seal(page)
    this.#sealed.push(page)
  }

  /** The pages that were sealed since the last call, oldest first. */
  drain(): Page[] {
    const pages = this.#sealed
    this.#sealed = []
    this.epochBytes = 0
    return pages.sort((a, b) => a.number - b.number)
  }
}
