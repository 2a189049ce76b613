/**
 * Where a record's schema id is, and where the body begins. Most records have Confluent's prefix, byte 0 and a big-endian int32
 * ("Wire format", https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/), which `isFramed`
 * knows; `Frame` knows all others. They are told apart, so that no four bytes of a body are taken for an id.
 */
import type { RegistryType } from '../../config/pipeline.ts'
import { AZURE_HEADER, type HeaderKind, IdHeader, KEY, VALUE } from './id-headers.ts'

export { KEY, VALUE }

/** Byte 0 and the id. */
export const FRAME_BYTES = 5

/** Longest piece of text that a fault shows. */
const SHOWN = 20

/** Where the id is: what a header has, a prefix of 4 or 8 bytes behind byte 0, or AWS Glue's, whose body may be compressed by zlib. */
export type FrameKind =
  | Exclude<HeaderKind, 'other'>
  | 'prefix'
  | 'long prefix'
  | 'Glue'
  | 'Glue zlib'

/** All that tell by themselves what they are. With a long prefix a prefix has the id 0, which no registry gives, but test cases do. */
export const ALL_FRAMES: readonly FrameKind[] = [
  'GUID',
  'content id',
  'global id',
  'Azure id',
  'prefix',
  'Glue',
  'Glue zlib',
]

/** Those whose ids a registry of the type knows. */
export const FRAMES_OF: Readonly<Record<RegistryType, readonly FrameKind[]>> = {
  confluent: ['GUID', 'content id', 'prefix'],
  apicurio: ['GUID', 'content id', 'global id', 'prefix', 'long prefix'],
  glue: ['Glue', 'Glue zlib'],
  azure: ['Azure id'],
}

/** Of the GUID and the UUID. */
const UUID_BYTES = 16
const ID_BYTES: Readonly<Record<FrameKind, number>> = {
  GUID: 1 + UUID_BYTES,
  'content id': 8,
  'global id': 8,
  'Azure id': 32,
  prefix: 4,
  'long prefix': 8,
  Glue: UUID_BYTES,
  'Glue zlib': UUID_BYTES,
}
/** https://docs.aws.amazon.com/glue/latest/dg/schema-registry.html: version 3, then the compression, none or zlib. */
export const GLUE = 3
const ZLIB = 5
const GLUE_HEAD = 2
export const GLUE_BYTES = GLUE_HEAD + UUID_BYTES
/** Confluent's, before the GUID. */
const GUID_FOLLOWS = 1

const HEADERS = [new IdHeader(VALUE), new IdHeader(KEY)]

/**
 * Whether a key or value begins with the prefix, and no header says that its id is elsewhere.
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
  return headerEnd - headerStart <= 1 || !HEADERS[part].find(buffer, headerStart, headerEnd)
}

/** What the frames of one topic's keys or values are, one record at a time. */
export class Frame {
  readonly #part: number
  readonly #kinds: ReadonlySet<FrameKind>
  readonly #header: IdHeader
  /** Of the record whose frame was found. */
  kind: FrameKind = 'prefix'
  /** Where in the record's buffer its id is. */
  idStart = 0
  idEnd = 0
  /** How far behind the beginning of key or value the body begins. */
  bodyBytes = 0
  /** Whether a header names the schema of the record that was looked at last, be it read or not. */
  isInHeader = false

  /** @param kinds that are read */
  constructor(part: number, kinds: readonly FrameKind[]) {
    this.#part = part
    this.#kinds = new Set(kinds)
    this.#header = new IdHeader(part)
  }

