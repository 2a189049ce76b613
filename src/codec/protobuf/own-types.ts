/** Types of a source in Protobuf as an output's: the same numbers, inside of the output's message. */
import { type AvroType, type UnionType, unqualified } from '../avro/schema.ts'
import { branchForm, type FieldForm, listForm, presentForm, singleForm } from './field-forms.ts'
import { compileMessage } from './field-writers.ts'
import {
  type EnumType,
  type FieldType,
  fieldTypeText,
  localName,
  type Message,
  type MessageField,
  type NumberRange,
} from './message.ts'
import { camel, snake, word } from './names.ts'
import type { OutputTypes } from './output-types.ts'
import { fitsEnum, fitsField, fitsMessage } from './own-fit.ts'
import { compileOwnMap, knownForm, ownEnumForm, scalarForm, wrapperForm } from './own-values.ts'
import type { ValueForm, Write } from './value-forms.ts'
import { isNullable as hasNull } from './view.ts'
import { filesOf, wellKnown, wrapped } from './well-known.ts'
import { LEN } from './wire.ts'

/** A field whose values come from Protobuf in the type that they have in the output. */
export interface OwnField {
  readonly number: number
  /** Writes the value as the source's field is read. */
  readonly write: Write
}

interface Own {
  readonly form: FieldForm
  readonly sourceOf: (name: string, number: number) => OwnField
}

const nullsOf = ({ branches }: UnionType): boolean[] => branches.map(({ kind }) => kind === 'null')

/** How a value is written as the source's field is read. @param isNullable whether it may be null in the output */
function sourceForm(source: MessageField, form: FieldForm, isNullable: boolean): FieldForm {
  if (form.presence === 'repeated' || form.presence === 'map') return form
  if (hasNull(source)) return branchForm(form, [true, false])
  return isNullable ? presentForm(form.value) : form
}

export class OwnTypes {
  readonly #types: OutputTypes
  /** By what they are: two topics may have the same type, each from its file. */
  readonly #known = new Map<string, ValueForm>()

  constructor(types: OutputTypes) {
    this.#types = types
  }

  /**
   * What a field of the output is; null: the file has it otherwise, or an output cannot have it so.
   * @param origin in the input; null: it is of none in Protobuf. @param type in Avro, where it may be null that is not in the input
   */
  field(name: string, origin: MessageField | null, type: AvroType): Own | null {
    const { kept } = this.#types
    const before = kept.main?.fields.find((one) => one.name === name)
    if (origin === null || !canBe(origin.type)) return null
    if (before !== undefined && !fitsField(before, origin)) return null
    const single = this.#form(origin)
    if (single.presence === 'map') this.#types.take(`${camel(name)}Entry`)
    const form = type.kind === 'union' ? branchForm(single, nullsOf(type)) : single
    return {
      form,
      sourceOf(own, number) {
        const write = sourceForm(origin, single, form.isNullable).compile(number)
        return { number, write: (source, out) => write(source, out) || out.endedIn(own) }
      },
    }
  }

