import { type Bytes, bytesOf, copyBytes, NO_BYTES, sameBytes } from '../bytes.ts'

/** Text in UTF-8, or bytes: a place in memory that belongs to somebody else. One object for each part of an expression. */
export class Text {
  buffer: Bytes = NO_BYTES
  start = 0
  end = 0

  get length(): number {
    return this.end - this.start
  }

  set(buffer: Bytes, start: number, end: number): this {
    this.buffer = buffer
    this.start = start
    this.end = end
    return this
  }

  toString(): string {
    return this.buffer.toString('utf8', this.start, this.end)
  }
}

export const textOf = (value: string | Uint8Array): Text => {
  const bytes = bytesOf(Buffer.from(value as string))
  return new Text().set(bytes, 0, bytes.length)
}

/** Text that a part of an expression makes, in memory of its own, which is used again for the next record. */
export class OwnText extends Text {
  /** Room for so many bytes, which are then the text. */
  room(bytes: number): Bytes {
    if (this.buffer.length < bytes) this.buffer = bytesOf(Buffer.allocUnsafeSlow(2 * bytes))
    this.start = 0
    this.end = bytes
    return this.buffer
  }

  /** Of a few characters: for whatever makes a string anyway. */
  of(value: string): this {
    this.room(Buffer.byteLength(value)).write(value)
    return this
  }
}

export const same = (a: Text, b: Text): boolean =>
  a.length === b.length && sameBytes(a.buffer, a.start, b.buffer, b.start, a.length)

/** Below 0, 0, or above: by bytes, which for UTF-8 is the order of code points. */
export function compare(a: Text, b: Text): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const difference = a.buffer[a.start + i] - b.buffer[b.start + i]
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** Where `part` is in `whole` from the position on; -1: nowhere. */
export function find(whole: Text, part: Text, from: number): number {
  const { length } = part
  for (let at = from; at + length <= whole.end; at++) {
    if (sameBytes(whole.buffer, at, part.buffer, part.start, length)) return at
  }
  return -1
}

export const startsWith = (whole: Text, part: Text): boolean =>
  part.length <= whole.length &&
  sameBytes(whole.buffer, whole.start, part.buffer, part.start, part.length)

export const endsWith = (whole: Text, part: Text): boolean =>
  part.length <= whole.length &&
  sameBytes(whole.buffer, whole.end - part.length, part.buffer, part.start, part.length)

const isContinued = (byte: number): boolean => (byte & 0xc0) === 0x80

/** How many code points the text has. */
export function codePoints({ buffer, start, end }: Text): number {
  let count = 0
  for (let at = start; at < end; at++) if (!isContinued(buffer[at])) count++
  return count
}

/** The place behind so many code points; -1: there are fewer. */
export function placeOf({ buffer, start, end }: Text, count: number): number {
  let at = start
  for (let left = count; left > 0; left--) {
    if (at >= end) return -1
    at++
    while (at < end && isContinued(buffer[at])) at++
  }
  return at
}

export function concatenate(a: Text, b: Text, target: OwnText): Text {
  const room = target.room(a.length + b.length)
  copyBytes(b.buffer, b.start, b.end, room, copyBytes(a.buffer, a.start, a.end, room, 0))
  return target
}

/** With the bytes of A to Z, or a to z, changed by so much. */
export function shifted(of: Text, first: number, by: number, target: OwnText): Text {
  const room = target.room(of.length)
  for (let i = 0; i < of.length; i++) {
    const byte = of.buffer[of.start + i]
    room[i] = byte >= first && byte < first + 26 ? byte + by : byte
  }
  return target
}

const isBlank = (byte: number): boolean => byte === 32 || (byte >= 9 && byte <= 13)

/** Without blanks, tabs and newlines at both ends. */
export function trimmed({ buffer, start, end }: Text, target: Text): Text {
  let from = start
  let to = end
  while (from < to && isBlank(buffer[from])) from++
  while (to > from && isBlank(buffer[to - 1])) to--
  return target.set(buffer, from, to)
}

/** All of `part`, which is not empty, replaced. */
export function replaced(of: Text, part: Text, by: Text, target: OwnText): Text {
  let count = 0
  for (let at = find(of, part, of.start); at >= 0; at = find(of, part, at + part.length)) count++
  const room = target.room(of.length + count * (by.length - part.length))
  let from = of.start
  let to = 0
  for (let at = find(of, part, from); at >= 0; at = find(of, part, from)) {
    to = copyBytes(by.buffer, by.start, by.end, room, copyBytes(of.buffer, from, at, room, to))
    from = at + part.length
  }
  copyBytes(of.buffer, from, of.end, room, to)
  return target
}
