import { type Bytes, NO_BYTES } from '../../src/bytes.ts'
import type { StreamClock } from '../../src/state/task-state.ts'
import type { JoinWindow } from '../../src/window/join-window.ts'

/** Puts a record without headers into a window, looks for its partners, and moves stream time, as a task does. */
export function putRecord(
  window: JoinWindow,
  clock: StreamClock,
  side: number,
  time: number,
  hash: number,
  key: Bytes,
  body: Buffer,
): void {
  const times = Float64Array.of(time)
  const at = window.insert(side, times, 0, hash, key, 0, key.length, NO_BYTES, 0, 0, body.length)
  body.copy(window.bodyBuffer, at)
  window.probe(side, hash)
  clock.streamTime = Math.max(clock.streamTime, time)
}
