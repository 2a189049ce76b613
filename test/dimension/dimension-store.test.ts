import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import type { Fetched, ReaderEvents } from '../../src/broker/port.ts'
import { type Bytes, bytesOf, NO_BYTES } from '../../src/bytes.ts'
import { keyReader } from '../../src/codec/keys.ts'
import type { ValueReader } from '../../src/codec/port.ts'
import type { DimensionCheckpoint } from '../../src/dimension/checkpoint.ts'
import { Dimension } from '../../src/dimension/dimension.ts'
import { DimensionStore } from '../../src/dimension/dimension-store.ts'
import type { DimensionPorts } from '../../src/dimension/ports.ts'
import { DimensionTable } from '../../src/dimension/table.ts'
import { openStore, type Store } from '../../src/state/level.ts'
import { rowsOf } from './rows-of.ts'

const DAY = 86_400_000
const PAGE = 64 * 1024
const checkpoint = (offsets: readonly number[]): DimensionCheckpoint => ({
  layout: 'layout',
  offsets,
  currentAt: 1_700_000_000_000,
})

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'dimension-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

/** A table and its store, kept alike as a dimension does it. */
class Kept {
  readonly table = new DimensionTable()
  readonly store: DimensionStore
  readonly #level: Store

  constructor(level: Store) {
    this.#level = level
    this.store = new DimensionStore(level)
  }

  static async open(folder: string): Promise<Kept> {
    const kept = new Kept(await openStore(folder))
    assert.ok(await kept.store.load(kept.table))
    return kept
  }

  /** A flush that the disk has no room for. */
  async failToFlush(written: DimensionCheckpoint): Promise<void> {
    Object.assign(this.#level, { batch: () => Promise.reject(new Error('No space left')) })
    await assert.rejects(this.store.flush(written, this.table), /No space left/)
    Reflect.deleteProperty(this.#level, 'batch')
  }

  put(key: Buffer, row: Buffer): void {
    this.table.put(bytesOf(key), 0, key.length, bytesOf(row), 0, row.length)
    this.store.put(key, 0, key.length, row, 0, row.length)
  }

  delete(key: Buffer): void {
    this.table.delete(bytesOf(key), 0, key.length)
    this.store.delete(key, 0, key.length)
  }
}

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array))
const key = fc.oneof(fc.constantFrom('a', 'b', 'c', '').map(Buffer.from), bytes(12))
const row = fc.oneof(
  { weight: 6, arbitrary: bytes(40) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 3 * PAGE }).map((n) => Buffer.alloc(n, n)) },
)
type Step = { key: Buffer; row: Buffer | null } | 'flush' | 'flush in vain' | 'reopen'
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ key, row: fc.option(row, { freq: 3 }) }) },
    { weight: 2, arbitrary: fc.constantFrom('flush', 'flush in vain', 'reopen') },
  ),
  { maxLength: 60 },
)

test('after a reopen the rows and offsets are those of the last flush', async (t) => {
  const folder = await temporaryFolder(t)
  let run = 0
  await fc.assert(
    fc.asyncProperty(steps, async (list) => {
      const path = join(folder, String(run++))
      let kept = await Kept.open(path)
      let flushed = new Map<string, string>()
      let written: DimensionCheckpoint | undefined
      let offset = 0
      for (const step of [...list, 'reopen' as const]) {
        if (step === 'flush') {
          written = checkpoint([offset, 7])
          await kept.store.flush(written, kept.table)
          flushed = rowsOf(kept.table)
        } else if (step === 'flush in vain') {
          await kept.failToFlush(checkpoint([offset, 7]))
        } else if (step === 'reopen') {
          await kept.store.close()
          kept = await Kept.open(path)
          assert.deepEqual(rowsOf(kept.table), flushed)
          assert.deepEqual(await kept.store.checkpoint(), written)
        } else {
          offset++
          if (step.row === null) kept.delete(step.key)
          else kept.put(step.key, step.row)
        }
      }
      await kept.store.close()
    }),
    {
      numRuns: 40,
      examples: [[[{ key: Buffer.from('a'), row: Buffer.from('b') }, 'flush in vain', 'flush']]],
    },
  )
})

test('a store that is written over and over is bounded by what is alive', async (t) => {
  const folder = await temporaryFolder(t)
  const level = await openStore(folder)
  const kept = new Kept(level)
  for (let round = 0; round < 60; round++) {
    for (let k = 0; k < 10; k++) kept.put(Buffer.from(`key ${k}`), Buffer.alloc(50_000, round))
    kept.delete(Buffer.from(`key ${round % 10}`))
    await kept.store.flush(checkpoint([round]), kept.table)
    let stored = 0
    for await (const value of level.values()) stored += value.length
    assert.ok(stored <= 2 * kept.table.bytes + 64 * PAGE + 10 * 2 * PAGE)
  }
  await kept.store.close()
  const again = await Kept.open(folder)
  assert.deepEqual(rowsOf(again.table), rowsOf(kept.table))
  assert.deepEqual((await again.store.checkpoint())?.offsets, [59])
  await again.store.close()
})

