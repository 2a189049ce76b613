import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bytesOf, hashBytes } from '../../src/bytes.ts'
import { JOIN_KINDS } from '../../src/config/join-kind.ts'
import { WindowCounts } from '../../src/counts/counts.ts'
import { type EntryCursor, type Page, pageBytes, readPageHeader } from '../../src/state/page.ts'
import { PageLog } from '../../src/state/page-log.ts'
import { StreamClock } from '../../src/state/task-state.ts'
import { JoinWindow } from '../../src/window/join-window.ts'
import { isLate } from '../../src/window/lateness.ts'
import { windowTimes } from '../../src/window/segments.ts'
import { LEFT, type ModelRecord, type ModelTimes, naiveJoin } from './model.ts'
import { putRecord } from './put-record.ts'

const bodyOf = (cursor: EntryCursor): string =>
  cursor.buffer.toString('latin1', cursor.bodyStart, cursor.bodyEnd)

const collidingHash: typeof hashBytes = (key, start, end) => hashBytes(key, start, end) % 3

/** A window over a map in place of LevelDB, driven record by record. */
class Driver {
  readonly out: string[] = []
  readonly stored = new Map<number, Buffer>()
  readonly counts = new WindowCounts()
  readonly clock = new StreamClock()
  readonly log: PageLog
  readonly window: JoinWindow

  constructor(times: ModelTimes, recentBytes: number, stored: Map<number, Buffer> = new Map()) {
    this.stored = stored
    this.log = new PageLog(
      () => recentBytes,
      async (numbers) => numbers.map((number) => this.stored.get(number)),
    )
    this.window = new JoinWindow({
      times: windowTimes(times),
      kind: times.kind,
      number: 0,
      log: this.log,
      clock: this.clock,
      counts: this.counts,
      hash: collidingHash,
      sink: {
        match: (left, right) => this.out.push(`${bodyOf(left)}-${bodyOf(right)}`),
        unmatched: (side, one) =>
          this.out.push(side === LEFT ? `${bodyOf(one)}-` : `-${bodyOf(one)}`),
      },
    })
    // Numbers grow beyond 32 bits within weeks.
    this.log.nextPage = 2 ** 32 - 5
  }

  take(record: ModelRecord): void {
    const { window, clock } = this
    if (isLate(window.times, record.time, clock.streamTime)) return
    const key = bytesOf(Buffer.from(record.key))
    const hash = collidingHash(key, 0, key.length)
    const body = Buffer.from(String(record.id))
    const { side, time } = record
    putRecord(window, clock, side, time, hash, key, body)
  }

  async endSlice(): Promise<void> {
    const { window } = this
    await window.resolveCold()
    await window.outer.close(() => false)
    window.expire()
  }

  commit(): readonly Page[] {
    this.window.seal()
    const pages = this.log.drain()
    for (const page of pages) this.stored.set(page.number, Buffer.from(pageBytes(page)))
    this.log.recent.committed(this.log.nextPage - 1)
    this.log.recent.stored(this.log.nextPage - 1)
    return pages
  }

  async closeAll(): Promise<void> {
    this.clock.streamTime = Number.MAX_SAFE_INTEGER
    await this.window.outer.close(() => false)
  }
}

const times: fc.Arbitrary<ModelTimes> = fc.record({
  beforeMs: fc.integer({ min: 0, max: 3000 }),
  afterMs: fc.integer({ min: 0, max: 3000 }),
  graceMs: fc.integer({ min: 0, max: 1000 }),
  kind: fc.constantFrom(...JOIN_KINDS),
  // What is late never reaches the window.
  late: fc.constant(['drop', 'drop'] as const),
})

const every = fc.integer({ min: 1, max: 20 })

const streams = fc
  .array(
    fc.record({
      side: fc.constantFrom(0, 1),
      step: fc.integer({ min: -4000, max: 3000 }),
      key: fc.constantFrom('a', 'b', 'c', 'd-long-key'),
    }),
    { maxLength: 120 },
  )
  .map((steps) => {
    let time = 1_700_000_000_000
    return steps.map(({ side, step, key }, id): ModelRecord => {
      time += Math.abs(step) / 4
      return { side, key, id, time: Math.floor(time + (step < 0 ? step : 0)) }
    })
  })

