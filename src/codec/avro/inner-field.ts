import { type Bytes, NO_BYTES } from '../../bytes.ts'
import { typeAt, wayInside } from './field-path.ts'
import { parseRecord } from './parse.ts'
import type { AvroRecordSchema, SelectedField } from './reader.ts'
import { type AvroSource, compileSkip, type Skip } from './walk.ts'

/** A selected field inside of records. */
export class InnerField {
  readonly #way: Skip
  readonly #skip: Skip
  /** What is written where one of these is null. */
  readonly none: Bytes

  constructor(way: Skip, skip: Skip, none: Bytes) {
    this.#way = way
    this.#skip = skip
    this.none = none
  }

  /**
   * Notes where it begins and ends in `runs[at]` and the one behind; -1: a record on the way is null. `source.at` is where
   * the outermost field begins, which has been walked before, so that its bytes are sound.
   */
  note(source: AvroSource, runs: Int32Array, at: number): void {
    if (!this.#way(source)) {
      runs[at] = -1
      runs[at + 1] = -1
      return
    }
    runs[at] = source.at
    this.#skip(source)
    runs[at + 1] = source.at
  }
}

/** null: it is one of the record's own fields. Throws SCHEMA_INVALID where there is no such field. */
export function innerField(
  schema: AvroRecordSchema,
  { source, none = NO_BYTES }: SelectedField,
): InnerField | null {
  const way = wayInside(schema, source)
  return way && new InnerField(way, compileSkip(typeAt(parseRecord(schema), source)), none)
}
