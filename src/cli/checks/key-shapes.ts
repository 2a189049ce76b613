/** What keys look like, whatever the file says that they are: pure, for people to be told. */
import { FRAME_BYTES } from '../../codec/frame/framing.ts'
import { behindFrame } from '../../codec/keys/json.ts'
import { keyReader, keyTextOf } from '../../codec/keys/keys.ts'
import type { KeyFormat } from '../../config/pipeline.ts'

/** A bad record among many good ones is no reason to guess otherwise. */
export const nearlyAll = (count: number, of: number): boolean => of > 0 && count >= of * 0.9

/** In the order in which they are tried: what fits an earlier one seldom does by chance. */
const FORMATS: readonly KeyFormat[] = ['json', 'protobuf', 'avro', 'text', 'long', 'int']

/** The first format in which the keys of the sample make sense. */
export function guessKeyFormat(keys: readonly Buffer[]): KeyFormat {
  if (keys.length === 0) return 'text'
  const fits = (format: KeyFormat): number => keys.filter((key) => isIn(format, key)).length
  return FORMATS.find((format) => nearlyAll(fits(format), keys.length)) ?? 'bytes'
}

function isIn(format: KeyFormat, key: Buffer): boolean {
  if (textIn(format, key) === undefined) return false
  if (format === 'json') return /^\s*["{]/.test(withoutFrame(key).toString('latin1'))
  return format !== 'text' || isClean(key)
}

/** A JSON key's text. */
const withoutFrame = (key: Buffer): Buffer => key.subarray(behindFrame(key, 0, key.length))

/** Text that a terminal shows as it is: nothing that was not UTF-8, no control characters. */
const isClean = (key: Buffer): boolean => !/[\p{Cc}\ufffd]/u.test(key.toString())

/** The text of a key in a format, without its schema where it has one; undefined: it is not of the format. */
export const textIn = (format: KeyFormat, key: Buffer): string | undefined =>
  format === 'avro'
    ? likelyAvroText(key)
    : format === 'protobuf'
      ? likelyProtobufText(key)
      : keyTextOf(keyReader(format), key)

/**
 * What a framed key of an unknown schema probably says: text whose length is exactly the rest, or else a number
 * that is. A record of one field has the same bytes as its field.
 */
function likelyAvroText(key: Buffer): string | undefined {
  if (key.length <= FRAME_BYTES || key[0] !== 0 || key.readInt32BE(1) <= 0) return undefined
  let value = 0n
  let at = FRAME_BYTES
  for (let shift = 0n; at < key.length; shift += 7n) {
    const byte = key[at++]
    value |= BigInt(byte & 127) << shift
    if (byte < 128) break
  }
  const number = (value >> 1n) ^ -(value & 1n)
  // The number 0 and the empty string are the same byte; who keys by nothing?
  if (at === key.length) return String(number)
  return number === BigInt(key.length - at) ? key.toString('utf8', at) : undefined
}

/** The index of the first message. As Avro it would be an empty text, or 0, with nothing behind it. */
const FIRST_MESSAGE = 0

/** What a framed key of a message with one field probably says: a text, or a whole number as most fields have them. */
function likelyProtobufText(key: Buffer): string | undefined {
  if (!isFramed(key) || key[FRAME_BYTES] !== FIRST_MESSAGE) return undefined
  const tag = varintAt(key, FRAME_BYTES + 1)
  const value = tag && varintAt(key, tag.behind)
  if (value === undefined || tag!.value < 8n) return undefined
  const isText = (tag!.value & 7n) === 2n
  if (!isText && (tag!.value & 7n) !== 0n) return undefined
  const end = value.behind + (isText ? Number(value.value) : 0)
  if (end !== key.length) return undefined
  return isText ? key.toString('utf8', value.behind) : String(BigInt.asIntN(64, value.value))
}

function varintAt(key: Buffer, start: number): { value: bigint; behind: number } | undefined {
  let value = 0n
  for (let at = start, shift = 0n; at < key.length && shift < 70n; at++, shift += 7n) {
    value |= BigInt(key[at] & 127) << shift
    if (key[at] < 128) return { value, behind: at + 1 }
  }
  return undefined
}

export interface Looks {
  /** The format that the keys probably are of; null: one that is not read. */
  readonly format: KeyFormat | null
  /** What they look like, to go behind "look like". */
  readonly what: string
  /** What to do where they are of another format than the file says. */
  readonly remedy: string
}

const BRACE = 0x7b

/** The object, in the payload of JsonConverter's envelope where it is one; one without fields where it is none. */
function objectIn(key: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value = JSON.parse(withoutFrame(key).toString())
    const isEnvelope = Object.keys(value).sort().join() === 'payload,schema'
    const inner = isEnvelope ? value.payload : value
    return typeof inner === 'object' && inner !== null ? inner : {}
  } catch {
    return {}
  }
}

