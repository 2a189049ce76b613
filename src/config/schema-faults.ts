/** What a JSON Schema finds wrong with a file, as sentences: what is wrong, and what to write. */
import type { ErrorObject } from 'ajv'
import { isSecret } from './definition.ts'
import { notSupported } from './not-supported.ts'
import type { ReportAt } from './report.ts'
import { DURATION } from './schema.ts'
import { REFERENCE } from './substitute.ts'
import { didYouMean } from './suggest.ts'
import { plural } from './text.ts'

/** A value as the file has it, before variables are put in. */
export type WrittenAt = (path: readonly string[]) => string

export function reportSchema(
  errors: readonly ErrorObject[],
  writtenAt: WrittenAt,
  report: ReportAt,
): void {
  for (const error of errors) {
    const same = errors.filter(({ instancePath }) => instancePath === error.instancePath)
    const isInside = errors.some((other) => other.instancePath.startsWith(`${error.instancePath}/`))
    const path = error.instancePath.split('/').slice(1).map(unescaped)
    // The name of a key is wrong, and not what is below it.
    if (error.propertyName !== undefined) {
      report([...path, error.propertyName], sentence({ ...error, data: error.propertyName }, ''))
      continue
    }
    if (error.keyword === 'propertyNames') continue
    // A block is meant to be one, and its own faults are told, where a word might stand as well.
    const isBlock = typeof error.data === 'object' && error.data !== null
    if (error.keyword === 'enum' && isBlock && (isInside || same.some(isOfBlock))) continue
    if (error.keyword !== 'type') reportOne(error, path, writtenAt(path), report)
    // Of a value that may be one thing or another, the fault of the one that it was meant to be says more.
    else if (!isInside && same.every(({ keyword }) => FORMS.has(keyword))) {
      report(path, notSupported(path, error.data) ?? wrongType(same, path, writtenAt(path)))
    }
  }
}

const isOfBlock = ({ keyword }: ErrorObject): boolean =>
  keyword === 'required' || keyword === 'additionalProperties'

/** A key as it stands in the file, from one of a JSON pointer (RFC 6901). */
const unescaped = (key: string): string => key.replaceAll('~1', '/').replaceAll('~0', '~')

/** Keywords that say only that a value is not of a form, or of none of several. */
const FORMS = new Set(['type', 'anyOf', 'if'])

const TYPES: Readonly<Record<string, string>> = {
  integer: 'a whole number',
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
  array: 'a list',
  object: 'a block of keys',
  null: 'empty',
}

/** Names what the value is; the value itself only where a variable has it, and it is no secret. */
function wrongType(
  errors: readonly ErrorObject[],
  path: readonly string[],
  written: string,
): string {
  const wanted = errors.flatMap(({ keyword, params }) => (keyword === 'type' ? params.type : []))
  const { data } = errors[0]
  const is = data === null ? 'null' : Array.isArray(data) ? 'array' : typeof data
  const quotes = is === 'number' && wanted.includes('string') ? '; put it in quotes' : ''
  const allowed = [...new Set(wanted.map((type) => TYPES[type]))].join(' or ')
  const [reference] = written.match(REFERENCE) ?? []
  if (reference !== undefined && is === 'string' && !isSecret(path)) {
    return `must be ${allowed}, and is ${JSON.stringify(data)}, as ${reference} is`
  }
  return `must be ${allowed}, and is ${TYPES[is]}${quotes}`
}

function reportOne(
  error: ErrorObject,
  path: readonly string[],
  written: string,
  report: ReportAt,
): void {
  const { keyword, params } = error
  if (keyword === 'additionalProperties') {
    const key = String(params.additionalProperty)
    const known = Object.keys((error.parentSchema as { properties?: object }).properties ?? {})
    const place = [...path, key]
    report(place, notSupported(place) ?? `unknown key${didYouMean(key, known)}`)
  } else if (keyword === 'required') {
    report(path, `the key "${params.missingProperty}" is missing`)
  } else if (keyword === 'enum') {
    report(path, notSupported(path, error.data) ?? noneOf(error))
  } else if (!FORMS.has(keyword)) report(path, sentence(error, written))
}

function noneOf({ data, params, parentSchema }: ErrorObject): string {
  const { errorMessage } = parentSchema as { errorMessage?: string }
  if (errorMessage !== undefined) return `${JSON.stringify(data)} ${errorMessage}`
  const allowed = (params.allowedValues as unknown[]).filter((value) => value !== null)
  const value = String(typeof data === 'object' ? JSON.stringify(data) : data)
  return `${JSON.stringify(data)} is not one of ${allowed.join(', ')}${didYouMean(value, allowed.map(String))}`
}

function sentence({ keyword, params, data, parentSchema, message }: ErrorObject, written: string) {
  const { errorMessage, pattern } = parentSchema as { errorMessage?: string; pattern?: string }
  if (data === '') return empty(written)
  if (pattern === DURATION && /^\d+$/.test(String(data))) {
    return `${JSON.stringify(data)} has no unit; write ${data}s, or ${data}ms`
  }
  if (errorMessage !== undefined) {
    const shown = errorMessage.startsWith('is ') ? `${JSON.stringify(data)} ` : ''
    return shown + errorMessage + didYouMean(String(data), likely(String(data)))
  }
  switch (keyword) {
    case 'minItems':
    case 'minProperties':
      return 'is empty'
    case 'maxProperties':
      return `has ${plural(Object.keys(data as object).length, 'key')}, and may have ${params.limit}: begin a new entry (-) for each`
    case 'uniqueItems':
      return `has an entry twice: the ${ordinal(params.j)} and the ${ordinal(params.i)}`
    case 'minimum':
      return `${data} is too small: the least is ${params.limit}${source(written)}`
    case 'maximum':
      return `${data} is too large: the most is ${params.limit}${source(written)}`
    default:
      return message ?? 'is wrong'
  }
}

/** The variable that has the value. */
function source(written: string): string {
  const [reference] = written.match(REFERENCE) ?? []
  return reference === undefined ? '' : `; it is of ${reference}`
}

/** An empty value is mostly what a variable leaves that is set to nothing. */
function empty(written: string): string {
  const [reference] = written.match(REFERENCE) ?? []
  return reference === undefined ? 'is empty' : `is empty, as ${reference} is`
}

/** A size with a unit as others write it. */
function likely(text: string): string[] {
  const [, count, unit] = /^(\d+) ?([KMG])i?B?$/i.exec(text) ?? []
  return count === undefined ? [] : [`${count}${unit.toUpperCase()}iB`]
}

const ordinal = (index: number): string => {
  const n = index + 1
  const ending = ['th', 'st', 'nd', 'rd'][n % 100 > 10 && n % 100 < 14 ? 0 : n % 10] ?? 'th'
  return `${n}${ending}`
}