test('the window agrees with a nested loop over all records, on random streams of every kind', async () => {
  await fc.assert(
    fc.asyncProperty(times, streams, every, every, async (t, records, slice, epoch) => {
      const driver = new Driver(t, 0)
      for (const [i, record] of records.entries()) {
        driver.take(record)
        if (i % slice === 0) await driver.endSlice()
        if (i % slice === 0 && i % epoch === 0) driver.commit()
      }
      await driver.endSlice()
      await driver.closeAll()
      assert.deepEqual(driver.out.sort(), naiveJoin(records, t))
    }),
    { numRuns: 1500 },
  )
})

test('a query gives the committed records of a key that have not expired, from memory and from disk', async () => {
  const recent = fc.constantFrom(0, 1 << 20)
  await fc.assert(
    fc.asyncProperty(times, streams, every, recent, async (t, records, epoch, recentBytes) => {
      const driver = new Driver(t, recentBytes)
      let committed: ModelRecord[] = []
      let taken: ModelRecord[] = []
      const { heldMs, segmentMs } = windowTimes(t)
      for (const [i, record] of records.entries()) {
        if (!isLate(windowTimes(t), record.time, driver.clock.streamTime)) taken.push(record)
        driver.take(record)
        if (i % epoch !== 0) continue
        await driver.endSlice()
        driver.commit()
        committed = [...committed, ...taken]
        taken = []
      }
      await driver.endSlice()
      const ends = (time: number): number => (Math.floor(time / segmentMs) + 1) * segmentMs
      // A record that has closed is kept until the slice of its time comes out.
      const { streamTime } = driver.clock
      const goneBefore = Math.min(streamTime - heldMs, ...driver.window.closedBefore)
      const live = committed.filter(({ time }) => ends(time) > goneBefore)
      for (const side of [0, 1]) {
        for (const key of ['a', 'b', 'c', 'd-long-key', 'never']) {
          const found = await driver.window.queries.recordsOf(side, bytesOf(Buffer.from(key)), 1000)
          const wanted = live.filter((record) => record.side === side && record.key === key)
          assert.deepEqual(
            found.map(({ time, body }) => `${time} ${body}`).sort(),
            wanted.map(({ time, id }) => `${time} ${id}`).sort(),
          )
        }
      }
    }),
    { numRuns: 300 },
  )
})

test('a window restored from its pages in the middle goes on as if nothing had happened', async () => {
  await fc.assert(
    fc.asyncProperty(times, streams, fc.nat(), async (t, records, at) => {
      const middle = records.length === 0 ? 0 : at % records.length
      const before = new Driver(t, 1 << 20)
      for (const record of records.slice(0, middle)) {
        before.take(record)
        await before.endSlice()
      }
      before.commit()

      const after = new Driver(t, 1 << 20, before.stored)
      for (const bytes of before.stored.values()) after.window.restore(readPageHeader(bytes, 0)!)
      after.window.restored(before.window.closedBefore)
      after.log.nextPage = before.log.nextPage
      after.clock.streamTime = before.clock.streamTime
      for (const record of records.slice(middle)) {
        after.take(record)
        await after.endSlice()
      }
      await after.closeAll()
      assert.deepEqual([...before.out, ...after.out].sort(), naiveJoin(records, t))
    }),
    { numRuns: 800 },
  )
})

test('a key with 100,000 records in the window does not slow the look-up of another', async () => {
  const t: ModelTimes = { beforeMs: 60_000, afterMs: 60_000, graceMs: 0, kind: 'inner' }
  const driver = new Driver(t, 64 << 20)
  const index = driver.window.segments.at(0)
  for (let i = 0; i < 100_000; i++) index.add(0, 42, 1, 20)
  for (let hash = 0; hash < 1000; hash++) if (hash !== 42) assert.equal(index.first(0, hash), -1)
  let chain = 0
  for (let entry = index.first(0, 42); entry >= 0; entry = index.sides[0].next(entry)) chain++
  assert.equal(chain, 100_000)
})

test('segments are not too many where records are held much longer than they match', () => {
  const DAY = 86_400_000
  fc.assert(
    fc.property(fc.nat(DAY), fc.nat(DAY), fc.nat(30 * DAY), (beforeMs, afterMs, graceMs) => {
      const { heldMs, segmentMs } = windowTimes({ beforeMs, afterMs, graceMs })
      assert.ok(heldMs / segmentMs <= 1000)
      assert.ok(segmentMs >= Math.max(beforeMs, afterMs), 'a probe meets three at most')
    }),
  )
})