const jsonFields = (key: Buffer): string[] => Object.keys(objectIn(key))

/** Of a key that is a JSON object of several fields, those that have a text. */
export function fieldsOfKey(key: Buffer): (readonly [string, string])[] {
  const first = key.indexOf(BRACE)
  if (first < 0 || first > FRAME_BYTES) return []
  const object = objectIn(key)
  const fields = Object.entries(object)
  return fields.length < 2
    ? []
    : fields.flatMap(([name, value]) =>
        typeof value === 'string' || Number.isSafeInteger(value) ? [[name, String(value)]] : [],
      )
}

/** The fields that keys have which are JSON objects of several; undefined: they are something else. */
export function severalFields(keys: readonly Buffer[]): string[] | undefined {
  const [first] = keys
  if (first === undefined) return undefined
  const fields = jsonFields(first)
  const text = [...fields].sort().join()
  const alike = keys.filter((key) => jsonFields(key).sort().join() === text).length
  return fields.length > 1 && nearlyAll(alike, keys.length) ? fields : undefined
}

export const isFramed = (key: Buffer): boolean =>
  key.length > FRAME_BYTES && key[0] === 0 && key.readInt32BE(1) > 0

export const SEVERAL_FIELDS = 'JSON objects of several fields'
const EXTRACT =
  'have the connector take one field out of the key (the transform ExtractField$Key) before it is written'

/** What most of the keys look like. There has to be one. */
export function looksOf(keys: readonly Buffer[]): Looks {
  const most = (test: (key: Buffer) => boolean): boolean =>
    nearlyAll(keys.filter(test).length, keys.length)
  const text = (start: RegExp) => (key: Buffer) => isClean(key) && start.test(key.toString())
  const isObject = (key: Buffer): boolean => text(/^\s*\{/)(withoutFrame(key))
  const as = (format: KeyFormat, what: string): Looks => ({
    format,
    what,
    remedy: `write keyFormat: ${format}`,
  })
  if (most(text(/^\w*Struct\{.*\}$/))) {
    const what = 'the text of a Kafka Connect Struct (StringConverter’s of a record)'
    return { format: null, what, remedy: EXTRACT }
  }
  if (most((key) => isObject(key) && jsonFields(key).length > 1)) {
    const remedy = `look it up by all of them (on: [ … ]), or ${EXTRACT}`
    return { format: null, what: SEVERAL_FIELDS, remedy }
  }
  const format = guessKeyFormat(keys)
  if (format === 'json') return as(format, most(isObject) ? 'JSON objects' : 'JSON text, in quotes')
  if (format === 'long') return as(format, 'numbers of 8 bytes')
  if (format === 'int') return as(format, 'numbers of 4 bytes')
  if (format === 'text') return as(format, 'text')
  if (format === 'protobuf') return as(format, 'Protobuf behind byte 0 and a schema id')
  if (most(isFramed)) return as('avro', 'Avro behind byte 0 and a schema id')
  return as('bytes', 'other bytes')
}

/** The longest key that is shown whole. */
const SHOWN = 60

/** A key as a message shows it. */
export function shown(key: Buffer): string {
  if (!isClean(key)) {
    const more = key.length > SHOWN / 2 ? '…' : ''
    return `0x${key.toString('hex', 0, SHOWN / 2)}${more}`
  }
  const text = key.toString()
  return text.length > SHOWN ? `${JSON.stringify(text.slice(0, SHOWN))}…` : JSON.stringify(text)
}
