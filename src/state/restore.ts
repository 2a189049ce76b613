import type { RecordColumns } from '../batch.ts'
import type { Admin, Reader, ReaderEvents } from '../broker/port.ts'
import type { Log } from '../events.ts'
import { agreedOffsets } from './agreed-offsets.ts'
import {
  type ChangelogHeader,
  decodeChangelog,
  isEpoch,
  isSamePosition,
  type StoredLayout,
  unreadable,
} from './changelog.ts'
import { type CommittedState, readCommittedState } from './committed-state.ts'
import type { Page } from './page.ts'
import type { ReadersOf } from './page-layouts.ts'
import type { Checkpoint, StoredCheckpoint } from './page-store.ts'
import { corruptStore, layoutChanged } from './state-faults.ts'
import type { TaskState } from './task-state.ts'
import { checkTopicIds, groupCommitsOf, type OffsetsPorts, topicIdsIn } from './topic-ids.ts'

export interface RestorePorts extends OffsetsPorts {
  readonly changelogTopic: string
  /** The layout that the task stores in, and what it was compiled from. */
  readonly layout: string
  readonly schemaIds?: readonly number[]
  /** Without it nothing of another one is read. */
  readonly readersOf?: ReadersOf | undefined
  readonly admin: Pick<Admin, 'offsets'>
  readonly log: Log
  /** Whether the state may begin where the group has read before, if nothing of that would be in it. */
  readonly mayBegin?: boolean
  createReader(events: ReaderEvents): Reader
  /** Of the changelog: offsets left to read, records and bytes that were just read. */
  onProgress(remaining: number, records: number, bytes: number): void
}

/** Restored pages go to LevelDB in batches of this size. */
const FLUSH_BYTES = 8 * 1024 * 1024

/** Where the last epoch that is restored has ended. */
type Restored = Omit<Checkpoint, 'heads' | 'nextPage'>

const NOTHING: Restored = {
  changelogOffset: -1,
  offsets: [],
  streamTime: Number.NEGATIVE_INFINITY,
  closedBefore: [],
}

/**
 * A task's state on its way back, in phases, each of which may be awaited by itself:
 *
 * 1. `open`: the group's stable offsets, which wait out a former owner's transaction, and the changelog's ends
 * 2. `load`: the pages of the local store, where the changelog has its last epoch
 * 3. `follow`: the changelog, from there or from its head
 * 4. `activate`: offsets and state must agree, for each epoch writes both in one transaction, and the state must be whole
 */
export class Restore {
  readonly #state: TaskState
  readonly #ports: RestorePorts
  readonly #partition: number
  #restored: Restored = NOTHING
  #committed: readonly number[] = []
  /** What the last commit has told of the state; undefined: nothing. */
  #kept: CommittedState | undefined
  /** Whether the first page that is needed has been found. */
  #hasFirst = false
  #head = 0
  #end = 0

  constructor(partition: number, state: TaskState, ports: RestorePorts) {
    this.#partition = partition
    this.#state = state
    this.#ports = ports
  }

