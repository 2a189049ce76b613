/** YAML files of ours: validated by a JSON Schema, all faults reported at once, each with its line. */
import { readFileSync } from 'node:fs'
import type { ValidateFunction } from 'ajv'
import {
  type Document,
  type ErrorCode,
  isNode,
  isScalar,
  LineCounter,
  parseDocument,
  visit,
  type YAMLParseError,
} from 'yaml'
import { EnricherError } from '../errors.ts'
import { fileFault } from './file-fault.ts'
import type { Report, ReportAt } from './report.ts'
import { offsetIn } from './scalar-offset.ts'
import { reportSchema } from './schema-faults.ts'

interface Fault {
  readonly line: number
  readonly text: string
}

/** The text of a file. Throws CONFIG_INVALID. @param what it is, for the message */
export function readYaml(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    const message = `The ${what} ${file} ${fileFault(cause)}; correct its name`
    throw new EnricherError('CONFIG_INVALID', message, { cause })
  }
}

/** A parsed file and what is wrong with it. */
export class YamlFile {
  readonly document: Document
  readonly #file: string
  readonly #text: string
  readonly #lines = new LineCounter()
  readonly #faults: Fault[] = []

  /**
   * Throws CONFIG_INVALID where the text is no YAML.
   * @param file names the file in messages
   * @param ofData it has records: merge keys (<<) share their parts, and whole numbers that a double does not hold are their digits
   */
  constructor(text: string, file: string, ofData = false) {
    this.#file = file
    this.#text = text
    const lineCounter = this.#lines
    this.document = parseDocument(text, { lineCounter, uniqueKeys: true, merge: ofData })
    if (ofData) keepDigits(this.document)
    for (const error of firstCauses(this.document.errors)) {
      const line = text.split('\n')[this.#lineAt(error.pos[0]) - 1]
      this.reportAt(error.pos[0], '', syntaxFault(error, line))
    }
    this.check()
  }

  readonly reportAt: Report = (offset, path, message) => {
    const line = this.#lineAt(offset)
    const place = `${this.#file}:${line}: ${path === '' ? '' : `${path}: `}`
    this.#faults.push({ line, text: place + message })
  }

  readonly report: ReportAt = (path, message, at) => {
    const offset = offsetOf(this.document, path)
    if (at === undefined) this.reportAt(offset, path.join('.'), message)
    else
      this.#faults.push({
        line: this.#lineAt(offset),
        text: `${this.placeOf(path, at)}: ${message}`,
      })
  }

  /** `FILE:LINE: PATH`. @param at a place in the text of the value there: `FILE:LINE:COLUMN: PATH` */
  readonly placeOf = (path: readonly string[], at?: number): string => {
    const within = at === undefined ? undefined : this.#offsetIn(path, at)
    if (within === undefined) {
      return `${this.#file}:${this.#lineAt(offsetOf(this.document, path))}: ${path.join('.')}`
    }
    const { line, col } = this.#lines.linePos(within)
    return `${this.#file}:${line}:${col}: ${path.join('.')}`
  }

  #offsetIn(path: readonly string[], at: number): number | undefined {
    const node = this.document.getIn(path, true)
    if (!isScalar(node) || !node.range) return undefined
    return offsetIn(this.#text, node.range[0], String(node.value), at)
  }

  /** The content, once the JSON Schema has accepted it. Throws CONFIG_INVALID. */
  content<T>(isValid: ValidateFunction<T>): T {
    const raw: unknown = this.document.toJS() ?? {}
    if (!isValid(raw)) {
      // A value that could not be had is not judged.
      const known = new Set(this.#faults.map(({ line }) => line))
      const writtenAt = (path: readonly string[]): string => {
        const node = this.document.getIn(path, true)
        return isScalar(node) ? (node.source ?? '') : ''
      }
      reportSchema(isValid.errors ?? [], writtenAt, (path, message) => {
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

function keepDigits(document: Document): void {
  visit(document, {
    Scalar(_key, node) {
      const { value, source = '' } = node
      const isWhole = typeof value === 'number' && /^[-+]?\d+$/.test(source)
      if (isWhole && !Number.isSafeInteger(value)) node.value = source.replace('+', '')
    },
  })
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

function syntaxFault({ code, message }: YAMLParseError, line: string): string {
  const what = message.split('\n')[0].replace(/ at line \d+, column \d+:?$/, '')
  if (/[^"'$]\$\{/.test(line)) return `${what}; inside of { } a variable needs quotes: "\${…}"`
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
