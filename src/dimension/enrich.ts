/** Completes facts with the rows of their dimensions. */
import { type Bytes, copyBytes } from '../bytes.ts'
import type { ValueReader } from '../codec/port.ts'
import type { Counts } from '../counts/counts.ts'
import { type LookUpRule, RowLookUp, type RowText } from './row-look-up.ts'
import type { RowTable } from './row-table.ts'
import { VersionTable } from './version-table.ts'

/** What becomes of a fact that has no row: dropped, or rejected, by the look-up that misses it. */
export const DROPPED = -1
export const REJECTED = -2
/** Nothing yet: a look-up that waits for its row has none. Nothing of the fact is counted. */
export const WAITS = -3

export interface EnricherParts {
  /** In the file's order, as all that follows. */
  readonly lookUps: readonly LookUpRule[]
  readonly tables: readonly RowTable[]
  /** As `PipelineCodec.rowParts`. */
  readonly rowParts: readonly number[]
  /** The columns of a dimension without a row. */
  readonly missing: readonly Bytes[]
  readonly counts: Counts
}

/**
 * Look-ups go level by level: those of level 0 have their keys in the fact, those of level n in rows that levels below
 * have found.
 */
export class Enricher {
  /** In the file's order, as their columns are in the output. */
  readonly #lookUps: readonly RowLookUp[]
  /** By level, each in the file's order: as they are found. */
  readonly #levels: readonly (readonly RowLookUp[])[]
  readonly #inTurn: readonly RowLookUp[]
  /** The tables that are looked up as of the facts' times; none in most pipelines. */
  readonly #versions: readonly VersionTable[]
  /** The slice's event times, in ms: that of the fact in row `r` is `#times[#first + r]`. */
  #times: Float64Array = new Float64Array()
  #first = 0
  readonly #counts: Counts
  /** The look-up that `find` has just rejected the fact for. */
  #rejectedBy: RowLookUp | undefined

