import { EnricherError } from '../errors.ts'
import { type Page, readPageHeader } from './page.ts'

/** A layout, and what it was compiled from. */
export interface StoredLayout {
  readonly layout: string
  /** Of `inputTopics`, in their order. 0: a file. Empty: not known, as before version 3. */
  readonly schemaIds: readonly number[]
}

/**
 * A changelog record: what one epoch added to one task, or a part of it.
 *
 *     record := version u8, layout 16 bytes, left offset f64, right offset f64, stream time f64,
 *               closed before f64, next page f64, schema ids (count u8, id i32*), page*
 *
 * Offsets are those to read next after the epoch. Every record of an epoch has the same header; all
 * are in one transaction, so a reader sees all of them or none. Version 3 has no next page, version 2
 * no schema ids either.
 */
export interface ChangelogHeader extends StoredLayout {
  readonly left: number
  readonly right: number
  readonly streamTime: number
  readonly closedBefore: number
  /** The number that the next epoch's first page gets, also where no page is left. 0: before version 4. */
  readonly nextPage: number
}

const VERSION = 4
const WITHOUT_PAGE = 3
const WITHOUT_IDS = 2
/** No version will ever look like the first letter of a text. */
const FIRST_LETTER = 32
const LAYOUT_BYTES = 16
const NUMBER_BYTES = 8
/** What all versions have. */
const HEADER = 1 + LAYOUT_BYTES + 4 * NUMBER_BYTES
const ID_BYTES = 4

/** False: the record says what layout the pipeline begins with, before there is an epoch. */
export const isEpoch = ({ left, right }: ChangelogHeader): boolean => left >= 0 || right >= 0

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
  const { left, right, streamTime, closedBefore, nextPage, schemaIds } = header
  const bytes = Buffer.alloc(HEADER + NUMBER_BYTES + 1 + schemaIds.length * ID_BYTES)
  bytes[0] = VERSION
  bytes.write(header.layout.padEnd(LAYOUT_BYTES).slice(0, LAYOUT_BYTES), 1, 'latin1')
  let at = 1 + LAYOUT_BYTES
  for (const field of [left, right, streamTime, closedBefore, nextPage]) {
    at = bytes.writeDoubleLE(field, at)
  }
  at = bytes.writeUInt8(schemaIds.length, at)
  for (const id of schemaIds) at = bytes.writeInt32LE(id, at)
  return bytes
}

/** undefined: not a changelog record of a version that is read. */
export function decodeChangelog(
  buffer: Buffer,
  start: number,
  end: number,
): { header: ChangelogHeader; pages: Page[] } | undefined {
  const version = buffer[start]
  if (version > VERSION || version < WITHOUT_IDS) return undefined
  const idsAt = start + HEADER + (version > WITHOUT_PAGE ? NUMBER_BYTES : 0)
  if (idsAt > end) return undefined
  const schemaIds = version > WITHOUT_IDS ? readIds(buffer, idsAt, end) : []
  if (schemaIds === undefined) return undefined
  const at = start + 1 + LAYOUT_BYTES
  const header = {
    layout: buffer.toString('latin1', start + 1, at).trimEnd(),
    schemaIds,
    left: buffer.readDoubleLE(at),
    right: buffer.readDoubleLE(at + 8),
    streamTime: buffer.readDoubleLE(at + 16),
    closedBefore: buffer.readDoubleLE(at + 24),
    nextPage: version > WITHOUT_PAGE ? buffer.readDoubleLE(at + 32) : 0,
  }
  const pages: Page[] = []
  const idBytes = version > WITHOUT_IDS ? 1 + schemaIds.length * ID_BYTES : 0
  for (let position = idsAt + idBytes; position < end; ) {
    const page = readPageHeader(buffer, position)
    if (page === undefined || page.end > end) return undefined
    pages.push(page)
    position = page.end
  }
  return { header, pages }
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

function readIds(buffer: Buffer, at: number, end: number): number[] | undefined {
  if (at >= end || at + 1 + buffer[at] * ID_BYTES > end) return undefined
  return Array.from({ length: buffer[at] }, (_, i) => buffer.readInt32LE(at + 1 + i * ID_BYTES))
}
