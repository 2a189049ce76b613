/** Writes messages: the values of fields, with their tags. */
import { readCount, readInt } from '../avro/walk.ts'
import { isMessage, type ValueForm, type Write, writeText } from './value-forms.ts'
import { LEN } from './wire.ts'
import type { WireWriter } from './wire-writer.ts'

const tagOf = (number: number, wire: number): number => number * 8 + wire
const KEY_TAG = tagOf(1, LEN)

/** A field that is there, whatever its value is. */
export function always(number: number, { wire, write }: ValueForm): Write {
  const tag = tagOf(number, wire)
  return (source, out) => out.varint(tag) && write(source, out)
}

/** A field that is not there where it has its type's default: 0, false, no text. Messages have none. */
export function unlessDefault(number: number, value: ValueForm): Write {
  if (isMessage(value)) return always(number, value)
  const tag = tagOf(number, value.wire)
  const { write } = value
  return (source, out) => {
    const { at } = out
    if (!out.varint(tag)) return false
    const from = out.at
    if (!write(source, out)) return false
    if (isZero(out, from)) out.at = at
    return true
  }
}

/** Whether a value, of 8 bytes at most or with its length before it, is nothing but zeros. */
function isZero({ buffer, at }: WireWriter, from: number): boolean {
  for (let i = from; i < at; i++) if (buffer[i] !== 0) return false
  return true
}

/** Of a union: by its branch; null: there is nothing in the bytes. */
export function chosen(branches: readonly (Write | null)[]): Write {
  return (source, out) => {
    const write = branches[readInt(source)]
    return write === null || write(source, out)
  }
}

/** An array: numbers in one run, all else one by one. */
export function compileList(number: number, value: ValueForm): Write {
  const item = value.wire === LEN ? always(number, value) : value.write
  const items: Write = (source, out) => {
    for (let left = readCount(source); left > 0; left = readCount(source)) {
      for (; left > 0; left--) if (!item(source, out)) return false
    }
    return true
  }
  if (value.wire === LEN) return items
  const tag = tagOf(number, LEN)
  return (source, out) => {
    const { at } = out
    if (!out.varint(tag)) return false
    const opened = out.open()
    if (opened < 0 || !items(source, out)) return false
    const isEmpty = out.at === opened + 1
    if (!out.close(opened)) return false
    if (isEmpty) out.at = at
    return true
  }
}

export function compileMap(number: number, value: ValueForm): Write {
  const tag = tagOf(number, LEN)
  const ofValue = always(2, value)
  const entry: Write = (source, out) => {
    const opened = out.varint(tag) ? out.open() : -1
    return (
      opened >= 0 &&
      out.varint(KEY_TAG) &&
      writeText(source, out) &&
      ofValue(source, out) &&
      out.close(opened)
    )
  }
  return (source, out) => {
    for (let left = readCount(source); left > 0; left = readCount(source)) {
      for (; left > 0; left--) if (!entry(source, out)) return false
    }
    return true
  }
}

/** Of fields, with the length before them. @param fields may be filled later */
export function compileMessage(fields: readonly Write[]): Write {
  return (source, out) => {
    const opened = out.open()
    if (opened < 0) return false
    for (let f = 0; f < fields.length; f++) if (!fields[f](source, out)) return false
    return out.close(opened)
  }
}
