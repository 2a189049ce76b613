import { type Bytes, NO_BYTES } from '../../bytes.ts'
import { AvroSink } from '../avro/sink.ts'
import { TextBuffer } from '../text-buffer.ts'

/** What has ended the way. */
export const NONE = 0
/** The bytes are no JSON. */
export const SYNTAX = 1
/** A value is of another type than the one that is read. */
export const MISFIT = 2
/** A field is not there that has to be. */
export const MISSING = 3
export const TOO_DEEP = 4
/** Too much of it would have to be gone over again. */
export const TOO_MUCH = 5

/** How deep objects and lists may lie in one another: far from where the stack ends, of which a union's branches take most. */
export const DEEPEST_JSON = 250

/** So many levels of a value may be wholly in another order, or be tried as so many branches of a union. */
const MOST_LEVELS = 8
const AGAIN_BYTES = 4 * 1024 * 1024

/** One JSON value on its way to Avro's bytes: where the way is, and what has ended it. */
export class JsonTransfer {
  buffer: Bytes = NO_BYTES
  at = 0
  end = 0
  /** How many objects and lists the place is in. */
  depth = 0
  readonly sink = new AvroSink()
  /** The text that was read last, without its escapes: `text[textStart, textEnd)`. */
  text: Bytes = NO_BYTES
  textStart = 0
  textEnd = 0
  readonly unescaped = new TextBuffer()
  /** Objects may have no members that the schema does not know: branches of a union are tried so first. */
  isStrict = false
  fault = NONE
  /** Of a syntax error: where it is. Of a misfit: where the value is. */
  faultAt = 0
  /** What is wanted there. */
  wanted = ''
  /** In which field: `items[2].price`. */
  path = ''
  /**
   * Of the records that the place is in, the outer ones first, of each field where its bytes begin and end in the sink, as
   * bytes behind the value's first.
   */
  marks = new Int32Array(256)
  #marked = 0
  #again = 0

  /** Begins a value, whose text is in `buffer[at, end)`. */
  begin(buffer: Bytes, at: number, end: number): void {
    this.buffer = buffer
    this.at = at
    this.end = end
    this.depth = 0
    this.isStrict = false
    this.fault = NONE
    this.path = ''
    this.sink.begin()
    this.#marked = 0
    this.#again = AGAIN_BYTES + MOST_LEVELS * (end - at)
  }

  /** Steps into an object or a list; false: it is nested too deep. */
  enter(): boolean {
    if (++this.depth <= DEEPEST_JSON) return true
    this.fault = TOO_DEEP
    return false
  }

  /** Room for the marks of a record's fields, none of which is set: -1. @returns where they begin */
  mark(fields: number): number {
    const base = this.#marked
    const top = base + 2 * fields
    if (top > this.marks.length) {
      const grown = new Int32Array(2 * top)
      grown.set(this.marks)
      this.marks = grown
    }
    this.#marked = top
    const { marks } = this
    for (let i = base; i < top; i++) marks[i] = -1
    return base
  }

  /** Those of the record are done with. @param base where they begin */
  unmark(base: number): void {
    this.#marked = base
  }

  /** How far marks go. */
  get marked(): number {
    return this.#marked
  }

  /** False: so much may not be gone over again. A small value, nested deep, would take seconds. */
  mayRepeat(bytes: number): boolean {
    this.#again -= bytes
    if (this.#again >= 0) return true
    this.fault = TOO_MUCH
    return false
  }

  /** False: there is no JSON at `at`. @param wanted what would be */
  expect(at: number, wanted: string): false {
    this.fault = SYNTAX
    this.faultAt = at
    this.wanted = wanted
    return false
  }

  /** False: the value at `at` is of another type. */
  refuse(at: number, wanted: string): false {
    this.fault = MISFIT
    this.faultAt = at
    this.wanted = wanted
    return false
  }

  /** False: the record has no such field. */
  miss(field: string): false {
    this.fault = MISSING
    this.path = field
    return false
  }

  /** The field in which the way has ended; the outer ones follow. */
  endedIn(field: string): false {
    const { path } = this
    this.path = path === '' || path[0] === '[' ? field + path : `${field}.${path}`
    return false
  }

  /** The list's item in which the way has ended. */
  endedAt(index: number): false {
    const { path } = this
    this.path = path === '' || path[0] === '[' ? `[${index}]${path}` : `[${index}].${path}`
    return false
  }
}

/**
 * Writes the JSON value at `at` as one of an Avro type, and moves `at` behind it; false where that is not possible. There is a
 * byte at `at`, and it is no space.
 */
export type ReadJson = (transfer: JsonTransfer) => boolean
