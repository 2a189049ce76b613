import { bytesOf, copyBytes, NO_BYTES } from '../bytes.ts'
import { EntryCursor, LEFT } from '../state/page.ts'
import type { PageLayouts } from '../state/page-layouts.ts'

/** Records of one window in its task's layout, whichever they were stored in. */
export class OwnLayout {
  readonly #layouts: PageLayouts
  readonly #store: number
  readonly #onRefused: (record: EntryCursor, fault: string) => void
  /** By side: the record that was asked for last. */
  readonly #made = [new EntryCursor(), new EntryCursor()] as const
  readonly #buffers = [NO_BYTES, NO_BYTES]

  /**
   * @param store the window's number among the task's stores
   * @param onRefused is told of a record that cannot come out in the task's layout
   */
  constructor(
    layouts: PageLayouts,
    store: number,
    onRefused: (record: EntryCursor, fault: string) => void,
  ) {
    this.#layouts = layouts
    this.#store = store
    this.#onRefused = onRefused
  }

  /** Whether any record is of another one. */
  get isNeeded(): boolean {
    return this.#layouts.isMixed
  }

  /** Tells the sink of a match. @param own of this side, and just stored. @param page the number of the other one's */
  match(
    side: number,
    own: EntryCursor,
    other: EntryCursor,
    page: number,
    sink: { match(left: EntryCursor, right: EntryCursor): void },
  ): void {
    const theirs = this.take(1 - side, page, other)
    if (theirs === null) return
    if (side === LEFT) sink.match(own, theirs)
    else sink.match(theirs, own)
  }

  /** `of` for a record that comes out: one that cannot is told of. */
  take(side: number, page: number, record: EntryCursor): EntryCursor | null {
    const made = this.of(side, page, record)
    if (made === null)
      this.#onRefused(record, this.#layouts.readersOf(page)![this.#store][side].fault)
    return made
  }

  /** @param page the number of the record's. @returns valid until the next of its side; null: it has none */
  of(side: number, page: number, record: EntryCursor): EntryCursor | null {
    const reader = this.#layouts.readersOf(page)?.[this.#store][side]
    if (reader === undefined) return record
    const { buffer, keyStart, bodyStart, bodyEnd } = record
    if (!reader.read(buffer, bodyStart, bodyEnd)) return null
    const head = bodyStart - keyStart
    const bytes = head + reader.end - reader.start
    if (this.#buffers[side].length < bytes) {
      this.#buffers[side] = bytesOf(Buffer.allocUnsafeSlow(2 * bytes))
    }
    const made = this.#made[side]
    made.buffer = this.#buffers[side]
    copyBytes(buffer, keyStart, bodyStart, made.buffer, 0)
    made.keyStart = 0
    made.keyEnd = record.keyEnd - keyStart
    made.time = record.time
    made.headersStart = record.headersStart - keyStart
    made.headersEnd = record.headersEnd - keyStart
    made.bodyStart = head
    made.bodyEnd = copyBytes(reader.buffer, reader.start, reader.end, made.buffer, head)
    return made
  }
}
