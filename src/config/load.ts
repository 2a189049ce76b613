import { readFileSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { Ajv, type ErrorObject } from 'ajv'
import { type Document, isNode, LineCounter, parseDocument } from 'yaml'
import { EnricherError, messageOf } from '../errors.ts'
import type { Pipeline } from './pipeline.ts'
import { pipelineOf, type RawPipeline } from './pipeline-of.ts'
import { pipelineSchema } from './schema.ts'
import { substitute } from './substitute.ts'
import { didYouMean } from './suggest.ts'

const validate = new Ajv({
  allErrors: true,
  allowUnionTypes: true,
  strict: false,
  verbose: true,
}).compile(pipelineSchema)

interface Fault {
  readonly line: number
  readonly text: string
}

/** Reads, checks and completes a pipeline file. Throws CONFIG_INVALID with a line for every fault. */
export function loadPipeline(file: string, env: NodeJS.ProcessEnv): Pipeline {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new EnricherError(
      'CONFIG_INVALID',
      `Cannot read the pipeline file: ${messageOf(cause)}`,
      { cause },
    )
  }
  return parsePipeline(text, file, env)
}

/** @param file names the file in messages; paths in it are relative to its folder */
export function parsePipeline(text: string, file: string, env: NodeJS.ProcessEnv): Pipeline {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true })
  const faults: Fault[] = []
  const at = (offset: number, path: string, message: string): void => {
    const { line } = lines.linePos(offset)
    faults.push({
      line,
      text: `${basename(file)}:${line}: ${path === '' ? '' : `${path}: `}${message}`,
    })
  }
  for (const error of document.errors) at(error.pos[0], '', error.message.split('\n')[0])
  if (faults.length === 0) {
    substitute(document, env, at)
    const raw: unknown = document.toJS() ?? {}
    const report = (path: readonly string[], message: string): void =>
      at(offsetOf(document, path), path.join('.'), message)
    if (!validate(raw)) for (const error of validate.errors ?? []) reportSchema(error, report)
    if (faults.length === 0) {
      const pipeline = pipelineOf(raw as RawPipeline, resolve(dirname(file)), report)
      if (faults.length === 0) return freeze(pipeline)
    }
  }
  const sorted = faults.sort((a, b) => a.line - b.line).map((fault) => fault.text)
  throw new EnricherError('CONFIG_INVALID', [...new Set(sorted)].join('\n'))
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null)
    Object.values(Object.freeze(value)).forEach(freeze)
  return value
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
