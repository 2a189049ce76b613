/** YAML files of ours: validated by a JSON Schema, all faults reported at once, each with its line. */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { Ajv, type ErrorObject } from 'ajv'
import {
  type Document,
  type ErrorCode,
  isNode,
  LineCounter,
  parseDocument,
  type YAMLParseError,
} from 'yaml'
import { EnricherError, messageOf } from '../errors.ts'
import type { ReportAt } from './pipeline-of.ts'
import type { Report } from './substitute.ts'
import { didYouMean } from './suggest.ts'

interface Fault {
  readonly line: number
  readonly text: string
}

const ajv = new Ajv({
  allErrors: true,
  allowUnionTypes: true,
  strict: false,
  verbose: true,
  // Each start compiles a schema that is used once: checking it first, and making fast code of it, costs more than that.
  validateSchema: false,
  meta: false,
  code: { optimize: false },
})

/** The text of a file. Throws CONFIG_INVALID. @param what it is, for the message */
export function readYaml(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    const message = `Cannot read the ${what}: ${messageOf(cause)}`
    throw new EnricherError('CONFIG_INVALID', message, { cause })
  }
}

/** A parsed file and what is wrong with it. */
export class YamlFile {
  readonly document: Document
  readonly #file: string
  readonly #lines = new LineCounter()
  readonly #faults: Fault[] = []

  /** Throws CONFIG_INVALID where the text is no YAML. @param file names the file in messages */
  constructor(text: string, file: string, options: { merge?: boolean } = {}) {
    this.#file = basename(file)
    const lineCounter = this.#lines
    this.document = parseDocument(text, { lineCounter, uniqueKeys: true, ...options })
    for (const error of firstCauses(this.document.errors)) {
      this.reportAt(error.pos[0], '', syntaxFault(error))
    }
    this.check()
  }

  readonly reportAt: Report = (offset, path, message) => {
    const line = this.#lineAt(offset)
    const place = `${this.#file}:${line}: ${path === '' ? '' : `${path}: `}`
    this.#faults.push({ line, text: place + message })
  }

  readonly report: ReportAt = (path, message) =>
    this.reportAt(offsetOf(this.document, path), path.join('.'), message)

  /** `FILE:LINE: PATH` */
  readonly placeOf = (path: readonly string[]): string =>
    `${this.#file}:${this.#lineAt(offsetOf(this.document, path))}: ${path.join('.')}`

