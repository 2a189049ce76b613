import type { Position } from './changelog.ts'
import type { Head } from './heads.ts'
import { DURABLE, type Store, withChecksum, withoutChecksum } from './level.ts'
import { NUMBER_BYTES, type Page, type PageRef, pageBytes, readPageHeader } from './page.ts'
import { type LayoutBound, PageLayouts } from './page-layouts.ts'

/** What a task needs to go on from its folder. In the same LevelDB batch as the pages it speaks of. */
export interface Checkpoint extends Position {
  /** Behind the changelog record of the last epoch that is in here. */
  readonly changelogOffset: number
  readonly heads: readonly Head[]
}

export interface StoredCheckpoint extends Checkpoint {
  /** Of its pages, oldest first. Where all are of one layout nothing is said of what that was compiled from. */
  readonly layouts: readonly LayoutBound[]
}

/** Pages are of several layouts, which an earlier release does not know. */
const SEVERAL_LAYOUTS = 7
const VERSION = 6
/** Of a time when a task had two inputs and one store. */
const ONE_STORE = 5
const INFINITIES: ReadonlyMap<unknown, number> = new Map([
  ['-Infinity', Number.NEGATIVE_INFINITY],
  ['Infinity', Number.POSITIVE_INFINITY],
])
const PAGE_KEY_BYTES = NUMBER_BYTES
const CHECKPOINT_KEY_BYTES = PAGE_KEY_BYTES + 5
/** Behind its last page's key, before the next page's. */
const CHECKPOINT = 0xff

/**
 * One task's pages and checkpoints in LevelDB.
 *
 *     key := page number u48, of a page
 *     key := last page's number u48, 0xff, count u32, of a checkpoint; the last one counts
 *     value := page or checkpoint (JSON), CRC-32C u32
 *
 * Every batch's keys come after all before, so that compaction has nothing to merge and only moves
 * files: a checkpoint under a key of its own, or keys by segment, had each byte written three times.
 */
export class PageStore {
  readonly layouts: PageLayouts
  readonly #store: Store
  readonly #layout: string
  #checkpoints = 0
  /** Nothing lies before this page. */
  #first = 0

  /** @param layout that the task stores in */
  constructor(store: Store, layout: string) {
    this.#store = store
    this.#layout = layout
    this.layouts = new PageLayouts(layout)
  }

  /** undefined: an empty store. One of another release, or whose checkpoint is damaged, answers `other`. */
  async checkpoint(): Promise<StoredCheckpoint | 'other' | undefined> {
    const last = this.#store.iterator({ reverse: true, limit: 1 })
    const [found] = await last.all()
    if (found === undefined) return undefined
    const [key, value] = found
    const text = withoutChecksum(value)?.toString()
    if (key.length !== CHECKPOINT_KEY_BYTES || text === undefined) return 'other'
    this.#checkpoints = key.readUInt32BE(PAGE_KEY_BYTES + 1)
    const { version, layout, ...checkpoint } = JSON.parse(
      text,
      (_key, field) => INFINITIES.get(field) ?? field,
    )
    if (version === SEVERAL_LAYOUTS) return checkpoint
    const layouts: LayoutBound[] = [[0, layout, []]]
    if (version === ONE_STORE) return { ...ofOneStore(checkpoint), layouts }
    return version === VERSION ? { ...checkpoint, layouts } : 'other'
  }

  /** Pages and the checkpoint, in one atomic batch. */
  async write(pages: readonly PageRef[], checkpoint: Checkpoint): Promise<void> {
    const puts = pages.map((page) => ({
      type: 'put' as const,
      key: pageKey(page.number),
      value: withChecksum(pageBytes(page)),
    }))
    const key = checkpointKey(checkpoint.nextPage - 1, ++this.#checkpoints)
    puts.push({ type: 'put', key, value: withChecksum(this.#encode(checkpoint)) })
    await this.#store.batch(puts, DURABLE)
  }

  /** Deletes the pages before this one, and the checkpoints among them; the last one stays in any case. */
  async clearBefore(page: number): Promise<void> {
    if (page === this.#first) return
    await this.#store.clear({ gte: pageKey(this.#first), lt: checkpointKey(page - 1, 0) })
    this.#first = page
    // Not before: a checkpoint tells of all pages that are here.
    this.layouts.expire(page)
  }

  /** From the end, so that a crash in here leaves an older checkpoint with all its pages, or none. */
  async clear(): Promise<void> {
    await this.#store.clear({ reverse: true })
  }

  /** In the order asked; undefined: not there, or damaged. */
  async read(pages: readonly number[]): Promise<(Buffer | undefined)[]> {
    const values = await this.#store.getMany(pages.map(pageKey))
    return values.map((value) => value && withoutChecksum(value))
  }

  /** Every page in the order of numbers. undefined in place of one that is damaged. */
  async *pages(): AsyncGenerator<Page | undefined> {
    const all = this.#store.iterator({ fillCache: false })
    try {
      for (;;) {
        const some = await all.nextv(256)
        if (some.length === 0) return
        for (const [key, value] of some) {
          if (key.length !== PAGE_KEY_BYTES) continue
          const page = withoutChecksum(value)
          yield page && readPageHeader(page, 0)
        }
      }
    } finally {
      await all.close()
    }
  }

  #encode(checkpoint: Checkpoint): Buffer {
    const { isMixed, bounds } = this.layouts
    const several = isMixed ? { version: SEVERAL_LAYOUTS, layouts: bounds } : { version: VERSION }
    const fields = { ...checkpoint, ...several, layout: this.#layout }
    // JSON has no infinity; stream time begins with it.
    const text = JSON.stringify(fields, (_key, field) =>
      typeof field === 'number' && INFINITIES.has(String(field)) ? String(field) : field,
    )
    return Buffer.from(text)
  }
}

interface OneStore extends Pick<Checkpoint, 'changelogOffset' | 'streamTime' | 'nextPage'> {
  readonly left: number
  readonly right: number
  readonly closedBefore: number
  /** Segment, first page, offset. */
  readonly heads: readonly (readonly [number, number, number])[]
}

const ofOneStore = ({ left, right, closedBefore, heads, ...rest }: OneStore): Checkpoint => ({
  ...rest,
  offsets: [left, right],
  closedBefore: [closedBefore],
  heads: heads.map(([segment, page, offset]) => [0, segment, page, offset]),
})

function pageKey(page: number): Buffer {
  const key = Buffer.allocUnsafe(PAGE_KEY_BYTES)
  key.writeUIntBE(page, 0, PAGE_KEY_BYTES)
  return key
}

function checkpointKey(lastPage: number, count: number): Buffer {
  const key = Buffer.allocUnsafe(CHECKPOINT_KEY_BYTES)
  key.writeUIntBE(lastPage, 0, PAGE_KEY_BYTES)
  key[PAGE_KEY_BYTES] = CHECKPOINT
  key.writeUInt32BE(count, PAGE_KEY_BYTES + 1)
  return key
}
