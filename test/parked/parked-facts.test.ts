/** The store of facts that wait, alone: random facts are parked and settled, over epochs and restarts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { RecordBytes, RecordColumns } from '../../src/batch.ts'
import { RecordBatchWriter } from '../../src/broker/record-batch-writer.ts'
import { decodeRecordBatches, recordAt } from '../../src/broker/record-columns.ts'
import { OriginHeaders, originAt, ownHeaders } from '../../src/output/internal-records.ts'
import { Deadlines } from '../../src/parked/deadlines.ts'
import { type ParkedFact, ParkedFacts } from '../../src/parked/parked-facts.ts'
import { PageStore } from '../../src/state/page-store.ts'
import { TaskState } from '../../src/state/task-state.ts'
import { Disk } from '../commit/disk.ts'

const TOPIC = { topic: 'facts', partition: 0, transactional: false, compression: 'none' } as const
const bytes = (maxLength: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength }).map((some) => Buffer.from(some))

const header = fc.tuple(fc.string({ maxLength: 5 }), fc.option(bytes(9)))
const record: fc.Arbitrary<RecordBytes> = fc.record(
  {
    key: fc.option(bytes(20)),
    value: fc.oneof({ weight: 5, arbitrary: bytes(50) }, fc.constant(Buffer.alloc(9000, 7))),
    headers: fc.array(header, { maxLength: 3 }),
  },
  { noNullPrototype: true },
)

async function columnsOf(records: readonly RecordBytes[], offset: number): Promise<RecordColumns> {
  const writer = new RecordBatchWriter(TOPIC)
  for (const [i, one] of records.entries()) writer.recordOf(1000 + i, one)
  const sealed = Buffer.from(await writer.seal(-1n, -1, -1))
  sealed.writeBigInt64BE(BigInt(offset))
  return decodeRecordBatches(sealed, offset, [])
}

/** A store of a task, over a disk that has what was committed. */
class Parked {
  readonly waiting = new Map<number, ParkedFact>()
  readonly #disk: Disk
  readonly #pageBytes: number
  #state!: TaskState
  #store!: ParkedFacts
  #commits = 0

  constructor(disk: Disk, pageBytes: number) {
    this.#disk = disk
    this.#pageBytes = pageBytes
    this.#begin()
  }

  /** @param onRestored of each fact that waits still */
  #begin(onRestored: (fact: ParkedFact) => void = () => {}): void {
    this.#state = new TaskState(new PageStore(this.#disk.open(), 'x'), () => this.#pageBytes)
    this.#store = new ParkedFacts(0, this.#state.log, onRestored)
    this.#state.add(this.#store)
  }

  get store(): ParkedFacts {
    return this.#store
  }

  get segments(): number {
    return this.#state.heads.entries.length
  }

  park(columns: RecordColumns, i: number): void {
    const offset = columns.offsets[i]
    const at = { streamTime: offset * 3, wall: offset * 5 }
    this.waiting.set(offset, this.#store.park(columns, i, offset * 2, at))
  }

  settle(offset: number): void {
    this.#store.settle(this.waiting.get(offset)!)
    this.waiting.delete(offset)
  }

  async commit(): Promise<void> {
    this.#state.expire()
    const offset = this.#commits++
    await this.#state.drain().committed([offset], offset, offset + 1)
  }

  /** @returns what was restored, in its order */
  async restart(): Promise<ParkedFact[]> {
    await this.commit()
    await this.#state.flush()
    const facts: ParkedFact[] = []
    this.#begin((fact) => facts.push(fact))
    const checkpoint = await this.#state.pages.checkpoint()
    assert.ok(checkpoint !== undefined && checkpoint !== 'other')
    for await (const page of this.#state.pages.pages()) this.#state.restore(page!)
    this.#state.log.nextPage = checkpoint.nextPage
    this.#state.heads.load(checkpoint.heads)
    this.#state.restored(checkpoint)
    const before = [...this.waiting.keys()]
    this.waiting.clear()
    for (const [i, fact] of facts.entries()) this.waiting.set(before[i], fact)
    return facts
  }
}

interface Step {
  readonly park: readonly RecordBytes[]
  /** Of those that wait, by a share of their number. */
  readonly settle: readonly number[]
  readonly next: 'commit' | 'restart' | 'nothing'
}

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    park: fc.array(record, { maxLength: 8, size: 'max' }),
    settle: fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { maxLength: 8, size: 'max' }),
    next: fc.constantFrom<Step['next']>('commit', 'commit', 'restart', 'nothing'),
  }),
  { minLength: 3, maxLength: 20, size: 'max' },
)

