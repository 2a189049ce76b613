/**
 * Walks JSON text (RFC 8259) without parsing it: by positions in its bytes, so that numbers keep their digits
 * and no object is made. Every function returns the position behind what it has walked, -1 where it is not there.
 */

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const MINUS = 0x2d
/** Levels of arrays and objects; who nests more wants to end us. */
const DEEPEST = 100

const TRUE = Buffer.from('true')
const FALSE = Buffer.from('false')
const NULL = Buffer.from('null')
const ESCAPED = new Set(Buffer.from('"\\/bfnrt'))

const isSpace = (byte: number): boolean =>
  byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
const isDigit = (byte: number): boolean => byte >= 48 && byte <= 57
const isHex = (byte: number): boolean =>
  isDigit(byte) || (byte >= 65 && byte <= 70) || (byte >= 97 && byte <= 102)

export function skipSpace(text: Buffer, start: number, end: number): number {
  let at = start
  while (at < end && isSpace(text[at])) at++
  return at
}

export function skipValue(text: Buffer, at: number, end: number, depth = 0): number {
  if (at >= end || depth > DEEPEST) return -1
  switch (text[at]) {
    case QUOTE:
      return skipString(text, at, end)
    case OPEN_OBJECT:
      return skipMembers(text, at, end, depth)
    case OPEN_ARRAY:
      return skipItems(text, at, end, depth)
    case TRUE[0]:
      return skipWord(text, at, end, TRUE)
    case FALSE[0]:
      return skipWord(text, at, end, FALSE)
    case NULL[0]:
      return skipWord(text, at, end, NULL)
    default:
      return skipNumber(text, at, end)
  }
}

function skipWord(text: Buffer, at: number, end: number, word: Buffer): number {
  if (at + word.length > end) return -1
  for (let i = 0; i < word.length; i++) if (text[at + i] !== word[i]) return -1
  return at + word.length
}

function skipString(text: Buffer, start: number, end: number): number {
  if (text[start] !== QUOTE) return -1
  for (let at = start + 1; at < end; at++) {
    const byte = text[at]
    if (byte === QUOTE) return at + 1
    if (byte < 0x20) return -1
    if (byte !== BACKSLASH) continue
    const escaped = text[++at]
    if (at < end && escaped === 0x75) {
      for (let i = 0; i < 4; i++) if (++at >= end || !isHex(text[at])) return -1
    } else if (at >= end || !ESCAPED.has(escaped)) return -1
  }
  return -1
}

function skipNumber(text: Buffer, start: number, end: number): number {
  let at = text[start] === MINUS ? start + 1 : start
  if (at < end && text[at] === 48) at++
  else at = skipDigits(text, at, end)
  if (at >= 0 && at < end && text[at] === 0x2e) at = skipDigits(text, at + 1, end)
  if (at >= 0 && at < end && (text[at] | 0x20) === 0x65) {
    const sign = at + 1 < end && (text[at + 1] === MINUS || text[at + 1] === 0x2b) ? 1 : 0
    at = skipDigits(text, at + 1 + sign, end)
  }
  return at
}

/** One or more. */
function skipDigits(text: Buffer, start: number, end: number): number {
  let at = start
  while (at < end && isDigit(text[at])) at++
  return at > start ? at : -1
}

function skipItems(text: Buffer, start: number, end: number, depth: number): number {
  let at = skipSpace(text, start + 1, end)
  if (at < end && text[at] === CLOSE_ARRAY) return at + 1
  for (;;) {
    at = skipValue(text, at, end, depth + 1)
    if (at < 0) return -1
    at = skipSpace(text, at, end)
    if (at >= end) return -1
    if (text[at] === CLOSE_ARRAY) return at + 1
    if (text[at] !== COMMA) return -1
    at = skipSpace(text, at + 1, end)
  }
}

function skipMembers(text: Buffer, start: number, end: number, depth: number): number {
  let at = skipSpace(text, start + 1, end)
  if (at < end && text[at] === CLOSE_OBJECT) return at + 1
  for (;;) {
    at = skipName(text, at, end)
    if (at >= 0) at = skipValue(text, at, end, depth + 1)
    if (at < 0) return -1
    at = skipSpace(text, at, end)
    if (at >= end) return -1
    if (text[at] === CLOSE_OBJECT) return at + 1
    if (text[at] !== COMMA) return -1
    at = skipSpace(text, at + 1, end)
  }
}

/** A member's name and its colon; returns where the value begins. */
export function skipName(text: Buffer, start: number, end: number): number {
  if (start >= end) return -1
  const name = skipString(text, start, end)
  if (name < 0) return -1
  const at = skipSpace(text, name, end)
  return at < end && text[at] === COLON ? skipSpace(text, at + 1, end) : -1
}
