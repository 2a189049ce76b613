/** What a record of Avro's is as a message, by the table in docs/formats.md: with the numbers that its fields have had. */
import {
  type EnumType as AvroEnum,
  type AvroType,
  type BranchType,
  type RecordType,
  unqualified,
} from '../avro-schema.ts'
import { readInt } from '../avro-walk.ts'
import {
  always,
  chosen,
  compileList,
  compileMap,
  compileMessage,
  unlessDefault,
} from './field-writers.ts'
import { FieldNumbers, type KeptFile } from './kept-numbers.ts'
import type { EnumType, Message, MessageField } from './message.ts'
import { camel, free, snake, word } from './names.ts'
import { enumForm, fixedForm, primitiveForm, type ValueForm, type Write } from './value-forms.ts'
import { LEN } from './wire.ts'

export interface OutputMessage {
  /** Of the record. What else there is, is inside of it. */
  readonly main: Message
  /** The types of its fields, and of theirs. */
  readonly messages: readonly Message[]
  readonly enums: readonly EnumType[]
  /** Messages that are null at times, where a field is of one: what the file says, for who reads it. */
  readonly nullable: ReadonlySet<MessageField>
  /** Writes the fields of the record, in their order. */
  readonly writers: readonly Write[]
  /** Fields and symbols whose number nobody has kept: `Item.price`. */
  readonly invented: readonly string[]
}

/** What a field is, before it has its number. */
interface FieldForm {
  readonly presence: MessageField['presence']
  readonly isNullable: boolean
  readonly value: ValueForm
  readonly compile: (number: number) => Write
}

/** The name of the field of a message that is made for a single value. */
const VALUE = 'value'
/** And of the oneof of one that is made for a union. */
const BRANCH = 'branch'

/** @param name of the message; @param space its package. @param kept what numbers were before */
export function outputMessage(
  name: string,
  space: string,
  record: RecordType,
  kept: KeptFile,
): OutputMessage {
  return new Builder(name, space, kept).build(record)
}

class Builder {
  readonly #name: string
  readonly #space: string
  readonly #kept: KeptFile
  /** Names of what is inside of the message, where symbols of enums stand, too. */
  readonly #names: Set<string>
  /** Names that are kept for an enum's symbols. */
  readonly #symbols: ReadonlySet<string>
  readonly #messages: Message[] = []
  readonly #enums: EnumType[] = []
  readonly #nullable = new Set<MessageField>()
  readonly #known = new Map<AvroType, ValueForm>()
  readonly #invented: string[] = []

  constructor(name: string, space: string, kept: KeptFile) {
    this.#name = name
    this.#space = space
    this.#kept = kept
    this.#names = new Set([name])
    this.#symbols = kept.symbols
  }

