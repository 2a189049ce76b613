import type { RecordBytes } from '../batch.ts'
import { type Bytes, bytesOf } from '../bytes.ts'

/** A record in one piece, as a fetch gives it: positions as in `RecordColumns`. */
export interface RawRecord {
  readonly buffer: Bytes
  readonly keyStart: number
  readonly keyEnd: number
  readonly valueStart: number
  readonly valueEnd: number
  readonly headerStart: number
  readonly headerEnd: number
}

/** For whoever reads few. */
export function rawRecord({ key, value, headers }: RecordBytes): RawRecord {
  const parts = [key ?? NOTHING, value ?? NOTHING, section(headers)]
  const [keyBytes, valueBytes, headerBytes] = parts.map(({ length }) => length)
  const headerStart = keyBytes + valueBytes
  return {
    buffer: bytesOf(Buffer.concat(parts)),
    keyStart: 0,
    keyEnd: key === null ? -1 : keyBytes,
    valueStart: keyBytes,
    valueEnd: value === null ? -1 : headerStart,
    headerStart,
    headerEnd: headerStart + headerBytes,
  }
}

const NOTHING = Buffer.alloc(0)

/** Kafka's: a count, then of each header its name and value, each behind its length. */
function section(headers: RecordBytes['headers']): Buffer {
  const parts = headers.flatMap(([name, value]) => [
    zigzag(Buffer.byteLength(name)),
    Buffer.from(name),
    zigzag(value?.length ?? -1),
    value ?? NOTHING,
  ])
  return Buffer.concat([zigzag(headers.length), ...parts])
}

function zigzag(number: number): Buffer {
  const bytes: number[] = []
  let rest = number < 0 ? -2 * number - 1 : 2 * number
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest & 127) | 128)
  return Buffer.from([...bytes, rest])
}
