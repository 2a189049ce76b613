import type { Page } from './page.ts'
import type { Checkpoint, PageStore } from './page-store.ts'
import type { RecentPages } from './recent-pages.ts'

/** Epochs that are written together: their pages, from this number to the checkpoint's, and where the last of them has come to. */
interface Batch {
  from: number
  bytes: number
  checkpoint: Checkpoint
}

/** Small batches would cost more writes; of a large one more is written than has to leave memory. */
const BATCH_BYTES = 1024 * 1024

/**
 * The committed epochs of one task that LevelDB does not have yet. Their pages are in memory, and in
 * the changelog; they are written, oldest first, when they have to leave memory or the task is put
 * down, and never if they have expired by then. Until then the store is where it was some epochs ago,
 * which is what a crash leaves as well: a restore reads the rest from the changelog's tail.
 */
export class WriteBack {
  readonly #store: Pick<PageStore, 'write' | 'clearBefore'>
  readonly #recent: RecentPages
  readonly #waiting: Batch[] = []

  constructor(store: Pick<PageStore, 'write' | 'clearBefore'>, recent: RecentPages) {
    this.#store = store
    this.#recent = recent
  }

  /** An epoch is committed. Resolves when no more pages are in memory than may be. */
  async add(pages: readonly Page[], checkpoint: Checkpoint): Promise<void> {
    const bytes = pages.reduce((sum, { start, end }) => sum + end - start, 0)
    const last = this.#waiting.at(-1)
    if (last === undefined || last.bytes >= BATCH_BYTES) {
      this.#waiting.push({ from: checkpoint.nextPage - pages.length, bytes, checkpoint })
    } else {
      last.bytes += bytes
      last.checkpoint = checkpoint
    }
    this.#recent.committed(checkpoint.nextPage - 1)
    while (this.#waiting.length > 0 && this.#recent.isOver) await this.#writeFirst()
  }

  /** Pages before this number are needed no more. The last checkpoint stays. */
  expire(page: number): void {
    const waiting = this.#waiting
    while (waiting.length > 1 && waiting[0].checkpoint.nextPage <= page) waiting.shift()
    if (waiting.length > 0) waiting[0].from = Math.max(waiting[0].from, page)
    this.#recent.expired(page)
  }

  /**
   * Writes them: the task is about to be put down.
   * @param untilMs of `performance.now()`; what is not written by then is left to the changelog
   * @returns bytes that are left
   */
  async flush(untilMs = Number.POSITIVE_INFINITY): Promise<number> {
    while (this.#waiting.length > 0 && performance.now() < untilMs) await this.#writeFirst()
    return this.#waiting.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  async #writeFirst(): Promise<void> {
    const [{ from, checkpoint }] = this.#waiting
    const pages = this.#recent.between(from, checkpoint.nextPage)
    await this.#store.write(pages, checkpoint)
    this.#waiting.shift()
    this.#recent.stored(checkpoint.nextPage - 1)
    await this.#store.clearBefore(firstLive(checkpoint))
  }
}

/** What the store has before this page has expired by this checkpoint. */
const firstLive = ({ heads, nextPage }: Checkpoint): number =>
  heads.reduce((first, [, , page]) => Math.min(first, page), nextPage)
