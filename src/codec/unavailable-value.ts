import type { Bytes } from '../bytes.ts'
import type { AvroReader } from './avro-reader.ts'
import type { AvroType, RecordType } from './avro-schema.ts'

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
  /** The byte of its branch in a union with null, in zigzag; -1: it is in none. */
  readonly branch: number
}

/** Finds the placeholder among the fields of a row that are of use. */
export class UnavailableValue {
  readonly #row: AvroReader
  readonly #fields: readonly TextField[]

  /** @param row walks the rows. @param names of the fields that are read of them */
  constructor(row: AvroReader, record: RecordType, names: ReadonlySet<string>) {
    this.#row = row
    this.#fields = record.fields.flatMap(({ name, type }, index) => {
      const branch = names.has(name) ? branchOf(type) : undefined
      return branch === undefined ? [] : [{ name, index, branch }]
    })
  }

  /** The field of the row that was walked last; undefined: all values are there. */
  find(buffer: Bytes): string | undefined {
    const { starts } = this.#row
    for (const { name, index, branch } of this.#fields) {
      let at = starts[index]
      if (branch >= 0 && buffer[at++] !== branch) continue
      if (buffer[at] !== LENGTH || at + 1 + PLACEHOLDER.length !== starts[index + 1]) continue
      let i = 0
      while (i < PLACEHOLDER.length && buffer[at + 1 + i] === PLACEHOLDER[i]) i++
      if (i === PLACEHOLDER.length) return name
    }
    return undefined
  }
}

/** undefined: it is neither text nor bytes. */
function branchOf(type: AvroType): number | undefined {
  if (type.kind === 'string' || type.kind === 'bytes') return -1
  if (type.kind !== 'union' || type.branches.length !== 2) return undefined
  const at = type.branches.findIndex(({ kind }) => kind === 'string' || kind === 'bytes')
  return at >= 0 && type.branches[1 - at].kind === 'null' ? 2 * at : undefined
}
