/** JSON values without anything inside as Avro's, by the table in docs/formats.md. */
import { type Bytes, bytesOf } from '../../bytes.ts'
import type { Logical } from '../avro/logical.ts'
import { type EnumType, type FixedType, type PrimitiveType, typeText } from '../avro/schema.ts'
import { writeUnscaled } from '../avro/unscaled.ts'
import { readIso } from './iso.ts'
import { JsonNames } from './names.ts'
import {
  EXACT_DIGITS,
  nearestDouble,
  read,
  readNumber,
  unscaledOf,
  writeWholeNumber,
} from './number.ts'
import { hexDigit, readText } from './text.ts'
import type { JsonTransfer, ReadJson } from './transfer.ts'
import { BOOLEAN, kindOf, NULL, NUMBER, QUOTE, readWord } from './walk.ts'

const T = 0x74
const UUID_BYTES = 16

export function compileScalar(type: PrimitiveType | FixedType | EnumType): ReadJson {
  const wanted = typeText(type)
  if (type.kind === 'enum') return readSymbol(type)
  const { logical } = type
  if (logical?.name === 'decimal') {
    return readDecimal(logical, type.kind === 'fixed' ? type.size : -1, wanted)
  }
  switch (type.kind) {
    case 'null':
      return (transfer) =>
        kindOf(transfer.buffer[transfer.at]) === NULL
          ? readWord(transfer, 'null')
          : transfer.refuse(transfer.at, wanted)
    case 'boolean':
      return readBoolean(wanted)
    case 'int':
      return hasText(logical) ? readTime(logical, 32, wanted) : readInteger(32, wanted)
    case 'long':
      return hasText(logical) ? readTime(logical, 64, wanted) : readInteger(64, wanted)
    case 'float':
    case 'double':
      return readFloating(type.kind === 'float', wanted)
    case 'string':
      return readString(wanted)
    case 'bytes':
      return readBase64(-1, wanted)
    default:
      return logical?.name === 'uuid' && type.size === UUID_BYTES
        ? readUuid(wanted)
        : readBase64(type.size, wanted)
  }
}

const hasText = (logical: Logical | null): logical is Logical =>
  logical !== null && (logical.family !== null || logical.name === 'date')

/** Whether the value at `at` is a text, which is read then; else it is refused. */
function isText(transfer: JsonTransfer, wanted: string): boolean {
  const { at, buffer } = transfer
  return buffer[at] === QUOTE ? readText(transfer) : transfer.refuse(at, wanted)
}

/** The same of a number. */
function isNumber(transfer: JsonTransfer, wanted: string): boolean {
  const { at, buffer } = transfer
  return kindOf(buffer[at]) === NUMBER ? readNumber(transfer) : transfer.refuse(at, wanted)
}

const readBoolean =
  (wanted: string): ReadJson =>
  (transfer) => {
    const { at, buffer, sink } = transfer
    if (kindOf(buffer[at]) !== BOOLEAN) return transfer.refuse(at, wanted)
    const isTrue = buffer[at] === T
    return readWord(transfer, isTrue ? 'true' : 'false') && sink.int(isTrue ? -1 : 0)
  }

const readInteger =
  (bits: number, wanted: string): ReadJson =>
  (transfer) => {
    const { at } = transfer
    if (!isNumber(transfer, wanted)) return false
    return writeWholeNumber(transfer, bits) || refusedUnlessFull(transfer, at, wanted)
  }

function readFloating(isFloat: boolean, wanted: string): ReadJson {
  const words = new JsonNames(['NaN', 'Infinity', '-Infinity'])
  const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  const write = ({ sink }: JsonTransfer, value: number): boolean =>
    isFloat ? sink.float(value) : sink.double(value)
  const most = isFloat ? 3.4028235677973366e38 : Number.POSITIVE_INFINITY
  return (transfer) => {
    const { at, buffer } = transfer
    if (buffer[at] === QUOTE) {
      if (!readText(transfer)) return false
      const word = words.find(transfer.text, transfer.textStart, transfer.textEnd)
      return word < 0 ? transfer.refuse(at, wanted) : write(transfer, values[word])
    }
    if (!isNumber(transfer, wanted)) return false
    const value = nearestDouble(transfer)
    // What is beyond all of the type's is none of them.
    return value < most && value > -most ? write(transfer, value) : transfer.refuse(at, wanted)
  }
}

const readString =
  (wanted: string): ReadJson =>
  (transfer) => {
    if (!isText(transfer, wanted)) return false
    const { sink, text, textStart, textEnd } = transfer
    return sink.int(textEnd - textStart) && sink.copy(text, textStart, textEnd)
  }

function readSymbol(type: EnumType): ReadJson {
  const { symbols, fallback } = type
  const names = new JsonNames(symbols)
  const other = fallback === undefined ? -1 : symbols.indexOf(fallback)
  const wanted = `one of ${symbols.join(', ')}`
  return (transfer) => {
    const { at } = transfer
    if (!isText(transfer, wanted)) return false
    const found = names.find(transfer.text, transfer.textStart, transfer.textEnd)
    const symbol = found < 0 ? other : found
    return symbol < 0 ? transfer.refuse(at, wanted) : transfer.sink.int(symbol)
  }
}

