import type { Page } from './page.ts'

/** A segment of a store: the store's number, and the segment's start. */
export type StoreSegment = readonly [store: number, segment: number]

/** A segment, its first page, the offset of the first changelog record with a page of it. */
export type Head = readonly [store: number, segment: number, page: number, offset: number]

/**
 * From where on a task's pages and its changelog are still needed: the first page, and the first
 * changelog record, of each live segment. What lies before all of them is deleted as segments expire.
 */
export class Heads {
  readonly #live = new Map<string, Head>()

  get entries(): Head[] {
    return [...this.#live.values()]
  }

  load(heads: readonly Head[]): void {
    for (const head of heads) this.#live.set(`${head[0]} ${head[1]}`, head)
  }

  /** @param offset of the first changelog record with any of these pages */
  add(pages: readonly Pick<Page, 'store' | 'segment' | 'number'>[], offset: number): void {
    for (const { store, segment, number } of pages) {
      const key = `${store} ${segment}`
      if (!this.#live.has(key)) this.#live.set(key, [store, segment, number, offset])
    }
  }

  expire(segments: readonly StoreSegment[]): void {
    for (const [store, segment] of segments) this.#live.delete(`${store} ${segment}`)
  }

  /** The first page of those that are live, and not among `expired`; undefined: there is none. @param from no page before it counts */
  first(from: number, expired: readonly StoreSegment[]): number | undefined {
    // In the order of pages, for that is the order in which segments begin.
    for (const [store, segment, page] of this.#live.values()) {
      if (page >= from && !isAmong(expired, store, segment)) return page
    }
    return undefined
  }

  /** @param next the next page's number */
  page(next: number): number {
    let first = next
    for (const [, , page] of this.#live.values()) if (page < first) first = page
    return first
  }

  /**
   * @param latest offset of the last epoch's first record, which has to stay: it has the inputs'
   * offsets and stream time
   */
  offset(latest: number): number {
    let first = latest
    for (const [, , , offset] of this.#live.values()) if (offset < first) first = offset
    return first
  }
}

export const isAmong = (segments: readonly StoreSegment[], store: number, start: number): boolean =>
  segments.some(([of, begin]) => of === store && begin === start)