  build(record: RecordType): OutputMessage {
    for (const { name } of record.fields) this.#names.add(name)
    const writers: Write[] = []
    const main = this.#message(null, record, writers, record)
    const [messages, enums, nullable] = [this.#messages, this.#enums, this.#nullable]
    return { main, messages, enums, nullable, writers, invented: this.#invented }
  }

  /**
   * @param inner its name inside of the first message; null: it is that one
   * @param writers of its fields, which are filled in
   * @param record that it stands for
   */
  #message(
    inner: string | null,
    { fields }: Pick<RecordType, 'fields'>,
    writers: Write[],
    record: AvroType,
  ): Message {
    const numbers = new FieldNumbers(this.#kept.message(inner))
    const made: MessageField[] = []
    const message = this.#named(inner, made, numbers)
    // Known before its fields are, which may be of its type.
    this.#known.set(record, { type: message, wire: LEN, write: compileMessage(writers) })
    for (const { name, type } of fields) {
      const form = this.#field(type, `${inner ?? ''}${camel(name)}`)
      writers.push(form === null ? nothing(type) : this.#add(made, numbers, name, form, null))
    }
    this.#note(inner, numbers)
    return message
  }

  #named(inner: string | null, fields: MessageField[], numbers: FieldNumbers): Message {
    const outer = this.#space === '' ? this.#name : `${this.#space}.${this.#name}`
    return {
      kind: 'message',
      name: inner === null ? outer : `${outer}.${inner}`,
      space: this.#space,
      fields,
      get reserved() {
        return numbers.reserved
      },
      get reservedNames() {
        return numbers.reservedNames
      },
    }
  }

  #note(inner: string | null, { invented }: FieldNumbers): void {
    const of = inner === null ? '' : `${inner}.`
    this.#invented.push(...invented.map((field) => `${of}${field}`))
  }

  #add(
    fields: MessageField[],
    numbers: FieldNumbers,
    name: string,
    { presence, isNullable, value, compile }: FieldForm,
    oneof: string | null,
  ): Write {
    const { type } = value
    const number = numbers.of(name, { type, presence })
    const field: MessageField = {
      name,
      number,
      type,
      presence,
      isPacked: presence === 'repeated' && value.wire !== LEN,
      key: presence === 'map' ? 'string' : null,
      oneof,
      default: undefined,
      decimal: value.decimal ?? null,
      isChecked: true,
    }
    fields.push(field)
    if (isNullable) this.#nullable.add(field)
    const write = compile(number)
    return (source, out) => write(source, out) || out.endedIn(name)
  }

