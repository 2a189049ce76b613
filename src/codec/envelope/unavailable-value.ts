import type { Bytes } from '../../bytes.ts'
import type { AvroReader } from '../avro/reader.ts'
import type { AvroType, RecordType } from '../avro/schema.ts'

/**
 * What Debezium writes in place of a large value that was not changed, and so is not in the database's log
 * (`unavailable.value.placeholder`).
 */
const PLACEHOLDER = Buffer.from('__debezium_unavailable_value')
/** Its length in zigzag. */
const LENGTH = 2 * PLACEHOLDER.length

interface TextField {
  readonly name: string
  readonly index: number
  /** See `textBranch`. */
  readonly branch: number
}

/** Finds the placeholder among some fields of a row. */
export class UnavailableValue {
  readonly #row: Pick<AvroReader, 'starts'>
  readonly #fields: readonly TextField[]

  /** @param row walks the rows. @param names of the fields that are looked at */
  constructor(row: Pick<AvroReader, 'starts'>, record: RecordType, names: ReadonlySet<string>) {
    this.#row = row
    this.#fields = record.fields.flatMap(({ name, type }, index) => {
      const branch = names.has(name) ? textBranch(type) : undefined
      return branch === undefined ? [] : [{ name, index, branch }]
    })
  }

  /** The field of the row that was walked last; undefined: all values are there. */
  find(buffer: Bytes): string | undefined {
    const { starts } = this.#row
    for (const { name, index, branch } of this.#fields) {
      if (isUnavailable(buffer, starts[index], starts[index + 1], branch)) return name
    }
    return undefined
  }
}

/** Whether the placeholder is all that there is. @param branch of `textBranch` */
export function isUnavailable(buffer: Bytes, start: number, end: number, branch: number): boolean {
  let at = start
  if (branch >= 0 && buffer[at++] !== branch) return false
  if (buffer[at] !== LENGTH || at + 1 + PLACEHOLDER.length !== end) return false
  let i = 0
  while (i < PLACEHOLDER.length && buffer[at + 1 + i] === PLACEHOLDER[i]) i++
  return i === PLACEHOLDER.length
}

/** The byte of the branch of text or bytes in a union with null, in zigzag; -1: it is in none. undefined: it is neither text nor bytes. */
export function textBranch(type: AvroType): number | undefined {
  if (type.kind === 'string' || type.kind === 'bytes') return -1
  if (type.kind !== 'union' || type.branches.length !== 2) return undefined
  const at = type.branches.findIndex(({ kind }) => kind === 'string' || kind === 'bytes')
  return at >= 0 && type.branches[1 - at].kind === 'null' ? 2 * at : undefined
}
