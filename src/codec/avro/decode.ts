import { ALL_MEMBERS, MEMBERS, undeclaredOf } from '../json/undeclared.ts'
import type { Logical } from './logical.ts'
import { readBigInt } from './long.ts'
import type { AvroType, RecordType, UnionType } from './schema.ts'
import { parseWithDigits } from './schema-json.ts'
import { type AvroSource, compileSkip, readCount, readInt, type Skip } from './walk.ts'

/** How values look that JSON does not have. */
export interface JsonForm {
  bytes(bytes: Buffer): unknown
  /** Of an int or a long; a bigint where a number does not hold it. */
  integer(value: number | bigint, logical: Logical | null): unknown
  /** Whether the branch of a union is named: `{ string: "text" }`. */
  namesBranch(type: UnionType): boolean
}

/** Whole values as objects, for people. Not for the hot path. */
export class AvroDecoder {
  readonly #type: AvroType
  readonly #form: JsonForm
  readonly #skip: Skip

  constructor(type: AvroType, form: JsonForm) {
    this.#type = type
    this.#form = form
    this.#skip = compileSkip(type)
  }

  /** Moves `source.at` behind the value. Throws where the bytes are no value of the type. */
  decode(source: AvroSource): unknown {
    const { at } = source
    if (!this.#skip(source)) throw new Error('The bytes are not what the schema says')
    source.at = at
    return this.#value(this.#type, source)
  }

  #value(type: AvroType, source: AvroSource): unknown {
    switch (type.kind) {
      case 'record':
        return this.#record(type, source)
      case 'union': {
        const branch = type.branches[readInt(source)]
        const value = this.#value(branch, source)
        const isNamed = branch.kind !== 'null' && this.#form.namesBranch(type)
        return isNamed ? { [branchName(branch)]: value } : value
      }
      case 'array':
        return [...this.#items(source, () => this.#value(type.items, source))]
      case 'map': {
        const entry = () => [textOf(bytesIn(source)), this.#value(type.values, source)] as const
        return Object.fromEntries(this.#items(source, entry))
      }
      case 'enum':
        return type.symbols[readInt(source)]
      case 'fixed':
        return this.#form.bytes(bytesOf(source, type.size))
      case 'int':
      case 'long': {
        const long = readBigInt(source)
        const number = Number(long)
        return this.#form.integer(Number.isSafeInteger(number) ? number : long, type.logical)
      }
      case 'bytes':
        return this.#form.bytes(bytesIn(source))
      case 'string': {
        const text = textOf(bytesIn(source))
        const undeclared = undeclaredOf(type)
        if (undeclared === undefined) return text
        return parseWithDigits(undeclared === MEMBERS ? `{${text}}` : text)
      }
      default:
        return SCALARS[type.kind](source)
    }
  }

  #record(type: RecordType, source: AvroSource): Record<string, unknown> {
    const fields = type.fields.map(
      (field) => [field.name, this.#value(field.type, source)] as const,
    )
    return Object.fromEntries(
      fields.flatMap(([name, value]) =>
        name === ALL_MEMBERS ? Object.entries(value ?? {}) : [[name, value]],
      ),
    )
  }

  *#items<T>(source: AvroSource, item: () => T): Generator<T> {
    for (let left = readCount(source); left > 0; left = readCount(source)) {
      for (; left > 0; left--) yield item()
    }
  }
}

/** As Avro's JSON encoding names a union's branch. */
export const branchName = (type: AvroType): string => ('name' in type ? type.name.full : type.kind)

function bytesOf(source: AvroSource, length: number): Buffer {
  const { at, buffer } = source
  source.at = at + length
  return buffer.subarray(at, source.at)
}

const bytesIn = (source: AvroSource): Buffer => bytesOf(source, readInt(source))

const textOf = (bytes: Buffer): string => bytes.toString('utf8')

const SCALARS = {
  null: () => null,
  boolean: (source: AvroSource) => source.buffer[source.at++] === 1,
  float: (source: AvroSource) => bytesOf(source, 4).readFloatLE(),
  double: (source: AvroSource) => bytesOf(source, 8).readDoubleLE(),
}
