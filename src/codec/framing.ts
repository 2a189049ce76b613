/**
 * Where a record's schema id is. It is read in one place only: behind byte 0, as a big-endian int32
 * ("Wire format", https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/).
 * Other places are told apart, so that no four bytes of a body are taken for an id.
 */
import type { RecordBytes } from '../batch.ts'

/** Byte 0 and the id. */
export const FRAME_BYTES = 5

/** Which part of a record is spoken of. */
export const VALUE = 0
export const KEY = 1

/**
 * Headers that have the id in place of the frame, by part: Confluent's HeaderSchemaIdSerializer, and
 * Apicurio's serdes (io.apicurio.registry.serde.headers.SerdeHeaders) with headers enabled.
 */
const HEADERS: readonly (readonly string[])[] = [
  [
    '__value_schema_id',
    'apicurio.value.contentId',
    'apicurio.value.globalId',
    'apicurio.value.contentHash',
    'apicurio.value.artifactId',
  ],
  [
    '__key_schema_id',
    'apicurio.key.contentId',
    'apicurio.key.globalId',
    'apicurio.key.contentHash',
    'apicurio.key.artifactId',
  ],
]
const NAMES = HEADERS.map((names) => names.map((name) => Buffer.from(name)))

/** Longest piece of text that a fault shows. */
const SHOWN = 20

/**
 * Whether a key or value begins with the frame, and no header says that its id is elsewhere.
 * `buffer[headerStart, headerEnd)` is the raw header section; a record without headers has one byte there.
 */
export function isFramed(
  part: number,
  buffer: Buffer,
  start: number,
  end: number,
  headerStart: number,
  headerEnd: number,
): boolean {
  if (end - start < FRAME_BYTES || buffer[start] !== 0) return false
  return headerEnd - headerStart <= 1 || !hasIdHeader(part, buffer, headerStart, headerEnd)
}

/** Whether a header has the schema id of the record's key or value. */
export const hasIdHeader = (
  part: number,
  buffer: Buffer,
  headerStart: number,
  headerEnd: number,
): boolean => idHeader(part, buffer, headerStart, headerEnd) >= 0

/** Why `isFramed` has just said no, as a sentence. */
export function frameFault(
  part: number,
  buffer: Buffer,
  start: number,
  end: number,
  headerStart: number,
  headerEnd: number,
): string {
  const header = idHeader(part, buffer, headerStart, headerEnd)
  return header < 0 ? bodyFault(part, buffer.subarray(start, end)) : headerFault(part, header)
}

/** The same for a record whose headers are taken apart; null: none of them has an id. */
export function idHeaderFault(
  part: number,
  { headers }: Pick<RecordBytes, 'headers'>,
): string | null {
  const names = headers.map(([name]) => name)
  const header = HEADERS[part].findIndex((id) => names.includes(id))
  return header < 0 ? null : headerFault(part, header)
}

const nameOf = (part: number): string => (part === KEY ? 'key' : 'value')

const headerFault = (part: number, header: number): string =>
  `The ${nameOf(part)}’s schema id is in the header ${HEADERS[part][header]}, and framing by headers is not supported; have the producer write byte 0 and the id in front of the ${nameOf(part)}`

function bodyFault(part: number, body: Buffer): string {
  return `The ${nameOf(part)} does not begin with byte 0 and a schema id (Confluent framing): ${seen(body)}`
}

/** What bytes without a frame are, as far as their beginning tells. */
function seen(body: Buffer): string {
  if (body.length === 0) return 'it is empty'
  // https://docs.aws.amazon.com/glue/latest/dg/schema-registry.html: version 3, then the compression.
  if (body[0] === 3 && (body[1] === 0 || body[1] === 5)) {
    return `it begins with 03 ${body[1] === 0 ? '00' : '05'}, as AWS Glue’s serializers write it, which is not supported; have the producer use a registry with Confluent’s framing`
  }
  const text = body.toString('utf8', 0, SHOWN)
  const isText = /^[^\p{Cc}\ufffd]+\ufffd?$/u.test(text)
  if (isText && /^[{[]/.test(text)) return `it begins with ${text[0]}, as JSON does`
  if (isText) {
    const more = body.length > SHOWN ? '…' : ''
    return `it is text, ${JSON.stringify(text.replace(/\ufffd$/u, ''))}${more}`
  }
  if (body.length < FRAME_BYTES) return `it has only ${body.length} bytes`
  return `its first bytes are ${body.toString('hex', 0, FRAME_BYTES).replace(/..(?=.)/g, '$& ')}`
}

/** Which of the part's headers the section has; -1: none. Names are compared as bytes, and no object is made. */
function idHeader(part: number, buffer: Buffer, start: number, end: number): number {
  const names = NAMES[part]
  let at = start
  let field = 0
  // The count of headers, then of each the length of its name, the name, the length of its value, the value.
  for (let fields = 1; field < fields && at < end; field++) {
    let raw = 0
    let byte = 128
    for (let shift = 0; byte > 127 && at < end; shift += 7) {
      byte = buffer[at++]
      raw |= (byte & 127) << shift
    }
    const number = (raw >>> 1) ^ -(raw & 1)
    if (field === 0) {
      fields += 2 * number
      continue
    }
    if ((field & 1) === 1) {
      const name = nameAt(names, buffer, at, number)
      if (name >= 0) return name
    }
    // A null value has the length -1.
    if (number > 0) at += number
  }
  return -1
}

function nameAt(names: readonly Buffer[], buffer: Buffer, at: number, length: number): number {
  for (let n = 0; n < names.length; n++) {
    if (names[n].length === length && hasAt(buffer, at, names[n])) return n
  }
  return -1
}

function hasAt(buffer: Buffer, at: number, name: Buffer): boolean {
  // The end first: names of one kind begin alike.
  for (let i = name.length - 1; i >= 0; i--) if (buffer[at + i] !== name[i]) return false
  return true
}
