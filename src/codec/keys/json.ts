import type { RejectReason } from '../../batch.ts'
import { type Bytes, bytesOf, NO_BYTES } from '../../bytes.ts'
import { skipName, skipSpace, skipValue } from '../json/scan.ts'
import type { KeyReader } from '../port.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const SCHEMA = Buffer.from('schema')
const PAYLOAD = Buffer.from('payload')
const AROUND = 'take one field out of it, in Kafka Connect with the transform ExtractField$Key'

/** What `read` has found: text, or why there is none. */
const TEXT = 0
const NULL = 1
const FAULTS = [
  '',
  'The key is null',
  'The key is not JSON',
  'The key is a JSON number with a fraction or an exponent; a key has to be text or a whole number',
  `The key is a JSON array; ${AROUND}`,
  'The key is true or false; a key has to be text or a whole number',
  `The key is a JSON object of none or several fields; ${AROUND}`,
  `The key is a JSON object in another one; ${AROUND}`,
]
const NOT_JSON = 2
const FRACTION = 3
const ARRAY = 4
const BOOLEAN = 5
const SEVERAL = 6
const NESTED = 7

/** Byte 0 and an id, which Confluent's JSON Schema serializers write before the text. A text does not begin so. */
const FRAME_BYTES = 5

/** Where the text of a key begins, behind its frame where it has one. */
export const behindFrame = (buffer: Buffer, start: number, end: number): number =>
  end - start > FRAME_BYTES && buffer[start] === 0 ? start + FRAME_BYTES : start

/**
 * Keys that are JSON: text, a whole number, an object of one such field, or either inside `schema` and
 * `payload` as Kafka Connect's JsonConverter writes it; framed or not. Numbers keep their digits, however many there are.
 */
export class JsonKey implements KeyReader {
  buffer: Bytes = NO_BYTES
  start = 0
  end = 0
  #found = NOT_JSON
  /** Text that had to be unescaped. */
  #made = bytesOf(Buffer.alloc(64))
  /** Of the object that was looked at last: where its only field, or its payload, begins; -1: it has neither. */
  #field = -1
  #isEnvelope = false

  get reason(): RejectReason {
    return this.#found === NULL ? 'null_key' : 'bad_key'
  }

  get fault(): string {
    return FAULTS[this.#found]
  }

  read(buffer: Bytes, start: number, end: number): boolean {
    this.#found = this.#findText(buffer, behindFrame(buffer, start, end), end)
    return this.#found === TEXT
  }

  async load(): Promise<void> {}

  #findText(buffer: Bytes, start: number, end: number): number {
    let at = skipSpace(buffer, start, end)
    const behind = skipValue(buffer, at, end)
    if (behind < 0 || skipSpace(buffer, behind, end) !== end) return NOT_JSON
    if (buffer[at] !== OPEN_OBJECT) return this.#scalar(buffer, at, behind)
    this.#look(buffer, at, end)
    if (this.#field < 0) return SEVERAL
    at = this.#field
    if (this.#isEnvelope && buffer[at] === OPEN_OBJECT) {
      this.#look(buffer, at, end)
      if (this.#field < 0 || this.#isEnvelope) return SEVERAL
      at = this.#field
    }
    if (buffer[at] === OPEN_OBJECT) return NESTED
    return this.#scalar(buffer, at, skipValue(buffer, at, end))
  }

  /** The object at `start` is sound JSON. */
  #look(buffer: Bytes, start: number, end: number): void {
    let fields = 0
    let schemas = 0
    let payload = -1
    let last = -1
    for (let at = skipSpace(buffer, start + 1, end); buffer[at] !== CLOSE_OBJECT; ) {
      last = skipName(buffer, at, end)
      fields++
      if (isName(buffer, at, SCHEMA)) schemas++
      if (isName(buffer, at, PAYLOAD)) payload = last
      at = skipSpace(buffer, skipValue(buffer, last, end), end)
      if (buffer[at] !== CLOSE_OBJECT) at = skipSpace(buffer, at + 1, end)
    }
    this.#isEnvelope = fields === 2 && schemas === 1 && payload >= 0
    this.#field = this.#isEnvelope ? payload : fields === 1 ? last : -1
  }

  #scalar(buffer: Bytes, start: number, end: number): number {
    const first = buffer[start]
    if (first === QUOTE) return this.#string(buffer, start, end)
    if (first === 0x6e) return NULL
    if (first === 0x74 || first === 0x66) return BOOLEAN
    if (first === 0x5b) return ARRAY
    for (let at = start + 1; at < end; at++) if (buffer[at] < 48 || buffer[at] > 57) return FRACTION
    this.buffer = buffer
    this.start = start
    this.end = end
    return TEXT
  }

  #string(buffer: Bytes, start: number, end: number): number {
    this.buffer = buffer
    this.start = start + 1
    this.end = end - 1
    let at = start
    while (at < end && buffer[at] !== BACKSLASH) at++
    if (at === end) return TEXT
    // Rare: what JSON.parse makes of it.
    const text = JSON.parse(buffer.toString('utf8', start, end)) as string
    // A byte that is no UTF-8 becomes three.
    if (this.#made.length < 3 * (end - start)) this.#made = bytesOf(Buffer.alloc(6 * (end - start)))
    this.buffer = this.#made
    this.start = 0
    this.end = this.#made.write(text)
    return TEXT
  }
}

/** Whether the name at `at`, in quotes, is `name`. */
function isName(buffer: Bytes, at: number, name: Buffer): boolean {
  for (let i = 0; i < name.length; i++) if (buffer[at + 1 + i] !== name[i]) return false
  return buffer[at + 1 + name.length] === QUOTE
}
