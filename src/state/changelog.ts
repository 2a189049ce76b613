import { EnricherError } from '../errors.ts'
import { readEarlier } from './earlier-changelog.ts'
import { type Page, readPageHeader } from './page.ts'

/** A layout, and what it was compiled from. */
export interface StoredLayout {
  readonly layout: string
  /** Of `inputTopics`, in their order. 0: a file. Empty: not known, as before version 3. */
  readonly schemaIds: readonly number[]
}

/** Where a task is after an epoch. */
export interface Position {
  /** The next offset to read of each source, in the plan's order; -1 where nothing was read. */
  readonly offsets: readonly number[]
  /** The highest event time of the records that were accepted, in ms. */
  readonly streamTime: number
  /** Of each side whose unmatched records come out, in the order of stores and sides: what is older has come out. */
  readonly closedBefore: readonly number[]
  /** The number that the next epoch's first page gets, also where no page is left. 0: before version 4. */
  readonly nextPage: number
}

/**
 * A changelog record: what one epoch added to one task, or a part of it.
 *
 *     record := version u8, layout (count u8, bytes), schema ids (count u8, i32*), offsets (count u8, f64*),
 *               stream time f64, closed before (count u8, f64*), next page f64, page*
 *
 * Offsets are those to read next after the epoch. Every record of an epoch has the same header; all
 * are in one transaction, so a reader sees all of them or none. `earlier-changelog.ts` reads the versions before.
 */
export interface ChangelogHeader extends StoredLayout, Position {}

export interface ChangelogRecord {
  readonly header: ChangelogHeader
  readonly pages: Page[]
}

const VERSION = 5
/** No version will ever look like the first letter of a text. */
const FIRST_LETTER = 32
const DOUBLE = 8
const ID_BYTES = 4

/** False: the record says what layout the pipeline begins with, before there is an epoch. */
export const isEpoch = ({ offsets }: ChangelogHeader): boolean =>
  offsets.some((offset) => offset >= 0)

/** Whether two speak of the same epoch's end. */
export const isSamePosition = (a: Position, b: Position): boolean =>
  a.streamTime === b.streamTime &&
  isSame(a.offsets, b.offsets) &&
  isSame(a.closedBefore, b.closedBefore)

const isSame = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((one, i) => one === b[i])

/** Cuts an epoch's pages into records' of at most `maxBytes` of pages (one page may be more). Never empty. */
export function splitPages(pages: readonly Page[], maxBytes: number): Page[][] {
  const records: Page[][] = [[]]
  let bytes = 0
  for (const page of pages) {
    const size = page.end - page.start
    if (bytes + size > maxBytes && records[records.length - 1].length > 0) {
      records.push([])
      bytes = 0
    }
    records[records.length - 1].push(page)
    bytes += size
  }
  return records
}

/** What every record of an epoch begins with; the pages follow. */
export function encodeHeader(header: ChangelogHeader): Buffer {
  const { offsets, streamTime, closedBefore, nextPage, schemaIds } = header
  const layout = Buffer.from(header.layout)
  const numbers = offsets.length + closedBefore.length + 2
  const bytes = 5 + layout.length + schemaIds.length * ID_BYTES + numbers * DOUBLE
  const target = Buffer.alloc(bytes)
  target[0] = VERSION
  let at = target.writeUInt8(layout.length, 1)
  at += layout.copy(target, at)
  at = target.writeUInt8(schemaIds.length, at)
  for (const id of schemaIds) at = target.writeInt32LE(id, at)
  at = writeList(target, at, offsets)
  at = target.writeDoubleLE(streamTime, at)
  at = writeList(target, at, closedBefore)
  target.writeDoubleLE(nextPage, at)
  return target
}

function writeList(target: Buffer, position: number, list: readonly number[]): number {
  let at = target.writeUInt8(list.length, position)
  for (const number of list) at = target.writeDoubleLE(number, at)
  return at
}

/** undefined: not a changelog record of a version that is read. */
export function decodeChangelog(
  buffer: Buffer,
  start: number,
  end: number,
): ChangelogRecord | undefined {
  // A null value, too: its end is -1.
  if (end <= start) return undefined
  const bytes = buffer.subarray(start, end)
  try {
    const version = bytes.readUInt8(0)
    if (version > VERSION) return undefined
    const [header, at] = version === VERSION ? readHeader(bytes) : readEarlier(bytes)
    const pages = readPages(buffer, start + at, end)
    return pages && { header, pages }
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** @returns the header, and where the pages begin. Throws RangeError where the bytes end before. */
function readHeader(bytes: Buffer): [ChangelogHeader, number] {
  let at = 1
  const count = (): number => bytes.readUInt8(at++)
  const number = (): number => {
    at += DOUBLE
    return bytes.readDoubleLE(at - DOUBLE)
  }
  const id = (): number => {
    at += ID_BYTES
    return bytes.readInt32LE(at - ID_BYTES)
  }
  const list = (read: () => number): number[] => Array.from({ length: count() }, read)
  const letters = count()
  const layout = bytes.toString('utf8', at, (at += letters))
  const schemaIds = list(id)
  const offsets = list(number)
  const streamTime = number()
  const closedBefore = list(number)
  return [{ layout, schemaIds, offsets, streamTime, closedBefore, nextPage: number() }, at]
}

/** undefined: what is there are no pages. */
function readPages(buffer: Buffer, start: number, end: number): Page[] | undefined {
  const pages: Page[] = []
  for (let at = start; at < end; ) {
    const page = readPageHeader(buffer, at)
    if (page === undefined || page.end > end) return undefined
    pages.push(page)
    at = page.end
  }
  return pages
}

/** Whether a newer release has written the record that begins with this byte. */
export const isNewer = (version: number | undefined): boolean =>
  version !== undefined && version > VERSION && version < FIRST_LETTER

/** Of a record that `decodeChangelog` does not read: who has written it, and what to do. No store is at fault. */
export function unreadable(
  topic: string,
  partition: number,
  offset: number,
  version: number | undefined,
): EnricherError {
  const place = `The record ${topic}-${partition}@${offset}`
  const message = isNewer(version)
    ? `${place} is of changelog version ${version}, and this release reads up to ${VERSION}; start the newer release again that wrote it, or give this one another pipeline name`
    : `${place} is none of a window: something else writes to the topic, or it is damaged; keep others from it, then give the pipeline another name, or run \`stream-enricher reset\``
  const fields = { topic, partition, offset, version }
  return new EnricherError('CHANGELOG_UNREADABLE', message, { fields })
}
