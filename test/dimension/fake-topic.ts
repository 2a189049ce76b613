/** A dimension's topic, and a dimension over it, without a broker. */
import assert from 'node:assert/strict'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Fetched, Reader, ReaderEvents } from '../../src/broker/port.ts'
import { type Bytes, bytesOf, NO_BYTES } from '../../src/bytes.ts'
import { keyReader } from '../../src/codec/keys/keys.ts'
import { TAKEN, type ValueReader } from '../../src/codec/port.ts'
import type { DimensionConfig } from '../../src/config/pipeline.ts'
import type { AnewReason } from '../../src/dimension/checkpoint.ts'
import { Dimension } from '../../src/dimension/dimension.ts'
import type { DimensionPorts } from '../../src/dimension/ports.ts'
import { EnricherError } from '../../src/errors.ts'
import { openStore } from '../../src/state/level.ts'

const DAY = 86_400_000

export interface FakeRecord {
  readonly key: string | null
  /** One character a byte; null deletes. */
  readonly value: string | null
  readonly time: number
}

/** A value that cannot be decoded. */
export const MALFORMED = 'malformed'

/** Takes a value as it is. */
class WholeValue implements ValueReader {
  #value = NO_BYTES
  readonly fault = MALFORMED
  readonly fate = TAKEN
  readonly failure = ''
  readonly time = Number.NaN
  readonly timeText = ''
  readonly timeReading = null
  projectedBytes = 0
  keyBuffer = (): Bytes => this.#value
  keyStart = (): number => 0
  keyEnd = (): number => 0
  read(_row: number, buffer: Buffer, start: number, end: number): 'malformed' | null {
    this.#value = bytesOf(buffer.subarray(start, end))
    this.projectedBytes = end - start
    return this.#value.toString() === MALFORMED ? MALFORMED : null
  }
  select(): void {}
  project(target: Buffer, position: number): number {
    return position + this.#value.copy(target, position)
  }
}

/** By partition, a list of records; nothing is compacted. */
export class FakeTopic {
  id: string | null = 'first'
  partitions: FakeRecord[][]
  /** What lies before it was deleted; of every partition. */
  head = 0
  /** By partition: where a transaction begins that is open. */
  open = new Map<number, number>()

  constructor(partitions = 1) {
    this.partitions = Array.from({ length: partitions }, () => [])
  }

  write(partition: number, key: string | null, value: string | null, time: number): void {
    this.partitions[partition].push({ key, value, time })
  }

  grow(partitions: number): void {
    while (this.partitions.length < partitions) this.partitions.push([])
  }

  recreate(id: string | null, partitions = 1): void {
    this.id = id
    this.partitions = Array.from({ length: partitions }, () => [])
    this.open.clear()
  }

  stable(partition: number): number {
    return this.open.get(partition) ?? this.partitions[partition].length
  }
}

/** Reads as `chunk` says: which partition comes next (modulo those that have something), and how many records. */
export type Chunk = () => { readonly turn: number; readonly records: number }

/** Fetches only when it is told to. */
class FakeReader implements Reader {
  readonly #topic: FakeTopic
  readonly #events: ReaderEvents
  readonly #chunk: Chunk
  readonly #positions = new Map<number, { offset: number; id: string | null }>()
  #closed = false

  constructor(topic: FakeTopic, events: ReaderEvents, chunk: Chunk) {
    this.#topic = topic
    this.#events = events
    this.#chunk = chunk
    void this.#run()
  }

  add({ partition }: { partition: number }, offset: number, id: string | null = null): void {
    this.#positions.set(partition, { offset, id })
  }

  remove(): void {}
  pause(): void {}
  resume(): void {}

  async close(): Promise<void> {
    this.#closed = true
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      await nextTurn()
      const due = [...this.#positions].filter(([p, { offset, id }]) => this.#isDue(p, offset, id))
      if (due.length === 0 || this.#closed) continue
      const { turn, records } = this.#chunk()
      const [partition, position] = due[turn % due.length]
      if (position.offset > this.#topic.partitions[partition].length) {
        this.#positions.delete(partition)
        this.#events.onError(
          { topic: 'customers', partition },
          new EnricherError('OFFSET_OUT_OF_RANGE', 'gone'),
        )
        continue
      }
      const fetched = answer(this.#topic, partition, position.offset, records)
      position.offset = fetched.columns.nextOffset
      this.#events.onFetched(fetched)
    }
  }

  /** There is something to read, or to be told: also that nothing can be read of what is there. */
  #isDue(partition: number, offset: number, id: string | null): boolean {
    if (id !== null && id !== this.#topic.id) {
      this.#events.onUnknownTopic?.('customers')
      return false
    }
    return (
      this.#topic.partitions[partition] !== undefined &&
      offset !== this.#topic.partitions[partition].length
    )
  }
}

