import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bytesOf, hashBytes } from '../../src/bytes.ts'
import { epochPart } from '../../src/commit/epoch-part.ts'
import { JOIN_KINDS } from '../../src/config/join-kind.ts'
import { WindowCounts } from '../../src/counts/counts.ts'
import type { InputQueue } from '../../src/input/input-queue.ts'
import type { EntryCursor } from '../../src/state/page.ts'
import { PageStore } from '../../src/state/page-store.ts'
import { TaskState } from '../../src/state/task-state.ts'
import type { TaskEpoch } from '../../src/task/task.ts'
import { JoinWindow } from '../../src/window/join-window.ts'
import { isLate, type Lateness, latenessOf } from '../../src/window/lateness.ts'
import { windowTimes } from '../../src/window/segments.ts'
import { restore } from '../support/task-context.ts'
import { LEFT, type ModelRecord, type ModelTimes, naiveJoin } from '../window/model.ts'
import { putRecord } from '../window/put-record.ts'
import { Crash, Disk } from './disk.ts'
import { Broker } from './task-broker.ts'

const TOPICS = ['facts', 'right']
const LAYOUT = 'layout'

interface Sized extends ModelRecord {
  readonly bytes: number
}

const idOf = (cursor: EntryCursor): string =>
  cursor.buffer.toString('latin1', cursor.bodyStart, cursor.bodyEnd).split(' ', 1)[0]

/** A task's state and its window, whose records need no decoding. */
class Held {
  readonly partition = 0
  readonly queues = [{ taken: -1 }, { taken: -1 }] as unknown as InputQueue[]
  readonly state: TaskState
  readonly window: JoinWindow
  /** The next record to take. */
  next = 0
  #outputs: string[] = []
  readonly #lateness: Lateness

  constructor(disk: Disk, times: ModelTimes, recentBytes: () => number) {
    this.state = new TaskState(new PageStore(disk.store, LAYOUT), recentBytes)
    const { log, clock } = this.state
    this.#lateness = latenessOf(times)
    this.window = new JoinWindow({
      times: windowTimes(times),
      kind: times.kind,
      number: 0,
      log,
      clock,
      counts: new WindowCounts(),
      sink: {
        match: (left, right) => this.#outputs.push(`${idOf(left)}-${idOf(right)}`),
        unmatched: (side, one) =>
          this.#outputs.push(side === LEFT ? `${idOf(one)}-` : `-${idOf(one)}`),
      },
    })
    this.state.add(this.window)
  }

  async process(records: readonly Sized[]): Promise<void> {
    for (const record of records) this.#take(record)
    await this.window.resolveCold()
    await this.moveTo(this.state.clock.streamTime)
  }

  async moveTo(streamTime: number): Promise<void> {
    this.state.clock.streamTime = streamTime
    await this.window.outer.close(() => false)
    this.state.expire()
  }

  takeEpoch(): { epoch: TaskEpoch; outputs: string[] } {
    const outputs = this.#outputs
    this.#outputs = []
    const epoch = {
      partition: 0,
      outputs: [],
      outputTimes: new Float64Array(0),
      rejects: [],
      offsets: [this.next, this.next],
      state: this.state.drain(),
    }
    return { epoch, outputs }
  }

  #take({ side, time, key: keyText, id, bytes }: Sized): void {
    this.next++
    const { window, state } = this
    if (isLate(this.#lateness, time, state.clock.streamTime)) return
    const key = bytesOf(Buffer.from(keyText))
    const hash = hashBytes(key, 0, key.length)
    const body = Buffer.alloc(bytes, `${id} `)
    putRecord(window, state.clock, side, time, hash, key, body)
  }
}

interface Step {
  /** Records taken before the epoch ends, and then while it commits. */
  readonly before: number
  readonly during: number
  readonly slice: number
  /** Bytes that the memory may have from now on. */
  readonly limit: number
  readonly aborted: boolean
  /** Writes to the disk after which the process is killed, from the commit on. */
  readonly writes: number
  /** Offsets that others' aborted transactions take in the changelog. */
  readonly gap: number
  /** What comes next: the task goes on, is put down here, is lost with the process, or moves. */
  readonly next: 'on' | 'stop' | 'crash' | 'move'
  readonly instance: number
  /** Whether the changelog is shortened where it may be. */
  readonly shortens: boolean
}

const INSTANCES = 2
const LAST: Step = {
  before: 0,
  during: 0,
  slice: 1,
  limit: 0,
  aborted: false,
  writes: Number.POSITIVE_INFINITY,
  gap: 0,
  next: 'on',
  instance: 0,
  shortens: true,
}

/** A task on its way over instances that stop and crash. */
class World {
  readonly broker = new Broker()
  readonly disks = Array.from({ length: INSTANCES }, () => new Disk())
  instance = 0
  #limit = 0
  #held: Held | undefined
  readonly #times: ModelTimes
  readonly #records: readonly Sized[]

  constructor(times: ModelTimes, records: readonly Sized[]) {
    this.#times = times
    this.#records = records
  }

  get #disk(): Disk {
    return this.disks[this.instance]
  }

  /** The task, taken again where it is not held; a kill at any write of the restore is survived. */
  async held(): Promise<Held> {
    while (this.#held === undefined) {
      const held = new Held(this.#disk, this.#times, () => this.#limit)
      const taken = restore(held, this.broker.restorePorts(TOPICS, LAYOUT))
      await this.#survive(
        taken.then(() => {
          held.next = Math.max(0, this.broker.committed[0])
          this.#held = held
        }),
      )
    }
    return this.#held
  }

