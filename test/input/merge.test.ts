import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Fetched } from '../../src/broker/port.ts'
import { bytesOf } from '../../src/bytes.ts'
import { InputQueue } from '../../src/input/input-queue.ts'
import { ALL, merge, newSlice, type Slice } from '../../src/input/merge.ts'
import { mergeMany } from '../../src/input/merge-many.ts'

/** A fetched answer: records (event time, and how many offsets compaction took before it), then control records. */
interface Answer {
  readonly side: 0 | 1
  readonly records: readonly { readonly time: number; readonly gap: number }[]
  readonly control: number
  /** How far the last stable offset was ahead. */
  readonly ahead: number
  /** Offsets behind that one: of transactions that are open. */
  readonly open: number
}

interface Taken {
  readonly side: number
  readonly offset: number
}

function fetched({ side, records, control, ahead, open }: Answer, from: number): Fetched {
  const none = new Int32Array(records.length)
  let next = from
  const offsets = records.map(({ gap }) => {
    const offset = next + gap
    next = offset + 1
    return offset
  })
  const nextOffset = next + control
  return {
    topic: `side ${side}`,
    partition: 0,
    lastStableOffset: nextOffset + ahead,
    highWatermark: nextOffset + ahead + open,
    columns: {
      buffer: bytesOf(Buffer.alloc(10 * records.length)),
      length: records.length,
      timestamps: Float64Array.from(records, ({ time }) => time),
      offsets: Float64Array.from(offsets),
      keyStarts: none,
      keyEnds: none,
      valueStarts: none,
      valueEnds: none,
      headerStarts: none,
      headerEnds: none,
      nextOffset,
    },
  }
}

/** Both queues of a task, and everything that slices have taken from them. */
class Sides {
  readonly queues = [new InputQueue(false), new InputQueue(false)] as const
  readonly taken: Taken[] = []
  streamTime = Number.NEGATIVE_INFINITY
  readonly #slice = newSlice()

  offer(answer: Fetched, side: number): void {
    this.queues[side].offer(answer)
  }

  /** That of any number of sources takes the same of two. */
  #merge(slice: Slice, leftEnd: number): boolean {
    const isAny = merge(slice, ...this.queues, leftEnd)
    const many = newSlice(2)
    assert.equal(mergeMany(many, this.queues, leftEnd), isAny)
    const orderOf = ({ order, length }: Slice): number[] => [...order.subarray(0, length)]
    assert.deepEqual(orderOf(many), orderOf(slice))
    assert.deepEqual(many.sides, slice.sides)
    return isAny
  }

  /** @param limit left records from this time on are held back, and what is behind them */
  takeAll(limit: number): void {
    const slice = this.#slice
    while (this.#merge(slice, this.#leftEnd(limit))) {
      const next = slice.sides.map(({ from }) => from)
      for (const side of slice.order.subarray(0, slice.length)) {
        const { columns, times } = this.queues[side].head!
        const at = next[side]++
        this.taken.push({ side, offset: columns.offsets[at] })
        this.streamTime = Math.max(this.streamTime, times[at])
      }
      for (const side of [0, 1]) {
        if (next[side] > slice.sides.map(({ from }) => from)[side]) {
          this.queues[side].advance(next[side])
        }
      }
    }
  }

  #leftEnd(limit: number): number {
    const [{ head }] = this.queues
    if (head === undefined) return ALL
    const held = head.times.findIndex((time, i) => i >= head.at && time >= limit)
    return held < 0 ? ALL : held
  }
}

/** The same record by record: the earlier head goes first; one side alone only when the other is caught up. */
class Naive {
  readonly waiting: [{ offset: number; time: number }[], { offset: number; time: number }[]] = [
    [],
    [],
  ]
  readonly behind = [true, true]
  readonly taken: Taken[] = []
  streamTime = Number.NEGATIVE_INFINITY

  offer({ columns, highWatermark }: Fetched, side: 0 | 1): void {
    this.behind[side] = columns.nextOffset < highWatermark
    columns.offsets.forEach((offset, i) => {
      this.waiting[side].push({ offset, time: columns.timestamps[i] })
    })
  }

