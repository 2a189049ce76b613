/** JSON's texts: https://www.rfc-editor.org/rfc/rfc8259#section-7 */
import { sequenceBytes } from './strings.ts'
import type { JsonTransfer } from './transfer.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const U = 0x75
/** Whether a byte of ASCII stands for itself. */
const STANDS = Uint8Array.from({ length: 256 }, (_, byte) =>
  Number(byte >= 0x20 && byte < 0x80 && byte !== QUOTE && byte !== BACKSLASH),
)
/** What a letter behind a backslash stands for; 0: nothing. */
const ESCAPES = new Uint8Array(256)
for (const [letter, stands] of ['""', '\\\\', '//', 'b\b', 'f\f', 'n\n', 'r\r', 't\t']) {
  ESCAPES[letter.charCodeAt(0)] = stands.charCodeAt(0)
}
const NO_END = 'the " at a text’s end'
const NO_UTF8 = 'UTF-8'
const HALF = 'the other half of a surrogate pair, as \\udc00'

/** The text whose quote is at `at`: afterwards it is in `text[textStart, textEnd)`, and `at` behind its other quote. */
export function readText(transfer: JsonTransfer): boolean {
  const { buffer, end } = transfer
  const { view } = buffer
  const start = transfer.at + 1
  let at = start
  for (;;) {
    for (; at + 4 <= end && isPlain(view.getInt32(at, true)); at += 4);
    while (at < end && STANDS[buffer[at]] === 1) at++
    if (at >= end) return transfer.expect(end, NO_END)
    const byte = buffer[at]
    if (byte === QUOTE) {
      transfer.text = buffer
      transfer.textStart = start
      transfer.textEnd = at
      transfer.at = at + 1
      return true
    }
    if (byte < 0x80) break
    const length = sequenceBytes(buffer, at, end)
    if (length < 0) return transfer.expect(at, NO_UTF8)
    at += length
  }
  return readEscaped(transfer, start, at)
}

/** Whether four bytes all stand for themselves. It may say no of others than the first that does not. */
function isPlain(word: number): boolean {
  const quote = word ^ 0x22222222
  const backslash = word ^ 0x5c5c5c5c
  const odd =
    word |
    ((word - 0x20202020) & ~word) |
    ((quote - 0x01010101) & ~quote) |
    ((backslash - 0x01010101) & ~backslash)
  return (odd & 0x80808080) === 0
}

/** A text with an escape or a fault at `from`. */
function readEscaped(transfer: JsonTransfer, start: number, from: number): boolean {
  const { buffer, end, unescaped } = transfer
  unescaped.at = 0
  unescaped.copy(buffer, start, from)
  let at = from
  while (at < end) {
    const byte = buffer[at]
    if (byte === QUOTE) {
      transfer.text = unescaped.buffer
      transfer.textStart = 0
      transfer.textEnd = unescaped.at
      transfer.at = at + 1
      return true
    }
    if (byte === BACKSLASH) {
      at = readEscape(transfer, at)
      if (at < 0) return false
      continue
    }
    if (byte < 0x20) return transfer.expect(at, 'a control character’s escape')
    const length = byte < 0x80 ? 1 : sequenceBytes(buffer, at, end)
    if (length < 0) return transfer.expect(at, NO_UTF8)
    unescaped.copy(buffer, at, at + length)
    at += length
  }
  return transfer.expect(end, NO_END)
}

/** @returns the place behind it; -1: there is none */
function readEscape(transfer: JsonTransfer, at: number): number {
  const { buffer, end, unescaped } = transfer
  const letter = at + 1 < end ? buffer[at + 1] : 0
  if (ESCAPES[letter] !== 0) {
    unescaped.byte(ESCAPES[letter])
    return at + 2
  }
  const unit = letter === U ? hexAt(transfer, at + 2) : -1
  if (unit < 0) return refused(transfer, at, 'an escape')
  if (unit < 0xd800 || unit > 0xdfff) {
    writeCharacter(transfer, unit)
    return at + 6
  }
  const isPair =
    unit < 0xdc00 && at + 7 < end && buffer[at + 6] === BACKSLASH && buffer[at + 7] === U
  const low = isPair ? hexAt(transfer, at + 8) : -1
  if (low < 0xdc00 || low > 0xdfff) return refused(transfer, at, HALF)
  writeCharacter(transfer, 0x10000 + ((unit - 0xd800) << 10) + low - 0xdc00)
  return at + 12
}

function refused(transfer: JsonTransfer, at: number, wanted: string): number {
  transfer.expect(at, wanted)
  return -1
}

/** The number of four hexadecimal digits; -1: they are none. */
function hexAt({ buffer, end }: JsonTransfer, at: number): number {
  if (at + 4 > end) return -1
  let value = 0
  for (let i = at; i < at + 4; i++) {
    const digit = hexDigit(buffer[i])
    if (digit < 0) return -1
    value = value * 16 + digit
  }
  return value
}

/** -1: it is none. */
export function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48
  const letter = byte | 0x20
  return letter >= 97 && letter <= 102 ? letter - 87 : -1
}

/** A character as UTF-8. */
function writeCharacter({ unescaped }: JsonTransfer, code: number): void {
  if (code < 0x80) unescaped.byte(code)
  else {
    if (code < 0x800) unescaped.byte(0xc0 | (code >> 6))
    else {
      if (code < 0x10000) unescaped.byte(0xe0 | (code >> 12))
      else {
        unescaped.byte(0xf0 | (code >> 18))
        unescaped.byte(0x80 | ((code >> 12) & 63))
      }
      unescaped.byte(0x80 | ((code >> 6) & 63))
    }
    unescaped.byte(0x80 | (code & 63))
  }
}
