import type { RejectReason } from '../../batch.ts'
import { type Bytes, writeVarint } from '../../bytes.ts'
import {
  type Fate,
  type OtherType,
  TAKEN,
  type TimeReading,
  type TopicCodec,
  type ValueReader,
} from '../port.ts'
import { partBytes, writePart } from './parts.ts'

/** Values whose output form is a row of parts: some key fields, then what each of several codecs selects. */
export class PartsCodec implements TopicCodec {
  readonly #codecs: readonly TopicCodec[]
  readonly #texts: number
  #last: PartsReader | undefined
  fault = ''

  /**
   * @param codecs of one topic; the first one has the key fields
   * @param texts how many key fields there are
   */
  constructor(codecs: readonly TopicCodec[], texts: number) {
    this.#codecs = codecs
    this.#texts = texts
  }

  reader(
    buffer: Buffer,
    start: number,
    end: number,
    headerStart: number,
    headerEnd: number,
  ): ValueReader | RejectReason | OtherType | null {
    const readers: ValueReader[] = []
    for (const codec of this.#codecs) {
      const reader = codec.reader(buffer, start, end, headerStart, headerEnd)
      if (reader === null) return null
      if (typeof reader === 'string') {
        this.fault = codec.fault
        return reader
      }
      readers.push(reader)
    }
    if (this.#last?.isOf(readers) !== true) this.#last = new PartsReader(readers, this.#texts)
    return this.#last
  }

  async load(
    buffer: Buffer,
    start: number,
    end: number,
    headerStart: number,
    headerEnd: number,
  ): Promise<void> {
    for (const codec of this.#codecs) await codec.load(buffer, start, end, headerStart, headerEnd)
  }
}

class PartsReader implements ValueReader {
  readonly #readers: readonly ValueReader[]
  readonly #first: ValueReader
  readonly #texts: number
  fault = ''

  constructor(readers: readonly ValueReader[], texts: number) {
    this.#readers = readers
    this.#first = readers[0]
    this.#texts = texts
  }

  isOf(readers: readonly ValueReader[]): boolean {
    return readers.every((reader, i) => reader === this.#readers[i])
  }

  read(row: number, buffer: Bytes, start: number, end: number): RejectReason | null {
    for (const reader of this.#readers) {
      const reason = reader.read(row, buffer, start, end)
      if (reason === null) continue
      this.fault = reader.fault
      return reason
    }
    return null
  }

  select(row: number): void {
    for (const reader of this.#readers) reader.select(row)
  }

  // Codecs of one topic compute the same; what can be said of the one may not be of the other.
  get fate(): Fate {
    return this.#fated.fate
  }

  get failure(): string {
    return this.#fated.failure
  }

  get #fated(): ValueReader {
    return this.#readers.find(({ fate }) => fate !== TAKEN) ?? this.#first
  }

  get time(): number {
    return this.#first.time
  }

  get timeText(): string {
    return this.#first.timeText
  }

  get timeReading(): TimeReading | null {
    return this.#first.timeReading
  }

  keyBuffer(k: number): Bytes {
    return this.#first.keyBuffer(k)
  }

  keyStart(k: number): number {
    return this.#first.keyStart(k)
  }

  keyEnd(k: number): number {
    return this.#first.keyEnd(k)
  }

  get lacking(): string {
    for (const { lacking = '' } of this.#readers) if (lacking !== '') return lacking
    return ''
  }

  selectFormer(): boolean {
    return this.#first.selectFormer?.() ?? false
  }

  get projectedBytes(): number {
    const first = this.#first
    let bytes = 0
    for (let k = 0; k < this.#texts; k++) {
      const end = first.keyEnd(k)
      bytes += partBytes(end < 0 ? -1 : end - first.keyStart(k))
    }
    for (const { projectedBytes } of this.#readers) bytes += partBytes(projectedBytes)
    return bytes
  }

  project(target: Bytes, position: number): number {
    const first = this.#first
    let at = position
    for (let k = 0; k < this.#texts; k++) {
      at = writePart(first.keyBuffer(k), first.keyStart(k), first.keyEnd(k), target, at)
    }
    for (const reader of this.#readers) {
      at = reader.project(target, writeVarint(target, at, reader.projectedBytes + 1))
    }
    return at
  }
}