  async run(step: Step): Promise<void> {
    this.#limit = step.limit
    const held = await this.held()
    await this.#process(held, step.before, step.slice)
    await this.#survive(this.#end(held, step))
    if (this.#held !== undefined && step.next !== 'crash' && step.next !== 'on') {
      await this.#survive(held.state.flush())
    }
    if (step.next !== 'on') this.#held = undefined
    if (step.next === 'move') this.instance = step.instance
  }

  /** Whatever the process does: a kill ends it, and the task with it. */
  async #survive(work: Promise<unknown>): Promise<void> {
    try {
      await work
    } catch (error) {
      if (!(error instanceof Crash)) throw error
      this.#disk.writesLeft = Number.POSITIVE_INFINITY
      this.#held = undefined
    }
  }

  async #process(held: Held, count: number, slice: number): Promise<void> {
    const end = held.next + count
    while (held.next < Math.min(end, this.#records.length)) {
      await held.process(this.#records.slice(held.next, Math.min(end, held.next + slice)))
    }
  }

  async #end(held: Held, step: Step): Promise<void> {
    const { epoch, outputs } = held.takeEpoch()
    if (held.next === 0) return
    const next = this.#process(held, step.during, step.slice)
    if (step.aborted) {
      await next
      this.#held = undefined
      return
    }
    const changelog = {
      topic: 'changelog',
      layout: LAYOUT,
      schemaIds: [],
      maxRecordBytes: 2 ** 20,
      shorten: (_partition: number, offset: number) => {
        if (step.shortens) this.broker.head = Math.max(this.broker.head, offset)
      },
    }
    const part = epochPart(epoch, { topics: TOPICS, topicIds: [null, null], changelog })
    const { log } = this.broker
    const offsets: number[] = []
    for (const batch of part.changelog) {
      offsets.push(log.length)
      log.push(await batch.seal(-1n, -1, -1))
      for (let i = 0; i < step.gap; i++) log.push(undefined)
    }
    log.push(undefined)
    this.broker.committed = [epoch.offsets[0], epoch.offsets[1]]
    this.broker.outputs.push(...outputs)
    this.#disk.writesLeft = step.writes
    const persisted = part.persist(offsets[0], offsets[offsets.length - 1] + 1)
    await Promise.allSettled([persisted, next])
    await Promise.all([persisted, next])
  }

  /** Everything is taken and has closed. */
  async finish(): Promise<number> {
    const held = await this.held()
    await this.#process(held, this.#records.length, 10)
    await held.moveTo(Number.MAX_SAFE_INTEGER)
    await this.#end(held, LAST)
    await held.state.flush()
    return this.#disk.pages
  }

  get heads(): number[] {
    return this.#held!.state.heads.entries.map(([, segment]) => segment)
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

/** A page has many small ones, or one; a group of epochs, and a changelog record, few large ones. */
const bytes = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 8, max: 100 }) },
  { weight: 3, arbitrary: fc.constantFrom(3000, 5000) },
  { weight: 3, arbitrary: fc.constantFrom(100_000, 400_000) },
)

const streams = fc
  .array(
    fc.record({
      side: fc.constantFrom(0, 1),
      step: fc.oneof(
        { weight: 30, arbitrary: fc.integer({ min: -4000, max: 3000 }) },
        { weight: 1, arbitrary: fc.constant(100_000) },
      ),
      key: fc.constantFrom('a', 'b', 'c', 'd-long-key'),
      bytes,
    }),
    { minLength: 20, maxLength: 150, size: 'max' },
  )
  .map((steps) => {
    let time = 1_700_000_000_000
    return steps.map(({ side, step, key, bytes }, id): Sized => {
      time += Math.abs(step) / 4
      return { side, key, id, bytes, time: Math.floor(time + (step < 0 ? step : 0)) }
    })
  })

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    before: fc.nat(12),
    during: fc.nat(6),
    slice: fc.integer({ min: 1, max: 8 }),
    limit: fc.constantFrom(0, 256 * 1024, 1 << 30),
    aborted: fc.oneof({ weight: 6, arbitrary: fc.constant(false) }, fc.boolean()),
    writes: fc.oneof({ weight: 2, arbitrary: fc.constant(Number.POSITIVE_INFINITY) }, fc.nat(8)),
    gap: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(2)),
    next: fc.oneof(
      { weight: 6, arbitrary: fc.constant('on' as const) },
      { weight: 3, arbitrary: fc.constantFrom('stop' as const, 'crash' as const, 'move' as const) },
    ),
    instance: fc.nat(INSTANCES - 1),
    shortens: fc.constantFrom(true, true, false),
  }),
  { minLength: 3, maxLength: 40, size: 'max' },
)

test('whatever stops, crashes and moves on the way, each output comes out once', async () => {
  await fc.assert(
    fc.asyncProperty(times, streams, steps, async (t, records, list) => {
      const world = new World(t, records)
      for (const step of list) await world.run(step)
      const stored = await world.finish()
      assert.deepEqual(world.broker.outputs.sort(), naiveJoin(records, t))
      assert.deepEqual(world.heads, [], 'segments that have expired are kept')
      assert.equal(stored, 0, 'pages that have expired are kept')
    }),
    { numRuns: 120 },
  )
})
