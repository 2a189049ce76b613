import { SLICE } from '../batch.ts'
import { type Bytes, NO_BYTES } from '../bytes.ts'
import { CompositeText } from '../codec/keys/composite-text.ts'
import type { ValueReader } from '../codec/port.ts'
import { RowPart, WHOLE } from '../codec/row/parts.ts'
import type { Counts } from '../counts/counts.ts'
import { timeText } from '../output/time-text.ts'
import { offsetBefore, partitionBefore } from './place.ts'
import type { RowTable } from './row-table.ts'
import { VersionTable } from './version-table.ts'

/** A text that is looked up, or a part of it: see `KeyPart` of the plan. */
interface Part {
  readonly source: string
  readonly lookUp: number
  readonly key: number
}

export interface LookUpRule {
  readonly name: string
  readonly parts: readonly Part[]
  readonly level: number
  readonly missing: 'null' | 'drop' | 'reject'
  /** How long a fact waits for its row, in ms; 0: it does not. */
  readonly waitMs: number
}

const NO_FACT = -1

export interface RowLookUpParts {
  readonly rule: LookUpRule
  /** In the file's order. */
  readonly index: number
  readonly table: RowTable
  /** Which part of a row they are, as `PipelineCodec.rowParts`. */
  readonly columns: number
  /** The columns of a fact without a row. */
  readonly none: Bytes
  /** Those of the levels below, by index. */
  readonly lookUps: readonly RowLookUp[]
  readonly counts: Counts
}

/** A text that a row has, in `buffer[start, end)`. */
export class RowText {
  buffer: Bytes = NO_BYTES
  start = 0
  end = 0
}

/** A look-up of facts: the hashes of a slice, and the row of the fact at hand. */
export class RowLookUp {
  readonly missing: LookUpRule['missing']
  readonly waitMs: number
  /** In the file's order. */
  readonly index: number
  readonly table: RowTable
  /** By row of the slice. */
  readonly hashes = new Int32Array(SLICE)
  /** Whether the fact has a row. */
  found = false
  /** Where it was not found: whether the fact waits for it, or for another one that has the key. */
  waits = false
  /** Whether facts wait at all now. */
  isPatient = true
  /** Its columns, or those of a fact without a row, are in `rowBuffer[rowStart, rowEnd)`. */
  rowBuffer: Bytes = NO_BYTES
  rowStart = 0
  rowEnd = 0
  /** The table, where it has the versions of rows; null: it has them as they are now. */
  readonly #versions: VersionTable | null
  readonly #rule: LookUpRule
  /** The fact's key field that is the whole key; NO_FACT: it is made of parts, or of another look-up's row. */
  readonly #factKey: number
  /** By part: the look-up whose row has it; undefined: the fact has it. */
  readonly #parents: readonly (RowLookUp | undefined)[]
  readonly #columns: number
  readonly #none: Bytes
  readonly #counts: Counts
  /** The key of the fact at hand. */
  #keyBuffer: Bytes = NO_BYTES
  #keyStart = 0
  #keyEnd = 0
  /** The part that the fact at hand has no text for; -1: it has a key. */
  #lacks = -1
  /** Where the row begins, with its other parts. */
  #wholeStart = 0
  readonly #text = new CompositeText()
  readonly #part = new RowPart()

  constructor({ rule, index, table, columns, none, lookUps, counts }: RowLookUpParts) {
    const { parts, missing } = rule
    this.#rule = rule
    this.index = index
    this.table = table
    this.#versions = table instanceof VersionTable ? table : null
    this.missing = missing
    this.waitMs = rule.waitMs
    this.#columns = columns
    this.#none = none
    this.#counts = counts
    this.#parents = parts.map(({ lookUp }) => lookUps[lookUp])
    this.#factKey = parts.length === 1 && parts[0].lookUp < 0 ? parts[0].key : NO_FACT
  }