test('a rewrite that ends at any of its writes leaves a store that is gone on with', async (t) => {
  const folder = await temporaryFolder(t)
  const ROWS = 60
  for (let written = 0, isDone = false; !isDone; written++) {
    const path = join(folder, String(written))
    const level = await openStore(path)
    const kept = new Kept(level)
    const name = (i: number): Buffer => Buffer.from(`key ${i}`)
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < ROWS; i++) kept.put(name(i), Buffer.alloc(200_000, round))
      await kept.store.flush(checkpoint([round]), kept.table)
    }
    for (let i = 0; i < ROWS; i += 2) kept.delete(name(i))
    kept.put(name(ROWS), Buffer.from('new'))

    let left = written
    const operations = { batch: level.batch.bind(level), clear: level.clear.bind(level) }
    for (const [method, run] of Object.entries(operations)) {
      Object.assign(level, {
        [method]: (...args: unknown[]) =>
          left-- > 0
            ? (run as (...args: unknown[]) => Promise<void>)(...args)
            : Promise.reject(new Error('No space left')),
      })
    }
    isDone = await kept.store.flush(checkpoint([4]), kept.table).then(
      () => true,
      () => false,
    )
    const expected = rowsOf(kept.table)
    Object.assign(level, operations)
    // One that goes on, and one that begins anew and reads what was put since the checkpoint.
    if (!isDone && written % 2 === 0) await kept.store.flush(checkpoint([4]), kept.table)
    await kept.store.close()

    const again = await Kept.open(path)
    const [offset] = (await again.store.checkpoint())!.offsets
    if (offset < 4) {
      for (let i = 0; i < ROWS; i += 2) again.delete(name(i))
      again.put(name(ROWS), Buffer.from('new'))
    }
    assert.deepEqual(rowsOf(again.table), expected, `after ${written} writes`)
    await again.store.close()
    assert.ok(written < 20)
    if (isDone) assert.ok(written > 3, `a rewrite takes several writes, not ${written}`)
  }
})

test('a page of any bytes is loaded or refused, and a shortened one is refused', async (t) => {
  const level = await openStore(await temporaryFolder(t))
  const first = Buffer.alloc(4)
  const loads = async (page: Buffer): Promise<boolean> => {
    await level.put(first, page)
    return new DimensionStore(level).load(new DimensionTable())
  }
  await fc.assert(
    fc.asyncProperty(bytes(60), async (page) => {
      assert.equal(typeof (await loads(page)), 'boolean')
    }),
  )
  const kept = new Kept(level)
  kept.put(Buffer.from('key'), Buffer.from('row'))
  await kept.store.flush(checkpoint([1]), kept.table)
  const page = (await level.get(first))!
  assert.ok(await loads(page))
  for (let end = 1; end < page.length; end++) assert.ok(!(await loads(page.subarray(0, end))))
  await level.close()
})

/** Answers of a topic with one record per entry; a null value deletes. */
function answer(from: number, records: readonly [string, string | null][]): Fetched {
  const parts = records.flatMap(([k, v]) => [Buffer.from(k), Buffer.from(v ?? '')])
  let at = 0
  const ends = parts.map((part) => (at += part.length))
  const starts = Int32Array.from(records, (_, i) => ends[2 * i - 1] ?? 0)
  const keyEnds = Int32Array.from(records, (_, i) => ends[2 * i])
  const columns = {
    buffer: bytesOf(Buffer.concat(parts)),
    length: records.length,
    timestamps: new Float64Array(records.length),
    offsets: Float64Array.from(records, (_, i) => from + i),
    keyStarts: starts,
    keyEnds,
    valueStarts: keyEnds,
    valueEnds: Int32Array.from(records, ([, v], i) => (v === null ? -1 : ends[2 * i + 1])),
    headerStarts: starts,
    headerEnds: starts,
    nextOffset: from + records.length,
  }
  const end = columns.nextOffset
  return { topic: 'customers', partition: 0, columns, lastStableOffset: end, highWatermark: end }
}

/** Takes a value as it is. */
class WholeValue implements ValueReader {
  #value = NO_BYTES
  readonly fault = ''
  readonly time = Number.NaN
  readonly timeText = ''
  readonly timeReading = null
  projectedBytes = 0
  keyBuffer = (): Bytes => this.#value
  keyStart = (): number => 0
  keyEnd = (): number => 0
  read(_row: number, buffer: Buffer, start: number, end: number): null {
    this.#value = bytesOf(buffer.subarray(start, end))
    this.projectedBytes = end - start
    return null
  }
  select(): void {}
  project(target: Buffer, position: number): number {
    return position + this.#value.copy(target, position)
  }
}

interface Topic {
  readonly records: readonly [string, string | null][]
  readonly head?: number
  readonly partitions?: number
  readonly layout?: string
  readonly laterMs?: number
  readonly id?: string
}