  /** Whether there is one of those that are read. */
  find(
    buffer: Buffer,
    start: number,
    end: number,
    headerStart: number,
    headerEnd: number,
  ): boolean {
    const header = this.#header
    this.isInHeader = headerEnd - headerStart > 1 && header.find(buffer, headerStart, headerEnd)
    if (this.isInHeader) {
      const { kind, start: idStart } = header
      if (kind === 'other' || (kind === 'GUID' && buffer[idStart] !== GUID_FOLLOWS)) return false
      return this.#is(kind, idStart, header.end, 0)
    }
    const bytes = end - start
    if (buffer[start] === GLUE && (buffer[start + 1] === 0 || buffer[start + 1] === ZLIB)) {
      const at = start + GLUE_HEAD
      const kind = buffer[start + 1] === ZLIB ? 'Glue zlib' : 'Glue'
      return bytes >= GLUE_BYTES && this.#is(kind, at, at + UUID_BYTES, GLUE_BYTES)
    }
    if (buffer[start] !== 0 || bytes < FRAME_BYTES) return false
    // An id is never 0: these are the upper bytes of a longer one.
    const isLong = bytes >= 9 && buffer.readInt32BE(start + 1) === 0
    if (isLong && this.#is('long prefix', start + 1, start + 9, 9)) return true
    return this.#is('prefix', start + 1, start + FRAME_BYTES, FRAME_BYTES)
  }

  #is(kind: FrameKind, idStart: number, idEnd: number, bodyBytes: number): boolean {
    // Behind the GUID there may be which message of a Protobuf schema it is.
    if (idEnd - idStart < ID_BYTES[kind] || !this.#kinds.has(kind)) return false
    this.kind = kind
    this.idStart = idStart
    this.idEnd = idStart + ID_BYTES[kind]
    this.bodyBytes = bodyBytes
    return true
  }

  /** Why `find` has just said no, as a sentence. */
  fault(
    buffer: Buffer,
    start: number,
    end: number,
    headerStart: number,
    headerEnd: number,
  ): string {
    return frameFault(this.#part, buffer, start, end, headerStart, headerEnd, this.#kinds)
  }
}

const PREFIXES: ReadonlySet<FrameKind> = new Set(['prefix'])

/** Why a key or value has no frame that is read, as a sentence. @param kinds that are read */
export function frameFault(
  part: number,
  buffer: Buffer,
  start: number,
  end: number,
  headerStart: number,
  headerEnd: number,
  kinds = PREFIXES,
): string {
  const header = HEADERS[part]
  return header.find(buffer, headerStart, headerEnd)
    ? headerFault(part, header, kinds)
    : bodyFault(part, buffer.subarray(start, end), kinds)
}

const nameOf = (part: number): string => (part === KEY ? 'key' : 'value')

const PREFIX = 'have the producer write byte 0 and the id in front of the'

/** Whose frames are the one kind that is read; undefined: there are several kinds. */
function cloudOf(kinds: ReadonlySet<FrameKind>): string | undefined {
  if (kinds.has('prefix')) return undefined
  return kinds.has('Glue') ? 'AWS Glue' : 'Azure'
}

function headerFault(
  part: number,
  { name, kind, start, end }: IdHeader,
  kinds: ReadonlySet<FrameKind>,
): string {
  const where = `The ${nameOf(part)}’s schema is named in the header ${name}`
  if (kind === 'other') {
    return `${where}, which has no id; have Apicurio’s serializer write contentId or globalId (apicurio.registry.use-id)`
  }
  if (end - start < ID_BYTES[kind])
    return `${where}, which has ${end - start} bytes, and so no ${kind}`
  const cloud = cloudOf(kinds)
  if (cloud !== undefined) return `${where}, and the registry of the file is ${cloud}’s`
  if (kind === 'global id') {
    return `${where}, by which only a registry of the type apicurio is asked: write registry.type: apicurio, or ${PREFIX} ${nameOf(part)}`
  }
  return `${where}, and the registry of the file has no such ids; name schema files in place of registry, or ${PREFIX} ${nameOf(part)}`
}

function bodyFault(part: number, body: Buffer, kinds: ReadonlySet<FrameKind>): string {
  const cloud = cloudOf(kinds)
  if (cloud === undefined) {
    return `The ${nameOf(part)} does not begin with byte 0 and a schema id (Confluent framing): ${seen(body)}`
  }
  const isPrefixed = body.length >= FRAME_BYTES && body[0] === 0
  const what = isPrefixed ? 'it begins with byte 0 and an id, as Confluent’s have it' : seen(body)
  return cloud === 'Azure'
    ? `The ${nameOf(part)} has no header ${AZURE_HEADER.name} with ${AZURE_HEADER.begins} and an id (Azure’s framing): ${what}`
    : `The ${nameOf(part)} does not begin with 03 00 or 03 05 and the id of a schema version (AWS Glue’s framing): ${what}`
}

/** What bytes without a frame are, as far as their beginning tells. */
function seen(body: Buffer): string {
  if (body.length === 0) return 'it is empty'
  if (body[0] === GLUE && (body[1] === 0 || body[1] === ZLIB)) {
    return `it begins with 03 ${body[1] === 0 ? '00' : '05'}, as AWS Glue’s serializers write it, whose ids the registry of the file has not; write registry.type: glue, or name schema files in place of registry`
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
