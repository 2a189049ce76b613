import type { RecordColumns } from '../batch.ts'
import type { Admin, Reader, ReaderEvents } from '../broker/port.ts'
import type { Log } from '../events.ts'
import {
  type ChangelogHeader,
  decodeChangelog,
  isEpoch,
  isSamePosition,
  unreadable,
} from './changelog.ts'
import type { Page } from './page.ts'
import type { Checkpoint } from './page-store.ts'
import { corruptStore, layoutChanged, offsetsChanged, windowMissing } from './state-faults.ts'
import type { TaskState } from './task-state.ts'
import { checkTopicIds, groupOffsetsOf, type OffsetsPorts, topicIdsIn } from './topic-ids.ts'

export interface RestorePorts extends OffsetsPorts {
  readonly changelogTopic: string
  readonly layout: string
  readonly admin: Pick<Admin, 'offsets'>
  readonly log: Log
  /** Whether the state may begin where the group has read before: nothing of that would be in it. */
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
 * 4. `activate`: offsets and state must agree, for each epoch writes both in one transaction
 */
export class Restore {
  readonly #state: TaskState
  readonly #ports: RestorePorts
  readonly #partition: number
  #restored: Restored = NOTHING
  #committed: readonly number[] = []
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
    this.#committed = await groupOffsetsOf(partition, this.#ports)
    const offsetOf = async (at: 'latest' | 'earliest'): Promise<number> =>
      (await admin.offsets(changelogTopic, at, partition)).get(partition) ?? 0
    // To the very end: the markers of the last transaction may have reached the group's offsets only.
    // The reader waits there until they, or those of an abort, have come.
    const [end, head] = await Promise.all([offsetOf('latest'), offsetOf('earliest')])
    this.#end = end
    this.#head = head
  }

  /** A store that is of another layout or changelog, or behind the changelog's head, is cleared: the changelog has it all. */
  async load(): Promise<void> {
    const { pages, heads, log } = this.#state
    const checkpoint = await pages.checkpoint()
    if (checkpoint === undefined || checkpoint === 'other' || !(await this.#has(checkpoint))) {
      await pages.clear()
      return
    }
    for await (const page of pages.pages()) {
      if (page === undefined) throw corruptStore(this.#partition, 'a damaged page')
      if (!this.#state.has(page.store)) throw corruptStore(this.#partition, 'a page of no store')
      this.#state.restore(page)
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
      for (let i = 0; i < columns.length; i++) this.#readRecord(columns, i, waiting)
      // All of a changelog are of the same topics.
      if (columns.length > 0) this.#checkIds(columns, columns.length - 1)
      onProgress(Math.max(0, end - columns.nextOffset), columns.length, columns.buffer.length)
      if (waiting.bytes > FLUSH_BYTES) await waiting.flush()
    })
    await waiting.flush()
  }

  /** @returns the sources' offsets behind the last epoch; -1 where nothing was read. Throws OFFSETS_CHANGED. */
  activate(): readonly number[] {
    const { topics, log, mayBegin = false } = this.#ports
    const restored = this.#restored
    this.#state.restored(restored)
    return topics.map((topic, source) => {
      const stored = restored.offsets[source] ?? -1
      const committed = this.#committed[source]
      const place = { topic, partition: this.#partition, committed, stored }
      // The broker forgets the offsets of a group that has been away for long; the changelog has them.
      if (committed === -1 && stored >= 0) log.event('offsets_forgotten', place)
      else if (stored === -1 && committed >= 0) {
        if (!mayBegin) throw windowMissing(place)
        log.event('facts_begin_to_wait', place)
        return committed
      } else if (committed !== stored) throw offsetsChanged(place)
      return stored
    })
  }

  #readRecord(columns: RecordColumns, i: number, waiting: WaitingPages): void {
    const { changelogTopic } = this.#ports
    const { buffer, valueStarts, valueEnds, offsets } = columns
    const record = decodeChangelog(buffer, valueStarts[i], valueEnds[i])
    if (record === undefined || !record.pages.every(({ store }) => this.#state.has(store))) {
      const version = valueEnds[i] > valueStarts[i] ? buffer[valueStarts[i]] : undefined
      throw unreadable(changelogTopic, this.#partition, offsets[i], version)
    }
    if (!isEpoch(record.header)) return
    this.#checkLayout(record.header)
    const { offsets: read, streamTime, closedBefore, nextPage } = record.header
    const changelogOffset = offsets[i] + 1
    this.#restored = { offsets: read, streamTime, closedBefore, changelogOffset }
    for (const page of record.pages) {
      this.#state.restore(page, offsets[i])
      waiting.add(page)
    }
    // Also where no page is left: a former owner, which may come back, has used the numbers before.
    const { log } = this.#state
    log.nextPage = Math.max(log.nextPage, nextPage)
  }

  /**
   * Whether the changelog has the store's last epoch where the store had read it. It has not where the
   * pipeline was reset on another machine, or had another name, and the folder is of before.
   */
  async #has(checkpoint: Checkpoint): Promise<boolean> {
    const { changelogOffset: end } = checkpoint
    if (end <= this.#head || end > this.#end) return false
    let isThere = false
    await this.#read(end - 1, end, async (columns) => {
      if (columns.length === 0 || columns.offsets[0] !== end - 1) return
      const { buffer, valueStarts, valueEnds } = columns
      const record = decodeChangelog(buffer, valueStarts[0], valueEnds[0])
      isThere = record !== undefined && isSamePosition(record.header, checkpoint)
      if (isThere) this.#checkIds(columns, 0)
    })
    return isThere
  }

  /** The offsets in a changelog record are of the topics whose ids it has. */
  #checkIds({ buffer, headerStarts }: RecordColumns, i: number): void {
    const { topics, topicIds } = this.#ports
    checkTopicIds(topics, topicIdsIn(buffer, headerStarts[i]), topicIds)
  }

  #checkLayout({ layout: stored }: ChangelogHeader): void {
    const { changelogTopic, layout } = this.#ports
    if (stored !== layout) throw layoutChanged(changelogTopic, stored, layout)
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