  /** null: of it there is nothing in the bytes. @param place names what has to be made for it */
  #field(type: AvroType, place: string): FieldForm | null {
    switch (type.kind) {
      case 'union':
        return this.#unionField(type.branches, place)
      case 'null':
        return null
      case 'array': {
        const value = this.#value(type.items, `${place}Item`)
        const compile = (number: number): Write => compileList(number, value)
        return { presence: 'repeated', isNullable: false, value, compile }
      }
      case 'map': {
        this.#names.add(`${place}Entry`)
        const value = this.#value(type.values, `${place}Item`)
        const compile = (number: number): Write => compileMap(number, value)
        return { presence: 'map', isNullable: false, value, compile }
      }
      default: {
        const value = this.#value(type, place)
        const compile = (number: number): Write => unlessDefault(number, value)
        return { presence: presenceOf(value), isNullable: false, value, compile }
      }
    }
  }

  #unionField(branches: readonly BranchType[], place: string): FieldForm | null {
    const others = branches.filter(({ kind }) => kind !== 'null')
    if (others.length === 0) return null
    const isNullable = others.length < branches.length
    if (others.length > 1) {
      const { value, writers } = this.#union(branches, place)
      const compile = (number: number): Write =>
        chosen(
          writers.map(
            (write) => write && always(number, { ...value, write: compileMessage([write]) }),
          ),
        )
      return { presence: 'optional', isNullable, value, compile }
    }
    const form = this.#field(others[0], place)!
    const isSingle = form.presence !== 'repeated' && form.presence !== 'map'
    const compile = (number: number): Write => {
      const write = isSingle && isNullable ? always(number, form.value) : form.compile(number)
      // Of a list or a map that is null there is nothing, as of one without elements.
      return chosen(branches.map(({ kind }) => (kind === 'null' ? null : write)))
    }
    if (!isSingle || !isNullable) return { ...form, compile }
    return { ...form, presence: 'optional', isNullable, compile }
  }

  /** A message with a field for each branch. @returns what each branch writes into it; null: nothing */
  #union(
    branches: readonly BranchType[],
    place: string,
  ): { value: ValueForm; writers: (Write | null)[] } {
    const inner = this.#nameFor([`${place}Value`])
    const numbers = new FieldNumbers(this.#kept.message(inner))
    const fields: MessageField[] = []
    const message = this.#named(inner, fields, numbers)
    const writers = branches.map((branch) => {
      if (branch.kind === 'null') return null
      const value = this.#value(branch, `${place}${camel(branch.kind)}`)
      const name = free(branchName(branch), (one) => fields.some((field) => field.name === one))
      const compile = (number: number): Write => always(number, value)
      const form = { presence: 'optional', isNullable: false, value, compile } as const
      return this.#add(fields, numbers, name, form, BRANCH)
    })
    this.#note(inner, numbers)
    this.#messages.push(message)
    const value = { type: message, wire: LEN, write: compileMessage([chosen(writers)]) }
    return { value, writers }
  }

  /** What a field, an element or a branch is of: in a message of its own, where Protobuf has no such type. */
  #value(type: AvroType, place: string): ValueForm {
    const known = this.#known.get(type)
    if (known !== undefined) return known
    switch (type.kind) {
      case 'record':
        return this.#inside(this.#typeName(type.name.full), type, type)
      case 'enum':
        return this.#enum(type)
      case 'fixed':
        return fixedForm(type)
      case 'union':
        if (type.branches.filter(({ kind }) => kind !== 'null').length > 1)
          return this.#union(type.branches, place).value
        return this.#wrapped(type, place)
      case 'array':
      case 'map':
      case 'null':
        return this.#wrapped(type, place)
      default:
        return primitiveForm(type)
    }
  }

  #wrapped(type: AvroType, place: string): ValueForm {
    const field = { name: VALUE, type, aliases: [], default: undefined }
    // Each place has its own.
    return this.#inside(this.#nameFor([`${place}Value`]), { fields: [field] }, { ...type })
  }

  #inside(inner: string, of: Pick<RecordType, 'fields'>, type: AvroType): ValueForm {
    this.#messages.push(this.#message(inner, of, [], type))
    return this.#known.get(type)!
  }

  #enum(type: AvroEnum): ValueForm {
    const inner = this.#typeName(type.name.full)
    const kept = this.#kept.enum(inner)?.symbols ?? new Map<number, string>()
    const prefix = `${snake(inner).toUpperCase()}_`
    const numbers = new Map<string, number>()
    // What is gone stays, for who reads earlier values; and 0 has to be there.
    const symbols = new Map(kept)
    let next = Math.max(-1, ...kept.keys()) + 1
    for (const symbol of type.symbols) {
      const names = [word(symbol), `${prefix}${word(symbol)}`]
      const before = [...kept].find(([, one]) => names.includes(one))
      const number = before?.[0] ?? next++
      numbers.set(symbol, number)
      if (before !== undefined) continue
      this.#invented.push(`${inner}.${symbol}`)
      symbols.set(number, this.#nameFor(names))
    }
    const name = `${this.#space === '' ? '' : `${this.#space}.`}${this.#name}.${inner}`
    const made: EnumType = { kind: 'enum', name, symbols, isClosed: false }
    this.#enums.push(made)
    const form = enumForm(made, type, numbers)
    this.#known.set(type, form)
    return form
  }

  /** Without its namespace, where that is free. */
  #typeName(full: string): string {
    return this.#nameFor([word(unqualified(full)), word(full)])
  }

  /** The first of them that is free inside of the message. */
  #nameFor(names: readonly string[]): string {
    const isTaken = (name: string): boolean => this.#names.has(name) || this.#symbols.has(name)
    const name = names.find((one) => !isTaken(one)) ?? free(names.at(-1)!, isTaken)
    this.#names.add(name)
    return name
  }
}

const presenceOf = ({ type }: ValueForm): MessageField['presence'] =>
  typeof type !== 'string' && type.kind === 'message' ? 'optional' : 'implicit'

/** A type of which there are no bytes: but for a union's branch. */
const nothing = ({ kind }: AvroType): Write =>
  kind === 'union' ? (source) => readInt(source) === 0 : () => true

/** `string_value`, `Item_value`. */
const branchName = (branch: BranchType): string =>
  `${'name' in branch ? word(unqualified(branch.name.full)) : branch.kind}_${VALUE}`