  takeAll(limit: number): void {
    for (;;) {
      const [left, right] = [this.waiting[0][0], this.waiting[1][0]]
      if (left !== undefined && left.time >= limit) return
      if (left === undefined && (right === undefined || this.behind[0])) return
      if (right === undefined && this.behind[1]) return
      const side = left === undefined || (right !== undefined && right.time < left.time) ? 1 : 0
      const { offset, time } = this.waiting[side].shift()!
      this.taken.push({ side, offset })
      this.streamTime = Math.max(this.streamTime, time)
    }
  }
}

const time = fc.integer({ min: 0, max: 50 })
const answers: fc.Arbitrary<Answer> = fc.record({
  side: fc.constantFrom(0, 1),
  records: fc.array(fc.record({ time, gap: fc.constantFrom(0, 0, 0, 3) }), { maxLength: 12 }),
  control: fc.constantFrom(0, 1),
  ahead: fc.constantFrom(0, 5),
  open: fc.constantFrom(0, 0, 2),
})
const scripts = fc.array(fc.record({ answer: answers, take: fc.boolean() }), { maxLength: 25 })
const limits = fc.constantFrom(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 0, 10, 30, 51)

/** Plays a script; `each` sees both sides' queues before and after every taking. */
function play(
  script: readonly { answer: Answer; take: boolean; limit?: number }[],
  each: (sides: Sides, naive: Naive, takes: () => void) => void,
): void {
  const sides = new Sides()
  const naive = new Naive()
  const next = [100, 100]
  for (const { answer, take, limit = Number.POSITIVE_INFINITY } of script) {
    const { side } = answer
    const batch = fetched(answer, next[side])
    next[side] = batch.columns.nextOffset
    sides.offer(batch, side)
    naive.offer(batch, side)
    if (take)
      each(sides, naive, () => {
        sides.takeAll(limit)
        naive.takeAll(limit)
      })
  }
}

test('slices take what a merge by event time takes, in its order', () => {
  fc.assert(
    fc.property(scripts, (script) => {
      play(script, (sides, naive, takes) => {
        takes()
        assert.deepEqual(sides.taken, naive.taken)
        assert.equal(sides.streamTime, naive.streamTime)
      })
    }),
    { numRuns: 3000 },
  )
})

test('where left records are held back neither side goes on past them', () => {
  const held = fc.array(fc.record({ answer: answers, take: fc.boolean(), limit: limits }), {
    maxLength: 25,
  })
  let waits = 0
  fc.assert(
    fc.property(held, (script) => {
      play(script, (sides, naive, takes) => {
        takes()
        assert.deepEqual(sides.taken, naive.taken)
        if (naive.waiting[0].length > 0 && naive.waiting[1].length > 0) waits++
      })
    }),
    { numRuns: 3000 },
  )
  assert.ok(waits > 500)
})

test('batches longer than a slice come out as from one merge', () => {
  const records = (length: number, step: number) =>
    Array.from({ length }, (_, i) => ({ time: (i * step) % 9973, gap: 0 }))
  const script = ([0, 1, 1, 0] as const).map((side, i) => ({
    answer: { side, records: records(3000 + 2048 * i, 7 + i), control: 0, ahead: 0, open: 0 },
    take: i > 0,
  }))
  play(script, (sides, naive, takes) => {
    takes()
    assert.deepEqual(sides.taken, naive.taken)
  })
})

test('no record is taken past the last buffered time of the other side unless that is caught up', () => {
  const ordered = scripts.map((script) => {
    const clocks = [0, 0]
    return script.map(({ answer, take }) => {
      const { side } = answer
      const records = answer.records.map((record) => ({
        ...record,
        time: (clocks[side] += record.time),
      }))
      return { answer: { ...answer, records }, take }
    })
  })
  fc.assert(
    fc.property(ordered, (script) => {
      play(script, (sides, naive, takes) => {
        const before = sides.streamTime
        const limits = naive.waiting.map((list, side) =>
          naive.behind[side] ? Math.max(before, list.at(-1)?.time ?? before) : Infinity,
        )
        takes()
        assert.ok(sides.streamTime <= Math.min(...limits))
      })
    }),
    { numRuns: 3000 },
  )
})

