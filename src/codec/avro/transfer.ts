import type { Bytes } from '../../bytes.ts'
import { AvroSink } from './sink.ts'
import { AvroSource } from './walk.ts'

/** So many levels of a value may be wholly in fields of another order than the reader's. */
const MOST_LEVELS = 8
const AHEAD_BYTES = 4 * 1024 * 1024
const TOO_DEEP = 'is nested too deep to be read, as its fields come in another order'

/** One value on its way from the writer's bytes to the reader's. */
export class AvroTransfer {
  readonly source = new AvroSource()
  readonly sink = new AvroSink()
  /** Where in the value the way has ended: `items.price`. */
  path = ''
  /** What the reader's schema has no place for; empty: the bytes are not of the writer's schema. */
  misfit = ''
  /** What is wrong with the bytes, as a sentence; empty: no more is known of it than the path. */
  fault = ''
  /** Bytes that may still be walked ahead of their turn. */
  #ahead = 0

  /** Begins a value, which is in `buffer[at, end)`. */
  begin(buffer: Bytes, at: number, end: number): void {
    this.source.open(buffer, at, end)
    this.sink.begin()
    this.path = ''
    this.misfit = ''
    this.fault = ''
    this.#ahead = AHEAD_BYTES + MOST_LEVELS * (end - at)
  }

  /**
   * False: too much was walked for fields in another order. Each level of such records walks all that is in it
   * once more, so that a small value, nested deep, would take seconds.
   */
  mayWalk(bytes: number): boolean {
    this.#ahead -= bytes
    return this.#ahead >= 0 || this.refuse('', TOO_DEEP)
  }

  /** False, as what is done with the value next. */
  refuse(path: string, misfit: string): false {
    this.path = path
    this.misfit = misfit
    return false
  }

  /** The field in which the way has ended; the outer ones follow. */
  endedIn(field: string): false {
    this.path = joined(field, this.path)
    return false
  }
}

/** Writes a value of the writer's type as one of the reader's; false where that is not possible. */
export type Transcode = (transfer: AvroTransfer) => boolean

export const joined = (field: string, path: string): string =>
  path === '' ? field : `${field}.${path}`

/** No value of the writer's type is one of the reader's. */
export class Incompatible extends Error {
  /** `items.price`; empty: the type itself. */
  readonly path: string
  /** Goes on behind the field's name. */
  readonly misfit: string

  constructor(path: string, misfit: string) {
    super(path === '' ? `it ${misfit}` : `the field ${path} ${misfit}`)
    this.path = path
    this.misfit = misfit
  }
}

/** What an `Incompatible` is for a single value: where others of the type may still be read. */
export const refusing =
  ({ path, misfit }: Incompatible): Transcode =>
  (transfer) =>
    transfer.refuse(path, misfit)
