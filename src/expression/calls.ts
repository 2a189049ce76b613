/** Which function a call means. */
import { didYouMean } from '../config/suggest.ts'
import { CONVERSIONS } from './conversions.ts'
import { doubleOfDecimal, textOfDecimal } from './decimals.ts'
import { type Form, TEXT_FUNCTIONS } from './functions.ts'
import { type Part, partOf } from './part.ts'
import { TIME_FUNCTIONS } from './times.ts'
import { typeText } from './types.ts'

export const FORMS: readonly Form[] = [...TEXT_FUNCTIONS, ...CONVERSIONS, ...TIME_FUNCTIONS]

/** Functions whose operands are of any type. */
const GENERIC = ['coalesce', 'try', 'has']

export const FUNCTION_NAMES: readonly string[] = [
  ...new Set([...FORMS.map(({ name }) => name), ...GENERIC]),
]

/** What CEL has, or people look for, and is not there. */
const MISSING: Readonly<Record<string, string>> = {
  matches: 'regular expressions: not supported; use contains, startsWith or endsWith',
  now: 'the clock: not supported, as a replay would come to another result',
  uint: 'unsigned numbers: not supported; write int',
  dyn: 'dyn: not supported; every type is known',
  type: 'type: not supported; every type is known',
}

/** The call's part; a text: why it is none. */
export function callOf(
  name: string,
  operands: readonly Part[],
  isMethod: boolean,
  at: number,
): Part | string {
  const named = FORMS.filter((form) => form.name === name)
  const forms = named.filter((form) => form.isMethod === isMethod)
  if (named.length === 0) {
    return MISSING[name] ?? `there is no function ${name}${didYouMean(name, FUNCTION_NAMES)}`
  }
  if (forms.length === 0) {
    return isMethod
      ? `${name} is no method; write ${name}(…)`
      : `${name} is a method; write its first operand before it: x.${name}(…)`
  }
  const decimal = ofDecimal(name, operands, at)
  if (decimal !== undefined) return decimal
  const form = forms.find(({ takes }) => takesAll(takes, operands))
  if (form === undefined) return mismatch(name, forms, operands)
  if (form.prepare === undefined) return partOf(form, operands, at)
  const { literal } = operands.at(-1)!
  if (typeof literal !== 'string') return `the last operand of ${name} is a text in quotes`
  const make = form.prepare(literal)
  return typeof make === 'string' ? make : partOf({ ...form, make }, operands.slice(0, -1), at)
}

const takesAll = (takes: Form['takes'], operands: readonly Part[]): boolean =>
  takes.length === operands.length && takes.every((kind, i) => operands[i].type.kind === kind)

function ofDecimal(name: string, operands: readonly Part[], at: number): Part | undefined {
  const [{ type } = { type: undefined }] = operands
  if (operands.length !== 1 || type?.kind !== 'decimal') return undefined
  if (name === 'double') {
    return partOf({ gives: 'double', make: doubleOfDecimal(type.scale) }, operands, at)
  }
  if (name !== 'string') return undefined
  return partOf({ gives: 'string', make: textOfDecimal(type.scale) }, operands, at)
}

function mismatch(name: string, forms: readonly Form[], operands: readonly Part[]): string {
  const all = new Set(forms.map(({ takes, isMethod }) => formText(name, takes, isMethod)))
  const given = operands.map(({ type }) => typeText(type))
  const got = formText(name, given, forms[0].isMethod)
  return `${got}: there is ${[...all].join(', ')}`
}

function formText(name: string, kinds: readonly string[], isMethod: boolean): string {
  const [first, ...others] = kinds
  return isMethod ? `${first}.${name}(${others.join(', ')})` : `${name}(${kinds.join(', ')})`
}
