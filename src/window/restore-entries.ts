import type { hashBytes } from '../bytes.ts'
import { EntryCursor, PAGE_HEADER, type Page } from '../state/page.ts'
import type { Segments } from './segments.ts'

/** Puts a stored page's records into the index. @param onEntry is told each one's time and number */
export function restoreEntries(
  page: Page,
  segments: Segments,
  hash: typeof hashBytes,
  onEntry: (time: number, entry: number) => void,
): void {
  const index = segments.at(page.segment)
  const cursor = new EntryCursor()
  for (let position = PAGE_HEADER; page.start + position < page.end; ) {
    cursor.read(page.buffer, page.start + position, page.segment)
    const hashed = hash(cursor.buffer, cursor.keyStart, cursor.keyEnd)
    onEntry(cursor.time, index.add(page.kind, hashed, page.number, position))
    position = cursor.bodyEnd - page.start
  }
}