test('once both sides are caught up nothing is left and all of it is accounted for', () => {
  fc.assert(
    fc.property(scripts, (script) => {
      const end = ([0, 1] as const).map((side) => ({
        answer: { side, records: [], control: 0, ahead: 0, open: 0 },
        take: side === 1,
      }))
      const batches = script.filter(({ answer }) => answer.records.length > 0)
      const last: Sides[] = []
      play([...batches, ...end], (sides, _naive, takes) => {
        takes()
        last[0] = sides
      })
      const [{ queues, taken }] = last
      const offered = batches.reduce((sum, { answer }) => sum + answer.records.length, 0)
      assert.equal(taken.length, offered)
      for (const [side, queue] of queues.entries()) {
        assert.equal(queue.head, undefined)
        assert.equal(queue.bufferedBytes, 0)
        assert.ok(queue.caughtUp)
        if (!taken.some((record) => record.side === side)) continue
        assert.equal(queue.untaken, 0)
        queue.committed(queue.taken)
        assert.equal(queue.lag, 0)
      }
    }),
    { numRuns: 1000 },
  )
})

test('the other side waits for records that nobody can read yet, and it shows for how long', () => {
  let clock = 1000
  const queues = [new InputQueue(false), new InputQueue(false, () => clock)] as const
  const records = [{ time: 1, gap: 0 }]
  queues[0].offer(fetched({ side: 0, records, control: 0, ahead: 0, open: 0 }, 0))
  queues[1].offer(fetched({ side: 1, records: [], control: 0, ahead: 0, open: 3 }, 0))
  clock += 500
  assert.equal(merge(newSlice(), ...queues), false)
  assert.deepEqual([queues[1].undecided, queues[1].undecidedMs, queues[1].lag], [3, 500, 0])
  queues[1].offer(fetched({ side: 1, records: [], control: 3, ahead: 0, open: 0 }, 0))
  assert.equal(merge(newSlice(), ...queues), true)
  assert.deepEqual([queues[1].undecided, queues[1].undecidedMs], [0, 0])
})

test('a queue that nothing was fetched for is not caught up', () => {
  const sides = new Sides()
  const answer: Answer = { side: 0, records: [{ time: 1, gap: 0 }], control: 0, ahead: 0, open: 0 }
  sides.offer(fetched(answer, 0), 0)
  sides.takeAll(Number.POSITIVE_INFINITY)
  assert.equal(sides.queues[1].caughtUp, false)
  assert.equal(sides.taken.length, 0)
})

test('the offset to commit is behind the last record taken, gaps and control records included', () => {
  fc.assert(
    fc.property(fc.array(answers, { minLength: 1, maxLength: 6 }), fc.nat(), (list, cut) => {
      const queue = new InputQueue(false)
      let next = 100
      for (const answer of list) {
        const batch = fetched(answer, next)
        next = batch.columns.nextOffset
        queue.offer(batch)
      }
      assert.equal(queue.taken, -1)
      while (queue.head !== undefined) {
        const { columns } = queue.head
        const part = 1 + (cut % columns.length)
        queue.advance(part)
        if (part < columns.length) {
          assert.ok(queue.taken > columns.offsets[part - 1])
          assert.ok(queue.taken <= columns.offsets[part])
          queue.advance(columns.length)
        }
        assert.equal(queue.taken, columns.nextOffset)
      }
    }),
  )
})

test('a queue with an end takes the records before it, wherever answers are cut, and has then ended', () => {
  fc.assert(
    fc.property(fc.array(answers, { minLength: 1, maxLength: 6 }), fc.nat(60), (list, length) => {
      const queue = new InputQueue(false)
      queue.endsAt = 100 + length
      const wanted: number[] = []
      const got: number[] = []
      let next = 100
      for (const answer of list) {
        const batch = fetched(answer, next)
        next = batch.columns.nextOffset
        wanted.push(...batch.columns.offsets.filter((offset) => offset < queue.endsAt))
        queue.offer(batch)
        while (queue.head !== undefined) {
          const { columns } = queue.head
          got.push(...columns.offsets.slice(0, columns.length))
          queue.advance(columns.length)
        }
        assert.equal(queue.ended, next >= queue.endsAt)
        assert.ok(queue.taken <= queue.endsAt)
      }
      assert.deepEqual(got, wanted)
    }),
  )
})
