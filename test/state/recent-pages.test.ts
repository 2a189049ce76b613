import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LEFT } from '../../src/state/page.ts'
import { RecentPages } from '../../src/state/recent-pages.ts'

const PAGES = 20_000
const MIB = 2 ** 20

/** Commits and stores this many pages more. */
function write(recent: RecentPages, from: number, count: number): void {
  for (let number = from; number < from + count; number++) {
    const page = recent.open(number, 0, LEFT, 0, 100)
    page.end = page.limit
    recent.seal(page)
    recent.committed(number)
    recent.stored(number)
  }
}

test('the newest pages stay, as many as the limit allows', () => {
  const recent = new RecentPages(() => 2 * MIB)
  write(recent, 1, PAGES)
  assert.ok(recent.bytes > MIB && recent.bytes <= 2.2 * MIB)
  assert.ok(recent.has(PAGES) && !recent.has(1))
})

test('pages that memory has room for have not to be stored, however old they are', () => {
  const recent = new RecentPages(() => 2 * MIB)
  for (let number = 1; number <= 100; number++) {
    recent.seal(recent.open(number, 0, LEFT, 0, 100))
    recent.committed(number)
    assert.equal(recent.isOver, false)
  }
})

test('a limit that shrinks is kept from the next commit on', () => {
  let limit = 32 * MIB
  const recent = new RecentPages(() => limit)
  write(recent, 1, 6000)
  assert.ok(recent.bytes > 16 * MIB)
  limit = MIB
  write(recent, 6001, 1)
  assert.ok(recent.bytes <= 1.1 * MIB)
})
