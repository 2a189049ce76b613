/** Texts and bytes as JSON strings: https://www.rfc-editor.org/rfc/rfc8259#section-7 */
import { type Bytes, bytesOf } from '../../bytes.ts'
import type { TextBuffer } from '../text-buffer.ts'

const QUOTE = 34
const BACKSLASH = 92
const LOWER_HEX = '0123456789abcdef'
/** Behind a backslash; of the other control characters a number is. */
const SHORT: ReadonlyMap<number, string> = new Map([
  [8, 'b'],
  [9, 't'],
  [10, 'n'],
  [12, 'f'],
  [13, 'r'],
  [QUOTE, '"'],
  [BACKSLASH, '\\'],
])
/** Whether a byte stands for itself: of ASCII what needs no escape. */
const STANDS = Uint8Array.from({ length: 256 }, (_, byte) =>
  Number(byte >= 32 && byte < 128 && !SHORT.has(byte)),
)
/** What is written for bytes that are no UTF-8. */
const REPLACEMENT = bytesOf(Buffer.from('\ufffd'))

/** The text `source[start, end)`, in quotes. What of it is no UTF-8 becomes U+FFFD, as readers of UTF-8 have it. */
export function writeString(out: TextBuffer, source: Bytes, start: number, end: number): void {
  out.byte(QUOTE)
  let from = start
  for (let at = start; at < end; ) {
    const byte = source[at]
    if (STANDS[byte] === 1) {
      at++
      continue
    }
    const length = byte < 128 ? 0 : sequenceBytes(source, at, end)
    if (length > 0) {
      at += length
      continue
    }
    out.copy(source, from, at)
    if (length === 0) writeEscape(out, byte)
    else out.add(REPLACEMENT)
    at += length === 0 ? 1 : -length
    from = at
  }
  out.copy(source, from, end)
  out.byte(QUOTE)
}

/** A text's bytes as JSON, for what is known beforehand. */
export const stringBytes = (text: string): Bytes => bytesOf(Buffer.from(JSON.stringify(text)))

function writeEscape(out: TextBuffer, byte: number): void {
  const short = SHORT.get(byte)
  out.ascii(
    short === undefined ? `\\u00${LOWER_HEX[byte >> 4]}${LOWER_HEX[byte & 15]}` : `\\${short}`,
  )
}

/**
 * How many bytes the character has that begins with this byte of 128 or more. Negative: it is none, and so many bytes
 * are replaced together. https://www.unicode.org/versions/Unicode16.0.0/core-spec/chapter-3/#G27506 (table 3-7)
 */
export function sequenceBytes(source: Bytes, at: number, end: number): number {
  const lead = source[at]
  if (lead < 0xc2 || lead > 0xf4) return -1
  const others = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3
  // Of the second byte some values would be longer forms, surrogates, or beyond what Unicode has.
  let low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
  let high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
  for (let i = 1; i <= others; i++) {
    const next = at + i < end ? source[at + i] : 0
    if (next < low || next > high) return -i
    low = 0x80
    high = 0xbf
  }
  return others + 1
}

const ALPHABET = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')
const PADDING = 61

/** Base64 with padding, in quotes: https://www.rfc-editor.org/rfc/rfc4648#section-4 */
export function writeBase64(out: TextBuffer, source: Bytes, start: number, end: number): void {
  out.reserve(2 + 4 * Math.ceil((end - start) / 3))
  const { buffer } = out
  let at = out.at
  buffer[at++] = QUOTE
  for (let i = start; i < end; i += 3) {
    const left = end - i
    const bits =
      (source[i] << 16) | (left > 1 ? source[i + 1] << 8 : 0) | (left > 2 ? source[i + 2] : 0)
    buffer[at++] = ALPHABET[bits >> 18]
    buffer[at++] = ALPHABET[(bits >> 12) & 63]
    buffer[at++] = left > 1 ? ALPHABET[(bits >> 6) & 63] : PADDING
    buffer[at++] = left > 2 ? ALPHABET[bits & 63] : PADDING
  }
  buffer[at++] = QUOTE
  out.at = at
}

const HEX = Buffer.from(LOWER_HEX)
/** Bytes before which a UUID's text has a dash. */
const DASHES = [4, 6, 8, 10]
const DASH = 45

/** The 16 bytes of a UUID as its text: https://www.rfc-editor.org/rfc/rfc9562#section-4 */
export function writeUuid(out: TextBuffer, source: Bytes, start: number): void {
  out.reserve(38)
  const { buffer } = out
  let at = out.at
  buffer[at++] = QUOTE
  for (let i = 0; i < 16; i++) {
    if (DASHES.includes(i)) buffer[at++] = DASH
    buffer[at++] = HEX[source[start + i] >> 4]
    buffer[at++] = HEX[source[start + i] & 15]
  }
  buffer[at++] = QUOTE
  out.at = at
}
