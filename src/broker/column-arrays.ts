import type { RecordColumns } from '../batch.ts'
import { bytesOf, NO_BYTES } from '../bytes.ts'

/** Arrays that wait to be used again: fresh ones, being outside the heap, cost garbage collections. */
const MOST_FREE = 24
const SMALLEST = 1024

const free: ColumnArrays[] = []

/** Columns with room for so many records, whose content is arbitrary. */
export function acquireColumns(records: number): ColumnArrays {
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
    // Those of `compact` fit little else.
    if (this.capacity >= SMALLEST && free.length < MOST_FREE) free.push(this)
  }
}

const ARRAYS = [
  ...(['timestamps', 'offsets', 'keyStarts', 'keyEnds'] as const),
  ...(['valueStarts', 'valueEnds', 'headerStarts', 'headerEnds'] as const),
]
/** Arrays and objects of few records. */
const BLOCK_BYTES = 2048

/** What these records keep of the memory, in bytes, if they have it to themselves; of many the arrays, 40 bytes each, come on top. */
export const heldBytes = ({ buffer }: RecordColumns): number => BLOCK_BYTES + buffer.length

/**
 * The same records in memory of their own, and no more than they need: otherwise a few of them keep the
 * whole answer that they came with, and arrays for thousands. Releases the ones given.
 */
export function compact(columns: RecordColumns): RecordColumns {
  const copy = new ColumnArrays(columns.length)
  copy.length = columns.length
  copy.nextOffset = columns.nextOffset
  copy.buffer = bytesOf(Buffer.allocUnsafeSlow(columns.buffer.length))
  copy.buffer.set(columns.buffer)
  for (const name of ARRAYS) copy[name].set(columns[name].subarray(0, columns.length))
  columns.release?.()
  return copy
}
