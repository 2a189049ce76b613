/**
 * Rows that are more than one dimension's columns: other dimensions are looked up by some of its fields, or several
 * dimensions have the topic and take different columns.
 *
 *     row  := part*
 *     part := length + 1 (varint; 0: null), bytes
 *
 * First are the texts of the fields that others are looked up by, then the columns, one part for each choice of them.
 */
import { type Bytes, copyBytes, varintBytes, writeVarint } from '../../bytes.ts'

/** In place of a part's number: the row has no parts, all of it is the columns. */
export const WHOLE = -1

/** A part of a row, found by its number. */
export class RowPart {
  start = 0
  end = 0

  /** False: it is null. */
  find(row: Bytes, rowStart: number, part: number): boolean {
    let at = rowStart
    for (let left = part; ; left--) {
      let byte = row[at++]
      let bytes = byte & 127
      for (let shift = 7; byte > 127; shift += 7) {
        byte = row[at++]
        bytes |= (byte & 127) << shift
      }
      if (left === 0) {
        this.start = at
        this.end = at + bytes - 1
        return bytes > 0
      }
      if (bytes > 0) at += bytes - 1
    }
  }
}

/** @param bytes of the part; -1: it is null */
export const partBytes = (bytes: number): number => (bytes < 0 ? 1 : varintBytes(bytes + 1) + bytes)

/** Writes a text, or null where `end` is below 0. @returns the position behind it */
export function writePart(
  source: Bytes,
  start: number,
  end: number,
  target: Bytes,
  position: number,
): number {
  if (end < 0) return writeVarint(target, position, 0)
  const at = writeVarint(target, position, end - start + 1)
  return copyBytes(source, start, end, target, at)
}
