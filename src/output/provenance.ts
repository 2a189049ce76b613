/**
 * Headers that say what a completed record was made of: `enricher.facts` and `enricher.right` (where there are several
 * joins, `enricher.<join>` for each) with the input record (`topic-partition@offset time`), `enricher.dimension.<name>` with where its row was (`topic-partition@offset`). A record
 * has those of its own side before its own headers, also in the window; a match has those of both sides.
 */
import type { RecordColumns } from '../batch.ts'
import { type Bytes, bytesOf, sameBytes } from '../bytes.ts'
import { writeWhole } from '../codec/json/numbers.ts'
import { writeInstant } from '../codec/json/times.ts'
import { TextBuffer } from '../codec/text-buffer.ts'
import { HeaderCursor } from './header-cursor.ts'
import { originOffset, originPartition, originStart } from './internal-records.ts'
import { GivenHeaders, type HeaderSection } from './match-headers.ts'
import type { StaleHeaders, ToldHeaders } from './own-headers.ts'

const PREFIX = 'enricher.'
const DASH = 45
const AT = 64
const SPACE = 32

/** Of a source, as the plan has it. */
export interface ToldSource {
  readonly topic: string
  /** The input that an earlier stage has taken the records from; null: this is one. */
  readonly origin: string | null
}

/** The row that a look-up has found. */
export interface ToldRow {
  readonly found: boolean
  readonly partition: number
  readonly offset: number
}

const asBytes = (text: string): Bytes => bytesOf(Buffer.from(text))

/** The names of our headers, in the order in which a record has them. */
export class OurNames {
  readonly facts: Bytes
  /** By join. */
  readonly rights: readonly Bytes[]
  readonly dimensions: readonly Bytes[]
  readonly #all: readonly Bytes[]

  /** @param rights what the right streams are called. @param dimensions their names, in the file's order */
  constructor(rights: readonly string[], dimensions: readonly string[]) {
    this.facts = asBytes(`${PREFIX}facts`)
    this.rights = rights.map((name) => asBytes(PREFIX + name))
    this.dimensions = dimensions.map((name) => asBytes(`${PREFIX}dimension.${name}`))
    this.#all = [this.facts, ...this.rights, ...this.dimensions]
  }

  /** Whether the header at hand has one of them. */
  has({ buffer, nameStart, nameEnd }: HeaderCursor): boolean {
    const length = nameEnd - nameStart
    for (const name of this.#all) {
      if (name.length === length && sameBytes(name, 0, buffer, nameStart, length)) return true
    }
    return false
  }
}

/** As they come: an earlier stage has written them. */
export class EarlierHeaders extends GivenHeaders implements ToldHeaders {
  write(columns: RecordColumns, _times: Float64Array, i: number): number {
    this.of(columns, i)
    return this.headersEnd - this.headersStart
  }
}

/** What they were made of, and their own, but for those that have a name of ours and those that are stale. */
export class ProvenanceHeaders implements ToldHeaders {
  readonly headersStart = 0
  readonly #names: OurNames
  readonly #name: Bytes
  readonly #topic: Bytes
  /** Of a record that does not say where it was before an internal topic. */
  readonly #ownTopic: Bytes
  readonly #isThrough: boolean
  readonly #partition: number
  readonly #rows: readonly ToldRow[]
  readonly #rowTopics: readonly Bytes[]
  readonly #stale: StaleHeaders
  readonly #section = new TextBuffer()
  readonly #value = new TextBuffer()
  readonly #own = new HeaderCursor()

  /** @param partition of the source's topic. @param rows of the dimensions, in their order; empty: the source has none */
  constructor(
    names: OurNames,
    name: Bytes,
    { topic, origin }: ToldSource,
    partition: number,
    dimensions: readonly string[],
    rows: readonly ToldRow[],
    stale: StaleHeaders,
  ) {
    this.#names = names
    this.#stale = stale
    this.#name = name
    this.#topic = asBytes(origin ?? topic)
    this.#ownTopic = asBytes(topic)
    this.#isThrough = origin !== null
    this.#partition = partition
    this.#rows = rows
    this.#rowTopics = dimensions.map(asBytes)
  }

