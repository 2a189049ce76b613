import { type Bytes, bytesOf, NO_BYTES, sameBytes } from '../bytes.ts'

/**
 * The page: up to 4 KiB of records of one side and one segment. The same bytes wait in memory, lie
 * in LevelDB and are carried by the changelog.
 *
 *     page   := length u32, number u48, kind u8, store u8, count u16, segment start f64, entry*
 *     entry  := key, time - segment start (varint), headers, body     (kinds left and right)
 *     entry  := number of an entry of the marks' side u32             (marks)
 *     key, headers, body := length (varint), bytes
 *
 * A task has one log of pages for all its stores; kinds are each store's own, and those of a window here.
 * Numbers are little endian. A record that is larger than a page gets a page of its own.
 */
export const PAGE_HEADER = 22
/** 2^32 pages are written within weeks, 2^48 never. */
export const NUMBER_BYTES = 6
export const PAGE_BYTES = 4096

/** The first two are also the numbers of the join's sides. */
export const LEFT = 0
export const RIGHT = 1
/** Of a side's entries that have found a match. */
export const marksOf = (side: number): number => 2 + side
export const isMarks = (kind: number): boolean => kind > RIGHT
export const markedSide = (kind: number): number => kind - 2
/** Of a page; so many a store may have. */
export const KINDS = 4

/** Where a page's bytes lie. */
export interface PageRef {
  readonly number: number
  readonly buffer: Bytes
  readonly start: number
  /** Behind the last byte written. */
  readonly end: number
}

export interface Page extends PageRef {
  /** The number of the store among its task's. */
  readonly store: number
  readonly kind: number
  readonly segment: number
  end: number
  /** Behind the last byte that may be written. */
  limit: number
  count: number
}

export const pageBytes = (page: PageRef): Buffer => page.buffer.subarray(page.start, page.end)

export function writePageHeader(page: Page): void {
  const { buffer, start } = page
  buffer.writeUInt32LE(page.end - start, start)
  buffer.writeUIntLE(page.number, start + 4, NUMBER_BYTES)
  buffer[start + 10] = page.kind
  buffer[start + 11] = page.store
  buffer.writeUInt16LE(page.count, start + 12)
  buffer.writeDoubleLE(page.segment, start + 14)
}

/** A page that has been sealed. */
export const pageRef = (number: number, buffer: Bytes, start: number): PageRef => ({
  number,
  buffer,
  start,
  end: start + buffer.view.getUint32(start, true),
})

/** The page that begins at `start`; undefined where the bytes are not a page. */
export function readPageHeader(buffer: Buffer, start: number): Page | undefined {
  if (start + PAGE_HEADER > buffer.length) return undefined
  const end = start + buffer.readUInt32LE(start)
  const kind = buffer[start + 10]
  if (end < start + PAGE_HEADER || end > buffer.length || kind >= KINDS) return undefined
  return {
    number: readNumber(buffer, start + 4),
    store: buffer[start + 11],
    kind,
    segment: buffer.readDoubleLE(start + 14),
    buffer: bytesOf(buffer),
    start,
    end,
    limit: end,
    count: buffer.readUInt16LE(start + 12),
  }
}

/** A small one has to be an integer for V8, too: what is computed with a double stays one. */
function readNumber(buffer: Buffer, at: number): number {
  const low = buffer.readUInt32LE(at)
  const high = buffer.readUInt16LE(at + 4)
  return high === 0 ? low : high * 2 ** 32 + low
}

/** Positions of one entry's parts; `read` moves it, so that no object is made per record. */
export class EntryCursor {
  buffer: Bytes = NO_BYTES
  keyStart = 0
  keyEnd = 0
  /** From the start a double for V8: a field that becomes one changes the hidden class. */
  time = Number.NEGATIVE_INFINITY
  headersStart = 0
  headersEnd = 0
  bodyStart = 0
  /** Behind the entry. */
  bodyEnd = 0
  #at = 0

  /** @param segment its start, which times are relative to */
  read(buffer: Bytes, position: number, segment: number): void {
    this.buffer = buffer
    this.#at = position
    const keyBytes = this.#varint(buffer)
    this.keyStart = this.#at
    this.keyEnd = this.#at += keyBytes
    this.time = segment + this.#varint(buffer)
    const headerBytes = this.#varint(buffer)
    this.headersStart = this.#at
    this.headersEnd = this.#at += headerBytes
    const bodyBytes = this.#varint(buffer)
    this.bodyStart = this.#at
    this.bodyEnd = this.#at + bodyBytes
  }

  sameKey(other: Bytes, start: number, end: number): boolean {
    const length = end - start
    return (
      this.keyEnd - this.keyStart === length &&
      sameBytes(this.buffer, this.keyStart, other, start, length)
    )
  }

  #varint(buffer: Bytes): number {
    let at = this.#at
    let byte = buffer[at++]
    let value = byte & 127
    // Multiplied, not shifted: a segment of days has more milliseconds than 31 bits hold.
    for (let unit = 128; byte > 127; unit *= 128) {
      byte = buffer[at++]
      value += (byte & 127) * unit
    }
    this.#at = at
    return value
  }
}
