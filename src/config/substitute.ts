import { readFileSync } from 'node:fs'
import { type Document, isPair, isScalar, isSeq, parse, Scalar, visit, type visitorFn } from 'yaml'
import { ENTRY, mayBeText } from './definition.ts'
import { fileFault } from './file-fault.ts'
import type { Report } from './report.ts'

type Ancestors = Parameters<visitorFn<unknown>>[2]

export const REFERENCE = /\$\{(?:file:([^}]+)|([A-Za-z_][A-Za-z0-9_]*)(?:(:-|:\?)([^}]*))?)\}/g

/**
 * Replaces `${VAR}`, `${VAR:-default}`, `${VAR:?message}` and `${file:/path}` in the scalar values of
 * a pipeline file. After parsing and in values only, so that no value can bring in keys or structure.
 * What replaces them stays as it is where the definition has text, and is a number or true or false where it has that.
 */
export function substitute(document: Document, env: NodeJS.ProcessEnv, report: Report): void {
  visit(document, {
    Scalar(key, node, ancestors) {
      if (key === 'key' || typeof node.value !== 'string' || !node.value.includes('${')) return
      const whole = node.value
      let isText = mayBeText(pathOf(ancestors))
      const value = whole.replace(REFERENCE, (_all, file, name, operator, rest) => {
        if (file === undefined) return variable(name, operator, rest)
        isText = true
        return fileText(file)
      })
      node.value = isText ? value : scalarOf(value)
      if (typeof node.value === 'string') node.type = Scalar.QUOTE_DOUBLE

      function variable(name: string, operator: string | undefined, rest: string): string {
        const found = env[name]
        if (found?.includes('\n')) {
          report(
            node.range?.[0] ?? 0,
            name,
            `the value of \${${name}} has a newline; use \${file:…} for such a value`,
          )
          return ''
        }
        if (found !== undefined && (found !== '' || operator === undefined)) return found
        if (operator === ':-') return rest
        const why = operator === ':?' ? rest : 'is not set, and has no default'
        report(node.range?.[0] ?? 0, name, `\${${name}} ${why}`)
        return ''
      }

      function fileText(path: string): string {
        try {
          return readFileSync(path, 'utf8').replace(/\r?\n$/, '')
        } catch (error) {
          report(
            node.range?.[0] ?? 0,
            path,
            `\${file:${path}} cannot be had: the file ${fileFault(error)}`,
          )
          return ''
        }
      }
    },
  })
}

const pathOf = (ancestors: Ancestors): (string | symbol)[] =>
  ancestors.flatMap((node): (string | symbol)[] => {
    if (isSeq(node)) return [ENTRY]
    return isPair(node) && isScalar(node.key) ? [String(node.key.value)] : []
  })

function scalarOf(text: string): unknown {
  if (text === '') return ''
  try {
    const value: unknown = parse(text)
    const isPlain = value === null || ['number', 'bigint', 'boolean'].includes(typeof value)
    return isPlain ? value : text
  } catch {
    return text
  }
}
