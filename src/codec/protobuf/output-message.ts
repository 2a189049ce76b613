/** What a record of Avro's is as a message, by the table in docs/formats.md: with the numbers that its fields have had. */
import type { EnumType as AvroEnum, AvroType, BranchType, RecordType } from '../avro/schema.ts'
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
import { OutputTypes } from './output-types.ts'
import { type OwnField, OwnTypes } from './own-types.ts'
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
  /** By field of the record: what it is where it comes from, in the same type; null: it is written as the type that it has in Avro. */
  readonly sources: readonly (OwnField | null)[]
  /** Fields and symbols whose number nobody has kept: `Item.price`. */
  readonly invented: readonly string[]
}

/** The oneof of a message that is made for a union. */
const BRANCH = 'branch'

/**
 * @param name of the message; @param space its package. @param kept what numbers were before
 * @param origins by field of the record, the field of an input in Protobuf that it is; null: it is none
 */
export function outputMessage(
  name: string,
  space: string,
  record: RecordType,
  kept: KeptFile,
  origins: readonly (MessageField | null)[],
): OutputMessage {
  const fields = record.fields.map((field) => field.name)
  return new Builder(new OutputTypes(name, space, kept, fields)).build(record, origins)
}

class Builder {
  readonly #types: OutputTypes
  readonly #own: OwnTypes
  readonly #known = new Map<AvroType, ValueForm>()
  readonly #invented: string[] = []

  constructor(types: OutputTypes) {
    this.#types = types
    this.#own = new OwnTypes(types)
  }

  build(record: RecordType, origins: readonly (MessageField | null)[]): OutputMessage {
    const { messages, enums, nullable, kept } = this.#types
    const writers: Write[] = []
    const sources: (OwnField | null)[] = []
    const numbers = new FieldNumbers(kept.message(null))
    const made: MessageField[] = []
    const main = this.#begun(null, made, numbers, writers, record)
    for (const [i, { name, type }] of record.fields.entries()) {
      const own = this.#own.field(name, origins[i] ?? null, type)
      const form = own?.form ?? this.#field(type, camel(name))
      writers.push(
        form === null ? nothing(type) : this.#add(made, numbers, name, form, null, own !== null),
      )
      sources.push(own?.sourceOf(name, made.at(-1)!.number) ?? null)
    }
    this.#note(null, numbers)
    return { main, messages, enums, nullable, writers, sources, invented: this.#invented }
  }

  #message(
    inner: string,
    { fields }: Pick<RecordType, 'fields'>,
    writers: Write[],
    record: AvroType,
  ): Message {
    const numbers = new FieldNumbers(this.#types.kept.message(inner))
    const made: MessageField[] = []
    const message = this.#begun(inner, made, numbers, writers, record)
    for (const { name, type } of fields) {
      const form = this.#field(type, `${inner}${camel(name)}`)
      writers.push(form === null ? nothing(type) : this.#add(made, numbers, name, form, null))
    }
    this.#note(inner, numbers)
    return message
  }

  /**
   * A message that is known before its fields are, which may be of its type.
   * @param inner its name inside of the first message; null: it is that one
   * @param writers of its fields, which are filled in
   * @param record that it stands for
   */
  #begun(
    inner: string | null,
    fields: MessageField[],
    numbers: FieldNumbers,
    writers: Write[],
    record: AvroType,
  ): Message {
    const message = this.#named(inner, fields, numbers)
    this.#known.set(record, { type: message, wire: LEN, write: compileMessage(writers) })
    return message
  }

  #named(inner: string | null, fields: MessageField[], numbers: FieldNumbers): Message {
    return {
      kind: 'message',
      name: this.#types.fullName(inner),
      space: this.#types.space,
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
    { presence, isNullable, value, key, compile }: FieldForm,
    oneof: string | null,
    fits = false,
  ): Write {
    const { type } = value
    const number = numbers.of(name, { type, presence }, fits)
    const field: MessageField = {
      name,
      number,
      type,
      presence,
      isPacked: presence === 'repeated' && value.wire !== LEN,
      key,
      oneof,
      default: undefined,
      decimal: value.decimal ?? null,
      isChecked: true,
    }
    fields.push(field)
    if (isNullable) this.#types.nullable.add(field)
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
        this.#types.take(`${place}Entry`)
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
    return { presence: 'optional', isNullable: nulls.includes(true), value, key: null, compile }
  }

  /** A message with a field for each branch. @returns what each branch writes into it; null: nothing */
  #union(
    branches: readonly BranchType[],
    place: string,
  ): { value: ValueForm; writers: (Write | null)[] } {
    const inner = this.#types.nameFor([`${place}Value`])
    const numbers = new FieldNumbers(this.#types.kept.message(inner))
    const fields: MessageField[] = []
    const message = this.#named(inner, fields, numbers)
    const writers = branches.map((branch) => {
      if (branch.kind === 'null') return null
      const value = this.#value(branch, `${place}${camel(branch.kind)}`)
      const name = free(branchName(branch), (one) => fields.some((field) => field.name === one))
      return this.#add(fields, numbers, name, presentForm(value), BRANCH)
    })
    this.#note(inner, numbers)
    this.#types.messages.push(message)
    const value = { type: message, wire: LEN, write: compileMessage([chosen(writers)]) }
    return { value, writers }
  }

  /** What a field, an element or a branch is of: in a message of its own, where Protobuf has no such type. */
  #value(type: AvroType, place: string): ValueForm {
    const known = this.#known.get(type)
    if (known !== undefined) return known
    switch (type.kind) {
      case 'record':
        return this.#inside(this.#types.typeName(type.name.full), type, type)
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
    return this.#inside(this.#types.nameFor([`${place}Value`]), { fields: [field] }, { ...type })
  }

  #inside(inner: string, of: Pick<RecordType, 'fields'>, type: AvroType): ValueForm {
    this.#types.messages.push(this.#message(inner, of, [], type))
    return this.#known.get(type)!
  }

  #enum(type: AvroEnum): ValueForm {
    const inner = this.#types.typeName(type.name.full)
    const kept = this.#types.kept.enum(inner)?.symbols ?? new Map<number, string>()
    const prefix = `${snake(inner).toUpperCase()}_`
    const { names, numbers, invented } = symbolNumbers(
      type.symbols,
      kept,
      (symbol) => [word(symbol), `${prefix}${word(symbol)}`],
      (possible) => this.#types.nameFor(possible),
    )
    this.#invented.push(...invented.map((symbol) => `${inner}.${symbol}`))
    const name = this.#types.fullName(inner)
    const made: EnumType = { kind: 'enum', name, symbols: names, isClosed: false }
    this.#types.enums.push(made)
    const form = enumForm(made, type, numbers)
    this.#known.set(type, form)
    return form
  }
}
