import type { Page } from './page.ts'

interface Head {
  readonly page: number
  readonly offset: number
}

/**
 * From where on a task's pages and its changelog are still needed: the first page, and the first
 * changelog record, of a live segment. What lies before is deleted as segments expire.
 */
export class Heads {
  readonly #live = new Map<number, Head>()

  /** Segment, first page, offset of the first changelog record with a page of it. */
  get entries(): [number, number, number][] {
    return [...this.#live].map(([segment, { page, offset }]) => [segment, page, offset])
  }

  load(entries: readonly (readonly [number, number, number])[]): void {
    for (const [segment, page, offset] of entries) this.#live.set(segment, { page, offset })
  }

  /** @param offset of the first changelog record with any of these pages */
  add(pages: readonly Pick<Page, 'segment' | 'number'>[], offset: number): void {
    for (const { segment, number } of pages) {
      if (!this.#live.has(segment)) this.#live.set(segment, { page: number, offset })
    }
  }

  expire(segments: readonly number[]): void {
    for (const segment of segments) this.#live.delete(segment)
  }

  /** @param next the next page's number */
  page(next: number): number {
    let page = next
    for (const head of this.#live.values()) if (head.page < page) page = head.page
    return page
  }

  /**
   * @param latest offset of the last epoch's first record, which has to stay: it has the inputs'
   * offsets and stream time
   */
  offset(latest: number): number {
    let offset = latest
    for (const head of this.#live.values()) if (head.offset < offset) offset = head.offset
    return offset
  }
}
