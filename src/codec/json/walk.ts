/** Walks JSON text by positions: https://www.rfc-editor.org/rfc/rfc8259. Every walk moves `at`; false: there is no such text. */

import { readNumber } from './number.ts'
import { readText } from './text.ts'
import { DEEPEST_JSON, type JsonTransfer } from './transfer.ts'

export const QUOTE = 0x22
export const COMMA = 0x2c
export const COLON = 0x3a
export const OPEN_LIST = 0x5b
export const CLOSE_LIST = 0x5d
export const OPEN = 0x7b
export const CLOSE = 0x7d
const SPACE = 0x20
const [N, T, F] = [...'ntf'].map((letter) => letter.charCodeAt(0))
const A_VALUE = 'a value'

/** Whether there is a byte that is no space. */
export function toNext(transfer: JsonTransfer, wanted: string): boolean {
  const { buffer, end } = transfer
  let { at } = transfer
  while (at < end && buffer[at] <= SPACE) {
    const byte = buffer[at]
    if (byte !== SPACE && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break
    at++
  }
  transfer.at = at
  return at < end || transfer.expect(at, wanted)
}

/** The same for a value's first byte. */
export const toValue = (transfer: JsonTransfer): boolean => toNext(transfer, A_VALUE)

/** Behind the colon that follows a name, to the value. */
export function toMember(transfer: JsonTransfer): boolean {
  const { buffer, at, end } = transfer
  if (at + 1 < end && buffer[at] === COLON && buffer[at + 1] > SPACE) {
    transfer.at = at + 1
    return true
  }
  if (!toNext(transfer, 'a colon')) return false
  if (buffer[transfer.at] !== COLON) return transfer.expect(transfer.at, 'a colon')
  transfer.at++
  return toValue(transfer)
}

/** What follows a member or an item. */
export const ENDS = 0
export const GOES_ON = 1
export const IS_WRONG = 2

/** Behind a comma, to what follows it, or behind the end. @param close a brace or a bracket */
export function toFollowing(transfer: JsonTransfer, close: number): number {
  const { buffer, end } = transfer
  let { at } = transfer
  if (at >= end || buffer[at] <= SPACE) {
    if (!toNext(transfer, wantedAfter(close))) return IS_WRONG
    at = transfer.at
  }
  const byte = buffer[at]
  if (byte === close) {
    transfer.at = at + 1
    return ENDS
  }
  if (byte !== COMMA) {
    transfer.expect(at, wantedAfter(close))
    return IS_WRONG
  }
  transfer.at = ++at
  if (at < end && buffer[at] > SPACE) return GOES_ON
  return toNext(transfer, close === CLOSE ? 'a name in quotes' : A_VALUE) ? GOES_ON : IS_WRONG
}

const wantedAfter = (close: number): string => (close === CLOSE ? 'a comma or }' : 'a comma or ]')

/** Behind the brace or bracket at `at`, to what follows it. @returns whether it ends there */
export function open(transfer: JsonTransfer, close: number): number {
  transfer.at++
  const { buffer, at, end } = transfer
  if (at >= end || buffer[at] <= SPACE) {
    if (!toNext(transfer, close === CLOSE ? 'a name in quotes, or }' : 'a value, or ]'))
      return IS_WRONG
  }
  if (buffer[transfer.at] !== close) return GOES_ON
  transfer.at++
  return ENDS
}

/** The rest of a word whose first letter is there. */
export function readWord(transfer: JsonTransfer, word: string): boolean {
  const { buffer, at, end } = transfer
  for (let i = 1; i < word.length; i++) {
    if (at + i >= end || buffer[at + i] !== word.charCodeAt(i)) return transfer.expect(at, A_VALUE)
  }
  transfer.at = at + word.length
  return true
}

/** What each level of `skip` ends with. */
const closes = new Uint8Array(DEEPEST_JSON + 1)

/** Any value: it is walked whole, so that what follows is found, and what is no JSON. */
export function skip(transfer: JsonTransfer): boolean {
  const { buffer } = transfer
  const outer = transfer.depth
  for (;;) {
    let next = GOES_ON
    const byte = buffer[transfer.at]
    if (byte === OPEN || byte === OPEN_LIST) {
      if (!transfer.enter()) return false
      const close = byte === OPEN ? CLOSE : CLOSE_LIST
      closes[transfer.depth] = close
      next = open(transfer, close)
      if (next === ENDS) transfer.depth--
    } else {
      if (!skipSimple(transfer, byte)) return false
      next = ENDS
    }
    // Behind a value: what it is in may end, and what that is in.
    while (next === ENDS && transfer.depth > outer) {
      next = toFollowing(transfer, closes[transfer.depth])
      if (next === ENDS) transfer.depth--
    }
    if (next === IS_WRONG) return false
    if (transfer.depth === outer) return true
    if (closes[transfer.depth] === CLOSE && !(readName(transfer) && toMember(transfer)))
      return false
  }
}

/** A member's name, as a text. */
export function readName(transfer: JsonTransfer): boolean {
  if (transfer.buffer[transfer.at] !== QUOTE)
    return transfer.expect(transfer.at, 'a name in quotes')
  return readText(transfer)
}

function skipSimple(transfer: JsonTransfer, byte: number): boolean {
  if (byte === QUOTE) return readText(transfer)
  if (byte === N) return readWord(transfer, 'null')
  if (byte === T) return readWord(transfer, 'true')
  if (byte === F) return readWord(transfer, 'false')
  return readNumber(transfer)
}

/** What kind of value begins with a byte. */
export const NULL = 0
export const BOOLEAN = 1
export const NUMBER = 2
export const TEXT = 3
export const OBJECT = 4
export const LIST = 5

export function kindOf(byte: number): number {
  if (byte === QUOTE) return TEXT
  if (byte === N) return NULL
  if (byte === OPEN) return OBJECT
  if (byte === OPEN_LIST) return LIST
  return byte === T || byte === F ? BOOLEAN : NUMBER
}
