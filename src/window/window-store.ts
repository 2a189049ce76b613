import type { Store } from '../level.ts'
import { type Page, pageBytes, readPageHeader } from './page.ts'

/** What a task needs to go on from its folder. In the same LevelDB batch as the pages it speaks of. */
export interface Checkpoint {
  /** The next changelog record to read. */
  readonly changelogOffset: number
  /** The next offsets to read of facts and right stream; -1 where nothing was read. */
  readonly left: number
  readonly right: number
  readonly streamTime: number
  readonly closedBefore: number
  readonly nextPage: number
  /** Of `ChangelogHead`. */
  readonly head: readonly (readonly [number, number])[]
}

const VERSION = 2
/** Behind every page: their keys begin with a 48-bit number below 2^47 + 2^46. */
const CHECKPOINT_KEY = Buffer.from([0xff])
/** Segments before 1970 have negative numbers. */
const SEGMENT_ZERO = 2 ** 46

/**
 * One task's pages and checkpoint in LevelDB. Keys are segment number (48 bits), page number (32
 * bits): both only grow, so compaction has nothing to merge, and a segment is one range.
 */
export class WindowStore {
  readonly #store: Store
  readonly #segmentMs: number
  readonly #layout: string

  constructor(store: Store, segmentMs: number, layout: string) {
    this.#store = store
    this.#segmentMs = segmentMs
    this.#layout = layout
  }

  /** undefined: an empty store. A store of another layout answers `other`. */
  async checkpoint(): Promise<Checkpoint | 'other' | undefined> {
    const value = await this.#store.get(CHECKPOINT_KEY)
    if (value === undefined) return undefined
    const { version, layout, ...checkpoint } = JSON.parse(value.toString(), (_key, field) =>
      field === '-Infinity' ? Number.NEGATIVE_INFINITY : field,
    )
    return version === VERSION && layout === this.#layout ? checkpoint : 'other'
  }

  /** Pages, expired segments and the checkpoint, in one atomic batch. */
  async write(pages: readonly Page[], checkpoint: Checkpoint): Promise<void> {
    const puts = pages.map((page) => ({
      type: 'put' as const,
      key: this.#key(page.segment, page.number),
      value: pageBytes(page),
    }))
    puts.push({ type: 'put', key: CHECKPOINT_KEY, value: this.#encode(checkpoint) })
    await this.#store.batch(puts)
  }

  async clearSegment(segment: number): Promise<void> {
    const next = segment + this.#segmentMs
    await this.#store.clear({ gte: this.#key(segment, 0), lt: this.#key(next, 0) })
  }

  async clear(): Promise<void> {
    await this.#store.clear()
  }

  read(pages: readonly { segment: number; number: number }[]): Promise<(Buffer | undefined)[]> {
    return this.#store.getMany(pages.map((page) => this.#key(page.segment, page.number)))
  }

  /** Every page, by segment, then number. undefined in place of one that is damaged. */
  async *pages(): AsyncGenerator<Page | undefined> {
    const values = this.#store.values({ lt: CHECKPOINT_KEY, fillCache: false })
    try {
      for (;;) {
        const some = await values.nextv(256)
        if (some.length === 0) return
        for (const value of some) yield readPageHeader(value, 0)
      }
    } finally {
      await values.close()
    }
  }

  #encode(checkpoint: Checkpoint): Buffer {
    const fields = { version: VERSION, layout: this.#layout, ...checkpoint }
    // JSON has no infinity; stream time begins with it.
    const text = JSON.stringify(fields, (_key, field) =>
      field === Number.NEGATIVE_INFINITY ? '-Infinity' : field,
    )
    return Buffer.from(text)
  }

  #key(segment: number, page: number): Buffer {
    const key = Buffer.allocUnsafe(10)
    key.writeUIntBE(Math.floor(segment / this.#segmentMs) + SEGMENT_ZERO, 0, 6)
    key.writeUInt32BE(page, 6)
    return key
  }
}
