import { EnricherError } from '../errors.ts'
import { type Page, readPageHeader } from './page.ts'
import type { ReadPages } from './page-log.ts'

/** Those pages, by number, which have to be in LevelDB. Throws STATE_CORRUPT. */
export async function readPages(
  read: ReadPages,
  wanted: readonly number[],
): Promise<Map<number, Page>> {
  const pages = new Map<number, Page>()
  if (wanted.length === 0) return pages
  for (const [i, value] of (await read(wanted)).entries()) {
    const page = value && readPageHeader(value, 0)
    if (page === undefined || page.number !== wanted[i]) {
      const message = `Page ${wanted[i]} is not in the store, or is damaged`
      throw new EnricherError('STATE_CORRUPT', message, { fields: { page: wanted[i] } })
    }
    pages.set(page.number, page)
  }
  return pages
}
