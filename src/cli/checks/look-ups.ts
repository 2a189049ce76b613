/** Whether facts find their rows, and if none does, what the rows' keys look like: pure. */
import type { KeyFormat } from '../../config/pipeline.ts'
import { countText, plural } from '../../config/text.ts'
import { type Finding, fail, ok, warn } from './finding.ts'
import { isFramed, looksOf, SEVERAL_FIELDS, shown, textIn } from './key-shapes.ts'

/** What was read of a dimension. */
export interface RowKeys {
  /** The last ones, as they came. */
  readonly keys: readonly Buffer[]
  /** Whether the last record of a key is a row (a tombstone is none), by the key's text; only of those that are looked up. */
  readonly rows: ReadonlyMap<string, boolean>
  /** Records. */
  readonly read: number
}

export interface LookUps extends RowKeys {
  readonly name: string
  readonly topic: string
  readonly keyFormat: KeyFormat
  /** The key is of several fields. */
  readonly isComposite: boolean
  /** What is looked up: a field, or several. */
  readonly on: string
  readonly isReadWhole: boolean
  /** Offsets that the topic has. */
  readonly all: number
  /** What each fact of the sample that could be read looks up; null: the field is null. */
  readonly texts: readonly (string | null)[]
}

export function checkLookUps(of: LookUps): Finding[] {
  const { name, topic, texts, keys, rows, on } = of
  const what = `look-up ${name}`
  const named = texts.filter((text) => text !== null)
  if (texts.length === 0 || keys.length === 0) return []
  const last = `the last ${plural(texts.length, 'fact')}`
  if (named.length === 0) return [ok(what, `${on} is null in ${last}`)]
  const hits = named.filter((text) => rows.get(text) === true).length
  if (hits > 0) return [ok(what, `${countText(hits)} of ${last} find a row of ${topic}`)]
  const none = `none of ${last} finds a row of ${topic}`
  const example = `${on} is ${JSON.stringify(named[0])}, for instance, a key is ${shown(keys.at(-1)!)}`
  const other = otherFormat(of, named)
  if (other !== undefined) {
    return [fail(what, `${none}: its keys look like ${other.what} (${example})`, other.remedy)]
  }
  if (!of.isReadWhole) {
    const seen = `${countText(of.read)} of its ${countText(of.all)} records`
    return [
      ok(
        what,
        `${seen} were looked at, and the rows of ${last} are not among them; keys look alike (${example})`,
      ),
    ]
  }
  const remedy = `look whether ${on} is what the rows of ${topic} are keyed by, and whether it is written alike`
  return [warn(what, `${none} (${example})`, remedy)]
}

/** What the keys are, where that is another format than the file says and tells why nothing is found. */
function otherFormat(
  { keyFormat, isComposite, keys, rows }: LookUps,
  named: readonly string[],
): { what: string; remedy: string } | undefined {
  const looks = looksOf(keys)
  if (isComposite && (looks.what === SEVERAL_FIELDS || keys.every(isFramed))) return undefined
  // As it is read now, a text that is in `rows` has only tombstones.
  const missed = new Set(named.filter((text) => !rows.has(text)))
  for (const format of ['text', 'json', 'long', 'int', 'avro', 'protobuf'] as const) {
    if (format === keyFormat || isComposite) continue
    const isFound = keys.some((key) => isIn(missed, textIn(format, key)))
    if (!isFound) continue
    return { what: looks.what, remedy: `write keyFormat: ${format}` }
  }
  const isPlain = (format: KeyFormat | null): boolean => format === 'text' || format === 'bytes'
  const isSame = looks.format === keyFormat || (isPlain(looks.format) && isPlain(keyFormat))
  // What is looked up may look like that, too.
  const alike = looksOf(named.map((text) => Buffer.from(text))).what === looks.what
  return isSame || alike ? undefined : looks
}

const isIn = (texts: ReadonlySet<string>, text: string | undefined): boolean =>
  text !== undefined && texts.has(text)
