import { type Bytes, bytesOf, copyBytes } from '../bytes.ts'
import { DimensionTable } from './table.ts'

const NUMBER_BYTES = 4

/** A key, in bytes of somebody else's. */
export interface Key {
  readonly buffer: Bytes
  readonly start: number
  readonly end: number
}

/** The leaves below roots, each by its key and its number. */
export class LeafTable {
  readonly #table: DimensionTable
  #key = bytesOf(Buffer.allocUnsafe(256))

  /** @param claim see `DimensionTable` */
  constructor(claim: (bytes: number) => void) {
    this.#table = new DimensionTable(undefined, claim)
  }

  /** Memory. */
  get bytes(): number {
    return this.#table.bytes
  }

  /** Of the leaf that was opened last, until the next put or delete. */
  get page(): Bytes {
    return this.#table.rowBuffer
  }

  get start(): number {
    return this.#table.rowStart
  }

  /** There is such a leaf. */
  open(key: Bytes, start: number, end: number, leaf: number): void {
    const bytes = this.#compose(key, start, end, leaf)
    const own = this.#key
    if (!this.#table.find(this.#table.hash(own, 0, bytes), own, 0, bytes)) {
      throw new Error(`A root has no leaf ${leaf}`)
    }
  }

  put({ buffer, start, end }: Key, leaf: number, page: Bytes, pageEnd: number): void {
    const bytes = this.#compose(buffer, start, end, leaf)
    this.#table.put(this.#key, 0, bytes, page, 0, pageEnd)
  }

  delete({ buffer, start, end }: Key, leaf: number): void {
    this.#table.delete(this.#key, 0, this.#compose(buffer, start, end, leaf))
  }

  clear(): void {
    this.#table.clear()
  }

  #compose(key: Bytes, start: number, end: number, leaf: number): number {
    const bytes = end - start + NUMBER_BYTES
    if (bytes > this.#key.length) this.#key = bytesOf(Buffer.allocUnsafe(2 * bytes))
    const at = copyBytes(key, start, end, this.#key, 0)
    this.#key.view.setUint32(at, leaf)
    return bytes
  }
}