  constructor({ lookUps: rules, tables, rowParts, missing, counts }: EnricherParts) {
    this.#counts = counts
    const lookUps: RowLookUp[] = []
    const depth = Math.max(-1, ...rules.map(({ level }) => level)) + 1
    this.#levels = Array.from({ length: depth }, (_, level) =>
      rules.flatMap((rule, d) => {
        if (rule.level !== level) return []
        const [table, columns, none] = [tables[d], rowParts[d], missing[d]]
        lookUps[d] = new RowLookUp({ rule, index: d, table, columns, none, lookUps, counts })
        return [lookUps[d]]
      }),
    )
    this.#lookUps = lookUps
    this.#inTurn = this.#levels.flat()
    const own = lookUps.map(({ table }) => table)
    const versions = own.filter((table) => table instanceof VersionTable)
    this.#versions = [...new Set(versions)]
  }

  /** A slice begins: the fact in row `r` is at `times[first + r]`, in ms. */
  begin(times: Float64Array, first: number): void {
    this.#times = times
    this.#first = first
  }

  /** Hashes the look-up keys that the value has, which was read into `row`. */
  hash(value: ValueReader, row: number): void {
    if (this.#levels.length === 0) return
    value.select(row)
    const first = this.#levels[0]
    for (let d = 0; d < first.length; d++) first[d].hash(value, row)
  }

  /**
   * Brings the rows of so many facts near, level by level.
   * @param values that have read them, by row
   * @returns nothing of use, so that the reads are not optimized away
   */
  lookAhead(count: number, values: readonly (ValueReader | undefined)[]): number {
    let touched = 0
    for (let level = 0; level < this.#levels.length; level++) {
      if (level > 0) this.#hashLevel(level, count, values)
      for (const { table, hashes } of this.#levels[level]) {
        touched ^= table.lookAhead(hashes, count)
      }
    }
    return touched
  }

  #hashLevel(level: number, count: number, values: readonly (ValueReader | undefined)[]): void {
    for (let row = 0; row < count; row++) {
      const value = values[row]
      if (value === undefined) continue
      value.select(row)
      if (this.#versions.length > 0) this.#lookAt(row)
      for (let below = 0; below < level; below++) {
        for (const lookUp of this.#levels[below]) lookUp.peek(value, row)
      }
      for (const lookUp of this.#levels[level]) lookUp.hash(value, row)
    }
  }

  /**
   * Finds the fact's rows.
   * @returns bytes of their columns; DROPPED, REJECTED or WAITS
   */
  find(value: ValueReader, row: number): number {
    if (this.#versions.length === 0) return this.#findAll(value, row)
    this.#lookAt(row)
    const outcome = this.#findAll(value, row)
    if (outcome !== WAITS) this.#hasLookedUp()
    return outcome
  }

  #findAll(value: ValueReader, row: number): number {
    let bytes = 0
    let waits = false
    for (let t = 0; t < this.#inTurn.length; t++) {
      const lookUp = this.#inTurn[t]
      if (!lookUp.find(value, row)) {
        if (lookUp.waits) waits = true
        else if (lookUp.missing !== 'null') return this.#refuse(lookUp)
      }
      bytes += lookUp.rowEnd - lookUp.rowStart
    }
    return waits ? this.#wait() : bytes
  }

  /** The fact will be looked up again. */
  #wait(): number {
    for (const lookUp of this.#inTurn) lookUp.takeBack()
    return WAITS
  }

  /** Whether a fact waits for its rows; else what becomes of it without them does so at once. */
  set isPatient(patient: boolean) {
    for (const lookUp of this.#inTurn) lookUp.isPatient = patient
  }

  /** Calls `each` with the look-ups whose rows the fact in `row` waits for, of which `find` has just said that it does. */
  awaited(row: number, each: (lookUp: number, hash: number, waitMs: number) => void): void {
    for (const lookUp of this.#inTurn) {
      if (lookUp.awaitsRow) each(lookUp.index, lookUp.hashes[row], lookUp.waitMs)
    }
  }

  /** Whether the fact, of which `find` has found the rows that there are, lacks one that facts wait for. */
  get lacksAwaited(): boolean {
    return this.#inTurn.some(({ lacksAwaited }) => lacksAwaited)
  }

  /** Rows are found as of the time of the fact in this row. */
  #lookAt(row: number): void {
    for (const { at } of this.#versions) at[0] = this.#times[this.#first + row]
  }

  /** A row of the fact's time that comes from now on is late: the fact does without it. */
  #hasLookedUp(): void {
    for (const { at, lookedUpTo } of this.#versions) {
      if (at[0] > lookedUpTo[0]) lookedUpTo[0] = at[0]
    }
  }

  #refuse(lookUp: RowLookUp): number {
    if (lookUp.missing === 'drop') {
      this.#counts.droppedMissing++
      return DROPPED
    }
    this.#rejectedBy = lookUp
    return REJECTED
  }

  /** Why `find` has just rejected the fact, as a sentence. */
  get fault(): string {
    return this.#rejectedBy!.fault
  }

  /** The rows of the fact at hand, in the file's order. */
  get rows(): readonly RowLookUp[] {
    return this.#lookUps
  }

  /**
   * Reads a text of a row that `find` has found. False: there is no row, or it is null.
   * @param part the text's number among the row's parts
   */
  readText(lookUp: number, part: number, text: RowText): boolean {
    return this.#lookUps[lookUp].readText(part, text)
  }

  /** Writes the columns of the rows that `find` has found, in output form. @returns the position behind them */
  write(target: Bytes, position: number): number {
    let at = position
    for (let d = 0; d < this.#lookUps.length; d++) {
      const { rowBuffer, rowStart, rowEnd } = this.#lookUps[d]
      at = copyBytes(rowBuffer, rowStart, rowEnd, target, at)
    }
    return at
  }
}
