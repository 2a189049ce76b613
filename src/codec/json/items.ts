/** Where in a JSON value items of DynamoDB are, and how they are read there. */
import { type Bytes, bytesOf, copyBytes } from '../../bytes.ts'
import { typeAt } from '../avro/field-path.ts'
import type { EnvelopePlan } from '../avro/reader.ts'
import type { RecordType, UnionType } from '../avro/schema.ts'
import { ENVELOPES, recordAt } from '../envelope/schema.ts'
import { compileItem } from './attributes.ts'
import type { Known } from './decode.ts'
import type { JsonRecord } from './record.ts'
import { readText } from './text.ts'
import { type JsonTransfer, MISFIT, NONE, SYNTAX } from './transfer.ts'
import { kindOf, NULL, QUOTE, readWord, toNext, toValue } from './walk.ts'

/** @param value what is read of one. @param item what is read of an item */
export function knownItems(value: RecordType, item: RecordType, { kind }: EnvelopePlan): Known {
  if (kind === 'dynamodb') return new Map([[item, compileItem(item)]])
  if (kind !== 'dynamodb-cdc') return new Map()
  const { after, before } = ENVELOPES[kind]
  const read = compileItem(item)
  const places = [after, before].filter((path) => recordAt(value, path) !== undefined)
  return new Map(
    places.map((path) => {
      const type = typeAt(value, path) as UnionType
      return [type, new ItemText(read, type)]
    }),
  )
}

/** There may be spaces behind it. */
function isEnd(transfer: JsonTransfer): boolean {
  if (transfer.at === transfer.end) return true
  if (toNext(transfer, WANTED)) return transfer.expect(transfer.at, WANTED)
  transfer.fault = NONE
  return true
}

const WANTED = 'text with the attributes of an item as JSON'

/** An item whose JSON is a text itself, or null. */
class ItemText {
  readonly #item: JsonRecord
  /** The branches of the union. */
  readonly #null: number
  readonly #record: number
  #text: Bytes = bytesOf(Buffer.allocUnsafe(1024))

  constructor(item: JsonRecord, { branches }: UnionType) {
    this.#item = item
    this.#null = branches.findIndex(({ kind }) => kind === 'null')
    this.#record = 1 - this.#null
  }

  read(transfer: JsonTransfer): boolean {
    const { at, buffer, end, sink } = transfer
    if (kindOf(buffer[at]) === NULL) return sink.int(this.#null) && readWord(transfer, 'null')
    if (buffer[at] !== QUOTE) return transfer.refuse(at, WANTED)
    if (!readText(transfer)) return false
    const behind = transfer.at
    this.#step(transfer)
    const isRead =
      sink.int(this.#record) &&
      toValue(transfer) &&
      this.#item.read(transfer, false) &&
      isEnd(transfer)
    transfer.buffer = buffer
    transfer.at = behind
    transfer.end = end
    if (isRead) return true
    // Places in the text are none in the value.
    if (transfer.fault === SYNTAX) transfer.wanted = WANTED
    const isPlaced = transfer.fault === SYNTAX || transfer.fault === MISFIT
    return isPlaced && transfer.refuse(at, transfer.wanted)
  }

  /** Into the text that was read: texts in it may have escapes of their own. */
  #step(transfer: JsonTransfer): void {
    const { text, textStart, textEnd } = transfer
    const bytes = textEnd - textStart
    if (bytes > this.#text.length) this.#text = bytesOf(Buffer.allocUnsafe(2 * bytes))
    copyBytes(text, textStart, textEnd, this.#text, 0)
    transfer.buffer = this.#text
    transfer.at = 0
    transfer.end = bytes
  }
}