test('facts are read back as they came, those that are settled never, and what has none that waits is kept no longer', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.constantFrom(0, 1 << 20), async (list, pageBytes) => {
      const parked = new Parked(new Disk(), pageBytes)
      const records = new Map<number, RecordBytes>()
      let offset = 0
      for (const { park, settle, next } of list) {
        const columns = await columnsOf(park, offset)
        for (const [i, one] of park.entries()) {
          records.set(offset++, one)
          parked.park(columns, i)
        }
        for (const share of settle) {
          const all = [...parked.waiting.keys()]
          if (all.length > 0) parked.settle(all[Math.floor(share * all.length)])
        }
        if (next === 'commit') await parked.commit()
        if (next === 'restart') {
          const facts = await parked.restart()
          assert.equal(facts.length, parked.waiting.size)
        }
        assert.equal(parked.store.count, parked.waiting.size)
        const all = [...parked.waiting]
        const read = await parked.store.read(all.map(([, fact]) => fact))
        for (const [i, [of, fact]] of all.entries()) {
          assert.deepEqual(recordAt(read, i), records.get(of))
          assert.equal(read.offsets[i], of)
          assert.deepEqual([fact.time, fact.streamTime, fact.wall], [of * 2, of * 3, of * 5])
        }
      }
      for (const of of [...parked.waiting.keys()]) parked.settle(of)
      await parked.commit()
      assert.equal(parked.segments, 0)
      assert.deepEqual(await parked.restart(), [])
    }),
    { numRuns: 150 },
  )
})

test('a record that has come by an internal topic keeps where it was', async () => {
  const own: RecordBytes = {
    key: Buffer.from('customer'),
    value: Buffer.from('value'),
    headers: [['own', Buffer.from('header')]],
  }
  const input = await columnsOf([own], 77)
  const headers = new OriginHeaders()
  const headerBytes = headers.write(input, 0, 5)
  const writer = new RecordBatchWriter(TOPIC)
  const key = input.buffer
  writer.begin(1000, key, input.keyStarts[0], input.keyEnds[0], own.value!.length, headerBytes)
  writer.append(input.buffer, input.valueStarts[0], input.valueEnds[0])
  writer.end(headers.buffer, 0, headerBytes)
  const columns = await decodeRecordBatches(Buffer.from(await writer.seal(-1n, -1, -1)), 0, [])
  columns.headerStarts[0] = ownHeaders(columns, 0)
  const parked = new Parked(new Disk(), 0)
  parked.park(columns, 0)
  await parked.restart()
  const read = await parked.store.read([...parked.waiting.values()])
  assert.equal(read.headerStarts[0], ownHeaders(read, 0))
  const origin = originAt(read, 0)!
  assert.deepEqual([origin.partition, origin.offset], [5, 77])
  assert.deepEqual(String(origin.key), 'customer')
})

test('deadlines come in the order of their times, whatever was thrown away', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(50)), fc.nat(5), (times, part) => {
      const deadlines = new Deadlines<number>()
      for (const time of times) deadlines.add(time, time * 2)
      deadlines.keep((thing) => thing % (part + 2) !== 0)
      const kept = times.filter((time) => (time * 2) % (part + 2) !== 0)
      assert.equal(deadlines.size, kept.length)
      const taken: number[] = []
      while (deadlines.size > 0) {
        assert.equal(deadlines.thing, deadlines.first * 2)
        taken.push(deadlines.take() / 2)
      }
      assert.equal(deadlines.first, Number.POSITIVE_INFINITY)
      assert.deepEqual(
        taken,
        kept.toSorted((a, b) => a - b),
      )
    }),
  )
})
