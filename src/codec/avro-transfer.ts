import type { Bytes } from '../bytes.ts'
import { AvroSink } from './avro-sink.ts'
import { AvroSource } from './avro-walk.ts'

/** One value on its way from the writer's bytes to the reader's. */
export class AvroTransfer {
  readonly source = new AvroSource()
  readonly sink = new AvroSink()
  /** Where in the value the way has ended: `items.price`. */
  path = ''
  /** What the reader's schema has no place for; empty: the bytes are not of the writer's schema. */
  misfit = ''

  /** Begins a value, which is in `buffer[at, end)`. */
  begin(buffer: Bytes, at: number, end: number): void {
    this.source.open(buffer, at, end)
    this.sink.begin()
    this.path = ''
    this.misfit = ''
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
