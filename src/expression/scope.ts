import type { RecordType } from '../codec/avro/schema.ts'
import { didYouMean } from '../config/suggest.ts'
import type { Scope } from './check.ts'
import { compileField } from './field.ts'
import type { Part } from './part.ts'
import { fieldNames, hasMicros, kindOf, mayBeNull, type Type, withoutNull } from './types.ts'

const TOO_FAR = 'the time is beyond what 64 bits of microseconds hold'

/** What a derived field stands for; undefined: there is a fault in it. A text: why it may not be named here. */
type Derived = () => Part | string | undefined

/** The fields of a record, and those that are derived of them. */
export class RecordScope implements Scope {
  readonly names: readonly string[]
  readonly #record: RecordType
  readonly #derived: ReadonlyMap<string, Derived>
  /** The record's fields that were asked for. */
  readonly used: Set<string>

  constructor(
    record: RecordType,
    derived: ReadonlyMap<string, Derived>,
    used: Set<string> = new Set(),
  ) {
    this.names = [...fieldNames(record), ...derived.keys()]
    this.#record = record
    this.#derived = derived
    this.used = used
  }

  part(path: readonly string[], at: number): Part | string | undefined {
    const [name, inner] = path
    const derived = this.#derived.get(name)
    if (derived !== undefined) {
      return inner === undefined ? derived() : `${name} is derived, and has no field ${inner}`
    }
    this.used.add(name)
    return this.#field(path, at)
  }

  #field(path: readonly string[], at: number): Part | string {
    let record = this.#record
    let isNullable = false
    for (const [i, name] of path.entries()) {
      const field = record.fields.find((one) => one.name === name)
      const known = i === 0 ? this.names : fieldNames(record)
      const whole = path.slice(0, i + 1).join('.')
      if (field === undefined) {
        return `there is no field ${whole}${didYouMean(name, known)} (fields: ${known.join(', ')})`
      }
      isNullable ||= mayBeNull(field.type)
      const type = withoutNull(field.type)
      if (type === undefined) {
        return `${whole} is a union of several types; expressions read one type, or one and null`
      }
      if (i + 1 < path.length) {
        if (type.kind !== 'record') return `${whole} is no record, and has no field ${path[i + 1]}`
        record = type
        continue
      }
      const kind = kindOf(type)
      if (typeof kind === 'object') return `${whole} cannot be read: ${kind.unread}`
      const scale = 'logical' in type ? (type.logical?.scale ?? 0) : 0
      return this.#read(path, at, { kind, nullable: isNullable, micros: hasMicros(type), scale })
    }
    throw new Error('A path has a name')
  }

  #read(path: readonly string[], at: number, type: Type): Part {
    const record = this.#record
    return {
      type,
      at,
      size: 1,
      compile: ({ index, ints, sentence }) =>
        compileField({ record, path }, index, ints, sentence(at, TOO_FAR)),
    }
  }
}
