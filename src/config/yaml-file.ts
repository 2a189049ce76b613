/** YAML files of ours: validated by a JSON Schema, all faults reported at once, each with its line. */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { Ajv, type ErrorObject } from 'ajv'
import { type Document, isNode, LineCounter, parseDocument } from 'yaml'
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
    for (const error of this.document.errors) {
      this.reportAt(error.pos[0], '', error.message.split('\n')[0])
    }
    this.check()
  }

  readonly reportAt: Report = (offset, path, message) => {
    const { line } = this.#lines.linePos(offset)
    const place = `${this.#file}:${line}: ${path === '' ? '' : `${path}: `}`
    this.#faults.push({ line, text: place + message })
  }

  readonly report: ReportAt = (path, message) =>
    this.reportAt(offsetOf(this.document, path), path.join('.'), message)

  /** The content, once the JSON Schema has accepted it. Throws CONFIG_INVALID. */
  content<T>(schema: object): T {
    const raw: unknown = this.document.toJS() ?? {}
    // Ajv compiles a schema once and remembers it.
    const validate = ajv.compile<T>(schema)
    if (!validate(raw)) {
      for (const error of validate.errors ?? []) reportSchema(error, this.report)
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

function reportSchema(error: ErrorObject, report: (path: string[], message: string) => void): void {
  const path = error.instancePath.split('/').slice(1)
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
  } else if (error.keyword !== 'anyOf' && error.keyword !== 'if')
    report(path, error.message ?? 'is wrong')
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
