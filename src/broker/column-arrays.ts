import type { RecordColumns } from '../batch.ts'
import { NO_BYTES } from '../bytes.ts'

/** Arrays that wait to be used again: fresh ones, being outside the heap, cost garbage collections. */
const MOST_FREE = 24
const SMALLEST = 1024

const free: ColumnArrays[] = []

/** Columns with room for so many records, whose content is arbitrary. */
export function takeColumns(records: number): ColumnArrays {
  const fits = free.findIndex(({ capacity }) => capacity >= records)
  if (fits >= 0) return free.splice(fits, 1)[0]
  let capacity = SMALLEST
  while (capacity < records) capacity *= 2
  return new ColumnArrays(capacity)
}

export class ColumnArrays implements RecordColumns {
  readonly capacity: number
  readonly timestamps: Float64Array
  readonly offsets: Float64Array
  readonly keyStarts: Int32Array
  readonly keyEnds: Int32Array
  readonly valueStarts: Int32Array
  readonly valueEnds: Int32Array
  readonly headerStarts: Int32Array
  readonly headerEnds: Int32Array
  buffer = NO_BYTES
  length = 0
  nextOffset = 0
  /** What else has to be done once nobody refers to the records any more. */
  onRelease: () => void = () => {}

  constructor(capacity: number) {
    this.capacity = capacity
    this.timestamps = new Float64Array(capacity)
    this.offsets = new Float64Array(capacity)
    this.keyStarts = new Int32Array(capacity)
    this.keyEnds = new Int32Array(capacity)
    this.valueStarts = new Int32Array(capacity)
    this.valueEnds = new Int32Array(capacity)
    this.headerStarts = new Int32Array(capacity)
    this.headerEnds = new Int32Array(capacity)
  }

  release(): void {
    this.onRelease()
    this.onRelease = () => {}
    this.buffer = NO_BYTES
    if (free.length < MOST_FREE) free.push(this)
  }
}