/** Starts a dimension on the topic, waits until it has all of it, closes it; tells the rows and where it began. */
async function runDimension(folder: string, topic: Topic) {
  const { records, head = 0, partitions = 1, layout = 'layout', id = 'first' } = topic
  const bounds = { earliest: head, stable: head + records.length, latest: head + records.length }
  const offsets = (at: keyof typeof bounds): [number, number][] =>
    Array.from({ length: partitions }, (_, p) => [p, p === 0 ? bounds[at] : 0])
  const config = new Map([['delete.retention.ms', String(DAY)]])
  const value = new WholeValue()
  const began: number[] = []
  const nothing = (): void => {}
  const ports: DimensionPorts = {
    config: {
      name: 'customer',
      topic: 'customers',
      format: 'avro',
      keyFormat: 'text',
      keySchema: null,
      schema: null,
      type: null,
      time: null,
      timeUnit: null,
      on: 'customer_id',
      select: null,
      missing: 'null',
    },
    codec: { reader: () => value, fault: '', load: async () => {} },
    key: keyReader('text'),
    layout,
    store: await openStore(folder),
    admin: {
      describeTopics: async () => new Map([['customers', { partitions, config }]]),
      identify: async () => new Map([['customers', { id, partitions }]]),
      createTopics: async () => {},
      deleteRecords: async () => {},
      offsets: async (_topic, at) => new Map(offsets(at as keyof typeof bounds)),
    },
    createReader: ({ onFetched }: ReaderEvents) => ({
      add({ partition }, offset) {
        if (partition > 0) return
        began.push(offset)
        const rest = records.slice(offset - head)
        if (rest.length > 0) setImmediate(() => onFetched(answer(offset, rest)))
      },
      remove: nothing,
      pause: nothing,
      resume: nothing,
      close: async () => {},
    }),
    onReject: () => assert.fail('nothing is rejected'),
    onOtherType: nothing,
    room: async () => {},
    rejects: { areCommitted: true, untilCommitted: async () => {} },
    claim: nothing,
    onUnusable: nothing,
    onUnknownTopic: nothing,
    hold: (work) => work(),
    onFatal: (error) => assert.fail(String(error)),
    log: { event: nothing },
  }
  const dimension = new Dimension(ports)
  await dimension.start()
  await dimension.ready
  await dimension.close()
  return { rows: rowsOf(dimension.table), began: began[0] }
}

const first: Topic['records'] = [
  ['ada', '1'],
  ['bob', '2'],
  ['ada', '3'],
]
const more: Topic['records'] = [...first, ['bob', null], ['cyd', '4'], ['nobody', null]]
const whole = new Map(Object.entries({ ada: '3', cyd: '4' }))

test('a restarted dimension reads the tail only, and tombstones in it delete stored rows', async (t) => {
  const folder = await temporaryFolder(t)
  assert.equal((await runDimension(folder, { records: first })).began, 0)
  assert.deepEqual(await runDimension(folder, { records: more }), { rows: whole, began: 3 })
  assert.deepEqual(await runDimension(folder, { records: more }), { rows: whole, began: 6 })
})

for (const [why, topic] of [
  ['has another layout', { records: more, layout: 'another' }],
  ['was written for another number of partitions', { records: more, partitions: 2 }],
  ['ends before the head of the topic', { records: more, head: 4 }],
  ['is older than the topic keeps its tombstones', { records: more, laterMs: DAY }],
  ['is of a topic that was made anew', { records: more, id: 'second' }],
  ['is ahead of the end of the topic', { records: more.slice(-2) }],
] as [string, Topic][]) {
  test(`a store that ${why} is rebuilt from the head`, async (t) => {
    const folder = await temporaryFolder(t)
    await runDimension(folder, { records: [['stale', 'row'], ...first.slice(1)] })
    const { head = 0, records, laterMs = 0 } = topic
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + laterMs })
    const rebuilt = await runDimension(folder, topic)
    const alive = [...new Map(records)].filter(([, v]) => v !== null)
    assert.deepEqual(rebuilt, { rows: new Map(alive), began: head })
    assert.deepEqual(await runDimension(folder, topic), {
      rows: rebuilt.rows,
      began: head + records.length,
    })
  })
}

const damages: Record<string, (folder: string) => Promise<void>> = {
  async 'a byte has changed'(folder) {
    const store = await openStore(folder)
    const [[key, page]] = await store.iterator({ limit: 1 }).all()
    page[page.length >> 1] ^= 1
    await store.put(key, page)
    await store.close()
  },
  async 'a file is too short'(folder) {
    // Moves what it holds from its log to tables.
    await (await openStore(folder)).close()
    const tables = (await readdir(folder)).filter((file) => file.endsWith('.ldb'))
    assert.ok(tables.length > 0)
    for (const table of tables) await truncate(join(folder, table), 10)
  },
}
for (const [what, damage] of Object.entries(damages)) {
  test(`a store of which ${what} is rebuilt, and nothing of it stays`, async (t) => {
    const folder = await temporaryFolder(t)
    await runDimension(folder, { records: [['stale', 'row'], ...first.slice(1)] })
    await damage(folder)
    assert.deepEqual(await runDimension(folder, { records: more }), { rows: whole, began: 0 })
  })
}
