/** What a record of Avro's is as a message, by the table in docs/formats.md: with the numbers that its fields have had. */
import {
  type EnumType as AvroEnum,
  type AvroType,
  type BranchType,
  type RecordType,
  unqualified,
} from '../avro/schema.ts'
import {
  branchForm,
  type FieldForm,
  listForm,
  mapForm,
  nothing,
  presentForm,
  singleForm,
} from './field-forms.ts'
import { always, chosen, compileMessage } from './field-writers.ts'
import { FieldNumbers, type KeptFile } from './kept-numbers.ts'
import type { EnumType, Message, MessageField } from './message.ts'
import { branchName, camel, free, snake, VALUE, word } from './names.ts'
import { symbolNumbers } from './symbol-numbers.ts'
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

/** The oneof of a message that is made for a union. */
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
    return {
      kind: 'message',
      name: this.#fullName(inner),
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
      case 'array':
        return listForm(this.#value(type.items, `${place}Item`))
      case 'map':
        this.#names.add(`${place}Entry`)
        return mapForm(this.#value(type.values, `${place}Item`))
      default:
        return singleForm(this.#value(type, place))
    }
  }

  #unionField(branches: readonly BranchType[], place: string): FieldForm | null {
    const others = branches.filter(({ kind }) => kind !== 'null')
    if (others.length === 0) return null
    const nulls = branches.map(({ kind }) => kind === 'null')
    if (others.length === 1) return branchForm(this.#field(others[0], place)!, nulls)
    const { value, writers } = this.#union(branches, place)
    const compile = (number: number): Write =>
      chosen(
        writers.map(
          (write) => write && always(number, { ...value, write: compileMessage([write]) }),
        ),
      )
    return { presence: 'optional', isNullable: nulls.includes(true), value, compile }
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
      return this.#add(fields, numbers, name, presentForm(value), BRANCH)
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
    const { names, numbers, invented } = symbolNumbers(
      type.symbols,
      kept,
      (symbol) => [word(symbol), `${prefix}${word(symbol)}`],
      (possible) => this.#nameFor(possible),
    )
    this.#invented.push(...invented.map((symbol) => `${inner}.${symbol}`))
    const name = this.#fullName(inner)
    const made: EnumType = { kind: 'enum', name, symbols: names, isClosed: false }
    this.#enums.push(made)
    const form = enumForm(made, type, numbers)
    this.#known.set(type, form)
    return form
  }

  /** @param inner null: of the first message itself */
  #fullName(inner: string | null): string {
    const outer = this.#space === '' ? this.#name : `${this.#space}.${this.#name}`
    return inner === null ? outer : `${outer}.${inner}`
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