  /** Hashes the key of the fact in `row`; `value` has been selected, and look-ups of the levels below have their rows. */
  hash(value: ValueReader, row: number): void {
    if (!this.#readKey(value)) return
    this.hashes[row] = this.table.hash(this.#keyBuffer, this.#keyStart, this.#keyEnd)
  }

  /** Finds the row of the fact whose key was hashed, for what hangs on it; nothing is counted. */
  peek(value: ValueReader, row: number): void {
    this.found = this.#readKey(value) && this.#findRow(row)
  }

  /** The same, and counts it; without a row, the columns are those of none. A key that is null, or has a part that is, has no row, as in a left join of SQL. */
  find(value: ValueReader, row: number): boolean {
    const counts = this.#counts
    const hasKey = this.#readKey(value)
    if (hasKey && this.#findRow(row)) {
      counts.lookupHits[this.index]++
      this.found = true
      return true
    }
    this.found = false
    this.rowBuffer = this.#none
    this.rowStart = 0
    this.rowEnd = this.#none.length
    this.waits = this.isPatient && (hasKey ? this.waitMs > 0 : this.#hangsOnAwaited)
    if (this.waits) return false
    if (hasKey) {
      counts.lookupMisses[this.index]++
      const missed = counts.missingKeys[this.index]
      missed.add(this.hashes[row], this.#keyBuffer, this.#keyStart, this.#keyEnd)
      if (this.#versions?.isBeforeHistory) counts.beforeHistory[this.index]++
    } else counts.lookupNulls[this.index]++
    return false
  }

  /** Where the row that was found was in its topic, where rows say so. */
  get partition(): number {
    return partitionBefore(this.rowBuffer, this.#rowAt)
  }

  get offset(): number {
    return offsetBefore(this.rowBuffer, this.#rowAt)
  }

  /** Where the row begins, with all its parts. */
  get #rowAt(): number {
    return this.#columns === WHOLE ? this.rowStart : this.#wholeStart
  }

  /** Whether the fact waits for the row of the key that it has. */
  get awaitsRow(): boolean {
    return !this.found && this.waits && this.#lacks < 0
  }

  /** Whether the fact has a key and no row, and facts wait for such rows. */
  get lacksAwaited(): boolean {
    return !this.found && this.waitMs > 0 && this.#lacks < 0
  }

  /** Whether the key is to come from a row that the fact waits for. */
  get #hangsOnAwaited(): boolean {
    const parent = this.#parents[this.#lacks]
    return parent !== undefined && !parent.found && parent.waits
  }

  /** What `find` has counted, as the fact is looked up again later: but for the key, which is among those that are missed. */
  takeBack(): void {
    const { lookupHits, lookupMisses, lookupNulls } = this.#counts
    if (this.found) lookupHits[this.index]--
    else if (!this.waits) {
      if (this.#lacks < 0) lookupMisses[this.index]--
      else lookupNulls[this.index]--
    }
  }

  #findRow(row: number): boolean {
    const { table } = this
    if (!table.find(this.hashes[row], this.#keyBuffer, this.#keyStart, this.#keyEnd)) return false
    // Another look-up may have the same table.
    this.rowBuffer = table.rowBuffer
    this.rowStart = table.rowStart
    this.rowEnd = table.rowEnd
    if (this.#columns !== WHOLE) this.#openColumns()
    return true
  }

  #openColumns(): void {
    const part = this.#part
    this.#wholeStart = this.rowStart
    part.find(this.rowBuffer, this.rowStart, this.#columns)
    this.rowStart = part.start
    this.rowEnd = part.end
  }

  /** False: it has none, for a part of it is null. */
  #readKey(value: ValueReader): boolean {
    const k = this.#factKey
    if (k < 0) return this.#makeKey(value)
    const end = value.keyEnd(k)
    this.#lacks = end < 0 ? 0 : -1
    if (end < 0) return false
    this.#keyEnd = end
    this.#keyStart = value.keyStart(k)
    this.#keyBuffer = value.keyBuffer(k)
    return true
  }

  /** Of one text that another row has, or of several, each of which the fact or a row has. */
  #makeKey(value: ValueReader): boolean {
    const { parts } = this.#rule
    const text = this.#text
    text.begin()
    for (let p = 0; p < parts.length; p++) {
      if (!this.#readPart(value, p)) {
        this.#lacks = p
        return false
      }
      if (parts.length > 1) text.add(this.#keyBuffer, this.#keyStart, this.#keyEnd)
    }
    this.#lacks = -1
    if (parts.length === 1) return true
    this.#keyBuffer = text.buffer
    this.#keyStart = 0
    this.#keyEnd = text.end
    return true
  }

  #readPart(value: ValueReader, p: number): boolean {
    const { key } = this.#rule.parts[p]
    const parent = this.#parents[p]
    if (parent === undefined) {
      this.#keyBuffer = value.keyBuffer(key)
      this.#keyStart = value.keyStart(key)
      this.#keyEnd = value.keyEnd(key)
      return this.#keyEnd >= 0
    }
    const part = this.#part
    if (!parent.found || !part.find(parent.rowBuffer, parent.#wholeStart, key)) return false
    this.#keyBuffer = parent.rowBuffer
    this.#keyStart = part.start
    this.#keyEnd = part.end
    return true
  }

  /** Finds a text of the row, by its number among the row's parts. False: there is no row, or it is null. */
  readText(number: number, text: RowText): boolean {
    const part = this.#part
    if (!this.found || !part.find(this.rowBuffer, this.#wholeStart, number)) return false
    text.buffer = this.rowBuffer
    text.start = part.start
    text.end = part.end
    return true
  }

  /** Why the fact at hand has no row, as a sentence without its full stop. */
  get fault(): string {
    const { name, parts } = this.#rule
    if (this.#lacks < 0) {
      const text = this.#keyBuffer.toString('utf8', this.#keyStart, this.#keyEnd)
      return `The dimension ${name} has no row for ${text}${this.#asOf}`
    }
    const { source } = parts[this.#lacks]
    const parent = this.#parents[this.#lacks]
    if (parent === undefined) {
      return `The field ${source} is null, so the dimension ${name} has no row for it`
    }
    return parent.found
      ? `The column ${source} is null, so the dimension ${name} has no row for it`
      : `${parent.fault}, so there is no ${source} to look up in the dimension ${name}`
  }

  /** Of which time the row would be. */
  get #asOf(): string {
    const versions = this.#versions
    if (versions === null) return ''
    const time = timeText(versions.at[0])
    return versions.isBeforeHistory
      ? ` as of ${time}, which is before its history`
      : ` as of ${time}`
  }
}
