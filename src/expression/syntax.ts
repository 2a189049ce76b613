/** The door to the library that parses CEL: text becomes a tree, with the place of each node. */
import { type ASTNode, ParseError, parse } from '@marcbachmann/cel-js'

export type Node = ASTNode

/** What is wrong with an expression, and where in its text. */
export interface Fault {
  readonly at: number
  readonly message: string
}

/** Whether a literal's value is the library's own object for an unsigned number. */
export const isUnsigned = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !(value instanceof Uint8Array)

/** The tree of an expression, or why it has none. */
export function parseExpression(text: string): Node | Fault {
  try {
    return parse(text).ast
  } catch (error) {
    if (!(error instanceof ParseError)) throw error
    const at = error.range?.start ?? 0
    return { at, message: `${firstLower(error.summary)}${hint(text, at)}` }
  }
}

export const isFault = (parsed: Node | Fault): parsed is Fault => 'message' in parsed

/** `Unexpected token: EOF` → `unexpected end`. */
const firstLower = (summary: string): string =>
  (summary[0].toLowerCase() + summary.slice(1))
    .replace('token: EOF', 'end')
    .replace('EOF', 'the end')

const WORDS: Readonly<Record<string, string>> = {
  and: '&&',
  or: '||',
  not: '!',
  is: '==',
  AND: '&&',
  OR: '||',
  NOT: '!',
  IS: '==',
}

/** What other languages write there, and CEL does otherwise. */
function hint(text: string, at: number): string {
  if (text[at] === '=') return '; to compare write =='
  if (text.startsWith('<>', at - 1)) return '; write !='
  const [word = ''] = /^\w+/.exec(text.slice(at)) ?? []
  const before = /(\w+)\s+$/.exec(text.slice(0, at))?.[1] ?? ''
  const meant = WORDS[word] ?? WORDS[before]
  if (meant === undefined) return ''
  return `; instead of ${WORDS[word] === undefined ? before : word} write ${meant}`
}
