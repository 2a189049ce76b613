import type { Position } from './changelog.ts'
import type { CommittedState } from './committed-state.ts'
import { Heads, isAmong, type StoreSegment } from './heads.ts'
import type { Page } from './page.ts'
import { PageLog } from './page-log.ts'
import type { Checkpoint, PageStore } from './page-store.ts'
import { WriteBack } from './write-back.ts'

/** A store of a task: its records lie on pages of the task's log, which it is restored from. */
export interface StateStore {
  /** Its number among the task's stores, which its pages have. */
  readonly number: number
  /** Takes a page from LevelDB or the changelog; its bytes are not kept. */
  restore(page: Page): void
  /**
   * All pages are restored.
   * @param closedBefore of its outer sides
   */
  restored(closedBefore: readonly number[]): void
  /** The epoch ends: puts what it still has to say on pages, and seals them. */
  seal(): void
  /** Drops the segments that hold nothing any more at the log's stream time; returns their starts. */
  expire(): number[]
  /** Whether it holds a segment that begins then. */
  hasSegment(start: number): boolean
  /** Of each of its outer sides: what is older has come out. */
  readonly closedBefore: readonly number[]
  /** After a restore: it has records that are still to meet those of other stores, of which none expires before. */
  readonly needsOthers?: boolean
  /** How many facts it has that wait for a row. */
  readonly count?: number
}

/** What an epoch adds to a task's state, but for the offsets of its inputs. */
export interface StateEpoch extends Omit<Position, 'offsets'> {
  readonly pages: readonly Page[]
  readonly kept: CommittedState
  /**
   * The epoch is committed: its pages go to LevelDB when they have to leave memory.
   * @param offsets of the inputs, as committed
   * @param first offset of the epoch's first changelog record. @param changelogOffset behind its last one
   * @returns the offset before which the changelog is needed no more, now and then; else undefined
   */
  committed(
    offsets: readonly number[],
    first: number,
    changelogOffset: number,
  ): Promise<number | undefined>
}

/** Stream time of a task: an object, as a number among arguments would be boxed. */
export class StreamClock {
  /** The highest event time of the records that were accepted so far, in ms. */
  streamTime = Number.NEGATIVE_INFINITY
}

/** Epochs without an expired segment after which what lies before the heads is deleted all the same: records that store nothing add up, too. */
const SHORTEN_EVERY = 1000

/** All that a task keeps from one epoch to the next: its stores, their pages, and what of them is committed, stored and still needed. */
export class TaskState {
  readonly clock = new StreamClock()
  readonly log: PageLog
  readonly heads = new Heads()
  readonly pages: PageStore
  readonly #stores: StateStore[] = []
  readonly #writeBack: WriteBack
  #expired: StoreSegment[] = []
  /** No page before this one was needed by the last epoch that is restored. */
  #firstPage = 0
  /** Epochs since what lies before the heads was deleted. */
  #unshortened = 0

  /** @param recentBytes memory for committed pages; asked at each commit */
  constructor(pages: PageStore, recentBytes: () => number) {
    this.pages = pages
    this.log = new PageLog(recentBytes, (numbers) => pages.read(numbers))
    this.#writeBack = new WriteBack(pages, this.log.recent)
  }

  /** The stores come in the order of their numbers. */
  add(store: StateStore): void {
    if (store.number !== this.#stores.length)
      throw new Error(`Store ${store.number} is out of turn`)
    this.#stores.push(store)
  }

  /** The number that the next store has. */
  get nextStore(): number {
    return this.#stores.length
  }

  /** Whether there is a store with this number. */
  has(store: number): boolean {
    return store < this.#stores.length
  }

  /** Pages that are still needed, of those that have had a number. */
  get livePages(): number {
    return this.log.nextPage - this.heads.page(this.log.nextPage)
  }

  /** What stream time has passed by goes. */
  expire(): void {
    for (const store of this.#stores) {
      for (const start of store.expire()) this.#expired.push([store.number, start])
    }
  }

  /** Ends the epoch. */
  drain(): StateEpoch {
    for (const store of this.#stores) store.seal()
    const pages = this.log.drain()
    const expired = this.#expired
    this.#expired = []
    const position = {
      streamTime: this.clock.streamTime,
      closedBefore: this.#stores.flatMap(({ closedBefore }) => closedBefore),
      nextPage: this.log.nextPage,
    }
    return {
      ...position,
      pages,
      kept: this.#kept(pages, expired),
      committed: (offsets, first, changelogOffset) =>
        this.#committed(pages, expired, first, { ...position, offsets, changelogOffset }),
    }
  }

  /** What is needed once the epoch with these pages is committed. */
  #kept(pages: readonly Page[], expired: readonly StoreSegment[]): CommittedState {
    const { streamTime } = this.clock
    const isLive = ({ store, segment }: Page): boolean => !isAmong(expired, store, segment)
    const first = this.heads.first(this.#firstPage, expired) ?? pages.find(isLive)?.number
    return {
      firstPage: first ?? null,
      waiting: this.#stores.reduce((sum, { count = 0 }) => sum + count, 0),
      streamTime: Number.isFinite(streamTime) ? streamTime : null,
    }
  }

  async #committed(
    pages: readonly Page[],
    expired: readonly StoreSegment[],
    first: number,
    position: Omit<Checkpoint, 'heads'>,
  ): Promise<number | undefined> {
    const { heads } = this
    heads.add(pages, first)
    heads.expire(expired)
    await this.#writeBack.add(pages, { ...position, heads: heads.entries })
    if (expired.length === 0 && ++this.#unshortened < SHORTEN_EVERY) return undefined
    this.#unshortened = 0
    this.#writeBack.expire(heads.page(position.nextPage))
    return heads.offset(first)
  }

  /** Writes what memory holds for LevelDB: see `WriteBack.flush`. */
  flush(untilMs?: number): Promise<number> {
    return this.#writeBack.flush(untilMs)
  }

  /** @param offset of the changelog record that has the page; undefined: it is the local store's, whose heads are loaded */
  restore(page: Page, offset?: number): void {
    this.#stores[page.store].restore(page)
    if (offset === undefined) return
    this.log.nextPage = Math.max(this.log.nextPage, page.number + 1)
    this.heads.add([page], offset)
  }

  /**
   * All pages are restored: goes on from where the last epoch has ended.
   * @param firstPage that it needed. A local store may have older ones, of segments that expired elsewhere: the changelog need not
   */
  restored(
    { streamTime, closedBefore }: Pick<Position, 'streamTime' | 'closedBefore'>,
    firstPage = 0,
  ): void {
    this.#firstPage = firstPage
    let first = 0
    for (const store of this.#stores) {
      const sides = store.closedBefore.length
      store.restored(closedBefore.slice(first, first + sides))
      first += sides
    }
    this.clock.streamTime = streamTime
    if (!this.#stores.some(({ needsOthers }) => needsOthers)) this.expire()
    // What expired before it was written is not in the store; a checkpoint of then speaks of it all the same.
    const gone = this.heads.entries.filter(
      ([store, segment]) => !this.#stores[store].hasSegment(segment),
    )
    this.heads.expire(gone.map(([store, segment]) => [store, segment]))
  }
}
