/** Why what is looked up is not among the keys, where that can be told, and what to write: pure. */
import { lastOf } from '../../config/look-ups.ts'
import type { KeyFormat } from '../../config/pipeline.ts'
import { plural } from '../../config/text.ts'
import type { KeyHunt, Otherwise } from './key-hunt.ts'
import { isFramed, looksOf, SEVERAL_FIELDS, shown } from './key-shapes.ts'
import { DIFFERENCES } from './one-key.ts'
import { rewriting } from './rewriting.ts'

/** The block of the pipeline file whose topic has the field, where another one may be derived of it. */
export interface Derivable {
  /** `facts`, or `dimensions.product`. */
  readonly block: string
  readonly field: string
  /** Names that a derived field may not have. */
  readonly names: readonly string[]
  /** The line that names the derived field in place of the field. */
  readonly line: (name: string) => string
}

export interface Sought {
  /** The field, as the file has it, or several. */
  readonly on: string
  /** What people call its type; '' where it is not declared, or of several fields. */
  readonly type: string
  /** Whose keys they are. */
  readonly topic: string
  /** null: what is compared are fields on both sides. */
  readonly keyFormat: KeyFormat | null
  readonly isComposite: boolean
  /** null: nothing may be derived of it. */
  readonly derivable: Derivable | null
}

export interface Miss {
  readonly detail: string
  readonly remedy: string
  /** The very keys were seen; else it is only likely. */
  readonly isSure: boolean
}

/** A text as its type shows it: `7 (long)`, `"7" (text)`. */
export function typed(text: string, type: string): string {
  const isNumber = type === 'int' || type === 'long'
  const word = type === '' ? '' : ` (${type})`
  return `${isNumber ? text : JSON.stringify(text)}${word}`
}

/** @param named what is looked up, and has not been found; undefined: nothing tells why */
export function missOf(sought: Sought, hunt: KeyHunt, named: readonly string[]): Miss | undefined {
  return (
    writtenOtherwise(sought, hunt, named) ??
    inOtherField(sought, hunt) ??
    other(sought, hunt, named)
  )
}

/** The same keys, written otherwise: of most of what is missing. */
export function writtenOtherwise(
  sought: Sought,
  hunt: KeyHunt,
  named: readonly string[],
): Miss | undefined {
  const missing = new Set(named)
  const otherwise = hunt.otherwise(missing)
  if (otherwise === undefined) return undefined
  const { on, type } = sought
  const { pairs, differences, format, field, example } = otherwise
  const key = format === null && field === null ? JSON.stringify(pairs[0].to) : shown(example)
  const what = format === null && field === null ? '' : ` (${looksOf(hunt.keys).what})`
  const words = differences.map((one) => DIFFERENCES[one]).join(', ')
  const detail = `${on} is ${typed(pairs[0].from, type)}, the key is ${key}${what}${words === '' ? '' : `: ${words}`}`
  return { detail, remedy: remedyOf(sought, otherwise), isSure: true }
}

function remedyOf(sought: Sought, { format, field, differences, pairs }: Otherwise): string {
  if (field !== null) {
    return `look it up by all fields of the key (on: [ … ]), or have the connector take ${field} out of it (the transform ExtractField$Key)`
  }
  const line = format === null ? '' : `write keyFormat: ${format}`
  if (differences.length === 0) return line
  const { on, topic, type, derivable } = sought
  const isNumber = type === 'int' || type === 'long'
  const expression = derivable && rewriting(pairs, derivable.field, isNumber)
  if (!expression) {
    const alike = `have ${on} and the keys of ${topic} written alike where they come from`
    const order = differences.includes('order')
      ? 'name each field of the key in on: { field of the key: field }'
      : alike
    return line === '' ? order : `${line}, and ${order}`
  }
  const name = freeName(derivable)
  const fields = `fields: { ${name}: '${expression}' } under ${derivable.block}, and ${derivable.line(name)}`
  return line === '' ? `write ${fields}` : `${line}, ${fields}`
}

function freeName({ field, names }: Derivable): string {
  let name = `${lastOf(field)}_key`
  while (names.includes(name)) name += '_'
  return name
}

function inOtherField({ on, topic }: Sought, hunt: KeyHunt): Miss | undefined {
  const field = hunt.otherField()
  if (field === undefined) return undefined
  const { path, facts } = field
  return {
    detail: `${path} of ${plural(facts, 'fact')} is among the keys of ${topic}, ${on} of none`,
    remedy: `write ${path} in place of ${on}, if that is what is meant`,
    isSure: false,
  }
}

/** Keys that look like those of another format, though none of them is looked up. */
function other(
  { on, type, keyFormat, isComposite }: Sought,
  { keys }: KeyHunt,
  named: readonly string[],
): Miss | undefined {
  if (keyFormat === null || keys.length === 0) return undefined
  const looks = looksOf(keys)
  if (isComposite && (looks.what === SEVERAL_FIELDS || keys.every(isFramed))) return undefined
  const isPlain = (format: KeyFormat | null): boolean => format === 'text' || format === 'bytes'
  const isSame = looks.format === keyFormat || (isPlain(looks.format) && isPlain(keyFormat))
  // What is looked up may look like that, too.
  const alike = looksOf(named.map((text) => Buffer.from(text))).what === looks.what
  if (isSame || alike) return undefined
  const detail = `${on} is ${typed(named[0], type)}, the keys look like ${shown(keys[0])} (${looks.what})`
  return { detail, remedy: looks.remedy, isSure: true }
}
