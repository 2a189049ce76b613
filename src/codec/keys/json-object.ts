import type { RejectReason } from '../../batch.ts'
import { type Bytes, NO_BYTES } from '../../bytes.ts'
import { skipName, skipSpace, skipValue } from '../json/scan.ts'
import type { KeyReader } from '../port.ts'
import { CompositeText } from './composite-text.ts'
import { behindFrame, JsonKey } from './json.ts'

const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/**
 * Keys that are JSON objects of several fields, each a text or a whole number; alone, or inside `schema` and `payload` as
 * Kafka Connect's JsonConverter writes them; framed or not. The text is that of the fields, in the order of the names.
 */
export class JsonObjectKey implements KeyReader {
  readonly #names: readonly string[]
  /** The names as members have them, each with its quotes. */
  readonly #members: readonly Buffer[]
  readonly #text = new CompositeText()
  readonly #field = new JsonKey()
  /** By name: where the field's value begins; -1: it is not there. */
  readonly #starts: number[]
  buffer: Bytes = NO_BYTES
  readonly start = 0
  end = 0
  reason: RejectReason = 'bad_key'
  fault = ''

  constructor(names: readonly string[]) {
    this.#names = names
    this.#members = names.map((name) => Buffer.from(JSON.stringify(name)))
    this.#starts = names.map(() => -1)
  }

  async load(): Promise<void> {}

  read(buffer: Bytes, start: number, end: number): boolean {
    const at = skipSpace(buffer, behindFrame(buffer, start, end), end)
    const behind = skipValue(buffer, at, end)
    if (behind < 0 || skipSpace(buffer, behind, end) !== end) {
      return this.#refuse('bad_key', 'The key is not JSON')
    }
    const object = buffer[at] === OPEN_OBJECT ? payloadOf(buffer, at, end) : at
    if (buffer[object] !== OPEN_OBJECT)
      return this.#refuse('bad_key', this.#wanted('no JSON object'))
    const other = this.#look(buffer, object, end)
    if (other !== undefined)
      return this.#refuse('bad_key', this.#wanted(`a JSON object with the field ${other}`))
    return this.#readFields(buffer, end)
  }

  #readFields(buffer: Bytes, end: number): boolean {
    const text = this.#text
    const field = this.#field
    text.begin()
    for (let n = 0; n < this.#names.length; n++) {
      const at = this.#starts[n]
      const name = this.#names[n]
      if (at < 0)
        return this.#refuse('bad_key', this.#wanted(`a JSON object without the field ${name}`))
      const isObject = buffer[at] === OPEN_OBJECT
      if (isObject || !field.read(buffer, at, skipValue(buffer, at, end))) {
        if (!isObject && field.reason === 'null_key') {
          return this.#refuse('null_key', `The key’s field ${name} is null`)
        }
        const fault = `The key’s field ${name} is neither text nor a whole number`
        return this.#refuse('bad_key', fault)
      }
      text.add(field.buffer, field.start, field.end)
    }
    this.buffer = text.buffer
    this.end = text.end
    return true
  }

  /** Finds the fields of the object at `start`, which is sound JSON. @returns a member that is none of them */
  #look(buffer: Bytes, start: number, end: number): string | undefined {
    const starts = this.#starts.fill(-1)
    for (let at = skipSpace(buffer, start + 1, end); buffer[at] !== CLOSE_OBJECT; ) {
      const value = skipName(buffer, at, end)
      const n = this.#members.findIndex((member) => isAt(buffer, at, member))
      if (n < 0) return memberName(buffer, at, value)
      starts[n] = value
      at = skipSpace(buffer, skipValue(buffer, value, end), end)
      if (buffer[at] !== CLOSE_OBJECT) at = skipSpace(buffer, at + 1, end)
    }
    return undefined
  }

  #wanted(what: string): string {
    return `The key is ${what}; it has to be an object of the fields ${this.#names.join(', ')}`
  }

  #refuse(reason: RejectReason, fault: string): false {
    this.reason = reason
    this.fault = fault
    return false
  }
}

/** Where the payload of an object of `schema` and `payload` begins; of another one, where it begins itself. */
function payloadOf(buffer: Bytes, start: number, end: number): number {
  let payload = -1
  let fields = 0
  let hasSchema = false
  for (let at = skipSpace(buffer, start + 1, end); buffer[at] !== CLOSE_OBJECT; fields++) {
    const value = skipName(buffer, at, end)
    if (isAt(buffer, at, SCHEMA)) hasSchema = true
    if (isAt(buffer, at, PAYLOAD)) payload = value
    at = skipSpace(buffer, skipValue(buffer, value, end), end)
    if (buffer[at] !== CLOSE_OBJECT) at = skipSpace(buffer, at + 1, end)
  }
  return fields === 2 && hasSchema && payload >= 0 ? payload : start
}

const SCHEMA = Buffer.from('"schema"')
const PAYLOAD = Buffer.from('"payload"')

function isAt(buffer: Bytes, at: number, member: Buffer): boolean {
  for (let i = 0; i < member.length; i++) if (buffer[at + i] !== member[i]) return false
  return true
}

/** As JSON has it, for messages. */
const memberName = (buffer: Bytes, at: number, value: number): string =>
  buffer
    .toString('utf8', at, value)
    .replace(/\s*:\s*$/, '')
    .slice(1, -1)
