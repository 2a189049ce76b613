import { type Bytes, copyBytes, writeVarint } from '../../bytes.ts'
import { AvroFields } from '../avro/fields.ts'
import type { AvroType } from '../avro/schema.ts'
import { RowPart, WHOLE, writePart } from '../row/parts.ts'
import { isUnavailable, textBranch } from './unavailable-value.ts'

/** Columns of two rows, of which one may have placeholders. */
class Columns {
  readonly #row: AvroFields
  readonly #former: AvroFields
  /** See `textBranch`; -2: of such a type nothing is left out. */
  readonly #branches: readonly number[]

  constructor(types: readonly AvroType[]) {
    this.#row = new AvroFields(types)
    this.#former = new AvroFields(types)
    this.#branches = types.map((type) => textBranch(type) ?? -2)
  }

  /** Walks both. @returns how many bytes they are together; -1: one is not of these columns */
  walk(row: Bytes, at: RowPart, former: Bytes, before: RowPart): number {
    const { length } = this.#branches
    if (this.#row.walk(row, at.start, at.end) < length) return -1
    if (this.#former.walk(former, before.start, before.end) < length) return -1
    let bytes = 0
    for (let c = 0; c < length; c++) {
      const { starts } = this.#isThere(row, c) ? this.#row : this.#former
      bytes += starts[c + 1] - starts[c]
    }
    return bytes
  }

  #isThere(row: Bytes, column: number): boolean {
    const { starts } = this.#row
    const branch = this.#branches[column]
    return branch === -2 || !isUnavailable(row, starts[column], starts[column + 1], branch)
  }

  /** What was walked last. @returns the position behind it */
  write(row: Bytes, former: Bytes, target: Bytes, position: number): number {
    let at = position
    for (let c = 0; c < this.#branches.length; c++) {
      const isThere = this.#isThere(row, c)
      const { starts } = isThere ? this.#row : this.#former
      at = copyBytes(isThere ? row : former, starts[c], starts[c + 1], target, at)
    }
    return at
  }
}

/** Completes rows in output form: where a column has the placeholder of a value that was not changed, it has the former row's. */
export class FormerRow {
  readonly #columns: readonly Columns[]
  readonly #texts: number
  readonly #part = new RowPart()
  readonly #before = new RowPart()

  /**
   * @param columns of the row; of one with parts those of each
   * @param texts how many parts are before them; WHOLE: the row has no parts
   */
  constructor(columns: readonly (readonly AvroType[])[], texts: number) {
    this.#columns = columns.map((types) => new Columns(types))
    this.#texts = texts
  }

  /** How many bytes the completed row has at most. @param bytes of both rows */
  mostBytes(bytes: number): number {
    return bytes + this.#columns.length * 8
  }

  /** @returns the end of the completed row in `target`; -1: one of the rows is not what it should be */
  complete(
    row: Bytes,
    start: number,
    end: number,
    former: Bytes,
    formerStart: number,
    formerEnd: number,
    target: Bytes,
    position: number,
  ): number {
    const [part, before] = [this.#part, this.#before]
    if (this.#texts === WHOLE) {
      part.start = start
      part.end = end
      before.start = formerStart
      before.end = formerEnd
      const bytes = this.#columns[0].walk(row, part, former, before)
      return bytes < 0 ? -1 : this.#columns[0].write(row, former, target, position)
    }
    let at = position
    for (let p = 0; p < this.#texts + this.#columns.length; p++) {
      const isThere = part.find(row, start, p)
      const columns = this.#columns[p - this.#texts]
      if (columns === undefined || !isThere) {
        at = writePart(row, part.start, isThere ? part.end : -1, target, at)
        continue
      }
      const bytes = before.find(former, formerStart, p)
        ? columns.walk(row, part, former, before)
        : -1
      if (bytes < 0) return -1
      at = columns.write(row, former, target, writeVarint(target, at, bytes + 1))
    }
    return at
  }
}
