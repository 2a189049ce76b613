/** What the hot path does with bytes. A loop beats a call into Node for a few of them. */

/** FNV-1a, finished as murmur3 does so that the low bits are good. */
export function hashBytes(buffer: Buffer, start: number, end: number): number {
  let h = 0x811c9dc5
  for (let i = start; i < end; i++) h = Math.imul(h ^ buffer[i], 0x01000193)
  h ^= h >>> 16
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  return h >>> 0
}

/** Copies `source[start, end)` to `target` at `position`; returns the position behind it. */
export function copyBytes(
  source: Buffer,
  start: number,
  end: number,
  target: Buffer,
  position: number,
): number {
  if (end - start > 48) {
    source.copy(target, position, start, end)
    return position + end - start
  }
  let at = position
  for (let i = start; i < end; i++) target[at++] = source[i]
  return at
}

/** Whether `a[aStart, aStart + length)` and `b[bStart, bStart + length)` are the same. */
export function sameBytes(
  a: Buffer,
  aStart: number,
  b: Buffer,
  bStart: number,
  length: number,
): boolean {
  for (let i = 0; i < length; i++) if (a[aStart + i] !== b[bStart + i]) return false
  return true
}

/** Bytes of an unsigned varint, of up to 53 bits. */
export function varintBytes(value: number): number {
  let bytes = 1
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) bytes++
  return bytes
}

/** Returns the position behind it. */
export function writeVarint(buffer: Buffer, position: number, value: number): number {
  let at = position
  let rest = value
  while (rest > 127) {
    buffer[at++] = (rest % 128) | 128
    rest = Math.floor(rest / 128)
  }
  buffer[at++] = rest
  return at
}

/**
 * Memory that is used again and again. V8 does not count shared memory: fresh pieces of any other
 * kind, being outside its heap, make it collect garbage where there is none.
 */
export function reusedBuffer(bytes: number): Buffer {
  return Buffer.from(new SharedArrayBuffer(bytes))
}