  get buffer(): Bytes {
    return this.#section.buffer
  }

  get headersEnd(): number {
    return this.#section.at
  }

  /** Writes the section of record `i`, whose rows have been found. @param times event times. @returns how many bytes it has */
  write(columns: RecordColumns, times: Float64Array, i: number): number {
    const section = this.#section
    section.at = 0
    section.count(1 + this.#rowsFound() + this.#ownLeft(columns, i))
    this.#writeRecord(columns, times[i], i)
    for (let d = 0; d < this.#rows.length; d++) {
      const row = this.#rows[d]
      if (!row.found) continue
      this.#beginValue(this.#rowTopics[d], row.partition, row.offset)
      this.#end(this.#names.dimensions[d])
    }
    this.#copyOwn(columns, i)
    return section.at
  }

  #rowsFound(): number {
    let found = 0
    for (let d = 0; d < this.#rows.length; d++) if (this.#rows[d].found) found++
    return found
  }

  #writeRecord(columns: RecordColumns, time: number, i: number): void {
    const start = this.#isThrough ? originStart(columns, i) : -1
    if (start < 0) this.#beginValue(this.#ownTopic, this.#partition, columns.offsets[i])
    else {
      const { buffer } = columns
      this.#beginValue(this.#topic, originPartition(buffer, start), originOffset(buffer, start))
    }
    this.#value.byte(SPACE)
    writeInstant(this.#value, time)
    this.#end(this.#name)
  }

  /** `topic-partition@offset` */
  #beginValue(topic: Bytes, partition: number, offset: number): void {
    const value = this.#value
    value.at = 0
    value.add(topic)
    value.byte(DASH)
    writeWhole(value, partition, 1)
    value.byte(AT)
    writeWhole(value, offset, 1)
  }

  #end(name: Bytes): void {
    const section = this.#section
    const { buffer, at } = this.#value
    section.count(name.length)
    section.add(name)
    section.count(at)
    section.copy(buffer, 0, at)
  }

  /** How many of the record's own headers stay. */
  #ownLeft({ buffer, headerStarts, headerEnds }: RecordColumns, i: number): number {
    const own = this.#own
    let left = 0
    own.open(buffer, headerStarts[i], headerEnds[i])
    while (own.next()) if (this.#isLeft(own)) left++
    return left
  }

  #copyOwn({ buffer, headerStarts, headerEnds }: RecordColumns, i: number): void {
    const own = this.#own
    own.open(buffer, headerStarts[i], headerEnds[i])
    while (own.next()) {
      if (this.#isLeft(own)) this.#section.copy(buffer, own.start, own.end)
    }
  }

  #isLeft(own: HeaderCursor): boolean {
    return !this.#names.has(own) && !this.#stale.has(own)
  }
}

/** The headers of a match that has those of one side: and with them what the other side was made of. */
export class MatchProvenance implements HeaderSection {
  readonly headersStart = 0
  readonly #names: OurNames
  readonly #section = new TextBuffer()
  readonly #whole = new HeaderCursor()
  readonly #other = new HeaderCursor()

  constructor(names: OurNames) {
    this.#names = names
  }

  get buffer(): Bytes {
    return this.#section.buffer
  }

  get headersEnd(): number {
    return this.#section.at
  }

  /** @returns valid until the next call */
  of(whole: HeaderSection, other: HeaderSection): HeaderSection {
    const cursor = this.#other
    let count = 0
    cursor.open(other.buffer, other.headersStart, other.headersEnd)
    while (cursor.next()) if (this.#names.has(cursor)) count++
    if (count === 0) return whole
    const own = this.#whole
    own.open(whole.buffer, whole.headersStart, whole.headersEnd)
    const section = this.#section
    section.at = 0
    section.count(own.left + count)
    section.copy(whole.buffer, own.end, whole.headersEnd)
    cursor.open(other.buffer, other.headersStart, other.headersEnd)
    while (cursor.next()) {
      if (this.#names.has(cursor)) section.copy(other.buffer, cursor.start, cursor.end)
    }
    return this
  }
}