function answer(topic: FakeTopic, partition: number, from: number, most: number): Fetched {
  const lastStableOffset = topic.stable(partition)
  const all = topic.partitions[partition]
  const records = all.slice(from, Math.min(lastStableOffset, from + most))
  const parts = records.flatMap(({ key, value }) => [
    Buffer.from(key ?? ''),
    Buffer.from(value ?? '', 'latin1'),
  ])
  let at = 0
  const ends = parts.map((part) => (at += part.length))
  const starts = Int32Array.from(records, (_, i) => ends[2 * i - 1] ?? 0)
  const valueStarts = Int32Array.from(records, (_, i) => ends[2 * i])
  const keyEnds = Int32Array.from(records, ({ key }, i) => (key === null ? -1 : ends[2 * i]))
  const columns = {
    buffer: bytesOf(Buffer.concat(parts)),
    length: records.length,
    timestamps: Float64Array.from(records, ({ time }) => time),
    offsets: Float64Array.from(records, (_, i) => from + i),
    keyStarts: starts,
    keyEnds,
    valueStarts,
    valueEnds: Int32Array.from(records, ({ value }, i) => (value === null ? -1 : ends[2 * i + 1])),
    headerStarts: starts,
    headerEnds: starts,
    nextOffset: from + records.length,
  }
  return { topic: 'customers', partition, columns, lastStableOffset, highWatermark: all.length }
}

export interface Running {
  readonly dimension: Dimension
  /** What was logged, and of what reason. */
  readonly events: { readonly name: string; readonly fields: Record<string, unknown> }[]
  readonly unusable: AnewReason[]
  /** Times that facts had to wait. */
  readonly holds: () => number
}

export const inTurn: Chunk = () => ({ turn: 0, records: 1000 })

type Settings = Partial<
  Pick<
    DimensionPorts,
    | 'layout'
    | 'onReject'
    | 'rejects'
    | 'onLate'
    | 'onDeleted'
    | 'onPassedOver'
    | 'codec'
    | 'key'
    | 'former'
    | 'now'
    | 'keepsPlaces'
  > & {
    readonly config: Partial<DimensionConfig>
  }
>

/** Starts a dimension on the topic, with the store in the folder. It may not be ready yet. */
export async function startOn(
  topic: FakeTopic,
  folder: string,
  chunk: Chunk = inTurn,
  { config, ...settings }: Settings = {},
): Promise<Running> {
  const events: Running['events'] = []
  const unusable: AnewReason[] = []
  let holds = 0
  const value = new WholeValue()
  const nothing = (): void => {}
  const offsetsOf = (of: (p: number) => number) =>
    new Map(topic.partitions.map((_, p) => [p, of(p)]))
  const dimension = new Dimension({
    config: {
      name: 'customer',
      topic: 'customers',
      format: 'avro',
      frame: null,
      keyFormat: 'text',
      keySchema: null,
      schema: null,
      envelope: null,
      type: null,
      time: null,
      timeUnit: null,
      where: null,
      fields: [],
      on: 'customer_id',
      parts: [{ name: null, dimension: null, field: 'customer_id' }],
      key: [],
      select: null,
      missing: 'null',
      waitMs: 0,
      asOf: null,
      historyMs: Number.POSITIVE_INFINITY,
      ...config,
    },
    codec: { reader: () => value, fault: '', load: async () => {} },
    key: keyReader('text'),
    former: { complete: () => -1, mostBytes: (bytes) => bytes },
    layout: 'layout',
    keepsPlaces: false,
    store: await openStore(folder),
    admin: {
      describeTopics: async () =>
        new Map([
          [
            'customers',
            {
              partitions: topic.partitions.length,
              config: new Map([['delete.retention.ms', String(DAY)]]),
            },
          ],
        ]),
      identify: async () => new Map([['customers', identity(topic)]]),
      createTopics: async () => {},
      deleteRecords: async () => {},
      offsets: async (_topic, at) =>
        offsetsOf((p) =>
          at === 'earliest'
            ? topic.head
            : at === 'latest'
              ? topic.partitions[p].length
              : topic.stable(p),
        ),
    },
    createReader: (readerEvents) => new FakeReader(topic, readerEvents, chunk),
    onOtherType: nothing,
    onFiltered: nothing,
    onDeleted: nothing,
    onPassedOver: nothing,
    onLate: nothing,
    onRows: nothing,
    onReject: () => assert.fail('nothing is rejected'),
    room: async () => {},
    rejects: { areCommitted: true, untilCommitted: async () => {} },
    claim: nothing,
    onUnusable: (reason) => unusable.push(reason),
    onUnknownTopic: nothing,
    hold: (work) => {
      holds++
      return work()
    },
    onFatal: (error) => assert.fail(String(error)),
    now: Date.now,
    log: { event: (name, fields) => void events.push({ name, fields }) },
    ...settings,
  })
  await dimension.start()
  return { dimension, events, unusable, holds: () => holds }
}

export const identity = ({ id, partitions }: FakeTopic) => ({ id, partitions: partitions.length })

/** Waits until it is ready, and has read all that can be read. */
export async function caughtUp({ dimension }: Running, topic: FakeTopic): Promise<void> {
  for (let tries = 0; ; tries++) {
    await dimension.ready
    const { positions } = dimension.progress
    const isThere =
      positions.length === topic.partitions.length &&
      positions.every((position, p) => position === topic.stable(p))
    if (dimension.isReady && isThere) return
    assert.ok(tries < 100_000, `It stays at ${positions.join(', ')}`)
    await nextTurn()
  }
}
