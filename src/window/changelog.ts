import { type Page, readPageHeader } from './page.ts'

/**
 * A changelog record: what one epoch added to one task, or a part of it.
 *
 *     record := version u8, layout 16 bytes, left offset f64, right offset f64, stream time f64,
 *               closed before f64, page*
 *
 * Offsets are those to read next after the epoch. Every record of an epoch has the same header; all
 * are in one transaction, so a reader sees all of them or none.
 */
export interface ChangelogHeader {
  readonly layout: string
  readonly left: number
  readonly right: number
  readonly streamTime: number
  readonly closedBefore: number
}

const VERSION = 2
const LAYOUT_BYTES = 16
const HEADER = 1 + LAYOUT_BYTES + 32

/** Cuts an epoch's pages into those of records of at most `maxBytes` (one page may be more). Never empty. */
export function splitPages(pages: readonly Page[], maxBytes: number): Page[][] {
  const records: Page[][] = [[]]
  let bytes = HEADER
  for (const page of pages) {
    const size = page.end - page.start
    if (bytes + size > maxBytes && records[records.length - 1].length > 0) {
      records.push([])
      bytes = HEADER
    }
    records[records.length - 1].push(page)
    bytes += size
  }
  return records
}

/** What every record of an epoch begins with; the pages follow. */
export function encodeHeader(header: ChangelogHeader): Buffer {
  const bytes = Buffer.alloc(HEADER)
  bytes[0] = VERSION
  bytes.write(header.layout.padEnd(LAYOUT_BYTES).slice(0, LAYOUT_BYTES), 1, 'latin1')
  let at = 1 + LAYOUT_BYTES
  for (const field of [header.left, header.right, header.streamTime, header.closedBefore]) {
    at = bytes.writeDoubleLE(field, at)
  }
  return bytes
}

/** undefined: not a changelog record of this version. */
export function decodeChangelog(
  buffer: Buffer,
  start: number,
  end: number,
): { header: ChangelogHeader; pages: Page[] } | undefined {
  if (end - start < HEADER || buffer[start] !== VERSION) return undefined
  const at = start + 1 + LAYOUT_BYTES
  const header = {
    layout: buffer.toString('latin1', start + 1, at).trimEnd(),
    left: buffer.readDoubleLE(at),
    right: buffer.readDoubleLE(at + 8),
    streamTime: buffer.readDoubleLE(at + 16),
    closedBefore: buffer.readDoubleLE(at + 24),
  }
  const pages: Page[] = []
  for (let position = start + HEADER; position < end; ) {
    const page = readPageHeader(buffer, position)
    if (page === undefined || page.end > end) return undefined
    pages.push(page)
    position = page.end
  }
  return { header, pages }
}
