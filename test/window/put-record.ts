import { type Bytes, NO_BYTES } from '../../src/bytes.ts'
import type { JoinWindow } from '../../src/window/join-window.ts'

/** Puts a record without headers into a window, and looks for its partners, as a task does. */
export function putRecord(
  window: JoinWindow,
  side: number,
  time: number,
  hash: number,
  key: Bytes,
  body: Buffer,
  streamTime: number,
): void {
  const times = Float64Array.of(time)
  const at = window.insert(side, times, 0, hash, key, 0, key.length, NO_BYTES, 0, 0, body.length)
  body.copy(window.bodyBuffer, at)
  window.streamTime = streamTime
  window.probe(side, hash)
}