  /** The content, once the JSON Schema has accepted it. Throws CONFIG_INVALID. */
  content<T>(schema: object): T {
    const raw: unknown = this.document.toJS() ?? {}
    // Ajv compiles a schema once and remembers it.
    const validate = ajv.compile<T>(schema)
    if (!validate(raw)) {
      // A value that could not be had is not judged.
      const known = new Set(this.#faults.map(({ line }) => line))
      reportSchema(validate.errors ?? [], (path, message) => {
        if (!known.has(this.#lineAt(offsetOf(this.document, path)))) this.report(path, message)
      })
    }
    this.check()
    return raw as T
  }

  /** Throws CONFIG_INVALID with all that was reported, by line. */
  check(): void {
    if (this.#faults.length === 0) return
    const sorted = this.#faults.sort((a, b) => a.line - b.line).map(({ text }) => text)
    throw new EnricherError('CONFIG_INVALID', [...new Set(sorted)].join('\n'))
  }

  #lineAt(offset: number): number {
    return this.#lines.linePos(offset).line
  }
}

/** Keys that are there twice, or the first fault that breaks the text: those behind it follow from it. */
function firstCauses(errors: readonly YAMLParseError[]): readonly YAMLParseError[] {
  const broken = errors.filter(({ code }) => code !== 'DUPLICATE_KEY')
  return broken.length > 0 ? broken.slice(0, 1) : errors
}

const REMEDIES: Partial<Record<ErrorCode, string>> = {
  DUPLICATE_KEY: 'this key is there twice; give each its own name',
  TAB_AS_INDENT: 'there is a tab; indent with spaces',
}

function syntaxFault({ code, message }: YAMLParseError): string {
  const what = message.split('\n')[0].replace(/ at line \d+, column \d+:?$/, '')
  return REMEDIES[code] ?? `${what}; look at indentation and brackets here and just above`
}

/** Where the value at a path begins; where there is none, its nearest parent. */
function offsetOf(document: Document, path: readonly string[]): number {
  for (let length = path.length; length > 0; length--) {
    const parent =
      length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true)
    const items = (parent as { items?: { key?: { value?: unknown; range?: number[] } }[] } | null)
      ?.items
    const pair = items?.find((item) => String(item.key?.value) === path[length - 1])
    if (pair?.key?.range) return pair.key.range[0]
    const node = document.getIn(path.slice(0, length), true)
    if (isNode(node) && node.range) return node.range[0]
  }
  return 0
}

function reportSchema(errors: readonly ErrorObject[], report: ReportAt): void {
  for (const error of errors) {
    const same = errors.filter(({ instancePath }) => instancePath === error.instancePath)
    const isInside = errors.some((other) => other.instancePath.startsWith(`${error.instancePath}/`))
    const path = error.instancePath.split('/').slice(1)
    if (error.keyword !== 'type') reportOne(error, path, report)
    // Of a value that may be one thing or another, the fault of the one that it was meant to be says more.
    else if (!isInside && same.every(({ keyword }) => FORMS.has(keyword))) {
      report(path, wrongType(same))
    }
  }
}

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

/** Names what the value is, not the value: it may be a secret. */
function wrongType(errors: readonly ErrorObject[]): string {
  const wanted = errors.flatMap(({ keyword, params }) => (keyword === 'type' ? params.type : []))
  const { data } = errors[0]
  const is = data === null ? 'null' : Array.isArray(data) ? 'array' : typeof data
  const quotes = is === 'number' && wanted.includes('string') ? '; put it in quotes' : ''
  const allowed = [...new Set(wanted.map((type) => TYPES[type]))].join(' or ')
  return `must be ${allowed}, and is ${TYPES[is]}${quotes}`
}

function reportOne(error: ErrorObject, path: readonly string[], report: ReportAt): void {
  if (error.keyword === 'additionalProperties') {
    const key = String(error.params.additionalProperty)
    const known = Object.keys((error.parentSchema as { properties?: object }).properties ?? {})
    report([...path, key], `unknown key${didYouMean(key, known)}`)
    return
  }
  if (error.keyword === 'required') {
    const key = String(error.params.missingProperty)
    report(path, `the key "${key}" is missing`)
    return
  }
  if (error.keyword === 'enum') report(path, notYet(error, path))
  else if (error.keyword === 'pattern' && String(error.params.pattern).includes('ms|s')) {
    report(path, `${JSON.stringify(error.data)} is not a duration; write 250ms, 10s, 5m, 1h or 7d`)
  } else if (error.keyword === 'pattern' && String(error.params.pattern).includes('https')) {
    report(path, 'is no http:// or https:// address without credentials; they have their own keys')
  } else if (!FORMS.has(error.keyword)) report(path, error.message ?? 'is wrong')
}

/** Values that DESIGN names and this version does not have get a sentence of their own. */
function notYet(error: ErrorObject, path: readonly string[]): string {
  const allowed = (error.params.allowedValues as unknown[]).filter((value) => value !== null)
  const value = String(typeof error.data === 'object' ? JSON.stringify(error.data) : error.data)
  const planned: Record<string, string[]> = {
    format: ['json', 'protobuf'],
    kind: ['right', 'outer'],
  }
  const key = path.at(-1) ?? ''
  const wait = key === 'missing' && typeof error.data === 'object'
  if (wait || planned[key]?.includes(value))
    return `${value} is not supported yet; use ${allowed.join(' or ')}`
  return `${JSON.stringify(error.data)} is not one of ${allowed.join(', ')}${didYouMean(value, allowed.map(String))}`
}
