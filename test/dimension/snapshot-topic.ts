/** Writes snapshots into a topic, and says what rows it stands for, by going through all of it at once. */
import { bytesOf } from '../../src/bytes.ts'
import { FILTERED, TAKEN, type ValueReader } from '../../src/codec/port.ts'
import type { SnapshotConfig } from '../../src/config/pipeline.ts'
import type { FakeRecord, FakeTopic } from './fake-topic.ts'

/** A value that ends like this says that its snapshot is complete; one that begins like that is no row. */
export const END = '!'
export const NO_ROW = '#'

/** Takes a value as it is, and knows those two. */
export class MarkedValue implements ValueReader {
  #value = bytesOf(Buffer.alloc(0))
  readonly fault = ''
  readonly failure = ''
  readonly time = Number.NaN
  readonly timeText = ''
  readonly timeReading = null
  projectedBytes = 0
  keyBuffer = () => this.#value
  keyStart = (): number => 0
  keyEnd = (): number => -1
  get fate(): typeof FILTERED | typeof TAKEN {
    return this.#value.toString().startsWith(NO_ROW) ? FILTERED : TAKEN
  }
  get completes(): boolean {
    return this.#value.toString().endsWith(END)
  }
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

export const HEADER = 'file.name'
export const inSnapshots = (more: Partial<SnapshotConfig> = {}): SnapshotConfig => {
  const no = { header: null, field: null, complete: null, quietMs: Number.POSITIVE_INFINITY }
  return { ...no, atLeast: 0, ...more }
}

interface Told extends FakeRecord {
  readonly snapshot: string | null
}

/** Of each record the snapshot that it is of: by its header, or by the pauses between all of them. */
function told(topic: FakeTopic, { header, quietMs }: SnapshotConfig): Told[][] {
  if (header !== null) {
    return topic.partitions.map((records) =>
      records.map((one) => ({ ...one, snapshot: one.headers?.[header] ?? null })),
    )
  }
  const times = topic.partitions.flatMap((records) => records.map(({ time }) => time))
  const ordered = times.sort((a, b) => a - b)
  const begins = ordered.filter((time, i) => i === 0 || time > ordered[i - 1] + quietMs)
  return topic.partitions.map((records) =>
    records.map((one) => ({ ...one, snapshot: `${begins.findLast((at) => at <= one.time)}` })),
  )
}

/** The rows that are there once all is read, at a time of the clock, where every complete snapshot is believed. */
export function modelOf(
  topic: FakeTopic,
  config: SnapshotConfig,
  now: number,
): Map<string, string> {
  const partitions = told(topic, config)
  const all = partitions.flat()
  const of = (name: string) => all.filter(({ snapshot }) => snapshot === name)
  const beginOf = (name: string) => Math.min(...of(name).map(({ time }) => time))
  const names = [...new Set(all.flatMap(({ snapshot }) => snapshot ?? []))]
  const isComplete = (name: string): boolean => {
    if (config.complete !== null) return of(name).some(({ value }) => value?.endsWith(END))
    if (Number.isFinite(config.quietMs)) {
      return now >= Math.max(...of(name).map(({ time }) => time)) + config.quietMs
    }
    return names.some((other) => beginOf(other) > beginOf(name))
  }
  const boundary = Math.max(-Infinity, ...names.filter(isComplete).map(beginOf))
  const rows = new Map<string, { value: string; begin: number }>()
  for (const { key, value, time, snapshot } of all) {
    if (key === null) continue
    const begin = snapshot === null ? time : beginOf(snapshot)
    if (begin < (rows.get(key)?.begin ?? -Infinity)) continue
    if (value === null) rows.delete(key)
    else rows.set(key, { value, begin })
  }
  const left = [...rows].filter(([, { begin }]) => begin >= boundary)
  return new Map(left.map(([key, { value }]) => [key, value]))
}
