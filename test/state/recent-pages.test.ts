import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LEFT, PAGE_BYTES, type Page } from '../../src/state/page.ts'
import { RecentPages } from '../../src/state/recent-pages.ts'

const PAGES = 20_000
const MIB = 2 ** 20

/** Writes and commits pages, each followed by a match on the page that is `delay` pages old. */
function write(recent: RecentPages, from: number, count: number, delay: (i: number) => number) {
  let inMemory = 0
  for (let number = from; number < from + count; number++) {
    const page: Page = recent.open(number, 0, LEFT, 0, 100)
    page.end = page.limit
    recent.seal(page)
    recent.committed(number)
    recent.stored(number)
    if (recent.match(Math.max(1, number - delay(number))) >= 0) inMemory++
  }
  return inMemory
}

test('without matches the limit alone decides which pages stay', () => {
  const recent = new RecentPages(() => 2 * MIB)
  for (let number = 1; number <= PAGES; number++) {
    const page = recent.open(number, 0, LEFT, 0, 100)
    page.end = page.limit
    recent.seal(page)
    recent.committed(number)
    recent.stored(number)
  }
  assert.ok(recent.bytes > MIB && recent.bytes <= 2.2 * MIB)
})

test('pages older than matches reach leave memory, and come to stay again when these reach further', () => {
  const recent = new RecentPages(() => 64 * MIB)
  write(recent, 1, PAGES, (i) => i % 100)
  assert.ok(recent.bytes < 200 * PAGE_BYTES, `${recent.bytes} bytes for matches of 100 pages`)
  // Long enough for the old counts to fade.
  write(recent, PAGES + 1, 2 * PAGES, (i) => i % 1000)
  const found = write(recent, 3 * PAGES + 1, PAGES, (i) => i % 1000)
  assert.ok(found > PAGES * 0.98, `${found} of ${PAGES} matches in memory`)
  assert.ok(recent.bytes < 2000 * PAGE_BYTES)
})

test('a limit that shrinks is kept from the next commit on', () => {
  let limit = 32 * MIB
  const recent = new RecentPages(() => limit)
  write(recent, 1, 6000, (i) => i)
  assert.ok(recent.bytes > 16 * MIB)
  limit = MIB
  write(recent, 6001, 1, () => 0)
  assert.ok(recent.bytes <= 1.1 * MIB)
})
