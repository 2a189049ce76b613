/** What a field is, before it has its number. */
import type { AvroType } from '../avro/schema.ts'
import { readInt } from '../avro/walk.ts'
import { always, chosen, compileList, compileMap, unlessDefault } from './field-writers.ts'
import type { MessageField, Scalar } from './message.ts'
import { isMessage, type ValueForm, type Write } from './value-forms.ts'

export interface FieldForm {
  readonly presence: MessageField['presence']
  readonly isNullable: boolean
  readonly value: ValueForm
  /** Of a map. */
  readonly key: Scalar | null
  readonly compile: (number: number) => Write
}

export const listForm = (value: ValueForm): FieldForm => ({
  presence: 'repeated',
  isNullable: false,
  value,
  key: null,
  compile: (number) => compileList(number, value),
})

export const mapForm = (value: ValueForm): FieldForm => ({
  presence: 'map',
  isNullable: false,
  value,
  key: 'string',
  compile: (number) => compileMap(number, value),
})

export const singleForm = (value: ValueForm): FieldForm => ({
  presence: isMessage(value) ? 'optional' : 'implicit',
  isNullable: false,
  value,
  key: null,
  compile: (number) => unlessDefault(number, value),
})

/** Of a field that is there whatever its value is, as those of oneofs are. */
export const presentForm = (value: ValueForm): FieldForm => ({
  presence: 'optional',
  isNullable: false,
  value,
  key: null,
  compile: (number) => always(number, value),
})

/** Of a union of one type, and null perhaps. @param nulls whether each branch is null */
export function branchForm(form: FieldForm, nulls: readonly boolean[]): FieldForm {
  const isNullable = nulls.includes(true)
  const isSingle = form.presence !== 'repeated' && form.presence !== 'map'
  // Of a list or a map that is null there is nothing, as of one without elements.
  const of = isSingle && isNullable ? { ...presentForm(form.value), isNullable } : form
  const compile = (number: number): Write => {
    const write = of.compile(number)
    return chosen(nulls.map((isNull) => (isNull ? null : write)))
  }
  return { ...of, compile }
}

/** Of a type of which there are no bytes: but for a union's branch. */
export const nothing = ({ kind }: AvroType): Write =>
  kind === 'union' ? (source) => readInt(source) === 0 : () => true