  async open(): Promise<void> {
    const { admin, changelogTopic } = this.#ports
    const partition = this.#partition
    const commits = await groupCommitsOf(partition, this.#ports)
    this.#committed = commits.map(({ offset }) => offset)
    this.#kept = readCommittedState(commits.find(({ state }) => state !== undefined)?.state)
    const offsetOf = async (at: 'latest' | 'earliest'): Promise<number> =>
      (await admin.offsets(changelogTopic, at, partition)).get(partition) ?? 0
    // To the very end: the markers of the last transaction may have reached the group's offsets only.
    // The reader waits there until they, or those of an abort, have come.
    const [end, head] = await Promise.all([offsetOf('latest'), offsetOf('earliest')])
    this.#end = end
    this.#head = head
  }

  /** A store that is of another release or changelog, or behind the changelog's head, is cleared: the changelog has it all. */
  async load(): Promise<void> {
    const { pages, heads, log } = this.#state
    this.#beginOwn(0)
    const checkpoint = await pages.checkpoint()
    const isUsable = checkpoint !== undefined && checkpoint !== 'other'
    const last = isUsable ? await this.#lastEpoch(checkpoint) : undefined
    if (!isUsable || last === undefined) {
      await pages.clear()
      return
    }
    await this.#beginLayouts(checkpoint, last)
    for await (const page of pages.pages()) {
      if (page === undefined) throw corruptStore(this.#partition, 'a damaged page')
      if (!this.#state.has(page.store)) throw corruptStore(this.#partition, 'a page of no store')
      this.#state.restore(page)
      this.#found(page)
    }
    log.nextPage = checkpoint.nextPage
    heads.load(checkpoint.heads)
    const { offsets, streamTime, closedBefore, changelogOffset } = checkpoint
    this.#restored = { offsets, streamTime, closedBefore, changelogOffset }
  }

  /** Reads the changelog to the end that it had at `open`. */
  async follow(): Promise<void> {
    const { onProgress } = this.#ports
    const from = Math.max(this.#restored.changelogOffset, this.#head)
    const end = this.#end
    if (from >= end) return
    onProgress(end - from, 0, 0)
    const waiting = new WaitingPages(this.#state, () => this.#restored)
    await this.#read(from, end, async (columns) => {
      for (let i = 0; i < columns.length; i++) await this.#readRecord(columns, i, waiting)
      // All of a changelog are of the same topics.
      if (columns.length > 0) this.#checkIds(columns, columns.length - 1)
      onProgress(Math.max(0, end - columns.nextOffset), columns.length, columns.buffer.length)
      if (waiting.bytes > FLUSH_BYTES) await waiting.flush()
    })
    await waiting.flush()
  }

  /** @returns the sources' offsets behind the last epoch; -1 where nothing was read. Throws OFFSETS_CHANGED and STATE_LOST. */
  activate(): readonly number[] {
    const { topics, log, mayBegin = false, changelogTopic } = this.#ports
    const { heads, log: pageLog } = this.#state
    this.#beginOwn(pageLog.nextPage)
    const place = { partition: this.#partition, changelogTopic }
    const of = { committed: this.#committed, kept: this.#kept, stored: this.#restored.offsets }
    const found = { ...place, ...of, topics, hasFirst: this.#hasFirst, mayBegin }
    const offsets = agreedOffsets(found, log)
    const firstPage = this.#kept && (this.#kept.firstPage ?? pageLog.nextPage)
    const needed = heads.entries.find(([, , page]) => page === firstPage)?.[3]
    if (needed !== undefined && needed < this.#head) {
      const { partition } = place
      log.event('changelog_cut', { topic: changelogTopic, partition, head: this.#head, needed })
    }
    this.#state.restored(this.#restored, firstPage)
    return offsets
  }

  #found({ number }: Page): void {
    if (number === this.#kept?.firstPage) this.#hasFirst = true
  }

  async #readRecord(columns: RecordColumns, i: number, waiting: WaitingPages): Promise<void> {
    const { changelogTopic } = this.#ports
    const { buffer, valueStarts, valueEnds, offsets } = columns
    const record = decodeChangelog(buffer, valueStarts[i], valueEnds[i])
    if (record === undefined || !record.pages.every(({ store }) => this.#state.has(store))) {
      const version = valueEnds[i] > valueStarts[i] ? buffer[valueStarts[i]] : undefined
      throw unreadable(changelogTopic, this.#partition, offsets[i], version)
    }
    if (!isEpoch(record.header)) return
    // A record has pages of one layout, whichever its task's owner had.
    await this.#begin(record.pages.at(0)?.number ?? record.header.nextPage, record.header)
    const { offsets: read, streamTime, closedBefore, nextPage } = record.header
    const changelogOffset = offsets[i] + 1
    this.#restored = { offsets: read, streamTime, closedBefore, changelogOffset }
    for (const page of record.pages) {
      this.#state.restore(page, offsets[i])
      this.#found(page)
      waiting.add(page)
    }
    // Also where no page is left: a former owner, which may come back, has used the numbers before.
    const { log } = this.#state
    log.nextPage = Math.max(log.nextPage, nextPage)
  }

  /**
   * The store's last epoch, where the changelog has it where the store had read it. It has not where the
   * pipeline was reset on another machine, or had another name, and the folder is of before.
   */
  async #lastEpoch(checkpoint: Checkpoint): Promise<ChangelogHeader | undefined> {
    const { changelogOffset: end } = checkpoint
    if (end <= this.#head || end > this.#end) return undefined
    let found: ChangelogHeader | undefined
    await this.#read(end - 1, end, async (columns) => {
      if (columns.length === 0 || columns.offsets[0] !== end - 1) return
      const { buffer, valueStarts, valueEnds } = columns
      const record = decodeChangelog(buffer, valueStarts[0], valueEnds[0])
      if (record === undefined || !isSamePosition(record.header, checkpoint)) return
      found = record.header
      this.#checkIds(columns, 0)
    })
    return found
  }

  /** The offsets in a changelog record are of the topics whose ids it has. */
  #checkIds({ buffer, headerStarts }: RecordColumns, i: number): void {
    const { topics, topicIds } = this.#ports
    checkTopicIds(topics, topicIdsIn(buffer, headerStarts[i]), topicIds)
  }

  /** Of the store's pages. @param last its last epoch, which says what a store of one layout was compiled from */
  async #beginLayouts(
    { layouts, nextPage }: StoredCheckpoint,
    last: ChangelogHeader,
  ): Promise<void> {
    for (const [page, layout, ids] of layouts.filter(([page]) => page < nextPage)) {
      await this.#begin(page, { layout, schemaIds: ids.length > 0 ? ids : last.schemaIds })
    }
  }

  /** What is stored from this page on is of the task's own. */
  #beginOwn(page: number): void {
    const { layout, schemaIds = [] } = this.#ports
    this.#state.pages.layouts.begin(page, { layout, schemaIds }, null)
  }

  /** Throws STATE_LAYOUT_CHANGED. */
  async #begin(page: number, stored: StoredLayout): Promise<void> {
    const { layout, changelogTopic, readersOf } = this.#ports
    if (stored.layout === layout) return this.#beginOwn(page)
    if (readersOf === undefined) throw layoutChanged(changelogTopic, stored.layout, layout)
    this.#state.pages.layouts.begin(page, stored, await readersOf(stored))
  }

  /** Reads the changelog from one offset to before another; batches are handled one after the other. */
  async #read(
    from: number,
    end: number,
    handle: (columns: RecordColumns) => Promise<void>,
  ): Promise<void> {
    const place = { topic: this.#ports.changelogTopic, partition: this.#partition }
    let reader: Reader | undefined
    try {
      await new Promise<void>((resolve, reject) => {
        let work = Promise.resolve()
        reader = this.#ports.createReader({
          onFetched: ({ columns }) => {
            reader!.pause(place)
            work = work
              .then(() => handle(columns))
              .then(() => {
                if (columns.nextOffset >= end) resolve()
                else reader!.resume(place)
              }, reject)
          },
          onError: (_partition, error) => reject(error),
        })
        reader.add(place, from)
      })
    } finally {
      await reader?.close()
    }
  }
}

/** Pages of the changelog that the local store does not have yet. */
class WaitingPages {
  readonly #state: TaskState
  readonly #restored: () => Restored
  #pages: Page[] = []
  bytes = 0

  /** @param restored where the last epoch has ended that any of them is of */
  constructor(state: TaskState, restored: () => Restored) {
    this.#state = state
    this.#restored = restored
  }

  add(page: Page): void {
    this.#pages.push(page)
    this.bytes += page.end - page.start
  }

  async flush(): Promise<void> {
    const { pages, log, heads } = this.#state
    const checkpoint = { ...this.#restored(), nextPage: log.nextPage, heads: heads.entries }
    await pages.write(this.#pages, checkpoint)
    this.#pages = []
    this.bytes = 0
  }
}
