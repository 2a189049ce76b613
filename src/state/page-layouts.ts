/** Which of a task's pages are of which layout: those of a time when its inputs had other schemas are kept as they were stored. */
import type { Bytes } from '../bytes.ts'
import type { StoredLayout } from './changelog.ts'

/** From a page on, which layout, and what it was compiled from; up to the next bound's page. */
export type LayoutBound = readonly [page: number, layout: string, schemaIds: readonly number[]]

/** Reads what a side of a window has stored in another layout. */
export interface PartReader {
  /** Makes a part of the task's layout of one, valid until the next call; false: it cannot be, see `fault`. */
  read(buffer: Bytes, start: number, end: number): boolean
  readonly buffer: Bytes
  readonly start: number
  readonly end: number
  readonly fault: string
}

/** By store and side. */
export type PartReaders = readonly (readonly [PartReader, PartReader])[]

/**
 * Who reads what is stored in a layout that is not the task's. Throws STATE_LAYOUT_CHANGED where it is of another pipeline, or of
 * schemas that do not go together with the task's.
 */
export type ReadersOf = (stored: StoredLayout) => Promise<PartReaders>

interface Bound {
  readonly page: number
  readonly of: StoredLayout
  /** null: it is the task's own layout. */
  readonly readers: PartReaders | null
}

export class PageLayouts {
  /** In the order of their pages. */
  #bounds: Bound[]
  /** Whether there are pages of other layouts. */
  isMixed = false

  /** @param own the layout that the task stores in, with nothing restored */
  constructor(own: string) {
    this.#bounds = [{ page: 0, of: { layout: own, schemaIds: [] }, readers: null }]
  }

  get bounds(): LayoutBound[] {
    return this.#bounds.map(({ page, of }) => [page, of.layout, of.schemaIds])
  }

  /** From this page on, which comes after all that are stored, pages are of a layout. @param readers null: it is the task's own */
  begin(page: number, of: StoredLayout, readers: PartReaders | null): void {
    const before = this.#bounds.filter((bound) => bound.page < page)
    const isSame = before.at(-1)?.of.layout === of.layout
    this.#set(isSame ? before : [...before, { page, of, readers }])
  }

  /** Pages before this one are needed no more. */
  expire(page: number): void {
    if (this.isMixed) this.#set(this.#bounds.slice(this.#at(page)))
  }

  /** Who reads what is on a page; null: it is of the task's own layout. */
  readersOf(page: number): PartReaders | null {
    return this.#bounds[this.#at(page)].readers
  }

  #at(page: number): number {
    let at = this.#bounds.length - 1
    while (at > 0 && this.#bounds[at].page > page) at--
    return at
  }

  #set(bounds: Bound[]): void {
    this.#bounds = bounds
    this.isMixed = bounds.some(({ readers }) => readers !== null)
  }
}
