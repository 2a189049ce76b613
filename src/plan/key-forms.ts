/** How keys say their text in bytes: partitioners hash the bytes, so keys of one text in two forms lie apart. */
import { FRAME_BYTES, GLUE, GLUE_BYTES } from '../codec/frame/framing.ts'
import type { KeyFormat } from '../config/pipeline.ts'

/** Two keys of one form and one text have the same bytes; those of another form do not. */
export function formOf(format: KeyFormat, key: Buffer, text: Buffer): string {
  if (text.equals(key)) return 'text'
  if (format === 'avro' || format === 'protobuf') {
    if (key[0] === GLUE && key.length >= GLUE_BYTES)
      return `${VERSION}${key.toString('hex', 1, GLUE_BYTES)}`
    const hasPrefix = key.length >= FRAME_BYTES && key[0] === 0
    if (!hasPrefix) return BARE
    const id = key.readInt32BE(FRAME_BYTES - 4)
    return format === 'avro' ? `${AVRO}${id}` : `${PROTOBUF}${id}`
  }
  if (format !== 'json') return format
  if (key[0] === 0) return FRAMED_JSON
  return /^\s*\{/.test(key.toString('latin1')) ? 'json object' : 'json'
}

const AVRO = 'avro '
const PROTOBUF = 'protobuf '
/** AWS Glue's: with its compression, which makes other bytes, too. */
const VERSION = 'version '
const FRAMED_JSON = 'json framed'
/** Without an id in front. */
const BARE = 'avro'

/** The schema id of a form; undefined: it has none. */
export const schemaIdOf = (form: string): number | undefined =>
  form.startsWith(AVRO) ? Number(form.slice(AVRO.length)) : undefined

const WORDS: Readonly<Record<string, string>> = {
  text: 'the text itself',
  long: 'numbers of 8 bytes',
  int: 'numbers of 4 bytes',
  json: 'JSON text, in quotes',
  'json object': 'JSON objects',
  [FRAMED_JSON]: 'JSON behind a schema id',
  [BARE]: 'Avro without a schema id in front',
}

function formWords(form: string): string {
  const id = schemaIdOf(form)
  if (form.startsWith(VERSION)) return `Avro with the schema version ${form.slice(-32)}`
  if (form.startsWith(PROTOBUF)) return `Protobuf with the schema ${form.slice(PROTOBUF.length)}`
  return id === undefined ? WORDS[form] : `Avro with the schema ${id}`
}

export const formsText = (forms: ReadonlySet<string>): string =>
  [...forms].map(formWords).join(' and ')

/** Schemas of Avro keys that are known, by their ids. */
export type KeySchemas = ReadonlyMap<number, unknown>

/** What two forms' schemas differ in, as a clause to go behind them; '' where that is not known. */
export function schemaDifference(a: string, b: string, schemas: KeySchemas): string {
  const [left, right] = [a, b].map(schemaIdOf)
  if (left === undefined || right === undefined || left === right) return ''
  if (!schemas.has(left) || !schemas.has(right)) return ''
  const found = differences(schemas.get(left), schemas.get(right), '')
  return found.length === 0 ? '' : ` (they differ in ${found.slice(0, MOST).join(', ')})`
}

/** Places that a message names. */
const MOST = 3

/** Where two schemas differ, as `fields[0].type`; one that is only a name is `{"type": …}`. */
function differences(a: unknown, b: unknown, place: string): string[] {
  const left = isObject(b) && typeof a === 'string' ? { type: a } : a
  const right = isObject(a) && typeof b === 'string' ? { type: b } : b
  if (!isObject(left) || !isObject(right)) {
    return left === right ? [] : [place === '' ? 'type' : place]
  }
  const names = new Set([...Object.keys(left), ...Object.keys(right)])
  return [...names].flatMap((name) => {
    const inside = Array.isArray(left)
      ? `${place}[${name}]`
      : place === ''
        ? name
        : `${place}.${name}`
    return differences(left[name], right[name], inside)
  })
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null
