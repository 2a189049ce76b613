import type { RejectReason } from '../batch.ts'
import type { Bytes } from '../bytes.ts'
import type { Fate, TimeReading, ValueReader } from './port.ts'

/** Speaks of values as another reader does, but for what a subclass does otherwise. */
export abstract class ReaderOver implements ValueReader {
  protected readonly inner: ValueReader

  constructor(inner: ValueReader) {
    this.inner = inner
  }

  read(row: number, buffer: Bytes, start: number, end: number): RejectReason | null {
    return this.inner.read(row, buffer, start, end)
  }

  select(row: number): void {
    this.inner.select(row)
  }

  selectFormer(): boolean {
    return this.inner.selectFormer?.() ?? false
  }

  get lacking(): string {
    return this.inner.lacking ?? ''
  }

  get fault(): string {
    return this.inner.fault
  }

  get fate(): Fate {
    return this.inner.fate
  }

  get failure(): string {
    return this.inner.failure
  }

  get time(): number {
    return this.inner.time
  }

  get timeText(): string {
    return this.inner.timeText
  }

  get timeReading(): TimeReading | null {
    return this.inner.timeReading
  }

  keyBuffer(k: number): Bytes {
    return this.inner.keyBuffer(k)
  }

  keyStart(k: number): number {
    return this.inner.keyStart(k)
  }

  keyEnd(k: number): number {
    return this.inner.keyEnd(k)
  }

  get projectedBytes(): number {
    return this.inner.projectedBytes
  }

  project(target: Bytes, position: number): number {
    return this.inner.project(target, position)
  }
}