/** A text as ISO 8601 has it, or the number itself. */
function readTime(logical: Logical, bits: number, wanted: string): ReadJson {
  const number = readInteger(bits, wanted)
  return (transfer) => {
    const { at, buffer } = transfer
    if (buffer[at] !== QUOTE) return number(transfer)
    if (!readText(transfer)) return false
    return readIso(transfer, logical, bits) || refusedUnlessFull(transfer, at, wanted)
  }
}

/** Digits, as a number or in a text; of Connect's a text is base64. */
function readDecimal(logical: Logical, size: number, wanted: string): ReadJson {
  const { scale, precision, isConnect = false } = logical
  const base64 = readBase64(size, wanted)
  const write = (transfer: JsonTransfer, at: number): boolean => {
    const unscaled = exactly(transfer, scale, precision)
    const isWritten = unscaled !== undefined && writeUnscaled(transfer.sink, unscaled, size)
    return isWritten || refusedUnlessFull(transfer, at, wanted)
  }
  return (transfer) => {
    const { at, buffer, end } = transfer
    if (buffer[at] !== QUOTE) return isNumber(transfer, wanted) && write(transfer, at)
    if (isConnect) return base64(transfer)
    if (!readText(transfer)) return false
    const behind = transfer.at
    const { text, textStart, textEnd } = transfer
    // Its digits are a number as JSON has it.
    const isDigits = text === buffer && textEnd > textStart && kindOf(buffer[textStart]) === NUMBER
    transfer.at = textStart
    transfer.end = textEnd
    const isRead = isDigits && readNumber(transfer) && transfer.at === textEnd
    transfer.at = behind
    transfer.end = end
    return isRead ? write(transfer, at) : transfer.refuse(at, wanted)
  }
}

const POWERS = Float64Array.from({ length: EXACT_DIGITS + 1 }, (_, power) => 10 ** power)

/** The number that was read as whole units; undefined: it is none, or has more digits than that. */
function exactly(
  transfer: JsonTransfer,
  scale: number,
  precision: number,
): number | bigint | undefined {
  const { value, digits, exponent, isNegative } = read
  const shift = exponent + scale
  if (digits <= EXACT_DIGITS && shift >= 0 && digits + shift <= EXACT_DIGITS) {
    if (digits > 0 && digits + shift > precision) return undefined
    const unscaled = value * POWERS[shift]
    return isNegative ? -unscaled : unscaled
  }
  return unscaledOf(transfer, scale, precision)
}

const DIGITS = new Int8Array(256).fill(-1)
for (const [i, letter] of [
  ...Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'),
].entries()) {
  DIGITS[letter] = i
}
const PADDING = 0x3d

/** Base64 with padding. @param size of a fixed; -1: bytes */
const readBase64 =
  (size: number, wanted: string): ReadJson =>
  (transfer) => {
    const { at } = transfer
    if (!isText(transfer, wanted)) return false
    const { sink, text, textStart, textEnd } = transfer
    const length = textEnd - textStart
    const padding =
      length < 2 || text[textEnd - 1] !== PADDING ? 0 : text[textEnd - 2] === PADDING ? 2 : 1
    const bytes = (length / 4) * 3 - padding
    if (length % 4 !== 0 || (size >= 0 && bytes !== size)) return transfer.refuse(at, wanted)
    if (size < 0 && !sink.int(bytes)) return false
    if (!sink.reserve(bytes + 2)) return false
    return writeBits(transfer, textEnd - padding) || transfer.refuse(at, wanted)
  }

/** The bytes of base64's digits; false: there are other characters. @param end of the digits */
function writeBits({ sink, text, textStart }: JsonTransfer, end: number): boolean {
  const { buffer } = sink
  let bits = 0
  let count = 0
  let to = sink.at
  for (let from = textStart; from < end; from++) {
    const digit = DIGITS[text[from]]
    if (digit < 0) return false
    bits = ((bits << 6) | digit) & 0xffffff
    count += 6
    if (count < 8) continue
    count -= 8
    buffer[to++] = (bits >> count) & 255
  }
  sink.at = to
  return true
}

/** Places of a UUID's text that have a dash. */
const DASHES = [8, 13, 18, 23]
const DASH = 0x2d
const uuid: Bytes = bytesOf(Buffer.alloc(UUID_BYTES))

const readUuid =
  (wanted: string): ReadJson =>
  (transfer) => {
    const { at } = transfer
    if (!isText(transfer, wanted)) return false
    const { text, textStart, textEnd } = transfer
    let digits = 0
    let isUuid = textEnd - textStart === 36
    for (let i = 0; isUuid && i < 36; i++) {
      const byte = text[textStart + i]
      if (DASHES.includes(i)) {
        isUuid = byte === DASH
        continue
      }
      const digit = hexDigit(byte)
      isUuid = digit >= 0
      uuid[digits >> 1] = ((uuid[digits >> 1] << 4) | digit) & 255
      digits++
    }
    return isUuid ? transfer.sink.copy(uuid, 0, UUID_BYTES) : transfer.refuse(at, wanted)
  }

/** What the sink has no more room for is none of the type's fault. */
const refusedUnlessFull = (transfer: JsonTransfer, at: number, wanted: string): false =>
  transfer.sink.isFull ? false : transfer.refuse(at, wanted)

/** Whether the text at `at` is one of an enum's. Moves nothing. */
export function isWholeNumber(transfer: JsonTransfer): boolean {
  const { at } = transfer
  const isRead = readNumber(transfer)
  transfer.at = at
  return isRead && read.isPlain
}