  #form(field: MessageField): FieldForm {
    const value = this.#value(field)
    const { presence, key } = field
    if (presence === 'repeated') return listForm(value)
    if (presence !== 'map') return singleForm(value)
    const compile = (number: number): Write => compileOwnMap(number, key!, value)
    return { presence, isNullable: false, value, key, compile }
  }

  #value(field: MessageField): ValueForm {
    const { type } = field
    if (typeof type === 'string') return scalarForm(type)
    if (type.kind === 'enum') {
      const isShared = filesOf(type).length > 0
      return isShared ? ownEnumForm(type, type) : this.#once(type, () => this.#enum(type))
    }
    const kind = wellKnown(type, field)
    if (kind === 'wrapper') return wrapperForm(type, wrapped(type))
    return kind === null ? this.#once(type, () => this.#message(type)) : knownForm(kind, field)
  }

  #once(type: EnumType | Message, make: () => ValueForm): ValueForm {
    const text = textOf(type)
    const known = this.#known.get(text)
    if (known !== undefined) return known
    const made = make()
    this.#known.set(text, made)
    return made
  }

  #message(type: Message): ValueForm {
    const writers: Write[] = []
    const isShared = filesOf(type).length > 0
    const fields: MessageField[] = []
    const made = isShared ? type : this.#own(type, fields)
    const form = { type: made, wire: LEN, write: compileMessage(writers) }
    // Known before its fields are, which may be of its type.
    this.#known.set(textOf(type), form)
    for (const field of type.fields) {
      const { form: of, write } = this.#inner(field)
      writers.push(write)
      if (isShared) continue
      const { presence, value } = of
      const isPacked = presence === 'repeated' && value.wire !== LEN
      const { type: inner } = value
      const one = { ...field, type: inner, presence, isPacked, default: undefined, isChecked: true }
      fields.push(one)
      if (of.isNullable) this.#types.nullable.add(one)
    }
    if (!isShared) this.#types.messages.push(made)
    return form
  }

  #inner(field: MessageField): { form: FieldForm; write: Write } {
    const single = this.#form(field)
    const form = hasNull(field) ? branchForm(single, [true, false]) : single
    const write = form.compile(field.number)
    return { form, write: (source, out) => write(source, out) || out.endedIn(field.name) }
  }

  #own(type: Message, fields: readonly MessageField[]): Message {
    const { kept, space } = this.#types
    const names = [localName(type).replaceAll('.', '_'), word(type.name)].filter((name) => {
      const before = kept.message(name)
      return before === undefined || fitsMessage(before, type)
    })
    const inner = this.#types.nameFor([...names, `${word(type.name)}_`])
    const before = kept.message(inner)
    const name = this.#types.fullName(inner)
    return { kind: 'message', name, space, fields, ...reservedOf(type, before) }
  }

  #enum(type: EnumType): ValueForm {
    const { kept, enums } = this.#types
    const names = enumNames(type).filter((name) => {
      const before = kept.enum(name)
      return before === undefined || fitsEnum(before, type)
    })
    const inner = this.#types.nameFor([...names, `${word(type.name)}_`])
    const symbols = new Map(kept.enum(inner)?.symbols)
    const prefix = `${snake(inner).toUpperCase()}_`
    for (const [number, symbol] of type.symbols) {
      if (symbols.has(number)) continue
      symbols.set(number, this.#types.nameFor([symbol, `${prefix}${symbol}`]))
    }
    const name = this.#types.fullName(inner)
    const made: EnumType = { kind: 'enum', name, symbols, isClosed: false }
    enums.push(made)
    return ownEnumForm(made, type)
  }
}

const enumNames = ({ name }: EnumType): string[] => [unqualified(name), word(name)]

/** An enum of proto3 begins with 0. */
function canBe(type: FieldType, seen = new Set<Message>()): boolean {
  if (typeof type === 'string') return true
  if (type.kind === 'enum') return type.symbols.has(0)
  if (seen.has(type) || filesOf(type).length > 0) return true
  seen.add(type)
  return type.fields.every((field) => canBe(field.type, seen))
}

/** What no field may get any more: what neither file gives, and what is gone. */
function reservedOf(
  { fields, reserved, reservedNames }: Message,
  before: Message | undefined,
): Pick<Message, 'reserved' | 'reservedNames'> {
  const numbers = new Set(fields.map(({ number }) => number))
  const names = new Set(fields.map(({ name }) => name))
  const gone = (before?.fields ?? []).filter(({ number }) => !numbers.has(number))
  const ranges: NumberRange[] = [
    ...reserved,
    ...(before?.reserved ?? []),
    ...gone.map(({ number }): NumberRange => [number, number]),
  ]
  const all = [...reservedNames, ...(before?.reservedNames ?? []), ...gone.map(({ name }) => name)]
  return {
    reserved: joined(ranges),
    reservedNames: [...new Set(all)].filter((name) => !names.has(name)).sort(),
  }
}

/** In order, without what is in others: a compiler refuses what is reserved twice. */
function joined(ranges: readonly NumberRange[]): NumberRange[] {
  const result: NumberRange[] = []
  for (const [first, last] of [...ranges].sort(([a, b], [c, d]) => a - c || b - d)) {
    const [from, to] = result.at(-1) ?? [0, 0]
    if (first > to) result.push([first, last])
    else if (last > to) result[result.length - 1] = [from, last]
  }
  return result
}

/** All that tells a type from another of its name. */
function textOf(type: EnumType | Message, seen = new Set<Message>()): string {
  if (type.kind === 'enum') return JSON.stringify([type.name, type.isClosed, ...type.symbols])
  if (seen.has(type)) return type.name
  seen.add(type)
  const fields = type.fields.map((field) => {
    const { name, number, presence, oneof, default: value, decimal } = field
    const of = typeof field.type === 'string' ? '' : textOf(field.type, seen)
    return [name, number, fieldTypeText(field), presence, oneof, value, decimal, of]
  })
  return JSON.stringify([type.name, fields])
}
